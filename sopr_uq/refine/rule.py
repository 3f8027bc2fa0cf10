"""What an update rule takes and gives.

A rule is a pure function: from the state of the refinement and the simulations
made with its potential to the next state and a report. What the next step
needs (:class:`RuleState`) and what a reader wants to know (:class:`StepInfo`)
are kept apart. Running simulations, stopping, storing and resuming belong to
the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import xarray as xr

from sopr_uq.engine.protocol import Simulation
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class RuleState:
    """The potential to simulate next, and the rule's memory.

    Parameters
    ----------
    iteration : int
        Number of steps made so far.
    potential : array, shape (n,)
        v on the grid of the problem, in kcal/mol.
    memory : mapping of str to array
        What the rule wants to remember; names and shapes are its own.
    """

    iteration: int
    potential: FloatArray
    memory: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class StepInfo:
    """What a step found out about the potential that was simulated.

    Parameters
    ----------
    misfit : float
        Mean squared Δg over the measured points that the simulation reaches.
    noise : float
        Inferred (or given) noise of the smoothing, in kcal/mol; NaN without one.
    change : float
        Root-mean-square change of v over the well, in its own standard
        deviations; NaN for a rule without one.
    converged : bool
        Whether this step meets the stopping criterion.
    values : mapping of str to array
        Anything else worth a line in the file.
    """

    misfit: float
    noise: float
    change: float
    converged: bool
    values: Mapping[str, FloatArray] = field(default_factory=dict)


class Rule(Protocol):
    """An update rule, made for one problem."""

    @property
    def name(self) -> str:
        """The rule's name in configurations."""
        ...

    @property
    def problem(self) -> Problem:
        """The problem it was made for."""
        ...

    def init(self) -> RuleState:
        """Return the state before the first simulation."""
        ...

    def step(
        self, state: RuleState, simulations: Sequence[Simulation]
    ) -> tuple[RuleState, StepInfo]:
        """Return the next state, from one simulation of each sample.

        Raises
        ------
        RuleFailed
            If the simulations leave no sensible next potential.
        """
        ...

    def posterior(self, state: RuleState) -> xr.Dataset:
        """Return draws of the potential and of its hyperparameters.

        ``potential`` has dimensions (chain, draw, r) in kcal/mol; attributes
        hold the sampler's diagnostics.
        """
        ...
