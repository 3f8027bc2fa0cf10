"""That what was measured was a fluid: where nobody gave its pressure, something is known of it.

A curve alone leaves a direction open in which the well gets deeper and the pressure falls, far
below what any liquid bears: its simulations come apart. The compressibility factor Z = P/(ρ k_B T)
of a fluid in equilibrium is above zero, and seldom many times one; let it be exponential with the
mean L. The virial of an effective pair potential, x = βP/ρ, misses it by s, and then

    p(x) ∝ exp(−x/L) Φ(x/s − s/L).

In a linear model x is linear in v, and a Gaussian in x that has the same mean and variance
with what all else says stands for it: a site of expectation propagation. What the Gaussian is not,
the weights of the draws have.

References
----------
Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), sec. 3.6 and 3.9 (eqs
3.82–3.87: the moments of a Gaussian times Φ; exp(−x/L) moves the Gaussian, whatever its mean).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from scipy.special import log_ndtr

from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import BoolArray, FloatArray, IntArray

_NOTHING = 1e-3
"""Share of its variance by which a site may narrow x and be left out."""

_STILL = 0.05
"""Standard deviations of x by which a site may miss its mean."""


class Sites(NamedTuple):
    """Gaussians in x of every liquid, shape (liquids,); of no precision where they say nothing."""

    value: FloatArray
    precision: FloatArray

    @classmethod
    def none(cls, count: int) -> Self:
        """Return sites that say nothing."""
        return cls(np.zeros(count), np.zeros(count))

    @property
    def liquids(self) -> IntArray:
        """Numbers of the liquids of which they say anything."""
        return np.flatnonzero(self.precision)


class Pseudodata(NamedTuple):
    """Sites as data of a linear model: y = ∂x/∂v (v − v₀) + e, one row a site.

    Parameters
    ----------
    residual : array, shape (m,)
    jacobian : array, shape (m, n)
        Per kcal/mol.
    variance : array, shape (m,)
    """

    residual: FloatArray
    jacobian: FloatArray
    variance: FloatArray


@dataclass(frozen=True)
class UntoldPressure:
    """What is believed of the pressures of a problem that nobody gave.

    Parameters
    ----------
    problem : Problem
        Its ``prior.tension`` is s, its ``prior.compression`` L. Of molecules, ions and on a base
        nothing is said: what their pressure owes to the potentials that are refined is known
        less well.
    """

    problem: Problem

    @cached_property
    def ideal(self) -> FloatArray:
        """ρ k_B T of every liquid in MPa, shape (liquids,)."""
        return self.problem.ideal_pressures

    @cached_property
    def untold(self) -> BoolArray:
        """Of which liquids nobody gave the pressure, shape (liquids,)."""
        return np.asarray(self.problem.lacks("pressure") & self.problem.substance.bare)

    def ratios(self, pressure: FloatArray) -> FloatArray:
        """Return x of pressures in MPa, (..., liquids)."""
        return np.asarray(pressure / self.ideal)

    def slopes(self, linear: LinearModel) -> FloatArray:
        """Return ∂x/∂v, shape (liquids, n), per kcal/mol."""
        return np.asarray(linear.pressure_jacobian / self.ideal[:, None])

    def log_probability(self, pressure: FloatArray) -> FloatArray:
        """Return Σ ln p(x), less its constant, of pressures in MPa, (S, liquids) → (S,)."""
        x, prior = self.ratios(pressure)[:, self.untold], self.problem.prior
        s, mean = prior.tension, prior.compression
        return np.asarray(np.sum(log_ndtr(x / s - s / mean) - x / mean, axis=1))

    def rows(self, linear: LinearModel, at: FloatArray, sites: Sites) -> Pseudodata:
        """Return sites as rows of a linear model about a potential, shape (n,)."""
        mine = sites.liquids
        left = sites.value - self.ratios(linear.pressure_at(at))
        return Pseudodata(left[mine], self.slopes(linear)[mine], 1.0 / sites.precision[mine])

    def sites(self, mean: FloatArray, variance: FloatArray, before: Sites) -> tuple[Sites, bool]:
        """Return the sites for a posterior of x that knows other ones, and whether those will do.

        Parameters
        ----------
        mean, variance : array, shape (liquids,)
            Of x, by the posterior with the sites ``before``.
        before : Sites
        """
        value, precision = np.zeros(mean.size), np.zeros(mean.size)
        will_do, prior = True, self.problem.prior
        for i in np.flatnonzero(self.untold):
            left = 1.0 / variance[i] - before.precision[i]
            natural = mean[i] / variance[i] - before.precision[i] * before.value[i]
            cavity = (natural / left, 1.0 / left)
            wanted, spread = _moments(*cavity, prior.tension, prior.compression)
            will_do &= bool(abs(wanted - mean[i]) < _STILL * np.sqrt(spread))
            gained = 1.0 / spread - left
            moved = abs(wanted - cavity[0]) * np.sqrt(left)
            if gained > _NOTHING * left or moved > _STILL:
                # far above zero p(x) is a slope, which a Gaussian has that is wide and far away
                precision[i] = max(gained, _NOTHING * left)
                value[i] = (wanted * (left + precision[i]) - natural) / precision[i]
        return Sites(value, precision), will_do


def _moments(mean: float, variance: float, s: float, usual: float) -> tuple[float, float]:
    """Return mean and variance of N(x; mean, variance) exp(−x/L) Φ(x/s − s/L), normalised."""
    moved, root = mean - variance / usual, np.sqrt(s**2 + variance)
    z = (moved - s**2 / usual) / root
    ratio = float(np.exp(-0.5 * z**2 - 0.5 * np.log(2.0 * np.pi) - log_ndtr(z)))
    narrowed = variance**2 * ratio * (z + ratio) / root**2
    # ln Φ(x/s) is nowhere more curved than by 1/s²; far below zero z + 1/z + ... cancels
    least = variance * s**2 / root**2
    return moved + variance * ratio / root, max(variance - narrowed, least)
