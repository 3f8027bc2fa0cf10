"""A progress bar for a refinement: round, misfit, σ and ε so far, time left."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sopr_uq.cli.terminal import terminal
from sopr_uq.experiment.state import StatePoint
from sopr_uq.refine.field import Field
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.rule import DEVIATIONS
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.config import Config


class Bar:
    """A watcher that draws on the terminal's standard error.

    Parameters
    ----------
    config : Config
        Of the refinement that is watched.
    quiet : bool
        Draw nothing.
    """

    def __init__(self, config: Config, *, quiet: bool = False) -> None:
        self._field: Field | None = None
        self._state: StatePoint = config.system.state
        self._most = config.refine.max_iterations
        self._console = terminal(stderr=True, quiet=quiet)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=self._console,
        )
        self._task = self._progress.add_task("round 1", total=float(self._most))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, field: Field) -> None:
        """Learn what is unknown."""
        self._field = field

    def simulating(self, iteration: int, fraction: float) -> None:
        """Move the bar within a round."""
        self._progress.update(
            self._task, completed=iteration + fraction, description=f"round {iteration + 1}"
        )

    def done(self, iteration: Iteration) -> None:
        """Print a line for a completed round."""
        number, info = iteration.state.iteration, iteration.info
        text = f"round {number:2d}  ⟨{DEVIATIONS[info.of]}²⟩ {info.misfit:.2e}"
        if self._field is not None:
            text += _described(self._field, iteration.state.potential, self._state.beta)
        if np.isfinite(info.noise):
            text += f"  noise {info.noise:.4f}"
        self._progress.update(self._task, completed=number)
        line = f"{text}  {iteration.seconds:.1f} s"
        self._console.print(line)


def _described(field: Field, potential: FloatArray, beta: float) -> str:
    """Return σ and ε of whole potentials, and the size of corrections."""
    d, text = field.descriptors(potential, beta), ""
    whole = np.array([term.whole for term in field.terms])
    if whole.any():
        sigma = " ".join(f"{x:.3f}" for x in d.sigma[whole])
        epsilon = " ".join(f"{x:.4f}" for x in d.epsilon[whole])
        text = f"  σ {sigma} Å  ε {epsilon} kcal/mol"
    if field.of_corrections.any():
        change = (potential - field.start)[field.of_corrections & field.well]
        text += f"  correction {np.sqrt(np.mean(change**2)):.3f} kcal/mol"
    return text
