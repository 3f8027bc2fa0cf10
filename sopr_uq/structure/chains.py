"""From direct to total correlations: the Ornstein–Zernike equation of atoms, or of sites."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import erfc

from sopr_uq.structure.mixture import Mixture, inverse, product, spectral
from sopr_uq.typing import FloatArray

_INVERSE_RANGE = 1.0
"""In Å⁻¹: 1/r is erf(r)/r, which is transformed in closed form, and the rest."""


@dataclass(frozen=True)
class Chains:
    """The Ornstein–Zernike equation of a liquid at some wave numbers.

    Direct correlations of charged sites have a tail −q_a q_b/r. C is what remains without its
    smooth part, −q_a q_b erf(r)/r, and ends within a grid; so does Γ = H − C.

    Parameters
    ----------
    mixture : Mixture
    q : array, shape (k,)
        In Å⁻¹, above zero where there are charges.
    """

    mixture: Mixture
    q: FloatArray

    @cached_property
    def _own(self) -> FloatArray | None:
        """Ω; None of atoms, where it is 1."""
        return None if self.mixture.within is None else self.mixture.intramolecular(self.q)

    @cached_property
    def _root(self) -> FloatArray:
        """The symmetric root of Ω, which has no inverse at q → 0."""
        assert self._own is not None
        return spectral(self._own, lambda values: np.sqrt(np.maximum(values, 0.0)))

    @cached_property
    def _far(self) -> FloatArray | float:
        charges = self.mixture.charges
        if charges is None:
            return 0.0
        weighted = charges * np.sqrt(self.mixture.densities)
        wave = 4.0 * np.pi / self.q**2 * np.exp(-0.25 * self.q**2 / _INVERSE_RANGE**2)
        return np.asarray(-np.multiply.outer(np.outer(weighted, weighted), wave))

    def correlations(self, c: FloatArray) -> FloatArray | None:
        """Return S of C, shape (t, t, k); None where the liquid is unstable."""
        one = np.eye(self.mixture.types)[..., None]
        if self._own is None:
            return inverse(one - c - self._far)
        inner = inverse(one - product(product(self._root, c + self._far), self._root))
        return None if inner is None else product(product(self._root, inner), self._root)

    def rest(self, c: FloatArray, s: FloatArray) -> FloatArray:
        """Return H − C = Ω C S − C from C and S, shape (t, t, k)."""
        if self._own is None:
            return product(product(c + self._far, s), c + self._far) + self._far
        return product(product(self._own, c + self._far), s) - c


def short_ranged(mixture: Mixture, r: FloatArray) -> FloatArray:
    """Return what is left of charges without the smooth part, q_a q_b erfc(r)/r, (k,) → (k, p)."""
    if mixture.charges is None:
        return np.zeros((r.size, mixture.like.size))
    first, second = mixture.pairs
    products = mixture.charges[first] * mixture.charges[second]
    return np.outer(erfc(_INVERSE_RANGE * r) / r, products)
