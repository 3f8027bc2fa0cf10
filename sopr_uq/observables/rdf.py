"""Partial and total radial distribution functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from sopr_uq.engine.protocol import rdf_name
from sopr_uq.experiment.molecule import Pair
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.quantity import Weighted
from sopr_uq.structure.truncation import interpolation_rows, truncation_rows
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Rdf(Weighted):
    """g(r) = 1 + Σ w_ab [g_ab(r) − 1], as a Fourier integral that ends somewhere shows it.

    Parameters
    ----------
    of : mapping of Pair to float
        Weights w_ab; a single 1 for a partial.
    r : array, shape (k,)
        In Å.
    q_max : float
        End of the Fourier integral in Å⁻¹; infinite for g itself.
    lorch : bool
        Whether Lorch's window damped it.
    """

    of: Mapping[Pair, float]
    r: FloatArray
    q_max: float = np.inf
    lorch: bool = False

    @classmethod
    def partial(cls, pair: Pair, r: FloatArray, q_max: float = np.inf) -> Self:
        """Return g_ab(r)."""
        return cls({pair: 1.0}, r, q_max)

    @property
    def x(self) -> FloatArray:
        """Distances in Å, shape (k,)."""
        return self.r

    @property
    def title(self) -> str:
        """Name of its series."""
        return rdf_name(next(iter(self.of))) if len(self.of) == 1 else "g"

    def rows(self, liquid: InfiniteLiquid, x: FloatArray) -> FloatArray:
        """Return A with g(x) = 1 + A Σ w h, shape (k, n)."""
        if np.isfinite(self.q_max):
            return truncation_rows(liquid.grid, x, self.q_max, lorch=self.lorch)
        return interpolation_rows(liquid.grid.r, x)
