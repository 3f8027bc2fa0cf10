"""A whole command of refinement, with a clock on its parts: a program of its own.

    python studies/benchmarks/whole.py PARTS.json refine argon-85K --out FOLDER ...

Does what ``sopr-uq refine argon-85K --out FOLDER ...`` does, and leaves the
seconds of its parts in PARTS.json. What is imported only when it is needed
counts where it is needed: matplotlib with the figures.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click


class Clock:
    """Seconds of calls by part; a part within another counts as its own alone.

    Attributes
    ----------
    seconds : dict of str to float
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._within: list[str] = []

    def of(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            started = time.perf_counter()
            self._within.append(part)
            try:
                return function(*args, **kwargs)
            finally:
                taken = time.perf_counter() - started
                self._within.pop()
                self._add(part, taken)
                if self._within:
                    self._add(self._within[-1], -taken)

        return timed

    def _add(self, part: str, seconds: float) -> None:
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds


def main() -> None:
    """Run the command, timed."""
    started = time.perf_counter()
    file, *arguments = sys.argv[1:]
    from sopr_uq.cli.main import main as command
    from sopr_uq.engine.protocol import Simulation
    from sopr_uq.refine import loop, sopr, strand
    from sopr_uq.refine.newton import Newton
    from sopr_uq.refine.newton import rule as newton_rule
    from sopr_uq.workflow import run as running

    clock, paid = Clock(), {"simulations": 0, "md_seconds": 0.0}
    clock.seconds["imports"] = time.perf_counter() - started
    run_tasks = loop.run_tasks

    def counted(*args: Any, **kwargs: Any) -> Any:
        outcomes = run_tasks(*args, **kwargs)
        paid["simulations"] += len(outcomes)
        paid["md_seconds"] += sum(o.seconds for o in outcomes if isinstance(o, Simulation))
        return outcomes

    timed = [
        (loop, "run_tasks", "simulation", counted),
        (strand, "sample_noise", "sampling", strand.sample_noise),
        (newton_rule, "sample_theta", "sampling", newton_rule.sample_theta),
        (running, "save_refinement", "figures", running.save_refinement),
        *(
            (rule, name, "algebra", getattr(rule, name))
            for rule in (Newton, sopr.Sopr)
            for name in ("step", "posterior", "conclude")
        ),
    ]
    with ExitStack() as stack:
        for where, name, part, function in timed:
            stack.enter_context(patch.object(where, name, clock.of(part, function)))
        sys.argv = ["sopr-uq", *arguments]
        try:
            command()
        except (SystemExit, click.exceptions.Exit) as end:
            paid["code"] = getattr(end, "code", 0) or 0
    Path(file).write_text(json.dumps({**paid, "parts": clock.seconds}), encoding="utf-8")


if __name__ == "__main__":
    main()
