"""What is believed of the potential of one pair before a measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sopr_uq.gp import Dispersion, factor
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.field import Term
from sopr_uq.typing import FloatArray

NO_DECAY = 0.0
_RELATIVE_CUT = 1e-6


class TermPrior(Protocol):
    """A potential of four parameters, ln σ, ln ε, n and m, and a Gaussian process besides."""

    @property
    def centre(self) -> FloatArray:
        """Prior means of the parameters, σ in Å and ε in kcal/mol, shape (4,)."""
        ...

    def energy(self, point: FloatArray, r: FloatArray) -> FloatArray:
        """Return the potentials of parameters in kcal/mol, (..., 4) → (..., n)."""
        ...

    def delta(self, length: float, sigma: float, decay: float, r: FloatArray) -> FloatArray:
        """Return a factor of the process, of unit size at σ, shape (n, m).

        Parameters
        ----------
        length, sigma : float
            Length scale at σ, and σ, in Å.
        decay : float
            Exponent with which it dies.
        r : array, shape (n,)
            In Å.
        """
        ...


@dataclass(frozen=True)
class MieTerm:
    """A potential that is inferred as a whole: a Mie potential, and what it lacks."""

    term: Term
    settings: PriorSettings

    @property
    def centre(self) -> FloatArray:
        """Those of ``[prior]``, or σ and ε of the reference, shape (4,)."""
        s, t = self.settings, self.term
        size, depth = s.sigma or t.sigma, s.epsilon or t.epsilon
        return np.array([np.log(size), np.log(depth), s.exponent, s.attraction])

    def energy(self, point: FloatArray, r: FloatArray) -> FloatArray:
        """Return Mie potentials."""
        return mie_energy(point, r)

    def delta(self, length: float, sigma: float, decay: float, r: FloatArray) -> FloatArray:
        """Return a factor of a process that dies like a power of r, shape (n, m)."""
        return leading_columns(Dispersion(1.0, length, sigma, decay), r)


@dataclass(frozen=True)
class FreeTerm:
    """A correction to a reference: about zero, measured in k_B T, zero at the cut-off.

    Its first two parameters are factors: of the reference's distances and of its energies.
    """

    term: Term
    settings: PriorSettings

    @property
    def centre(self) -> FloatArray:
        """What the correction is measured by; its exponents say nothing, shape (4,)."""
        s = self.settings
        return np.array(
            [np.log(self.term.sigma), np.log(self.term.epsilon), s.exponent, s.attraction]
        )

    def energy(self, point: FloatArray, r: FloatArray) -> FloatArray:
        """Return the reference with its distances and energies scaled, unchanged at the cut-off."""
        reference = self.term.reference
        stretch, factor = np.exp(np.moveaxis(point - self.centre, -1, 0)[:2, ..., None])
        known = reference.energy(r)
        ends = self._envelope(self.term.sigma, r)
        return np.asarray(known + ends * (factor * reference.energy(r / stretch) - known))

    def delta(self, length: float, sigma: float, decay: float, r: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return a factor of a process that ends smoothly, shape (n, m)."""
        unit = leading_columns(Dispersion(1.0, length, sigma, NO_DECAY), r)
        return np.asarray(self._envelope(sigma, r)[:, None] * unit)

    @staticmethod
    def _envelope(sigma: float, r: FloatArray) -> FloatArray:
        """Return 1 out to σ and on to 0 at the last distance, shape (n,)."""
        x = np.maximum(r, sigma) / r[-1]
        return np.asarray(((1.0 - x**2) / (1.0 - (sigma / r[-1]) ** 2)) ** 2)


@dataclass(frozen=True)
class KeptTerm:
    """A potential that is kept as it starts: nothing is inferred of it."""

    term: Term
    believed: MieTerm | FreeTerm

    @property
    def centre(self) -> FloatArray:
        """Those that it would have, shape (4,)."""
        return self.believed.centre

    def energy(self, point: FloatArray, r: FloatArray) -> FloatArray:
        """Return its start, or the reference that nothing is added to."""
        kept = self.term.start if self.term.scale is None else self.term.reference
        return np.broadcast_to(kept.energy(r), (*point.shape[:-1], r.size))

    def delta(self, length: float, sigma: float, decay: float, r: FloatArray) -> FloatArray:  # noqa: ARG002
        """Return no column, shape (n, 0)."""
        return np.zeros((r.size, 0))


def term_prior(term: Term, settings: PriorSettings) -> TermPrior:
    """Return what is believed of a pair."""
    believed = MieTerm(term, settings) if term.scale is None else FreeTerm(term, settings)
    return believed if term.refined else KeptTerm(term, believed)


def leading_columns(kernel: Dispersion, points: FloatArray) -> FloatArray:
    """Return a factor of a kernel without columns that do not count, shape (n, m)."""
    unit = factor(kernel, points)
    size = np.linalg.norm(unit, axis=0)
    return np.asarray(unit[:, size > _RELATIVE_CUT * size.max()])


def mie_energy(point: FloatArray, r: FloatArray) -> FloatArray:
    """Return Mie potentials of (ln σ, ln ε, n, m) in kcal/mol, shapes (..., 4) → (..., n).

    As :class:`~sopr_uq.potentials.Mie`, for many points at once.
    """
    sigma, epsilon = np.exp(point[..., 0, None]), np.exp(point[..., 1, None])
    n, m = point[..., 2, None], point[..., 3, None]
    prefactor = n / (n - m) * (n / m) ** (m / (n - m))
    log = np.log(sigma / r)
    return np.asarray(prefactor * epsilon * (np.exp(n * log) - np.exp(m * log)))
