"""The same simulations, other data: what was simulated for one case learnt from by another.

What a simulation says of how g(r) and pressure depend on the correction does not depend on which
curves are learnt from, nor on what is believed of their errors. So a case may begin with the
rounds of another, and simulates itself only what it still needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.interpolate import CubicSpline

from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.round import Run, good
from sopr_uq.refine.rule import Rule
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import Config, dump_config
from sopr_uq.workflow.run import CONFIG, ITERATIONS


def begin(out: Path, config: Config, other: Path, r: FloatArray, states: Sequence[int]) -> None:
    """Make the folder of a case that begins with the rounds of another; ``resume`` goes on.

    Parameters
    ----------
    out : Path
        A new folder.
    config : Config
    other : Path
        The folder of the other case.
    r : array, shape (m,)
        Distances in Å of its corrections.
    states : sequence of int
        Which of its state points are those of this case, in their order.
    """
    out.mkdir(parents=True)
    dump_config(config, out / CONFIG)
    rule, folder = build_rule(config), Folder(out / ITERATIONS)
    for iteration in relearned(rule, Folder(other / ITERATIONS).load(), r, states):
        folder.append(iteration)


def relearned(
    rule: Rule, iterations: Sequence[Iteration], r: FloatArray, states: Sequence[int]
) -> list[Iteration]:
    """Return the rounds of another case as a rule learns from them."""
    done: list[Iteration] = []
    for each in iterations:
        runs = tuple(
            Run(
                _on(rule.problem.r, r, run.potential),
                tuple(run.simulations[s] for s in states),
                run.message,
            )
            for run in good(each.runs)
        )
        past = [rule.init(), *(iteration.state for iteration in done)]
        past[-1] = replace(past[-1], proposals=np.array([run.potential for run in runs]))
        state, info = rule.step(past, runs)
        done.append(Iteration(runs, state, info, each.seconds))
    return done


def _on(grid: FloatArray, r: FloatArray, correction: FloatArray) -> FloatArray:
    """Return a correction on another grid; as :class:`~sopr_uq.potentials.Corrected` continues."""
    inside = CubicSpline(r, correction)(np.clip(grid, r[0], r[-1]))
    return np.asarray(np.where(grid > r[-1], 0.0, inside))
