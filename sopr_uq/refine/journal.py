"""Rounds that were made: one of them, where they are kept, who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from sopr_uq.engine.protocol import Simulation
from sopr_uq.refine.field import Field
from sopr_uq.refine.round import Run, leading
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Iteration:
    """One completed round.

    Parameters
    ----------
    runs : tuple of Run
        What was simulated, failed runs included.
    state : RuleState
        What the rule made of them.
    info : StepInfo
        What it reports.
    seconds : float
        Wall time, simulations included.
    abandoned : int
        Simulations of attempts that were given up before: of potentials that the
        engine, or the rule, could do nothing with.
    """

    runs: tuple[Run, ...]
    state: RuleState
    info: StepInfo
    seconds: float
    abandoned: int = 0

    @cached_property
    def leading(self) -> Run:
        """The best guess that was simulated, its replicas pooled."""
        return leading(self.runs)

    @property
    def potential(self) -> FloatArray:
        """Its potential, shape (n,), in kcal/mol."""
        return self.leading.potential

    @property
    def simulations(self) -> tuple[Simulation, ...]:
        """Its simulations, one of each state point."""
        return self.leading.simulations


class Journal(Protocol):
    """Where rounds are kept, so that none is ever done twice."""

    def load(self) -> Sequence[Iteration]:
        """Return the rounds already done, in order."""
        ...

    def append(self, iteration: Iteration) -> None:
        """Keep one more, durably, before returning."""
        ...

    def kept(self, iteration: int, number: int, potential: FloatArray) -> Simulation | None:
        """Return a simulation of an unfinished round, if it was kept, whole, of this potential."""
        ...

    def keep(
        self, iteration: int, number: int, potential: FloatArray, simulation: Simulation
    ) -> None:
        """Keep a simulation of an unfinished round, durably, before returning."""
        ...


class Watcher(Protocol):
    """Somebody who wants to see how it goes."""

    def begin(self, field: Field) -> None:
        """Hear of the unknown before anything else."""
        ...

    def simulating(self, iteration: int, fraction: float) -> None:
        """Hear that a fraction of a round's simulations is done."""
        ...

    def done(self, iteration: Iteration) -> None:
        """See a completed round."""
        ...


class Silent:
    """A watcher that does nothing."""

    def begin(self, field: Field) -> None:
        """Ignore."""

    def simulating(self, iteration: int, fraction: float) -> None:
        """Ignore."""

    def done(self, iteration: Iteration) -> None:
        """Ignore."""


@dataclass
class InMemory:
    """A journal that is forgotten with the process."""

    iterations: list[Iteration]

    def load(self) -> Sequence[Iteration]:
        """Return what was appended."""
        return tuple(self.iterations)

    def append(self, iteration: Iteration) -> None:
        """Append."""
        self.iterations.append(iteration)

    def kept(self, iteration: int, number: int, potential: FloatArray) -> None:  # noqa: ARG002
        """Nothing outlives the process."""
        return

    def keep(
        self, iteration: int, number: int, potential: FloatArray, simulation: Simulation
    ) -> None:
        """Keep nothing: the round itself is kept."""
