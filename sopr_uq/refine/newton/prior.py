"""What is believed about v(r) before a measurement.

v = Mie(r; σ, ε, n, m) + δ(r): a Mie potential with a repulsive core, one well and
an attractive tail, and a Gaussian process whose amplitude dies like a power of r
and whose length scale grows with r. How the tail dies is not known better than
``[prior]`` says: its exponent m is inferred, and so is that of δ, on a grid of
kernels. Around a point p of the Mie parameters (ln σ, ln ε, n, m) the prior is
Gaussian; the point moves with the rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from sopr_uq.gp import Dispersion, factor
from sopr_uq.inference.noise import LogNormal
from sopr_uq.potentials.core import continue_core
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

DECAYS = (6.0, 2.5)
"""Exponents with which δ may die where none is given: dispersion, and other forces."""

_NODES = ((-np.sqrt(5.0 / 3.0), 0.3), (0.0, 0.4), (np.sqrt(5.0 / 3.0), 0.3))
"""Places and weights of three values with the mean and the variance of a standard normal."""

_REACH = np.array([1.0, 3.0])
"""How far from their centre ln σ and ln ε of an expansion may be; data of no liquid ask for any."""

_EXPONENTS = np.array([[8.5, 4.5], [20.0, 8.0]])
"""Lowest and highest n and m of an expansion."""

_STEP = 1e-4
_RELATIVE_CUT = 1e-6


class DeltaKernel(NamedTuple):
    """One kernel of δ: length scale at σ in Å, exponent of its decay, prior probability."""

    length: float
    decay: float
    weight: float


@dataclass(frozen=True)
class Basis:
    """v = base + columns · c, c ~ N(0, 1) (all columns but the Mie ones scale with w).

    Parameters
    ----------
    base : array, shape (n,)
        In kcal/mol.
    mie : array, shape (n, 4)
        Tangents of the Mie parameters, in prior standard deviations.
    correction : array, shape (n, m)
        Factor of the unit-width process δ.
    """

    base: FloatArray
    mie: FloatArray
    correction: FloatArray

    def columns(self, width: float) -> FloatArray:
        """Return all columns for a width w in kcal/mol, shape (n, 4 + m)."""
        return np.hstack([self.mie, width * self.correction])


@dataclass(frozen=True)
class Prior:
    """The prior of one problem.

    Parameters
    ----------
    problem : Problem
    """

    problem: Problem

    @property
    def settings(self) -> PriorSettings:
        """The numbers of ``[prior]``."""
        return self.problem.prior

    @cached_property
    def centre(self) -> FloatArray:
        """Prior mean of (ln σ, ln ε, n, m), σ in Å and ε in kcal/mol; shape (4,)."""
        s, p = self.settings, self.problem
        sigma, epsilon = s.sigma or p.sigma, s.epsilon or p.epsilon
        return np.array([np.log(sigma), np.log(epsilon), s.exponent, s.attraction])

    @cached_property
    def sd(self) -> FloatArray:
        """Prior standard deviations of (ln σ, ln ε, n, m), shape (4,)."""
        s = self.settings
        return np.array([s.sigma_sd, s.epsilon_sd, s.exponent_sd, s.attraction_sd])

    @property
    def core_height(self) -> float:
        """8 k_B T in kcal/mol, at the hottest state: above, no pair is ever seen."""
        return 8.0 / min(sample.state.beta for sample in self.problem.samples)

    @property
    def width(self) -> LogNormal:
        """Prior of the standard deviation of δ at σ, in kcal/mol."""
        return LogNormal(
            self.settings.width * float(np.exp(self.centre[1])), self.settings.width_sd
        )

    @property
    def length_median(self) -> float:
        """Prior median of the length scale of δ at σ, in Å."""
        return self.settings.length * float(np.exp(self.centre[0]))

    @cached_property
    def kernels(self) -> tuple[DeltaKernel, ...]:
        """The kernels of δ that are averaged over."""
        decays = DECAYS if self.settings.decay is None else (self.settings.decay,)
        lengths = [
            (self.length_median * float(np.exp(self.settings.length_sd * z)), w) for z, w in _NODES
        ]
        return tuple(
            DeltaKernel(length, decay, w / len(decays))
            for decay, (length, w) in product(decays, lengths)
        )

    @property
    def log_weight(self) -> FloatArray:
        """Log prior probability of every kernel, shape (G,)."""
        return np.log([kernel.weight for kernel in self.kernels])

    @cached_property
    def _corrections(self) -> list[FloatArray]:
        """Factors of the unit-width process, one a kernel, each of shape (n, m)."""
        r, sigma = self.problem.r, float(np.exp(self.centre[0]))
        found = []
        for kernel in self.kernels:
            unit = factor(Dispersion(1.0, kernel.length, sigma, kernel.decay), r)
            size = np.linalg.norm(unit, axis=0)
            found.append(unit[:, size > _RELATIVE_CUT * size.max()])
        return found

    def bases(self, point: FloatArray) -> list[Basis]:
        """Return the Gaussian prior linearised about a point, one basis a kernel.

        Parameters
        ----------
        point : array, shape (4,)
            (ln σ, ln ε, n, m) at which the Mie potential is expanded.
        """
        tangents = self.sd * self._tangents(point)
        base = mie_energy(point, self.problem.r) - tangents @ ((point - self.centre) / self.sd)
        return [Basis(base, tangents, correction) for correction in self._corrections]

    def point(self, coefficients: FloatArray) -> FloatArray:
        """Return (ln σ, ln ε, n, m) of Mie coefficients, held in a sane range.

        Shapes (..., p) with the Mie coefficients first → (..., 4).
        """
        p = self.centre + self.sd * coefficients[..., :4]
        (lowest, highest), near = _EXPONENTS, self.centre[:2]
        low = np.concatenate([near - _REACH, lowest])
        return np.asarray(np.clip(p, low, np.concatenate([near + _REACH, highest])))

    def potentials(self, basis: Basis, width: float, coefficients: FloatArray) -> FloatArray:
        """Return v of coefficients, linear in them outside the core.

        What a Mie potential has beyond its tangents is smooth, and left to δ: there it
        costs the prior little, while along a valley of the posterior, where Mie
        parameters and δ make up for each other, it would cost the data much.

        Parameters
        ----------
        basis : Basis
        width : float
            Of δ at σ, in kcal/mol.
        coefficients : array, shape (size, 4 + m)
            Of the Mie parameters and of δ.

        Returns
        -------
        array, shape (size, n)
            In kcal/mol, with the core continued where no pair is seen.
        """
        v = basis.base + coefficients @ basis.columns(width).T
        return continue_core(self.problem.r, v, self.core_height)

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return prior predictive potentials, shape (size, n), in kcal/mol."""
        weights = np.exp(self.log_weight)
        draws = []
        for _ in range(size):
            kernel = int(rng.choice(weights.size, p=weights / weights.sum()))
            width = self.width.median * np.exp(self.width.sd * rng.standard_normal())
            unit = self._corrections[kernel]
            v = mie_energy(self.point(rng.standard_normal(4)), self.problem.r)
            draws.append(v + width * unit @ rng.standard_normal(unit.shape[1]))
        return continue_core(self.problem.r, np.array(draws), self.core_height)

    def _tangents(self, point: FloatArray) -> FloatArray:
        """∂v/∂(ln σ, ln ε, n, m) by central differences, shape (n, 4)."""
        steps = _STEP * np.eye(4)
        up, down = (mie_energy(point + sign * steps, self.problem.r) for sign in (1, -1))
        return np.asarray((up - down).T / (2 * _STEP))


def mie_energy(point: FloatArray, r: FloatArray) -> FloatArray:
    """Return Mie potentials of (ln σ, ln ε, n, m) in kcal/mol, shapes (..., 4) → (..., n).

    As :class:`~sopr_uq.potentials.Mie`, for many points at once.
    """
    sigma, epsilon = np.exp(point[..., 0, None]), np.exp(point[..., 1, None])
    n, m = point[..., 2, None], point[..., 3, None]
    prefactor = n / (n - m) * (n / m) ** (m / (n - m))
    log = np.log(sigma / r)
    return np.asarray(prefactor * epsilon * (np.exp(n * log) - np.exp(m * log)))
