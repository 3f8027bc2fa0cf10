"""The thermodynamic state at which a measurement was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.units import inverse_temperature

_SUM_TOLERANCE = 1e-6
_CONTACT = 0.92


@dataclass(frozen=True)
class StatePoint:
    """Temperature, number density and composition of a liquid.

    Parameters
    ----------
    temperature : float
        In K.
    density : float
        Molecules (atoms of an element) per volume, in Å⁻³.
    mass : float
        Of the particles of an element, in u; it sets the time scale of the
        dynamics and nothing else. 0 in a mixture, whose substance has them.
    composition : mapping of str to float
        Mole fraction of each molecule of a mixture.

    Raises
    ------
    InputError
        If a value is not a positive finite number, or the fractions do not sum
        to one.
    """

    temperature: float
    density: float
    mass: float = 0.0
    composition: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        values = {"temperature": self.temperature, "density": self.density}
        if self.mass or not self.composition:
            values["mass"] = self.mass
        values |= {f"composition, {name}": x for name, x in self.composition.items()}
        for name, value in values.items():
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"StatePoint.{name}", "a positive finite number", str(value))
        if self.composition and self.mass:
            raise InputError("StatePoint.mass", "none beside a composition", f"{self.mass:g}")
        total = sum(self.composition.values())
        if self.composition and abs(total - 1.0) > _SUM_TOLERANCE:
            advice = "divide each by their sum"
            expected = "fractions that sum to 1"
            raise InputError("StatePoint.composition", expected, f"{total:g}", advice)

    @property
    def beta(self) -> float:
        """β = 1/(k_B T) in mol/kcal."""
        return inverse_temperature(self.temperature)

    @property
    def contact(self) -> float:
        """Distance in Å of two molecules that touch: 0.92 mean spacings, as in liquid argon."""
        return float(_CONTACT * self.density ** (-1 / 3))
