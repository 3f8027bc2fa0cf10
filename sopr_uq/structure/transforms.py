"""Three-dimensional Fourier transforms of radial functions, and g(r) ↔ S(q).

With f(r) on r_j = j Δr and F(q) on q_k = k π / ((n+1) Δr) the discrete sine
transform of type I is the exact quadrature of a band-limited function and its
own inverse (F. Lado, J. Comput. Phys. 8, 417 (1971)):

    F(q) = 4π/q ∫ r f(r) sin(qr) dr,    f(r) = 1/(2π² r) ∫ q F(q) sin(qr) dq.

In every function r or q runs along the first axis of an array; further axes
(directions, samples) come last.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.fft import dst, next_fast_len

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class RadialGrid:
    """An equally spaced grid of distances with its conjugate wave numbers.

    Parameters
    ----------
    n : int
        Number of points, n ≥ 8. The transforms are fastest when n + 1 is a
        product of small primes, such as 1024 or 2048.
    spacing : float
        Δr in Å. The last point is n Δr.

    Raises
    ------
    InputError
        If n or the spacing is out of range.
    """

    n: int
    spacing: float

    def __post_init__(self) -> None:
        if self.n < 8:
            raise InputError("RadialGrid.n", "at least 8 points", str(self.n))
        if not (np.isfinite(self.spacing) and self.spacing > 0):
            raise InputError("RadialGrid.spacing", "a positive distance in Å", str(self.spacing))

    @classmethod
    def covering(cls, r_max: float, spacing: float) -> RadialGrid:
        """Return the smallest quickly transformed grid that reaches ``r_max`` (Å)."""
        return cls(next_fast_len(int(np.ceil(r_max / spacing)) + 1) - 1, spacing)

    @cached_property
    def r(self) -> FloatArray:
        """Distances in Å, shape (n,)."""
        return _frozen(self.spacing * np.arange(1, self.n + 1))

    @cached_property
    def q(self) -> FloatArray:
        """Wave numbers in Å⁻¹, shape (n,)."""
        return _frozen(np.pi / ((self.n + 1) * self.spacing) * np.arange(1, self.n + 1))

    @property
    def r_max(self) -> float:
        """The last distance, in Å."""
        return self.n * self.spacing

    @property
    def _scale(self) -> float:
        return float(4.0 * np.pi * self.spacing * np.sqrt((self.n + 1) / 2.0))

    def forward(self, f: ArrayLike) -> FloatArray:
        """Return F(q) of f(r); shape (n, ...) → (n, ...), unit of f times Å³."""
        f = self._checked(f)
        return _along(self._scale / self.q, f) * sine_transform(_along(self.r, f) * f)

    def backward(self, f_q: ArrayLike) -> FloatArray:
        """Return f(r) of F(q); shape (n, ...) → (n, ...); the inverse of ``forward``."""
        f_q = self._checked(f_q)
        scale = 1.0 / (self._scale * self.r)
        return _along(scale, f_q) * sine_transform(_along(self.q, f_q) * f_q)

    def integrate(self, f: ArrayLike) -> FloatArray:
        """Return ∫ f dr by the trapezoidal rule, with f(0) = 0; shape (n, ...) → (...)."""
        f = self._checked(f)
        return np.asarray(self.spacing * (f.sum(axis=0) - 0.5 * f[-1]))

    def derivative(self, f: ArrayLike) -> FloatArray:
        """Return df/dr by fourth-order differences (second order at the ends)."""
        f = self._checked(f)
        slope = np.gradient(f, self.spacing, axis=0, edge_order=2)
        slope[2:-2] = (f[:-4] - 8.0 * f[1:-3] + 8.0 * f[3:-1] - f[4:]) / (12.0 * self.spacing)
        return np.asarray(slope)

    def _checked(self, f: ArrayLike) -> FloatArray:
        f = np.asarray(f, dtype=float)
        if f.ndim == 0 or f.shape[0] != self.n:
            raise InputError(
                "array on a RadialGrid", f"first axis of length {self.n}", f"shape {f.shape}"
            )
        return f


def sine_transform(f: FloatArray) -> FloatArray:
    """Return the orthonormal sine transform of type I along the first axis."""
    return np.asarray(dst(f, type=1, norm="ortho", axis=0))


def structure_factor(grid: RadialGrid, g: ArrayLike, density: float) -> FloatArray:
    """Return S(q) = 1 + ρ ∫ (g − 1) exp(iqr) d³r on the grid's wave numbers.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n, ...)
        Radial distribution function on ``grid.r``.
    density : float
        Number density ρ in Å⁻³.

    Returns
    -------
    array, shape (n, ...)
    """
    return 1.0 + density * grid.forward(np.asarray(g, dtype=float) - 1.0)


def rdf_from_structure_factor(grid: RadialGrid, s: ArrayLike, density: float) -> FloatArray:
    """Return g(r) of S(q) on the grid; the inverse of :func:`structure_factor`."""
    return 1.0 + grid.backward((np.asarray(s, dtype=float) - 1.0) / density)


def structure_rows(grid: RadialGrid, q: ArrayLike, density: float) -> FloatArray:
    """Return the matrix A with S(q) = 1 + A (g − 1) at any wave numbers.

    On the grid's own wave numbers it is the matrix of
    :func:`structure_factor`; at q = 0 it is the compressibility integral.

    Parameters
    ----------
    grid : RadialGrid
    q : array, shape (k,)
        Wave numbers in Å⁻¹; zero is allowed.
    density : float
        Number density ρ in Å⁻³.

    Returns
    -------
    array, shape (k, n)
        4π ρ Δr r² sin(qr)/(qr).
    """
    phase = np.multiply.outer(np.asarray(q, dtype=float), grid.r)
    volume = 4.0 * np.pi * density * grid.spacing * grid.r**2
    return np.asarray(volume * np.sinc(phase / np.pi))


def _along(factor: FloatArray, f: FloatArray) -> FloatArray:
    return factor.reshape(factor.shape + (1,) * (f.ndim - 1))


def _frozen(values: ArrayLike) -> FloatArray:
    array = np.array(values, dtype=float)
    array.flags.writeable = False
    return array
