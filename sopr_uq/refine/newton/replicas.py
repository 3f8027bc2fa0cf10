"""What each draw of the posterior says of the measured numbers, one by one.

Given v and the noise levels the data are y = F(v) + X a + e: X holds the columns of
all errors that several data share (scale and level of a curve, a stated covariance,
what is not known of F), a ~ N(0, 1), and e is independent from datum to datum. For
the potentials a is integrated out; here it is drawn from its Gaussian posterior, so
that every datum has a likelihood of its own and their product is that of all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sopr_uq.refine.newton.draws import Draws
from sopr_uq.typing import FloatArray, IntArray

_AT_ONCE = 100


class Replicas(NamedTuple):
    """The data at S draws.

    Parameters
    ----------
    log_likelihood : array, shape (S, d)
        Of every measured number.
    value : array, shape (S, d)
        The numbers as another measurement of the same liquid with the same
        instrument would give them.
    """

    log_likelihood: FloatArray
    value: FloatArray


def shared_errors(
    residual: FloatArray, columns: FloatArray, variance: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Draw a, shape (S, p), from its posterior, the residual being X a + e.

    Parameters
    ----------
    residual : array, shape (S, d)
    columns : array, shape (S, d, p)
        X.
    variance : array, shape (S, d)
        Of e.
    rng : Generator
    """
    root = np.sqrt(variance)
    x = columns / root[..., None]
    turned = np.swapaxes(x, -1, -2)
    lower = np.linalg.cholesky(np.eye(x.shape[-1]) + turned @ x)
    half = np.linalg.solve(lower, turned @ (residual / root)[..., None])
    z = rng.standard_normal(half.shape)
    return np.asarray(np.linalg.solve(np.swapaxes(lower, -1, -2), half + z)[..., 0])


@dataclass(frozen=True)
class Measurements:
    """The measured numbers as draws see them.

    Parameters
    ----------
    draws : Draws
        What the potentials were drawn from.
    """

    draws: Draws

    def at(
        self, v: FloatArray, noise: FloatArray, reading: FloatArray, rng: np.random.Generator
    ) -> Replicas:
        """Return likelihoods and replicas at draws of the posterior.

        Parameters
        ----------
        v : array, shape (S, n)
            Potentials in kcal/mol.
        noise, reading : array, shape (S, J)
            Noise and reading error of every level.
        rng : Generator
        """
        places = range(0, len(v), _AT_ONCE)
        parts = [
            self._some(v[mine], noise[mine], reading[mine], rng)
            for mine in (slice(i, i + _AT_ONCE) for i in places)
        ]
        return Replicas(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _some(
        self, v: FloatArray, noise: FloatArray, reading: FloatArray, rng: np.random.Generator
    ) -> Iterator[FloatArray]:
        value = self.draws.conditioner.stacked.value
        residual, columns, variance = self.draws.likelihood.standing(v, noise, reading)
        shared = shared_errors(residual, columns, variance, rng)
        left = residual - np.einsum("sdp,sp->sd", columns, shared)
        yield -0.5 * (left**2 / variance + np.log(2.0 * np.pi * variance))
        # a stated covariance is the measurement's: another one has other errors of that kind
        again = shared.copy()
        again[:, self._stated] = rng.standard_normal((len(v), self._stated.size))
        expected = value - residual + np.einsum("sdp,sp->sd", columns, again)
        yield expected + np.sqrt(variance) * rng.standard_normal(variance.shape)

    @property
    def _stated(self) -> IntArray:
        """Which of the columns are those of stated covariances."""
        conditioner = self.draws.conditioner
        first = conditioner.nuisance_count
        return np.arange(first, first + conditioner.stacked.stated_columns.shape[1])
