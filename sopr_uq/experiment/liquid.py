"""A liquid: a substance at a state point, with what was measured there."""

from __future__ import annotations

from dataclasses import dataclass, field

from sopr_uq.errors import InputError
from sopr_uq.experiment.checks import check_origins
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import ATOM, Substance
from sopr_uq.experiment.sums import check_sums


@dataclass(frozen=True)
class Liquid:
    """A liquid at one state point with what was measured there.

    Parameters
    ----------
    state : StatePoint
        Temperature, density, and mass or composition.
    observations : tuple of Observation
        At least one, and of no experiment two curves of the same pairs.
    substance : Substance, optional
        What it is made of; by default an element with the mass of the state point.

    Raises
    ------
    InputError
        If nothing was measured, something twice, or of a pair that is not there, or a total
        is not the sum of its partials.
    """

    state: StatePoint
    observations: tuple[Observation, ...]
    substance: Substance = field(default=None)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        if self.substance is None:
            object.__setattr__(self, "substance", Substance.atom(ATOM, self.state.mass))
        if not self.observations:
            raise InputError("Liquid.observations", "at least one measurement", "none")
        self.substance.densities(self.state)
        for observation in self.observations:
            observation.check_pairs(self.substance.pairs)
        check_origins(self.observations)
        check_sums(self.observations, self.substance.pairs)
        number = len(self.substance.molecules)
        pure = [o.kind for o in self.observations if KINDS[o.kind].pure]
        if pure and number > 1:
            expected = f"a {pure[0]} of one kind of molecule"
            raise InputError("observe", expected, f"a mixture of {number}")
