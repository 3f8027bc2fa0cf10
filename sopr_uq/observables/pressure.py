"""The pressure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.levers import lever_name
from sopr_uq.engine.series import Series
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.number import Number
from sopr_uq.observables.response import Response, induced, virial_frames
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Pressure(Number):
    """The virial pressure in MPa."""

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return the pressure of the simulation."""
        return liquid.simulation["pressure"]

    def jacobian(self, change: Response) -> FloatArray:
        """Return δP, shape (1, m): by theory, or by fluctuations where it knows no forces."""
        liquid = change.liquid
        if liquid.setup.substance.bare:
            row = liquid.response.pressure(liquid.force, change.energy, change.g)
            return np.asarray(row[None])
        still = np.zeros_like(change.energy)
        forces = -liquid.grid.derivative(change.energy) * leverage(liquid)[..., None]
        explicit = liquid.response.pressure(liquid.force, change.energy, still, forces)
        return explicit + induced(change, virial_frames(change))


def leverage(liquid: InfiniteLiquid) -> FloatArray:
    """Return what a force between sites does to their molecules' distance, to what it does to r.

    (n, p): one of atoms, and beyond what was simulated.
    """
    simulation, grid = liquid.simulation, liquid.grid
    found = np.ones((grid.n, len(liquid.setup.substance.pairs)))
    for i, pair in enumerate(liquid.setup.substance.pairs):
        if (name := lever_name(pair.label)) in simulation.series:
            lever = simulation[name]
            near = grid.r <= lever.x[-1]
            found[near, i] = np.interp(grid.r[near], lever.x, lever.mean) / grid.r[near]
    return found
