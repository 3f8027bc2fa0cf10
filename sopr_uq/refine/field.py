"""The unknown: the potentials of all pairs as one vector with named blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.interpolate import BSpline

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.potentials import Corrected, Potential, Tabulated
from sopr_uq.potentials.core import continue_core, repulsive
from sopr_uq.potentials.descriptors import Descriptors, descriptors, first_zero
from sopr_uq.typing import ArrayLike, BoolArray, FloatArray

_SPLINES = 72
"""B-splines of a potential; their knots lie the denser the smaller r, as potentials vary."""

_CORE = 6.0
"""In ε: where v is higher few pairs are seen."""

_WELL = (1.0, 2.0)
"""Where v counts, in σ."""

_SEEN = (0.9, 2.2)
"""Where a correction counts, in its length."""

CORE_HEIGHT = 8.0
"""In k_B T: where a potential is higher no pair is ever seen."""

_WIDE = np.arange(0.5, 15.0, 0.005)
"""Distances in Å at which sizes of references are looked for."""


class CorrectionScale(NamedTuple):
    """What a correction is measured by."""

    length: float
    """About the distance of two neighbours that touch, in Å."""
    energy: float
    """k_B T, in kcal/mol."""


@dataclass(frozen=True)
class Term:
    """The potential of a pair of site types.

    Parameters
    ----------
    pair : Pair
    reference : Potential
        A first guess in kcal/mol; it sets the scales σ and ε.
    start : Potential
        What is simulated first, in kcal/mol.
    refined : bool
        Whether it is inferred, or kept as its start.
    scale : CorrectionScale, optional
        Of a potential of which only a correction to the reference is inferred.
    """

    pair: Pair
    reference: Potential
    start: Potential
    refined: bool = True
    scale: CorrectionScale | None = None

    @property
    def whole(self) -> bool:
        """Whether it is inferred as a whole: a repulsive core, a well and a tail."""
        return self.refined and self.scale is None

    @property
    def corrected(self) -> bool:
        """Whether a correction to the reference is inferred."""
        return self.refined and self.scale is not None

    @cached_property
    def sigma(self) -> float:
        """σ of the reference in Å; NaN without a repulsive core; of a correction its length."""
        if self.scale is not None:
            return self.scale.length
        return float(first_zero(_WIDE, self.reference.energy(_WIDE)))

    @cached_property
    def epsilon(self) -> float:
        """ε of the reference in kcal/mol; of a correction k_B T."""
        if self.scale is not None:
            return self.scale.energy
        return self.depth(self.reference)

    def reaches(self, energy: float) -> float:
        """Return the largest distance at which the reference is so high, in Å; NaN if it never is.

        Parameters
        ----------
        energy : float
            In kcal/mol.
        """
        high = np.flatnonzero(self.reference.energy(_WIDE) >= energy)
        return float(_WIDE[high[-1]]) if high.size else np.nan

    @property
    def counts(self) -> tuple[float, float]:
        """From where to where v counts, in Å.

        From σ to 2 σ; of a correction from where the reference lets pairs come, or touch, on.
        """
        if self.scale is None:
            return _WELL[0] * self.sigma, _WELL[1] * self.sigma
        nearest = self.reaches(CORE_HEIGHT * self.scale.energy)
        touch = _SEEN[0] * self.sigma
        return touch if np.isnan(nearest) else min(nearest, touch), _SEEN[1] * self.sigma

    def depth(self, potential: Potential) -> float:
        """Return the depth of the well of a potential of about this size, in kcal/mol."""
        r = self.sigma * np.arange(0.7, 3.0, 0.005)
        return float(descriptors(r, potential.energy(r), 1.0).epsilon)


@dataclass(frozen=True)
class Field:
    """Potentials of p pairs on one grid of n distances, one after the other in a vector.

    Vectors have the shape (..., p n); those of an element are its v(r).

    Parameters
    ----------
    terms : tuple of Term
        One a pair, in the order of the substance's pairs.
    r : array, shape (n,)
        Distances in Å.
    """

    terms: tuple[Term, ...]
    r: FloatArray

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs, in the order of their blocks."""
        return tuple(term.pair for term in self.terms)

    @property
    def labels(self) -> list[str]:
        """Their labels."""
        return [pair.label for pair in self.pairs]

    @property
    def dims(self) -> tuple[str, ...]:
        """The dimension of the pairs in a result: none for an element."""
        return ("pair",) if len(self.terms) > 1 else ()

    @property
    def coords(self) -> dict[str, list[str]]:
        """Its coordinate, the labels of the pairs."""
        return {"pair": self.labels} if self.dims else {}

    def plain(self, values: FloatArray, axis: int = -1) -> FloatArray:
        """Return numbers of pairs along an axis, without that axis for an element."""
        return values if self.dims else np.take(values, 0, axis=axis)

    @cached_property
    def sigmas(self) -> FloatArray:
        """σ of every reference in Å, shape (p,)."""
        return np.array([term.sigma for term in self.terms])

    @cached_property
    def epsilons(self) -> FloatArray:
        """ε of every reference in kcal/mol, shape (p,)."""
        return np.array([term.epsilon for term in self.terms])

    @property
    def size(self) -> int:
        """Length of a vector, p n."""
        return len(self.terms) * self.r.size

    def split(self, v: FloatArray) -> FloatArray:
        """Return the potentials of a vector by pair, (..., p n) → (..., p, n)."""
        return v.reshape(*v.shape[:-1], len(self.terms), self.r.size)

    def joined(self, v: FloatArray) -> FloatArray:
        """Return potentials by pair as vectors, (..., p, n) → (..., p n)."""
        return v.reshape(*v.shape[:-2], self.size)

    @property
    def start(self) -> FloatArray:
        """What is simulated first, shape (p n,), in kcal/mol."""
        return self.joined(np.array([term.start.energy(self.r) for term in self.terms]))

    def scaled(self, size: float, depth: float) -> FloatArray:
        """Return the start with another σ and ε of every pair refined as a whole, shape (p n,)."""
        scaled = [
            depth * t.start.energy(self.r / size) if t.whole else t.start.energy(self.r)
            for t in self.terms
        ]
        return self.joined(np.array(scaled))

    def tables(self, v: FloatArray) -> dict[Pair, Tabulated | Corrected]:
        """Return the potentials of a vector, shape (p n,), as tables, or references with them.

        Raises
        ------
        InputError
            If one of them is no potential.
        """
        found: dict[Pair, Tabulated | Corrected] = {}
        for term, pair, values in zip(self.terms, self.pairs, self.split(v), strict=True):
            try:
                if term.scale is None:
                    found[pair] = Tabulated(self.r, values)
                else:
                    found[pair] = Corrected(
                        term.reference, self.r, values - term.reference.energy(self.r)
                    )
            except InputError as error:
                if len(self.terms) == 1:
                    raise
                where = f"{error.where}, {pair.label}"
                raise InputError(where, error.expected, error.found, error.advice) from None
        return found

    def descriptors(self, v: FloatArray, beta: ArrayLike) -> Descriptors:
        """Return σ, ε, r_vdW and d_hp of every pair, (..., p n) → four of (..., p).

        NaN of a pair with a correction, which need have no core and no well.
        """
        found = descriptors(self.r, self.split(v), beta)
        return Descriptors(*(np.where(self.shaped, each, np.nan) for each in found))

    @property
    def shaped(self) -> BoolArray:
        """Which pairs have a core and a well of their own, shape (p,)."""
        return np.array([term.scale is None for term in self.terms])

    def continue_core(self, v: FloatArray, height: float) -> FloatArray:
        """Replace potentials inside their cores (:func:`.continue_core`), (..., p n) as it is.

        A reference with a correction keeps its own core.
        """
        each = self.split(v)
        continued = continue_core(self.r, each, height)
        return self.joined(np.where(self.shaped[:, None], continued, each))

    def repulsive(self, v: FloatArray) -> BoolArray:
        """Whether all potentials fall from a positive core to 0.95 σ, (..., p n) → (...).

        A reference with a correction may have any core, or none; but where it keeps pairs apart,
        it keeps some core.
        """
        each = self.split(v)
        found = [
            repulsive(self.r, each[..., i, :], s) if self.shaped[i] else self._cored(each, i)
            for i, s in enumerate(self.sigmas)
        ]
        return np.asarray(np.all(found, axis=0))

    def _cored(self, each: FloatArray, i: int) -> BoolArray:
        """Whether a corrected potential is above k_B T wherever its reference keeps pairs apart."""
        scale = self.terms[i].scale
        assert scale is not None
        apart = self.terms[i].reference.energy(self.r) >= CORE_HEIGHT * scale.energy
        return np.asarray(np.all(each[..., i, apart] > scale.energy, axis=-1))

    @cached_property
    def well(self) -> BoolArray:
        """Where v counts, shape (p n,): from σ to 2 σ of each pair that is refined."""
        low, high = np.array([term.counts for term in self.terms]).T[:, :, None]
        # at the cut-off itself a correction is zero, and known
        inside = (self.r >= low) & (self.r <= high) & (self.r < self.r[-1])
        return np.ravel(inside & np.array([[t.refined] for t in self.terms]))

    @property
    def of_corrections(self) -> BoolArray:
        """Which entries of a vector are of pairs with a correction, shape (p n,)."""
        return np.repeat([term.corrected for term in self.terms], self.r.size)

    @cached_property
    def splines(self) -> FloatArray:
        """B-splines of one potential on the grid, shape (n, k)."""
        count = min(_SPLINES, self.r.size // 2)
        inner = np.geomspace(self.r[0], self.r[-1], count - 2)
        inner[[0, -1]] = self.r[[0, -1]]
        knots = np.concatenate([[inner[0]] * 3, inner, [inner[-1]] * 3])
        return np.asarray(BSpline.design_matrix(self.r, knots, 3).toarray())

    @cached_property
    def to_splines(self) -> FloatArray:
        """Coefficients of the splines nearest to each potential, shape (p, k, n).

        Least squares in which a point counts the less the farther inside the core it lies:
        there no pair is seen, and what is huge there must not leak outwards.
        """
        found = []
        for term in self.terms:
            height = np.maximum(term.reference.energy(self.r), 0.0) / (_CORE * term.epsilon)
            weight = (1.0 + height**2) ** -1.5
            found.append(np.linalg.pinv(self.splines * weight[:, None]) * weight)
        return np.array(found)

    def on_grid(self, jacobian: FloatArray) -> FloatArray:
        """Return derivatives with respect to the splines as those on the grid.

        (d, p k) → (d, p n), per kcal/mol.
        """
        each = jacobian.reshape(len(jacobian), len(self.terms), -1)
        return self.joined(np.einsum("dpk,pkn->dpn", each, self.to_splines))

    def on_splines(self, jacobian: FloatArray) -> FloatArray:
        """Return derivatives on the grid as those with respect to the splines, the reverse."""
        found = self.split(jacobian) @ self.splines
        return np.asarray(found.reshape(len(jacobian), -1))
