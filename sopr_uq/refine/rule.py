"""What an update rule takes and gives.

A rule is a pure function: from the state of the refinement and the simulations
made with its potentials to the next state and a report. What the next step
needs (:class:`RuleState`) and what a reader wants to know (:class:`StepInfo`)
are kept apart. Running simulations, stopping, storing and resuming belong to
the loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import xarray as xr

from sopr_uq.engine.traits import FLUCTUATIONS
from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CURVES, KINDS
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run
from sopr_uq.typing import FloatArray

type Band = Literal["posterior", "smoothing", "none"]


@dataclass(frozen=True)
class RuleState:
    """The potentials to simulate next, and what the rule keeps of the last round.

    Parameters
    ----------
    iteration : int
        Number of rounds made so far.
    proposals : array, shape (m, n)
        v on the grid of the problem, in kcal/mol; the first is the best guess.
    memory : mapping of str to array
        What the rule wants to keep; names and shapes are its own. It sees that
        of all earlier states too, so none needs to repeat another's.
    """

    iteration: int
    proposals: FloatArray
    memory: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def potential(self) -> FloatArray:
        """The best guess, shape (n,), in kcal/mol."""
        return np.asarray(self.proposals[0])


DEVIATIONS = {name: f"Δ{KINDS[name].symbol}" for name in CURVES}
"""How the deviation of a kind of curve is written."""


@dataclass(frozen=True)
class StepInfo:
    """What a step found out about the potentials that were simulated.

    Parameters
    ----------
    misfit : float
        Mean squared deviation over the measured points that the simulation reaches.
    noise : float
        Inferred (or given) noise, in the unit of the rule; NaN without one.
    change : float
        How far this step moves the answer, in its own standard deviations; NaN
        for a rule without one.
    converged : bool
        Whether this step meets the stopping criterion.
    doubt : str
        Why the answer is not to be trusted if the refinement ends here; empty if it is.
    values : mapping of str to array
        Anything else worth a line in the file.
    of : {"g", "s", "f"}
        Kind of the curves whose misfit it is.
    """

    misfit: float
    noise: float
    change: float
    converged: bool
    doubt: str = ""
    values: Mapping[str, FloatArray] = field(default_factory=dict)
    of: str = "g"


class Rule(Protocol):
    """An update rule, made for one problem."""

    @property
    def name(self) -> str:
        """The rule's name in configurations."""
        ...

    @property
    def band(self) -> Band:
        """What the spread of its draws is: a posterior's, a smoothing's, or nothing."""
        ...

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of measurement that it learns from."""
        ...

    @property
    def problem(self) -> Problem:
        """The problem it was made for."""
        ...

    def init(self) -> RuleState:
        """Return the state before the first round."""
        ...

    def step(self, past: Sequence[RuleState], runs: Sequence[Run]) -> tuple[RuleState, StepInfo]:
        """Return the next state, from the runs of a round.

        Parameters
        ----------
        past : sequence of RuleState
            All states so far; the last holds the potentials that were simulated.
        runs : sequence of Run
            At least one of them good.

        Raises
        ------
        RuleFailed
            If the simulations leave no sensible next potential.
        """
        ...

    def posterior(self, past: Sequence[RuleState]) -> xr.Dataset:
        """Return equally weighted draws of the potential and of its hyperparameters.

        ``potential`` has dimensions (chain, draw, r) in kcal/mol. What a sampler says of a
        draw has ArviZ's names, log prior densities begin with ``log_prior_``; attributes
        hold the sampler's diagnostics.
        """
        ...

    def points(self, observation: Observation) -> Observation:
        """Return the points of a measurement that the rule learns from."""
        ...

    def data_groups(
        self, past: Sequence[RuleState], posterior: xr.Dataset
    ) -> dict[str, xr.Dataset]:
        """Return what each draw says of the measured numbers, by the groups of a result.

        Parameters
        ----------
        past : sequence of RuleState
            All states of the refinement.
        posterior : Dataset
            Of :meth:`posterior`.
        """
        ...

    def conclude(self, past: Sequence[RuleState], posterior: xr.Dataset) -> dict[str, xr.Dataset]:
        """Return further groups of the result by name; an attribute ``warning`` is for the reader.

        Parameters
        ----------
        past : sequence of RuleState
            All states of the refinement.
        posterior : Dataset
            Of :meth:`posterior`.
        """
        ...


def check_kinds(rule: Rule) -> None:
    """Refuse measurements of kinds that a rule does not learn from, and records for them.

    Raises
    ------
    InputError
        If there is any.
    """
    problem = rule.problem
    measured = {observation.kind for each in problem.liquids for observation in each.observations}
    # of a base the fluctuations are recorded whatever rule asks
    unused = (measured | problem.record) - {*rule.kinds, FLUCTUATIONS}
    if unused:
        raise InputError(
            f"rule {rule.name}",
            f"{', '.join(rule.kinds)} alone",
            f"{', '.join(sorted(unused))} as well",
            f"leave it out (--observe {','.join(rule.kinds)}), or take the newton rule, "
            "which learns from it",
        )


class WithoutLikelihood:
    """What rules share that compare curves but have no likelihood, and no posterior to check."""

    def points(self, observation: Observation) -> Observation:
        """Return the points of the window."""
        return observation.windowed()

    def data_groups(
        self,
        past: Sequence[RuleState],  # noqa: ARG002
        posterior: xr.Dataset,  # noqa: ARG002
    ) -> dict[str, xr.Dataset]:
        """Return nothing: there is no likelihood."""
        return {}

    def conclude(self, past: Sequence[RuleState], posterior: xr.Dataset) -> dict[str, xr.Dataset]:  # noqa: ARG002
        """Return nothing more."""
        return {}
