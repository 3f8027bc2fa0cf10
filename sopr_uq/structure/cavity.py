"""Smoothing of a simulated g(r) through its cavity function y = g exp(βv).

g is steep where v is, but y is smooth: over a bin of the histogram
⟨g⟩ = ⟨exp(−βv) y⟩, so y can be fitted by local polynomials whose bin averages
are taken with the weight r² exp(−βv). This removes the error of the finite bin
width, and averages counting noise over many bins. The operation is linear in
the histogram, so that a covariance C of the bins becomes M C Mᵀ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import comb

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.bins import shell_quadrature
from sopr_uq.typing import ArrayLike, BoolArray, FloatArray, IntArray

LENGTH = 0.25
DEGREE = 3
# Below this Boltzmann factor no simulation sees a pair.
_NEGLIGIBLE = 1e-8


@dataclass(frozen=True)
class CavitySmoother:
    """Local-polynomial regression of the cavity function, as a linear operator.

    Each bin has the weight of its expected count, r² ⟨exp(−βv)⟩, times a kernel
    (1 − u²)² in u = distance/length (W. S. Cleveland, J. Am. Stat. Assoc. 74,
    829 (1979)).

    Parameters
    ----------
    r : array, shape (m,)
        Bin centres in Å, equally spaced.
    width : float
        Bin width in Å.
    energy : callable
        v in kcal/mol at distances in Å.
    beta : float
        1/(k_B T) in mol/kcal.
    length : float
        Half-width of the kernel in Å.
    degree : int
        Degree of the polynomials, up to which y is reproduced exactly.

    Raises
    ------
    InputError
        If the kernel holds too few bins for its polynomial.
    """

    r: FloatArray
    width: float
    energy: Callable[[FloatArray], FloatArray]
    beta: float
    length: float = LENGTH
    degree: int = DEGREE

    def __post_init__(self) -> None:
        least = (self.degree + 2) * self.width
        if not self.length >= least:
            raise InputError(
                "CavitySmoother.length",
                f"at least {least:.3g} Å for bins of {self.width:g} Å and degree {self.degree}",
                f"{self.length:g} Å",
            )

    @cached_property
    def _bins(self) -> tuple[FloatArray, FloatArray]:
        """⟨exp(−βv)⟩ and moments of (x − r)ᵏ with that weight; (m,) and (m, degree + 1)."""
        nodes, weights = shell_quadrature(self.r, self.width)
        spread = weights * np.exp(-self.beta * self.energy(nodes))
        mean = spread.sum(axis=1)
        offset = (nodes - np.asarray(self.r)[:, None])[..., None] ** np.arange(self.degree + 1)
        moments = np.zeros((mean.size, self.degree + 1))
        seen = mean > _NEGLIGIBLE
        moments[seen] = (spread[seen, :, None] * offset[seen]).sum(axis=1) / mean[seen, None]
        return mean, moments

    def predict(self, r_new: ArrayLike) -> FloatArray:
        """Return the matrix M with g(r_new) = M @ g_bins.

        Parameters
        ----------
        r_new : array, shape (k,)
            Distances in Å, inside the range of the bins.

        Returns
        -------
        array, shape (k, m)
            Rows are zero where exp(−βv) < 10⁻⁸.

        Raises
        ------
        InputError
            If a distance lies beyond the last bin.
        """
        x = np.asarray(r_new, dtype=float)
        last = float(self.r[-1] + 0.5 * self.width)
        if x.max(initial=0.0) > last + 1e-9:
            raise InputError("CavitySmoother.predict", f"r ≤ {last:g} Å", f"{x.max():g} Å")
        boltzmann = np.exp(-self.beta * self.energy(x))
        matrix = np.zeros((x.size, self.r.size))
        seen = np.flatnonzero(boltzmann > _NEGLIGIBLE)
        near, inside, rows = self._rows(x[seen])
        at = np.broadcast_to(seen[:, None], near.shape)[inside]
        matrix[at, near[inside]] = (boltzmann[seen, None] * rows)[inside]
        return matrix

    def _rows(self, x: FloatArray) -> tuple[IntArray, BoolArray, FloatArray]:
        """Return which bins matter for y(x), whether they do, and their coefficients.

        All of shape (k, w), w the most bins that a kernel holds.
        """
        mean, moments = self._bins
        r = np.asarray(self.r)
        first, last = (np.searchsorted(r, x + side) for side in (-self.length, self.length))
        near = first[:, None] + np.arange(int((last - first).max(initial=0)))
        inside = near < last[:, None]
        near = np.minimum(near, r.size - 1)
        e = mean[near]
        seen = inside & (e > _NEGLIGIBLE)
        u = (r[near] - x[:, None]) / self.length
        weight = np.where(seen, r[near] ** 2 * e * (1.0 - u**2) ** 2, 0.0)
        basis = self._basis(u, moments[near])
        gram = basis.swapaxes(1, 2) @ (weight[..., None] * basis)
        unit = np.broadcast_to(np.eye(self.degree + 1)[0], (x.size, self.degree + 1))
        solved = np.linalg.solve(gram, unit[..., None])
        coefficients = weight * (basis @ solved)[..., 0]
        return near, inside, np.divide(coefficients, e, out=np.zeros_like(e), where=seen)

    def _basis(self, u: FloatArray, moments: FloatArray) -> FloatArray:
        """Return bin averages of [(x′ − x)/length]ᵏ, shape (..., degree + 1), for u of (...)."""
        scaled = moments / self.length ** np.arange(self.degree + 1)
        columns = [
            sum(comb(k, j) * u ** (k - j) * scaled[..., j] for j in range(k + 1))
            for k in range(self.degree + 1)
        ]
        return np.stack(columns, axis=-1)
