"""The inverse problem: liquids with their measurements, a reference, settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.checks import check_origins
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.potentials.descriptors import descriptors, first_zero
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.typing import FloatArray

CUTOFF_IN_SIGMA = 3.0
_CORE = 0.7


@dataclass(frozen=True)
class Sample:
    """A liquid at one state point with what was measured there.

    Parameters
    ----------
    state : StatePoint
        Temperature, density, mass.
    observations : tuple of Observation
        At least one, and of no experiment two curves.
    """

    state: StatePoint
    observations: tuple[Observation, ...]

    def __post_init__(self) -> None:
        if not self.observations:
            raise InputError("Sample.observations", "at least one measurement", "none")
        check_origins(self.observations)


@dataclass(frozen=True)
class Problem:
    """Everything an update rule needs to know before it starts.

    Parameters
    ----------
    samples : tuple of Sample
        The liquids that share one potential; most problems have one.
    reference : Potential
        A first guess in kcal/mol; it sets the scales σ and ε of grids and of what
        is believed, unless ``prior`` says otherwise.
    settings : RefineSettings
        How to refine.
    cutoff : float, optional
        Cut-off of the potential in Å; 3 σ of the reference by default.
    seed : int
        Seed of every random choice.
    prior : PriorSettings
        What is believed beforehand.
    start : Potential, optional
        What is simulated first, in kcal/mol; by default the reference.
    """

    samples: tuple[Sample, ...]
    reference: Potential
    settings: RefineSettings
    cutoff: float | None = None
    seed: int = 1
    prior: PriorSettings = field(default_factory=PriorSettings)
    start: Potential | None = None

    def __post_init__(self) -> None:
        if not self.samples:
            raise InputError("Problem.samples", "at least one liquid", "none")
        if np.isnan(self.sigma):
            raise InputError(
                "reference potential", "a repulsive core and a well", "no zero of v(r)"
            )

    @cached_property
    def sigma(self) -> float:
        """σ of the reference, in Å."""
        r = np.arange(0.5, 15.0, 0.005)
        return float(first_zero(r, self.reference.energy(r)))

    @cached_property
    def epsilon(self) -> float:
        """ε of the reference, in kcal/mol."""
        return self._depth(self.reference)

    @cached_property
    def first_epsilon(self) -> float:
        """ε of what is simulated first, in kcal/mol."""
        return self._depth(self.first)

    def _depth(self, potential: Potential) -> float:
        r = self.sigma * np.arange(0.7, 3.0, 0.005)
        return float(descriptors(r, potential.energy(r), self.samples[0].state.beta).epsilon)

    @property
    def first(self) -> Potential:
        """What is simulated first, in kcal/mol."""
        return self.reference if self.start is None else self.start

    @property
    def r_cut(self) -> float:
        """Cut-off of the potential, in Å."""
        return CUTOFF_IN_SIGMA * self.sigma if self.cutoff is None else self.cutoff

    @cached_property
    def r(self) -> FloatArray:
        """The grid on which v(r) is refined, shape (n,), in Å; it ends at the cut-off.

        With the potential itself as target the regression knows nothing inside
        ``regress_from``, so the grid begins there and the core is continued.
        """
        settings = self.settings
        core = settings.regress_from if settings.regressed == "potential" else _CORE
        first = core * self.sigma
        n = round((self.r_cut - first) / settings.grid_spacing)
        return np.asarray(np.linspace(first, self.r_cut, n + 1))

    def observed(self, kind: str) -> list[tuple[Sample, Observation]]:
        """Return every measurement of one kind with its liquid."""
        return [(s, o) for s in self.samples for o in s.observations if o.kind == kind]
