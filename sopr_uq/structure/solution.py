"""A solution of the Ornstein–Zernike equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.closures import Closure
from sopr_uq.structure.newton import Root
from sopr_uq.structure.transforms import RadialGrid, structure_factor
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Solution:
    """A solution of the Ornstein–Zernike equation, or the attempt at one.

    Parameters
    ----------
    grid : RadialGrid
    density : float
        Number density ρ in Å⁻³.
    g, gamma : array, shape (n,)
        g(r) and γ(r) = h − c on ``grid.r``.
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
    density: float
    g: FloatArray
    gamma: FloatArray
    converged: bool
    message: str
    iterations: int
    residual: float

    @property
    def h(self) -> FloatArray:
        """Total correlation function g − 1, shape (n,)."""
        return self.g - 1.0

    @property
    def c(self) -> FloatArray:
        """Direct correlation function, shape (n,)."""
        return self.h - self.gamma

    @property
    def s(self) -> FloatArray:
        """Structure factor S(q) on ``grid.q``, shape (n,)."""
        return structure_factor(self.grid, self.g, self.density)

    @property
    def s_zero(self) -> float:
        """S(0) = 1/(1 − ρ ĉ(0)); beyond the grid c dies as r⁻⁶, as v does."""
        grid, c = self.grid, self.c
        inner = float(grid.integrate(grid.r**2 * c))
        tail = float(c[-1]) * grid.r_max**3 / 3.0
        return 1.0 / (1.0 - 4.0 * np.pi * self.density * (inner + tail))

    @property
    def truncated(self) -> bool:
        """Whether correlations reach the end of the grid, so that it shapes the result.

        True if |r h| over the last quarter of the grid exceeds 1/500 of its
        largest value. S(0) is then wrong by more than about one per cent; near
        a critical point a longer grid helps, beyond the spinodal none does.
        """
        rh = np.abs(self.grid.r * self.h)
        return bool(rh[-(self.grid.n // 4) :].max() > 0.002 * rh.max())

    @classmethod
    def of(
        cls, grid: RadialGrid, density: float, closure: Closure, root: Root, message: str = ""
    ) -> Self:
        """Return the outcome of an iteration; a message makes it a failure."""
        g, _ = closure(root.gamma)
        converged = root.converged and not message
        return cls(grid, density, g, root.gamma, converged, message, root.iterations, root.residual)


def on_grid(grid: RadialGrid, array: ArrayLike, name: str) -> FloatArray:
    """Return an array checked to be numbers on the grid, shape (n,)."""
    array = np.asarray(array, dtype=float)
    if array.shape != (grid.n,) or np.isnan(array).any():
        found = f"shape {array.shape}" if array.shape != (grid.n,) else "NaN"
        raise InputError(name, f"numbers of shape ({grid.n},)", found)
    return array
