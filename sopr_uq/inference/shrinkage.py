"""Regression of many numbers on few points, shrunk as much as the evidence asks for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray

_RATIOS = np.logspace(-3.0, 10.0, 53)
"""Prior variance of the signal over that of the noise."""

_BENT = np.array([1e-8, 1e-3, 1e-2, 1e-1])
"""Prior variance of the curvature over that of the slopes."""

_FREEDOM = 2.0
"""How many degrees of freedom a stated noise is believed with: no straight line is exact."""


class Predicted(NamedTuple):
    """What a regression says at some points."""

    mean: FloatArray
    """Shape (m, k)."""
    variance: FloatArray
    """Of the mean, from noise and from directions that were not seen, shape (m, k)."""


@dataclass(frozen=True)
class Regression:
    """y = μ + x·a + (x·c·x) + e: conjugate, with the sizes of a, c and e inferred.

    a ~ N(0, ρσ²), c ~ N(0, κρσ²), e ~ N(0, σ²); σ² has a scaled inverse-χ² prior about the
    stated noise, μ a flat one. The posterior is a mixture over a grid of (ρ, κ) by evidence,
    each component in closed form (Gelman et al., Bayesian Data Analysis, 3rd ed., section
    14.8, with Zellner's mixture over the size of the slopes in place of one size).

    Parameters
    ----------
    x : array, shape (n, p)
        Coordinates, each of a size that says how much it may matter.
    bent : array, shape (n, q)
        Products of coordinates, for curvature; q may be 0.
    y : array, shape (n, k)
        k numbers at each point.
    noise : array, shape (k,)
        Variance of each number at one point; 0 where it is exact.

    Raises
    ------
    InputError
        If there are fewer than four points.
    """

    x: FloatArray
    bent: FloatArray
    y: FloatArray
    noise: FloatArray

    def __post_init__(self) -> None:
        if len(self.y) < 4:
            raise InputError("regression", "at least four points", f"{len(self.y)}")

    def predict(self, x: FloatArray, bent: FloatArray) -> Predicted:
        """Return the mean and its variance at points of shapes (m, p) and (m, q)."""
        rows = _design(x, bent)
        mean = np.einsum("mi,gik,gk->mk", rows, self._coefficients, self._weights)
        between = np.zeros_like(mean)
        for weight, coefficients, inverse, scale in zip(
            self._weights, self._coefficients, self._inverses, self._scales, strict=True
        ):
            own = np.sum(rows @ inverse * rows, axis=1)[:, None] * scale * self._heavy
            between += weight * (own + (rows @ coefficients - mean) ** 2)
        return Predicted(mean + self._centre, between)

    def draw(self, x: FloatArray, bent: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return one draw of the regression for each point, shape (m, k).

        The draws of the k numbers at a point share their random numbers, so that a curve
        stays a curve.
        """
        rows = _design(x, bent)
        m, k = len(rows), self.y.shape[1]
        uniform, normal = rng.random(m), rng.standard_normal(m)
        stretch = np.sqrt(self._freedom / rng.chisquare(self._freedom, m))[:, None]
        chosen = (np.cumsum(self._weights, axis=0)[:, None] < uniform[:, None]).sum(axis=0)
        chosen = np.minimum(chosen, len(self._weights) - 1)
        found = np.zeros((m, k))
        for g in np.unique(chosen):
            here = chosen == g
            own = np.sqrt(np.sum(rows @ self._inverses[g] * rows, axis=1))[:, None]
            spread = normal[:, None] * stretch * own * np.sqrt(self._scales[g])
            found = np.where(here, rows @ self._coefficients[g] + spread, found)
        return found + self._centre

    def left_out(self) -> FloatArray:
        """Return (y − prediction by the others)/its error at every point, shape (n, k)."""
        found = []
        for i in range(len(self.y)):
            keep = np.arange(len(self.y)) != i
            others = Regression(self.x[keep], self.bent[keep], self.y[keep], self.noise)
            mean, variance = others.predict(self.x[i : i + 1], self.bent[i : i + 1])
            error = np.sqrt(variance[0] + others.residual)
            gap = self.y[i] - mean[0]
            found.append(np.divide(gap, error, out=np.zeros_like(gap), where=error > 0))
        return np.array(found)

    @cached_property
    def residual(self) -> FloatArray:
        """Variance of a number about the regression, as inferred, shape (k,)."""
        return np.asarray(np.sum(self._weights * self._scales, axis=0) * self._heavy)

    @cached_property
    def _centre(self) -> FloatArray:
        return np.asarray(self.y.mean(axis=0))

    @property
    def _stated(self) -> FloatArray:
        """ν₀s₀²; a shade of the numbers' own spread keeps what is exact from dividing by zero."""
        spread = (self.y - self._centre) ** 2
        return np.maximum(_FREEDOM * self.noise, 1e-24 * spread.sum(axis=0) + 1e-300)

    @property
    def _freedom(self) -> float:
        return float(_FREEDOM * np.any(self.noise > 0) + len(self.y) - 1)

    @property
    def _heavy(self) -> float:
        """Variance of Student's t over its squared scale."""
        return self._freedom / (self._freedom - 2.0)

    @cached_property
    def _prior(self) -> FloatArray:
        """Variance of each coefficient over σ², shape (g, 1 + p + q), for the grid of (ρ, κ)."""
        p, q = self.x.shape[1], self.bent.shape[1]
        ratios, bends = np.meshgrid(_RATIOS, _BENT if q else _BENT[:1], indexing="ij")
        flat = np.full((ratios.size, 1), np.inf)
        slopes = np.repeat(ratios.reshape(-1, 1), p, axis=1)
        curvatures = np.repeat((ratios * bends).reshape(-1, 1), q, axis=1)
        return np.concatenate([flat, slopes, curvatures], axis=1)

    @cached_property
    def _inverses(self) -> FloatArray:
        rows = _design(self.x, self.bent)
        precision = np.einsum("ij,gj->gij", np.eye(rows.shape[1]), 1.0 / self._prior)
        return np.linalg.inv(rows.T @ rows + precision)

    @cached_property
    def _coefficients(self) -> FloatArray:
        rows = _design(self.x, self.bent)
        return np.asarray(self._inverses @ (rows.T @ (self.y - self._centre)))

    @cached_property
    def _squares(self) -> FloatArray:
        """Residual sum of squares and that of the prior together, shape (g, k)."""
        rows, y = _design(self.x, self.bent), self.y - self._centre
        misfit = np.sum((y - rows @ self._coefficients) ** 2, axis=1)
        shrunk = np.sum(self._coefficients**2 / self._prior[:, :, None], axis=1)
        return np.asarray(misfit + shrunk)

    @cached_property
    def _scales(self) -> FloatArray:
        """Inferred σ² of every member of the grid, shape (g, k)."""
        return np.asarray((self._stated + self._squares) / self._freedom)

    @cached_property
    def _weights(self) -> FloatArray:
        """Posterior probability of every member of the grid, shape (g, k)."""
        determinant = np.linalg.slogdet(self._inverses)[1] - np.log(self._prior[:, 1:]).sum(axis=1)
        log = 0.5 * determinant[:, None] - 0.5 * self._freedom * np.log(self._scales)
        return np.asarray(np.exp(log - logsumexp(log, axis=0)))


def _design(x: FloatArray, bent: FloatArray) -> FloatArray:
    return np.concatenate([np.ones((len(x), 1)), x, bent], axis=1)
