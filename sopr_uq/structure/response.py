"""Linear response of the structure to the pair potentials.

From ln g = −βv + h − c + B and the Ornstein–Zernike equation, with the bridge
functions B held fixed (B = 0 is HNC), each pair of types has

    (1/g − 1) δg + F⁻¹ S⁻¹ (F δg) S⁻¹ = −β δv,

F being the three-dimensional Fourier transform and S(q) the matrix of the
types, δ_ab + √(ρ_a ρ_b) ĥ_ab, with √(ρ_a ρ_b) F δg_ab between its inverses
(M. P. Bernhardt, M. Hanke, N. F. A. van der Vegt, J. Chem. Phys. 154, 084118
(2021)); that is [g + (1 − g) K] δc = −βg δv, δg = K δc, with K = F⁻¹ (S ⊗ S) F,
after δc is eliminated. It needs g alone, so one simulation gives its own Jacobian. In the
variable y = r √(m ρ_a ρ_b / g) δg, with m = 1 for a pair of one type and 2 for
one of two, the equation is symmetric,

    (1 + √g Q D Q √g) y = −β r √(m ρ_a ρ_b g) δv,

Q being the orthonormal sine transform and D(q) the map X → S⁻¹ X S⁻¹ − X. It is
positive definite as long as the fluid is stable. D dies beyond some 25 Å⁻¹, so
that only as many unknowns as there are wave numbers below are solved for
(Woodbury); what lies beyond is added by iteration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg
from scipy.fft import dct

from sopr_uq.errors import InputError
from sopr_uq.structure.mixture import Mixture, positive_inverse, spectral
from sopr_uq.structure.transforms import RadialGrid, sine_transform, structure_rows
from sopr_uq.structure.virial import pressure_change
from sopr_uq.typing import ArrayLike, FloatArray

_TAIL = 1e-3
_TAIL_OF_MOLECULES = 0.1
_FLOOR = 1e-3
_NOISE = 0.3
_TOLERANCE = 1e-11
_REFINEMENTS = 10


@dataclass(frozen=True)
class LinearResponse:
    """The factorised response of one state; make it with :func:`linear_response`.

    Parameters
    ----------
    grid : RadialGrid
    mixture : Mixture
        The density of each type.
    g : array, shape (n,) or (n, p)
        Radial distribution functions of the state.
    beta : float
        1/(k_B T) in mol/kcal.
    spread : array, shape (p, p, n)
        D(q).
    core : Core
        The equation on the wave numbers that count, solved.
    """

    grid: RadialGrid
    mixture: Mixture
    g: FloatArray
    beta: float
    spread: FloatArray
    core: Core

    @property
    def stable(self) -> bool:
        """Whether the state is a minimum of its free energy, as a fluid's must be."""
        return self.core.stable

    def rdf(self, directions: ArrayLike) -> FloatArray:
        """Return δg for changes δv of the potentials.

        Parameters
        ----------
        directions : array, shape (n, m) or (n, p, m)
            δv on ``grid.r`` in kcal/mol, a column each.

        Returns
        -------
        array, of the same shape
            δg, zero where g is zero.
        """
        mixture = self.mixture
        dv = mixture.columns(_columns(self.grid, mixture, directions, "directions"))
        root = np.sqrt(mixture.columns(self.g))[..., None]
        weight = (mixture.norm * mixture.scale)[:, None] * self.grid.r[:, None, None]
        right = -self.beta * weight * root * dv
        y = self._solved(root, right)
        return mixture.plain(root * y / weight)

    def _solved(self, root: FloatArray, right: FloatArray) -> FloatArray:
        """Solve (1 + √g Q D Q √g) y = b for b of shape (n, p, m)."""
        y = self.core.solve(root, right)
        for _ in range(_REFINEMENTS):
            spread = np.einsum("ijn,njm->nim", self.spread, sine_transform(root * y))
            miss = right - y - root * sine_transform(spread)
            if np.abs(miss).max() <= _TOLERANCE * np.abs(right).max():
                break
            y += self.core.solve(root, miss)
        return y

    def structure(self, q: ArrayLike, change_g: ArrayLike) -> FloatArray:
        """Return δS at wave numbers q (Å⁻¹), shape (k,), for δg, (n, ..., m) → (k, ..., m).

        Of a mixture: of the partials in the sense of Faber and Ziman.
        """
        rows = structure_rows(self.grid, q, self.mixture.density)
        change = _columns(self.grid, self.mixture, change_g, "change_g")
        return np.asarray(np.tensordot(rows, change, axes=1))

    def pressure(
        self,
        force: ArrayLike,
        directions: ArrayLike,
        change_g: ArrayLike,
        direction_forces: ArrayLike | None = None,
    ) -> FloatArray:
        """Return δP in MPa: the virial's explicit part and its part through g.

        Of molecules this is the pressure where ``direction_forces`` are multiplied by their
        levers (:mod:`sopr_uq.engine.levers`): what holds a molecule together takes up a part.

        Parameters
        ----------
        force : array, shape (n,) or (n, p)
            −v′ of the current potential in kcal/(mol Å).
        directions : array, shape (n, m) or (n, p, m)
            δv in kcal/mol.
        change_g : array, of the same shape
            δg, from :meth:`rdf`.
        direction_forces : array, of the same shape, optional
            −δv′ in kcal/(mol Å); by default fourth-order differences of
            ``directions``.

        Returns
        -------
        array, shape (m,)
        """
        dv = _columns(self.grid, self.mixture, directions, "directions")
        df = -self.grid.derivative(dv) if direction_forces is None else direction_forces
        dg = _columns(self.grid, self.mixture, change_g, "change_g")
        df = _columns(self.grid, self.mixture, df, "direction_forces")
        return pressure_change(self.grid, self.g, force, self.mixture, dv, df, dg)


@dataclass(frozen=True)
class Core:
    """(1 + √g Q D Q √g)⁻¹ with D on the first K wave numbers alone.

    With M = Q g Q = L Lᵀ on those, N = 1 + Lᵀ D L is symmetric, and positive
    definite where the whole is.
    """

    spread: FloatArray
    lower: FloatArray
    matrix: FloatArray
    stable: bool

    def solve(self, root: FloatArray, right: FloatArray) -> FloatArray:
        """Return y for b and √g, shapes (n, p, m) and (n, p, 1)."""
        count = self.spread.shape[-1]
        u = sine_transform(root * right)[:count]
        projected = self.lower.swapaxes(1, 2) @ self._spread(u)
        inner = self._inner(projected.reshape(len(self.matrix), -1)).reshape(projected.shape)
        u = u - (self.lower @ inner).swapaxes(0, 1)
        wide = np.zeros_like(right)
        wide[:count] = self._spread(u).swapaxes(0, 1)
        return np.asarray(right - root * sine_transform(wide))

    def _spread(self, u: FloatArray) -> FloatArray:
        """Return D u of shape (p, K, m) for u of shape (K, p, m)."""
        return np.asarray(np.einsum("ijk,kjm->ikm", self.spread, u))

    def _inner(self, right: FloatArray) -> FloatArray:
        if self.stable:
            return np.asarray(linalg.cho_solve((self.matrix, True), right, check_finite=False))
        return np.asarray(linalg.solve(self.matrix, right, assume_a="symmetric"))

    @classmethod
    def of(cls, g: FloatArray, spread: FloatArray, tail: float = _TAIL) -> Core:
        """Factorise for g, shape (n, p), and D, shape (p, p, n), down to some size of it."""
        seen = np.flatnonzero(np.abs(spread).max(axis=(0, 1)) > tail)
        count = int(seen[-1]) + 1 if seen.size else 1
        spread = spread[..., :count]
        lower = np.stack([_root_of(_sine_sandwich(column, count)) for column in g.T])
        p = len(lower)
        blocks = np.empty((p, count, p, count))
        for i in range(p):
            for j in range(i + 1):
                blocks[i, :, j] = lower[i].T @ (spread[i, j, :, None] * lower[j])
                blocks[j, :, i] = blocks[i, :, j].T
        matrix = blocks.reshape(p * count, p * count)
        matrix[np.diag_indices(p * count)] += 1.0
        try:
            factor = linalg.cholesky(matrix, lower=True, check_finite=False)
        except linalg.LinAlgError:
            return cls(spread, lower, matrix, False)
        return cls(spread, lower, factor, True)


def linear_response(
    grid: RadialGrid, g: ArrayLike, density: ArrayLike | Mixture, beta: float
) -> LinearResponse:
    """Build and factorise the response of a state from its g(r).

    The cost is a Cholesky factorisation of a matrix of p times the number of
    wave numbers below some 25 Å⁻¹.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,) or (n, p)
        Radial distribution functions, known over the whole grid
        (:func:`~sopr_uq.structure.ornstein_zernike.extend`); values ≤ 0 count
        as the impenetrable core.
    density : float, array of shape (t,), or Mixture
        Number density, of each type, in Å⁻³; of molecules the mixture of their sites.
    beta : float
        1/(k_B T) in mol/kcal.

    Raises
    ------
    InputError
        If S(q) of this g is not positive everywhere.
    """
    mixture = Mixture.of(density)
    rdf = np.maximum(np.asarray(g, dtype=float), 0.0)
    columns = mixture.columns(rdf)
    spread = spread_of(grid, mixture, columns)
    tail = _TAIL if mixture.within is None else _TAIL_OF_MOLECULES
    return LinearResponse(grid, mixture, rdf, beta, spread, Core.of(columns, spread, tail))


def spread_of(grid: RadialGrid, mixture: Mixture, g: FloatArray) -> FloatArray:
    """Return D(q), shape (p, p, n), of g, shape (n, p)."""
    h = mixture.matrix(mixture.scale * grid.forward(g - 1.0))
    s = mixture.intramolecular(grid.q) + h
    spread = mixture.congruence(_inverse(mixture, s, grid.q))
    spread[np.diag_indices(len(spread))] -= 1.0
    return np.asarray(spread)


def _inverse(mixture: Mixture, s: FloatArray, q: FloatArray) -> FloatArray:
    """Return S⁻¹, of molecules and ions with its eigenvalues held above a thousandth.

    The atoms of a molecule fluctuate together, and so do charges, so that S is singular at q → 0,
    and the noise of a g(r) makes it negative there: by as much as 1 where charges do not let it be
    continued beyond the box. What is held adds less than 10⁻⁶ to S ⊗ S.
    """
    where, charged = "linear response, g", mixture.charges is not None
    if mixture.within is None and not charged:
        return positive_inverse(s, q, where)
    if not charged and np.linalg.eigvalsh(np.moveaxis(s, -1, 0))[:, 0].min() < -_NOISE:
        positive_inverse(s, q, where)
    return spectral(s, lambda values: 1.0 / np.maximum(values, _FLOOR))


def rdf_response(
    g: ArrayLike, density: ArrayLike, beta: float, grid: RadialGrid, directions: ArrayLike
) -> FloatArray:
    """Return δg for changes δv of the potentials, shape (n, m) or (n, p, m) as they are.

    One call of :func:`linear_response` and :meth:`LinearResponse.rdf`.
    """
    return linear_response(grid, g, density, beta).rdf(directions)


def _sine_sandwich(diagonal: FloatArray, count: int) -> FloatArray:
    """Return the first rows and columns of Q diag(d) Q, Q the orthonormal sine transform.

    sin a sin b = [cos(a−b) − cos(a+b)]/2 makes it a Toeplitz minus a Hankel
    matrix of the cosine transform of d.
    """
    n = diagonal.size
    cosine = dct(np.concatenate(([0.0], diagonal, [0.0])), type=1) / (2.0 * (n + 1))
    period = np.concatenate((cosine, cosine[-2:0:-1]))
    return np.asarray(
        linalg.toeplitz(cosine[:count])
        - linalg.hankel(period[2 : count + 2], period[count + 1 : 2 * count + 1])
    )


def _root_of(matrix: FloatArray) -> FloatArray:
    """Return L with L Lᵀ = M to rounding; M is positive semidefinite, and singular by the core."""
    matrix[np.diag_indices_from(matrix)] += 1e-12
    return np.asarray(linalg.cholesky(matrix, lower=True, check_finite=False))


def _columns(grid: RadialGrid, mixture: Mixture, array: ArrayLike, name: str) -> FloatArray:
    array = np.asarray(array, dtype=float)
    wanted = mixture.shape(grid.n)
    if array.ndim != len(wanted) + 1 or array.shape[:-1] != wanted:
        shape = ", ".join(str(k) for k in (*wanted, "m"))
        raise InputError(name, f"an array of shape ({shape})", f"shape {array.shape}")
    return array
