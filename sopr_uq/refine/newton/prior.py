"""What is believed about v(r) before a measurement.

v = Mie(r; σ, ε, n) + δ(r): a Mie potential with a repulsive core, one well and
an r⁻⁶ tail, and a Gaussian process whose amplitude dies like a power of r (r⁻⁶
unless ``decay`` says otherwise) and whose length scale grows with r. Around a
point p of the Mie parameters (ln σ, ln ε, n) the prior is Gaussian; the point
moves with the iterations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.gp import Dispersion, factor
from sopr_uq.potentials import Mie
from sopr_uq.potentials.core import continue_core
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

MIE_SD = np.array([0.05, 0.5, 2.0])
"""Prior standard deviations of ln σ, ln ε and n."""

EXPONENT_RANGE = (8.5, 20.0)
_STEP = 1e-4
_RELATIVE_CUT = 1e-6


@dataclass(frozen=True)
class Basis:
    """v = base + columns · c, c ~ N(0, 1) (all columns but the Mie ones scale with w).

    Parameters
    ----------
    base : array, shape (n,)
        In kcal/mol.
    mie : array, shape (n, 3)
        Tangents of the Mie parameters, in prior standard deviations.
    correction : array, shape (n, m)
        Factor of the unit-width process δ.
    r : array, shape (n,)
        The grid in Å.
    core_height : float
        Energy in kcal/mol above which no pair is ever seen: v is there continued
        as an inverse power, whatever a linear expansion says.
    """

    base: FloatArray
    mie: FloatArray
    correction: FloatArray
    r: FloatArray
    core_height: float

    def columns(self, width: float) -> FloatArray:
        """Return all columns for a width w in kcal/mol, shape (n, 3 + m)."""
        return np.hstack([self.mie, width * self.correction])


@dataclass(frozen=True)
class Prior:
    """The prior of one problem, centred on its reference potential.

    Parameters
    ----------
    problem : Problem
    """

    problem: Problem

    @property
    def centre(self) -> FloatArray:
        """Prior mean of (ln σ, ln ε, n), σ in Å and ε in kcal/mol; shape (3,)."""
        n = getattr(self.problem.reference, "n", 12.0)
        return np.array([np.log(self.problem.sigma), np.log(self.problem.epsilon), n])

    @property
    def core_height(self) -> float:
        """8 k_B T in kcal/mol, at the hottest state."""
        return 8.0 / min(sample.state.beta for sample in self.problem.samples)

    @property
    def width_median(self) -> float:
        """Prior median of the standard deviation of δ at σ, in kcal/mol."""
        return 0.2 * self.problem.epsilon

    @property
    def length_median(self) -> float:
        """Prior median of the length scale of δ at σ, in Å."""
        return 0.2 * self.problem.sigma

    def kernel(self, width: float, length: float) -> Dispersion:
        """Return the kernel of δ of a width in kcal/mol and a length scale at σ in Å."""
        return Dispersion(width, length, self.problem.sigma, self.problem.settings.decay)

    def basis(self, point: FloatArray, length: float) -> Basis:
        """Return the Gaussian prior linearised about a point.

        Parameters
        ----------
        point : array, shape (3,)
            (ln σ, ln ε, n) at which the Mie potential is expanded.
        length : float
            Length scale of δ at σ in Å.
        """
        r = self.problem.r
        tangents = MIE_SD * self._tangents(point)
        base = mie_energy(point, r) - tangents @ ((point - self.centre) / MIE_SD)
        unit = factor(self.kernel(1.0, length), r)
        size = np.linalg.norm(unit, axis=0)
        kept = unit[:, size > _RELATIVE_CUT * size.max()]
        return Basis(base, tangents, kept, r, self.core_height)

    def point(self, coefficients: FloatArray) -> FloatArray:
        """Return (ln σ, ln ε, n) of three Mie coefficients, n held in a sane range."""
        p = self.centre + MIE_SD * coefficients[:3]
        p[2] = np.clip(p[2], *EXPONENT_RANGE)
        return p

    def draw(
        self, rng: np.random.Generator, size: int, *, width_sd: float, length: float
    ) -> FloatArray:
        """Return prior predictive potentials, shape (size, n), in kcal/mol.

        The Mie part is drawn exactly, not linearised.
        """
        unit = self.basis(self.centre, length).correction
        draws = []
        for _ in range(size):
            p = self.point(rng.standard_normal(3))
            width = self.width_median * np.exp(width_sd * rng.standard_normal())
            delta = unit @ rng.standard_normal(unit.shape[1])
            draws.append(mie_energy(p, self.problem.r) + width * delta)
        return continue_core(self.problem.r, np.array(draws), self.core_height)

    def _tangents(self, point: FloatArray) -> FloatArray:
        """∂v/∂(ln σ, ln ε, n) by central differences, shape (n, 3)."""
        columns = []
        for i in range(3):
            step = np.zeros(3)
            step[i] = _STEP
            up, down = (mie_energy(point + s * step, self.problem.r) for s in (1, -1))
            columns.append((up - down) / (2 * _STEP))
        return np.array(columns).T


def mie_energy(point: FloatArray, r: FloatArray) -> FloatArray:
    """Return the Mie potential of (ln σ, ln ε, n) in kcal/mol, shape (n,)."""
    return Mie(float(np.exp(point[0])), float(np.exp(point[1])), float(point[2])).energy(r)
