"""What a refinement has cost, every simulation included."""

from __future__ import annotations

from typing import NamedTuple

import xarray as xr


class Cost(NamedTuple):
    """Everything that was paid for a result.

    Attributes
    ----------
    rounds : int
        Times that simulations were proposed and learnt from.
    simulations : int
        Runs of the engine, failed ones included.
    md_steps : int
        Time steps of all of them.
    md_seconds : float
        Their time, summed over processes: side by side they may take less.
    seconds : float
        Time that passed.
    untimed : int
        Simulations among these whose time an old file did not keep.
    """

    rounds: int
    simulations: int
    md_steps: int
    md_seconds: float
    seconds: float
    untimed: int = 0


def cost(result: xr.DataTree) -> Cost:
    """Add up what a result has cost.

    Parameters
    ----------
    result : DataTree
        A refinement's result. Files without ``simulations`` by round had one a round
        and state point, and checked the answer afterwards by runs of the same length,
        whose time they did not keep.
    """
    course = result["iterations"].to_dataset()
    rounds = course.sizes["iteration"]
    steps, known = int(course["md_steps"].sum()), "simulations" in course
    runs = int(course["simulations"].sum()) if known else rounds * _states(result)
    extra = 0 if known else _checked_afterwards(result)
    return Cost(
        rounds=rounds,
        simulations=runs + extra,
        md_steps=steps + round(steps / max(runs, 1)) * extra,
        md_seconds=float(course["md_seconds"].sum()),
        seconds=float(course["seconds"].sum()),
        untimed=extra,
    )


def _states(result: xr.DataTree) -> int:
    """Number of state points, each of which has its own course."""
    rest = [name.removeprefix("iterations_") for name in result.children]
    return 1 + sum(name.isdigit() for name in rest)


def _checked_afterwards(result: xr.DataTree) -> int:
    if "posterior_check" not in result.children:
        return 0
    return int(result["posterior_check"].sizes.get("check", 0)) * _states(result)
