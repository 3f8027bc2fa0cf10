"""The radial distribution function of a pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.protocol import rdf_name
from sopr_uq.experiment.substance import Pair
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Curve
from sopr_uq.structure.truncation import interpolation_rows, truncation_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class PartialRdf(Curve):
    """g_ab(r) at some distances, as a Fourier integral that ends somewhere shows it.

    Parameters
    ----------
    pair : Pair
    r : array, shape (k,)
        In Å.
    q_max : float
        End of the Fourier integral in Å⁻¹; infinite for g itself.
    lorch : bool
        Whether Lorch's window damped it.
    """

    pair: Pair
    r: FloatArray
    q_max: float = np.inf
    lorch: bool = False

    @property
    def x(self) -> FloatArray:
        """Distances in Å, shape (k,)."""
        return self.r

    @property
    def title(self) -> str:
        """Name of its series."""
        return rdf_name(self.pair)

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A with g(x) = 1 + A h, shape (k, n)."""
        if np.isfinite(self.q_max):
            return truncation_rows(liquid.grid, x, self.q_max, lorch=self.lorch)
        return interpolation_rows(liquid.grid.r, x)

    def weights(self, liquid: InfiniteLiquid) -> FloatArray:
        """Return 1 for the pair, shape (p,)."""
        found = np.zeros(liquid.g.shape[1])
        found[liquid.column(self.pair)] = 1.0
        return found
