"""A solution of the Ornstein–Zernike equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.chains import Chains
from sopr_uq.structure.closures import Closure
from sopr_uq.structure.iteration import Root
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import RadialGrid, structure_factor
from sopr_uq.typing import ArrayLike, FloatArray

_ALMOST_ZERO = 1e-3
"""In Å⁻¹; at zero itself charges act without end."""


@dataclass(frozen=True)
class Solution:
    """A solution of the Ornstein–Zernike equation, or the attempt at one.

    Parameters
    ----------
    grid : RadialGrid
    mixture : Mixture
        The density of each type.
    g, gamma : array, shape (n,) or (n, p)
        g(r) and γ(r) = h − c on ``grid.r``; of a mixture a column for each pair.
    converged : bool
        Whether the numbers may be used.
    message : str
        What went wrong and what to try; empty after success.
    iterations : int
        Newton steps made.
    residual : float
        Largest |r Δγ| by which the equation is missed, in Å.
    """

    grid: RadialGrid
    mixture: Mixture
    g: FloatArray
    gamma: FloatArray
    converged: bool
    message: str
    iterations: int
    residual: float

    @property
    def density(self) -> float:
        """Total number density ρ in Å⁻³."""
        return self.mixture.density

    @property
    def h(self) -> FloatArray:
        """Total correlation function g − 1, of the shape of g."""
        return self.g - 1.0

    @property
    def c(self) -> FloatArray:
        """Direct correlation function, of the shape of g."""
        return self.h - self.gamma

    @property
    def s(self) -> FloatArray:
        """S(q) on ``grid.q``, of the shape of g; partials in the sense of Faber and Ziman."""
        return structure_factor(self.grid, self.g, self.density)

    @property
    def s_zero(self) -> FloatArray:
        """S(0) from 1/(1 − ρ ĉ(0)), shape () or (p,); beyond the grid c dies as r⁻⁶, as v does.

        Of molecules what they share is left out, as from S. NaN inside a spinodal.
        """
        grid, mixture = self.grid, self.mixture
        c = mixture.columns(self.c)
        c_zero = grid.integrate(grid.r[:, None] ** 2 * c) + c[-1] * grid.r_max**3 / 3.0
        chains = Chains(mixture, np.full(1, _ALMOST_ZERO))
        s = chains.correlations(mixture.matrix(mixture.scale * 4.0 * np.pi * c_zero[None]))
        if s is None:
            return np.full(mixture.shape(1)[1:], np.nan)
        h = (mixture.of_matrix(s) - mixture.of_matrix(mixture.intramolecular(chains.q)))[0]
        h /= mixture.scale
        return np.asarray(mixture.plain(1.0 + self.density * h[None])[0])

    @property
    def truncated(self) -> bool:
        """Whether correlations reach the end of the grid, so that it shapes the result.

        True if |r h| over the last quarter of the grid exceeds 1/500 of its
        largest value. S(0) is then wrong by more than about one per cent; near
        a critical point a longer grid helps, beyond the spinodal none does.
        """
        rh = np.abs(self.grid.r[:, None] * self.mixture.columns(self.h))
        return bool(rh[-(self.grid.n // 4) :].max() > 0.002 * rh.max())

    @classmethod
    def of(
        cls, grid: RadialGrid, mixture: Mixture, closure: Closure, root: Root, message: str = ""
    ) -> Self:
        """Return the outcome of an iteration; a message makes it a failure."""
        g, gamma = mixture.plain(closure(root.gamma)[0]), mixture.plain(root.gamma)
        converged = root.converged and not message
        return cls(grid, mixture, g, gamma, converged, message, root.iterations, root.residual)


def on_grid(grid: RadialGrid, mixture: Mixture, array: ArrayLike, name: str) -> FloatArray:
    """Return the columns, shape (n, p), of an array checked to be numbers on the grid."""
    array, shape = np.asarray(array, dtype=float), mixture.shape(grid.n)
    if array.shape != shape or np.isnan(array).any():
        found = f"shape {array.shape}" if array.shape != shape else "NaN"
        raise InputError(name, f"numbers of shape {shape}", found)
    return mixture.columns(array)
