"""The thermodynamic state at which a measurement was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.units import inverse_temperature


@dataclass(frozen=True)
class StatePoint:
    """Temperature, number density and particle mass of a one-component liquid.

    Parameters
    ----------
    temperature : float
        In K.
    density : float
        Number density in Å⁻³.
    mass : float
        In u; it sets the time scale of the dynamics and nothing else.

    Raises
    ------
    InputError
        If a value is not a positive finite number.
    """

    temperature: float
    density: float
    mass: float

    def __post_init__(self) -> None:
        for name in ("temperature", "density", "mass"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"StatePoint.{name}", "a positive finite number", str(value))

    @property
    def beta(self) -> float:
        """β = 1/(k_B T) in mol/kcal."""
        return inverse_temperature(self.temperature)
