"""How strongly the sites of a liquid scatter: neutrons by nuclei, x-rays by electrons."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

FM = 0.1
"""In √barn."""

HYDROGEN = ("H", "D", "T")


class Scattering(Protocol):
    """What pairs of sites weigh, for a liquid whose fractions and pairs a mixture knows."""

    @property
    def unit(self) -> str:
        """Unit of the weights, and so of a total that is divided by nothing."""
        ...

    def between(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return (2 − δ_ab) c_a c_b ⟨f_a⟩⟨f_b⟩ at wave numbers (k,), shape (k, p)."""
        ...

    def inside(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the same with ⟨f_a f_b⟩ of sites of one molecule, shape (k, p)."""
        ...

    def squares(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return Σ c_a ⟨f_a⟩², shape (k,)."""
        ...


@dataclass(frozen=True)
class Neutrons:
    """Nuclei.

    Parameters
    ----------
    lengths : array, shape (t,)
        Mean scattering length of each type in √barn.
    together : array, shape (t, t)
        Covariance of the lengths of two sites of one molecule, in barn: isotopes that come
        by molecules, not by atoms.
    """

    lengths: FloatArray
    together: FloatArray
    unit: ClassVar[str] = "barn/sr/atom"

    def between(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the weights of pairs of molecules in barn, shape (k, p)."""
        return _weights(mixture, np.broadcast_to(self.lengths, (q.size, self.lengths.size)))

    def inside(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the weights of pairs in a molecule in barn, shape (k, p)."""
        return self.between(mixture, q) + mixture.weights * self.together[mixture.pairs]

    def squares(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return Σ c_a ⟨b_a⟩² in barn, shape (k,)."""
        return np.full(q.size, mixture.fractions @ self.lengths**2)


@dataclass(frozen=True)
class XRays:
    """Electrons: the form factors of free atoms, in electrons.

    Parameters
    ----------
    elements : tuple of str
        Of each type.

    Raises
    ------
    InputError
        If one is no element with a form factor.

    References
    ----------
    The tables of the package periodictable, after D. Waasmaier and A. Kirfel, Acta Cryst.
    A51, 416 (1995).
    """

    elements: tuple[str, ...]
    unit: ClassVar[str] = "electron^2/atom"

    def __post_init__(self) -> None:
        self._factors(np.zeros(1))

    def between(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the weights in electrons², shape (k, p)."""
        return _weights(mixture, self._factors(q))

    def inside(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the same."""
        return self.between(mixture, q)

    def squares(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return Σ c_a f_a², shape (k,)."""
        return np.asarray(self._factors(q) ** 2 @ mixture.fractions)

    def _factors(self, q: FloatArray) -> FloatArray:
        """Return f of each type, shape (k, t)."""
        return np.stack([_form_factor(element, q) for element in self.elements], axis=1)


@dataclass(frozen=True)
class Given:
    """Weights that somebody worked out, the same at all wave numbers.

    Parameters
    ----------
    weights : array, shape (p,)
        In Σ w_ab (S_ab − 1), in the unit of the curve.
    """

    weights: FloatArray
    unit: ClassVar[str] = "that of the weights"

    def between(self, mixture: Mixture, q: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return the weights, shape (k, p)."""
        return np.broadcast_to(self.weights, (q.size, self.weights.size))

    def inside(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return the same."""
        return self.between(mixture, q)

    def squares(self, mixture: Mixture, q: FloatArray) -> FloatArray:
        """Return Σ w_aa/c_a, which is Σ c_a f_a², shape (k,)."""
        like = self.weights[mixture.like > 0]
        return np.full(q.size, np.sum(like / mixture.fractions))


def _weights(mixture: Mixture, factors: FloatArray) -> FloatArray:
    first, second = mixture.pairs
    return np.asarray(mixture.weights * factors[:, first] * factors[:, second])


def _form_factor(element: str, q: FloatArray) -> FloatArray:
    # Imported here because most uses of this package do not need it.
    import periodictable

    symbol = "H" if element in HYDROGEN else element
    found: FloatArray = np.full(q.size, np.nan)
    with suppress(ValueError, KeyError, AttributeError, TypeError):
        factor: Any = periodictable.elements.symbol(symbol).xray
        found = np.array(factor.f0(q), dtype=np.float64)
    if not np.isfinite(found).all():
        raise InputError(
            "form factor", "an element whose form factor is known, such as O", repr(element),
            "element of its site, or weights for each pair",
        )  # fmt: skip
    return found
