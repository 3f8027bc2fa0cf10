"""How far the linear model is from the truth, learnt from a few simulations.

The posterior rests on F(v) ≈ F_k + J (v − v_k). In units of all errors of the
data, and projected on the few directions in which the data say anything, let x
be the linear signal of a draw and η(x) what a simulation shows beyond the linear
prediction. η is modelled as a Gaussian process,

    cov(η(x), η(x′)) = C₀ + [a₀² + a₁² x·x′ + a₂² (x·x′)² + a₃² δ(x, x′)] 1,

C₀ being the sampling covariance of F_k, which all draws share; a₀ an offset, a₁
the size of the entries of the Jacobian's relative error, a₂ the curvature, a₃
what is rougher. Each
simulation observes η with its own sampling covariance. Where the simulations
show nothing beyond their noise, a₀ to a₃ are small and η is what it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from sopr_uq.inference.noise import LogNormal
from sopr_uq.typing import FloatArray

PRIORS = (
    LogNormal(0.05, 1.5),
    LogNormal(0.1, 1.5),
    LogNormal(0.05, 1.5),
    LogNormal(0.05, 1.5),
)
"""Of a₀ (offset), a₁ (Jacobian), a₂ (curvature) and a₃ (rest)."""

_BOUND = 4.0


class Estimate(NamedTuple):
    """η at S draws.

    Parameters
    ----------
    mean : array, shape (S, K)
    covariance : array, shape (S, K, K)
    systematic : array, shape (S, K)
        Mean of the part that is not the shared sampling error.
    systematic_covariance : array, shape (S, K, K)
    """

    mean: FloatArray
    covariance: FloatArray
    systematic: FloatArray
    systematic_covariance: FloatArray


@dataclass(frozen=True)
class Surrogate:
    """The process of η, given M simulations.

    Parameters
    ----------
    x : array, shape (M, K)
        Linear signals of the simulated draws.
    eta : array, shape (M, K)
        What they showed beyond the linear prediction.
    noise : array, shape (M, K, K)
        Sampling covariances of the simulations.
    shared : array, shape (K, K)
        C₀.
    scales : array, shape (4,)
        a₀ to a₃.
    """

    x: FloatArray
    eta: FloatArray
    noise: FloatArray
    shared: FloatArray
    scales: FloatArray

    @classmethod
    def fitted(cls, x: FloatArray, eta: FloatArray, noise: FloatArray, shared: FloatArray) -> Self:
        """Return the process with its most probable scales."""

        def scales(z: FloatArray) -> FloatArray:
            return np.array([p.median * np.exp(p.sd * s) for p, s in zip(PRIORS, z, strict=True)])

        def negative(z: FloatArray) -> float:
            trial = cls(x, eta, noise, shared, scales(z))
            return 0.5 * float(z @ z) - trial.log_likelihood

        box = [(-_BOUND, _BOUND)] * len(PRIORS)
        best = minimize(negative, np.zeros(len(PRIORS)), method="L-BFGS-B", bounds=box)
        return cls(x, eta, noise, shared, scales(best.x))

    @cached_property
    def log_likelihood(self) -> float:
        """Marginal log likelihood of what the simulations showed, up to a constant."""
        chol = self._factor
        quadratic = self.eta.ravel() @ self._weights
        return float(-0.5 * quadratic - np.log(np.diagonal(chol[0])).sum())

    @cached_property
    def left_out(self) -> float:
        """χ² per number of each simulation predicted from all others; 1 is expected.

        References
        ----------
        Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eqs 5.10–5.12.
        """
        m, k = self.eta.shape
        inverse = cho_solve(self._factor, np.eye(m * k)).reshape(m, k, m, k)
        weights = self._weights.reshape(m, k)
        blocks = [inverse[i, :, i, :] for i in range(m)]
        return float(
            sum(w @ np.linalg.solve(b, w) for w, b in zip(weights, blocks, strict=True)) / (m * k)
        )

    def at(self, x: FloatArray) -> Estimate:
        """Return η at other linear signals, shape (S, K)."""
        m, k = self.eta.shape
        kernel = self._kernel(x, self.x)
        eye = np.eye(k)
        systematic = np.einsum("sm,kl->skml", kernel, eye)
        whole = systematic + self.shared[None, :, None, :]
        prior = self._kernel_diagonal(x)[:, None, None] * eye
        found = []
        for cross, before in ((whole, prior + self.shared), (systematic, prior)):
            rows = cross.reshape(x.shape[0] * k, m * k)
            explained = np.einsum(
                "skj,slj->skl",
                cross.reshape(len(x), k, m * k),
                cho_solve(self._factor, rows.T).T.reshape(len(x), k, m * k),
            )
            found += [(rows @ self._weights).reshape(len(x), k), before - explained]
        return Estimate(*found)

    def _kernel(self, x: FloatArray, y: FloatArray) -> FloatArray:
        offset, slope, curvature, _ = self.scales**2
        product = x @ y.T
        return np.asarray(offset + slope * product + curvature * product**2)

    def _kernel_diagonal(self, x: FloatArray) -> FloatArray:
        offset, slope, curvature, rest = self.scales**2
        square = np.sum(x**2, axis=1)
        return np.asarray(offset + slope * square + curvature * square**2 + rest)

    @cached_property
    def _factor(self) -> tuple[FloatArray, bool]:
        m, k = self.eta.shape
        kernel = self._kernel(self.x, self.x) + self.scales[3] ** 2 * np.eye(m)
        covariance = np.einsum("mn,kl->mknl", kernel, np.eye(k)) + self.shared[None, :, None, :]
        for i, own in enumerate(self.noise):
            covariance[i, :, i, :] += own
        factor, lower = cho_factor(covariance.reshape(m * k, m * k), lower=True)
        return factor, bool(lower)

    @cached_property
    def _weights(self) -> FloatArray:
        return np.asarray(cho_solve(self._factor, self.eta.ravel()))


def log_ratio(
    residual: FloatArray, precision: FloatArray, estimate: Estimate, shared: FloatArray
) -> FloatArray:
    """Return log N(data; truth) − log N(data; linear model) of every draw.

    Parameters
    ----------
    residual : array, shape (S, K)
        AᵀΣ⁻¹(d − F_lin): Σ the covariance of the data in the linear model, and
        A the directions of η in the space of the data.
    precision : array, shape (S, K, K)
        AᵀΣ⁻¹A.
    estimate : Estimate
        η. It replaces N(0, C₀), which Σ contains.
    shared : array, shape (K, K)
        C₀.

    Returns
    -------
    array, shape (S,)
    """
    change = estimate.covariance - shared
    eye = np.eye(shared.shape[0])
    mixed = eye + precision @ change
    left = residual - np.einsum("skl,sl->sk", precision, estimate.mean)
    solved = np.linalg.solve(mixed, left[..., None])[..., 0]
    gained = np.einsum("sk,skl,sl->s", left, change, solved)
    linear = 2.0 * np.sum(residual * estimate.mean, axis=1)
    square = np.einsum("sk,skl,sl->s", estimate.mean, precision, estimate.mean)
    return np.asarray(0.5 * (linear - square + gained - np.linalg.slogdet(mixed)[1]))
