"""How far the linear model is from the truth, learnt from all simulations.

Let x be the linear signal of a potential in the few directions in which the data
say anything, in units of all their errors, and η(x) what the liquid shows there
beyond the linear prediction. η is modelled as a Gaussian process,

    cov(η(x), η(x′)) = [a₀² + a₁² x·x′ + a₂² (x·x′)²] 1 + x·x′ C,

a₀ being an offset of which nothing is believed, a₁ the size of the entries of the
relative error E of the Jacobian, a₂ the curvature, and C what rows of the Jacobian are wrong by
that come from a rule of thumb, such as that of a diffusion. Each simulation observes η with
its sampling covariance and a₃² 1 besides: what its blocks, too short for the slowest
motions, do not show of its noise. Where the simulations show nothing beyond their
noise, a₁ and a₂ are small and the Jacobian is what it was.
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

OFFSET = 10.0
"""a₀: in units of all errors of the data, as good as no belief."""

CURVATURE = LogNormal(0.003, 1.5)
UNSEEN = LogNormal(0.05, 1.5)
"""Priors of a₂ and a₃; that of a₁ comes from ``prior.jacobian_error``."""

JACOBIAN_SD = 1.5

TOLERANCE = 0.15
"""What a simulation may show beyond the prediction before it matters, in units of all errors
of the data: an error of that size moves no number by more than that many of its standard
deviations. Less is neither learnt nor held against a prediction."""

_BOUND = 4.0


class Estimate(NamedTuple):
    """η at S signals: mean (S, K) and covariance (S, K, K)."""

    mean: FloatArray
    covariance: FloatArray


@dataclass(frozen=True)
class Surrogate:
    """The process of η, given M simulations.

    Parameters
    ----------
    x : array, shape (M, K)
        Linear signals of the simulated potentials.
    eta : array, shape (M, K)
        What they showed beyond the linear prediction.
    noise : array, shape (M, K, K)
        Sampling covariances of the simulations.
    scales : array, shape (3,)
        a₁ to a₃.
    rows : array, shape (K, K), optional
        C; by default zero.
    """

    x: FloatArray
    eta: FloatArray
    noise: FloatArray
    scales: FloatArray
    rows: FloatArray | None = None

    @classmethod
    def fitted(
        cls,
        x: FloatArray,
        eta: FloatArray,
        noise: FloatArray,
        error: float,
        rows: FloatArray | None = None,
    ) -> Self:
        """Return the process with its most probable scales.

        Parameters
        ----------
        x, eta, noise, rows
            As of the class.
        error : float
            Median relative error of the Jacobian.
        """
        # K entries of size a₁ in a row of E change a signal by √K a₁ of its length
        priors = (LogNormal(error / np.sqrt(x.shape[1]), JACOBIAN_SD), CURVATURE, UNSEEN)

        def scales(z: FloatArray) -> FloatArray:
            return np.array([p.median * np.exp(p.sd * s) for p, s in zip(priors, z, strict=True)])

        def negative(z: FloatArray) -> float:
            return 0.5 * float(z @ z) - cls(x, eta, noise, scales(z), rows).log_likelihood

        box = [(-_BOUND, _BOUND)] * len(priors)
        best = minimize(negative, np.zeros(len(priors)), method="L-BFGS-B", bounds=box)
        return cls(x, eta, noise, scales(best.x), rows)

    @cached_property
    def log_likelihood(self) -> float:
        """Marginal log likelihood of what the simulations showed, up to a constant."""
        quadratic = self.eta.ravel() @ self._weights
        return float(-0.5 * quadratic - np.log(np.diagonal(self._factor[0])).sum())

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
        """Return η at signals, shape (S, K), each by itself."""
        (s, k), m = x.shape, len(self.x)
        cross = self._kernel(x, self.x)
        mean = cross @ self._weights.reshape(m, k)
        if self._own.any():
            return self._at_with_own(x, mean)
        # Σ = kernel ⊗ 1 + noise: rows of the cross covariance are blocks c_sm 1
        inverse = self._inverse.reshape(m, k, m, k)
        explained = np.einsum("sm,mknl,sn->skl", cross, inverse, cross, optimize=True)
        before = self._kernel_diagonal(x)[:, None, None] * np.eye(k)
        return Estimate(mean.reshape(s, k), before - explained)

    def jointly(self, x: FloatArray) -> Estimate:
        """Return η at signals, shape (S, K), with the covariance of all, (1, S K, S K)."""
        k, m = x.shape[1], len(self.x)
        eye = np.eye(k)
        cross = np.kron(self._kernel(x, self.x), eye) + np.kron(x @ self.x.T, self._own)
        before = np.kron(self._kernel(x, x), eye) + np.kron(x @ x.T, self._own)
        covariance = before - cross @ cho_solve(self._factor, cross.T)
        mean = self._kernel(x, self.x) @ self._weights.reshape(m, k)
        return Estimate(mean + self._own_mean(x), covariance[None])

    def slope(self, x: FloatArray) -> FloatArray:
        """Return ∂η/∂x of the mean at one signal, shape (K,) → (K, K)."""
        _, jacobian, curvature = self._squares
        along = jacobian + 2.0 * curvature * (self.x @ x)
        weights = self._weights.reshape(self.eta.shape).T
        return np.asarray(weights @ (along[:, None] * self.x) + self._own @ weights @ self.x)

    def _own_mean(self, x: FloatArray) -> FloatArray:
        """Return what is learnt of rows that err by themselves, shape (S, K)."""
        return np.asarray(x @ self.x.T @ self._weights.reshape(self.eta.shape) @ self._own)

    def _at_with_own(self, x: FloatArray, mean: FloatArray) -> Estimate:
        """Return :meth:`at` where C is not zero; ``mean`` is the part of what is isotropic."""
        (s, k), m = x.shape, len(self.x)
        cross, linear = self._kernel(x, self.x), x @ self.x.T
        inverse = self._inverse.reshape(m, k, m, k)
        turned = inverse @ self._own
        both = np.einsum("jk,mknl->mjnl", self._own, turned, optimize=True)
        # the cross covariances are blocks c_sm 1 + l_sm C
        mixed = np.einsum("sm,mknl,sn->skl", cross, turned, linear, optimize=True)
        explained = (
            np.einsum("sm,mknl,sn->skl", cross, inverse, cross, optimize=True)
            + mixed
            + mixed.swapaxes(1, 2)
            + np.einsum("sm,mknl,sn->skl", linear, both, linear, optimize=True)
        )
        square = np.sum(x**2, axis=1)[:, None, None]
        before = self._kernel_diagonal(x)[:, None, None] * np.eye(k) + square * self._own
        return Estimate((mean + self._own_mean(x)).reshape(s, k), before - explained)

    @property
    def _own(self) -> FloatArray:
        k = self.eta.shape[1]
        return np.zeros((k, k)) if self.rows is None else self.rows

    @property
    def _squares(self) -> tuple[float, float, float]:
        return OFFSET**2, float(self.scales[0]) ** 2, float(self.scales[1]) ** 2

    @property
    def unseen(self) -> float:
        """Variance of a simulation that its blocks do not show, the tolerance included."""
        return float(self.scales[2]) ** 2 + TOLERANCE**2

    def _kernel(self, x: FloatArray, y: FloatArray) -> FloatArray:
        offset, jacobian, curvature = self._squares
        product = x @ y.T
        return np.asarray(offset + jacobian * product + curvature * product**2)

    def _kernel_diagonal(self, x: FloatArray) -> FloatArray:
        offset, jacobian, curvature = self._squares
        square = np.sum(x**2, axis=1)
        return np.asarray(offset + jacobian * square + curvature * square**2)

    @cached_property
    def _factor(self) -> tuple[FloatArray, bool]:
        m, k = self.eta.shape
        own = self._kernel(self.x, self.x) + self.unseen * np.eye(m)
        whole = np.kron(own, np.eye(k)) + np.kron(self.x @ self.x.T, self._own)
        covariance = whole.reshape(m, k, m, k)
        for i, each in enumerate(self.noise):
            covariance[i, :, i, :] += each
        factor, lower = cho_factor(covariance.reshape(m * k, m * k), lower=True)
        return factor, bool(lower)

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.asarray(cho_solve(self._factor, np.eye(self.eta.size)))

    @cached_property
    def _weights(self) -> FloatArray:
        return np.asarray(cho_solve(self._factor, self.eta.ravel()))
