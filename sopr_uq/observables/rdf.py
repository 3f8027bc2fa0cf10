"""The radial distribution function of a pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.protocol import rdf_name
from sopr_uq.engine.series import Series
from sopr_uq.experiment.substance import Pair
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Change
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.truncation import interpolation_rows, truncation_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class PartialRdf:
    """g_ab(r) at some distances, as a Fourier integral that ends somewhere shows it.

    Parameters
    ----------
    pair : Pair
    r : array, shape (k,)
        In Å.
    q_max : float
        End of the Fourier integral in Å⁻¹; infinite for g itself.
    """

    pair: Pair
    r: FloatArray
    q_max: float = np.inf

    def predict(self, liquid: InfiniteLiquid) -> Series:
        """Return g_ab(r)."""
        rows, column = self._rows(liquid.grid), liquid.column(self.pair)
        mean = 1.0 + rows @ (liquid.g[:, column] - 1.0)
        return Series(rdf_name(self.pair), self.r, mean, liquid.blocks[..., column] @ rows.T, "1")

    def jacobian(self, change: Change) -> FloatArray:
        """Return δg_ab(r), shape (k, m)."""
        column = change.liquid.column(self.pair)
        return np.asarray(self._rows(change.liquid.grid) @ change.g[:, column])

    def _rows(self, grid: RadialGrid) -> FloatArray:
        if np.isfinite(self.q_max):
            return truncation_rows(grid, self.r, self.q_max)
        return interpolation_rows(grid.r, self.r)
