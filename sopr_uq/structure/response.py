"""Linear response of the structure to the pair potential.

From ln g = −βv + h − c + B and the Ornstein–Zernike equation, with the bridge
function B held fixed (B = 0 is HNC),

    (1/g − 1 + F⁻¹ S⁻² F) δg = −β δv,

F being the three-dimensional Fourier transform (M. P. Bernhardt, M. Hanke,
N. F. A. van der Vegt, J. Chem. Phys. 154, 084118 (2021)). It needs g alone, so
one simulation gives its own Jacobian. In the variable δg r/√g the equation is
symmetric, and it is positive definite as long as the fluid is stable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.fft import dct

from sopr_uq.errors import InputError
from sopr_uq.structure.transforms import RadialGrid, structure_factor, structure_rows
from sopr_uq.structure.virial import DISPERSION, pressure_change
from sopr_uq.typing import ArrayLike, FloatArray

type Factor = tuple[FloatArray, bool]


@dataclass(frozen=True)
class LinearResponse:
    """The factorised response of one state; make it with :func:`linear_response`.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,)
        Radial distribution function of the state.
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    matrix : array, shape (a, a)
        The symmetric matrix on the points where g > 0.
    factor : tuple or None
        Its Cholesky factor; None if it is not positive definite.
    """

    grid: RadialGrid
    g: FloatArray
    density: float
    beta: float
    matrix: FloatArray
    factor: Factor | None

    @property
    def stable(self) -> bool:
        """Whether the state is a minimum of its free energy, as a fluid's must be."""
        return self.factor is not None

    def rdf(self, directions: ArrayLike) -> FloatArray:
        """Return δg for changes δv of the potential.

        Parameters
        ----------
        directions : array, shape (n, m)
            δv on ``grid.r`` in kcal/mol, a column each.

        Returns
        -------
        array, shape (n, m)
            δg, zero where g is zero.
        """
        dv = _columns(self.grid, directions, "directions")
        active = self.g > 0.0
        weight = (np.sqrt(self.g[active]) / self.grid.r[active])[:, None]
        right = -self.beta * np.sqrt(self.g[active, None]) * self.grid.r[active, None] * dv[active]
        if self.factor is not None:
            w = linalg.cho_solve(self.factor, right, overwrite_b=True)
        else:
            w = linalg.solve(self.matrix, right, assume_a="symmetric")
        dg = np.zeros_like(dv)
        dg[active] = weight * w
        return dg

    def structure(self, q: ArrayLike, change_g: ArrayLike) -> FloatArray:
        """Return δS at wave numbers q (Å⁻¹), shape (k,), for δg, shape (n, m) → (k, m)."""
        rows = structure_rows(self.grid, q, self.density)
        return np.asarray(rows @ _columns(self.grid, change_g, "change_g"))

    def pressure(
        self,
        force: ArrayLike,
        directions: ArrayLike,
        change_g: ArrayLike,
        direction_forces: ArrayLike | None = None,
        power: float = DISPERSION,
    ) -> FloatArray:
        """Return δP in MPa: the virial's explicit part and its part through g.

        Parameters
        ----------
        force : array, shape (n,)
            −v′ of the current potential in kcal/(mol Å).
        directions : array, shape (n, m)
            δv in kcal/mol.
        change_g : array, shape (n, m)
            δg, from :meth:`rdf`.
        direction_forces : array, shape (n, m), optional
            −δv′ in kcal/(mol Å); by default fourth-order differences of
            ``directions``.
        power : float
            Exponent of the tails of δv beyond the grid.

        Returns
        -------
        array, shape (m,)
        """
        dv = _columns(self.grid, directions, "directions")
        df = -self.grid.derivative(dv) if direction_forces is None else direction_forces
        dg = _columns(self.grid, change_g, "change_g")
        df = _columns(self.grid, df, "direction_forces")
        return pressure_change(self.grid, self.g, force, self.density, dv, df, dg, power)


def linear_response(grid: RadialGrid, g: ArrayLike, density: float, beta: float) -> LinearResponse:
    """Build and factorise the response of a state from its g(r).

    The cost is a Cholesky factorisation of an (n, n) matrix.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,)
        Radial distribution function, known over the whole grid
        (:func:`~sopr_uq.structure.ornstein_zernike.extend`); values ≤ 0 count
        as the impenetrable core.
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.

    Raises
    ------
    InputError
        If S(q) of this g is not positive everywhere.
    """
    rdf = np.maximum(np.asarray(g, dtype=float), 0.0)
    s = structure_factor(grid, rdf, density)
    if s.min() <= 0.0:
        raise InputError(
            "linear response, g",
            "a g(r) whose S(q) is positive",
            f"S = {s.min():.3g} at q = {grid.q[s.argmin()]:.3g} Å⁻¹",
            "extend g(r) beyond its cut-off or smooth it",
        )
    active = np.flatnonzero(rdf > 0.0)
    root = np.sqrt(rdf[active])
    matrix = _sine_sandwich(s**-2 - 1.0, active)
    matrix *= root[:, None] * root
    matrix[np.diag_indices_from(matrix)] += 1.0
    return LinearResponse(grid, rdf, density, beta, matrix, _cholesky(matrix))


def rdf_response(
    g: ArrayLike, density: float, beta: float, grid: RadialGrid, directions: ArrayLike
) -> FloatArray:
    """Return δg for changes δv of the potential, shape (n, m) → (n, m).

    One call of :func:`linear_response` and :meth:`LinearResponse.rdf`.
    """
    return linear_response(grid, g, density, beta).rdf(directions)


def _sine_sandwich(
    diagonal: FloatArray, active: np.ndarray[tuple[int], np.dtype[np.intp]]
) -> FloatArray:
    """Return Q diag(d) Q on some rows and columns, Q the orthonormal sine transform.

    sin a sin b = [cos(a−b) − cos(a+b)]/2 makes it a Toeplitz minus a Hankel
    matrix of the cosine transform of d.
    """
    n = diagonal.size
    cosine = dct(np.concatenate(([0.0], diagonal, [0.0])), type=1) / (2.0 * (n + 1))
    period = np.concatenate((cosine, cosine[-2:0:-1]))
    full = linalg.toeplitz(cosine[:n]) - linalg.hankel(
        period[2 : n + 2], period[np.arange(n + 1, 2 * n + 1)]
    )
    return np.asarray(full[np.ix_(active, active)])


def _cholesky(matrix: FloatArray) -> Factor | None:
    try:
        factor, lower = linalg.cho_factor(matrix)
    except linalg.LinAlgError:
        return None
    return factor, bool(lower)


def _columns(grid: RadialGrid, array: ArrayLike, name: str) -> FloatArray:
    array = np.asarray(array, dtype=float)
    if array.ndim != 2 or array.shape[0] != grid.n:
        raise InputError(name, f"an array of shape ({grid.n}, m)", f"shape {array.shape}")
    return array
