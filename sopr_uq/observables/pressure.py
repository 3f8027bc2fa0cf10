"""The pressure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.observables.fluctuation import induced, virials
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.number import Number
from sopr_uq.observables.quantity import Change
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Pressure(Number):
    """The virial pressure in MPa."""

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return the pressure of the simulation."""
        return liquid.simulation["pressure"]

    def jacobian(self, change: Change) -> FloatArray:
        """Return δP, shape (1, m): by theory, or by fluctuations where it knows no forces."""
        liquid = change.liquid
        if liquid.setup.substance.bare:
            row = liquid.response.pressure(
                liquid.force, change.energy, change.g, power=change.power
            )
            return np.asarray(row[None])
        still = np.zeros_like(change.energy)
        explicit = liquid.response.pressure(liquid.force, change.energy, still, power=change.power)
        return explicit + induced(change, virials(change))
