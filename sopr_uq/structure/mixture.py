"""Liquids of several types of atoms: partial densities, and functions of pairs of types.

A function of pairs is an array of columns, shape (n, p, ...): one for each of
the p = t (t + 1)/2 unordered pairs of t types, in the order (0, 0), (0, 1), …,
(0, t − 1), (1, 1), …. An element is the case t = p = 1; its functions have no
axis of pairs at all, shape (n, ...), and its density is a number.

In Fourier space such functions are also symmetric matrices of the types, shape
(t, t, n), and with the weight √(ρ_a ρ_b) on each pair the Ornstein–Zernike
equation is H = C + C H = (1 − C)⁻¹ − 1. Of molecules it is that of their sites, H = Ω C Ω + Ω C H,
with Ω their own part (:mod:`sopr_uq.structure.intramolecular`); of atoms Ω = 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.intramolecular import Intramolecular
from sopr_uq.typing import ArrayLike, FloatArray, IntArray


@dataclass(frozen=True)
class Mixture:
    """Partial number densities, and the arithmetic of pairs that follows from them.

    Parameters
    ----------
    densities : array, shape (t,)
        ρ_a in Å⁻³.
    element : bool
        Whether functions of pairs come without an axis of pairs.
    within : Intramolecular, optional
        Distances within the molecules; atoms have none.
    charges : array, shape (t,), optional
        Of each type, q_a √(β e²/4πε₀) in √Å, so that they act by products over r. They are
        in no potential that comes with the mixture.
    """

    densities: FloatArray
    element: bool = False
    within: Intramolecular | None = None
    charges: FloatArray | None = None

    @classmethod
    def of(cls, density: ArrayLike | Self) -> Self:
        """Return the mixture of partial densities, shape (t,); of a number, an element.

        A mixture is returned as it is.

        Raises
        ------
        InputError
            If a density is not positive.
        """
        if isinstance(density, cls):
            return density
        density = np.asarray(density, dtype=float)
        if density.ndim > 1 or not (np.isfinite(density) & (density > 0)).all():
            raise InputError("density", "a positive number of each type", str(density))
        return cls(np.atleast_1d(density), density.ndim == 0)

    def eased(self, cooling: float, dilution: float) -> Self:
        """Return the same liquid at 1/cooling of its temperature, and diluted."""
        within = None if self.within is None else self.within.diluted(dilution)
        charges = None if self.charges is None else np.sqrt(cooling) * self.charges
        return replace(self, densities=dilution * self.densities, within=within, charges=charges)

    @property
    def types(self) -> int:
        """Number of types t."""
        return self.densities.size

    @property
    def density(self) -> float:
        """Total number density ρ in Å⁻³."""
        return float(self.densities.sum())

    @property
    def fractions(self) -> FloatArray:
        """Mole fractions c_a, shape (t,)."""
        return np.asarray(self.densities / self.densities.sum())

    @cached_property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """First and second type of each pair, each of shape (p,)."""
        first, second = np.triu_indices(self.types)
        return first, second

    @cached_property
    def like(self) -> FloatArray:
        """δ_ab, shape (p,)."""
        first, second = self.pairs
        return np.asarray((first == second).astype(float))

    @cached_property
    def weights(self) -> FloatArray:
        """(2 − δ_ab) c_a c_b, shape (p,): the share of a pair in a sum over all pairs."""
        first, second = self.pairs
        return np.asarray((2.0 - self.like) * self.fractions[first] * self.fractions[second])

    @cached_property
    def scale(self) -> FloatArray:
        """√(ρ_a ρ_b) in Å⁻³, shape (p,)."""
        first, second = self.pairs
        return np.asarray(np.sqrt(self.densities[first] * self.densities[second]))

    @cached_property
    def norm(self) -> FloatArray:
        """√(2 − δ_ab), shape (p,): columns so weighted have the scalar product of matrices."""
        return np.asarray(np.sqrt(2.0 - self.like))

    def shape(self, *axes: int) -> tuple[int, ...]:
        """Return the shape of a function of pairs whose axes but that of the pairs are given."""
        return axes if self.element else (axes[0], self.like.size, *axes[1:])

    def columns(self, function: ArrayLike) -> FloatArray:
        """Return a function of pairs with its axis of pairs, of an element as well."""
        function = np.asarray(function, dtype=float)
        return function[:, None] if self.element else function

    def plain(self, columns: FloatArray) -> FloatArray:
        """Return columns without the axis of pairs where this is an element."""
        return np.asarray(columns[:, 0]) if self.element else columns

    def total(self, values: FloatArray) -> FloatArray:
        """Return Σ (2 − δ_ab) c_a c_b x_ab; shape (p, ...) → (...); of an element x itself."""
        return values if self.element else np.asarray(np.tensordot(self.weights, values, axes=1))

    @cached_property
    def _place(self) -> IntArray:
        """Which column an entry of a matrix comes from, shape (t, t)."""
        place = np.empty((self.types, self.types), dtype=np.intp)
        place[self.pairs] = place[self.pairs[::-1]] = np.arange(self.like.size)
        return place

    def matrix(self, columns: FloatArray) -> FloatArray:
        """Return columns of shape (n, p) as symmetric matrices, shape (t, t, n)."""
        return np.asarray(columns.T[self._place])

    def of_matrix(self, matrix: FloatArray) -> FloatArray:
        """Return symmetric matrices, shape (t, t, n), as columns of shape (n, p)."""
        return np.asarray(matrix[self.pairs].T)

    def correlations(self, h: FloatArray) -> FloatArray:
        """Return S_ab = δ_ab + √(ρ_a ρ_b) ĥ_ab (Ashcroft and Langreth), (n, p) → (t, t, n)."""
        return np.asarray(self.matrix(self.scale * h) + np.eye(self.types)[..., None])

    def intramolecular(self, q: FloatArray) -> FloatArray:
        """Return Ω_ab at wave numbers q (Å⁻¹), shape (t, t, k)."""
        if self.within is None:
            return np.broadcast_to(np.eye(self.types)[..., None], (self.types, self.types, q.size))
        # an unlike pair is seen from each of its ends in an entry of its own
        both = 1.0 + self.like[self.within.columns]
        each = self.within.waves(q) * self.within.densities * both
        columns = self.within.summed(each, self.like.size) / self.scale
        return np.asarray(self.matrix(columns) + np.eye(self.types)[..., None])

    @cached_property
    def shared(self) -> FloatArray:
        """Ω_ab(0), shape (p,): δ_ab of atoms."""
        return np.asarray(self.of_matrix(self.intramolecular(np.zeros(1)))[0])

    @property
    def molecules(self) -> float:
        """Number density of molecules in Å⁻³; that of the atoms where these are by themselves."""
        return self.density if self.within is None else self.within.molecules

    def congruence(self, matrix: FloatArray) -> FloatArray:
        """Return X → A X A of symmetric X as a symmetric matrix on columns.

        Parameters
        ----------
        matrix : array, shape (t, t, n)
            Symmetric A.

        Returns
        -------
        array, shape (p, p, n)
            For columns weighted by :attr:`norm`.
        """
        a, b = self.pairs
        row, column = (a[:, None], b[:, None]), (a, b)
        found = matrix[row[0], column[0]] * matrix[row[1], column[1]]
        if self.types > 1:  # of one type both orders are the same
            found += matrix[row[0], column[1]] * matrix[row[1], column[0]]
            found *= 0.5
        return np.asarray(found * np.outer(self.norm, self.norm)[..., None])


def inverse(matrix: FloatArray) -> FloatArray | None:
    """Return the inverses of symmetric matrices, or None if one is not positive definite.

    By elimination in all matrices at once, since there are thousands of them
    and each is tiny; the pivots of positive definite ones are positive.

    Parameters
    ----------
    matrix : array, shape (t, t, n)

    Returns
    -------
    array, shape (t, t, n), or None
    """
    found = np.array(matrix)
    for k in range(len(found)):
        pivot = found[k, k].copy()
        if not pivot.min() > 0.0:
            return None
        found[k, k] = 1.0
        found[k] /= pivot
        for i in range(len(found)):
            if i != k:
                factor = found[i, k].copy()
                found[i, k] = 0.0
                found[i] -= factor * found[k]
    return found


def product(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the products of matrices, each of shape (t, t, n)."""
    return np.asarray(np.einsum("abn,bcn->acn", a, b))


def spectral(matrix: FloatArray, function: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Return a function of symmetric matrices, shape (t, t, n), by their eigenvalues."""
    values, vectors = np.linalg.eigh(np.moveaxis(matrix, -1, 0))
    found = (vectors * function(values)[:, None]) @ vectors.swapaxes(1, 2)
    return np.asarray(np.moveaxis(found, 0, -1))


def positive_inverse(matrix: FloatArray, q: FloatArray, where: str) -> FloatArray:
    """Return S(q)⁻¹ of structure factors, shape (t, t, n), that must be positive.

    Raises
    ------
    InputError
        If S (an eigenvalue of it, for several types) is not positive at some q.
    """
    found = inverse(matrix)
    if found is None:
        lowest = np.linalg.eigvalsh(np.moveaxis(matrix, -1, 0))[:, 0]
        raise InputError(
            where,
            "a g(r) whose S(q) is positive",
            f"S = {lowest.min():.3g} at q = {q[lowest.argmin()]:.3g} Å⁻¹",
            "extend g(r) beyond its cut-off or smooth it",
        )
    return found
