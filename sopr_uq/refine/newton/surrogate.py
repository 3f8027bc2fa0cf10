"""How far the linear model is from the truth, learnt from all simulations.

Let x be the linear signal of a potential in the few directions in which the data
say anything, in units of all their errors, y its Mie parameters, each in units of the
signal that it has by itself, and η what the liquid shows beyond the linear
prediction. η is modelled as a Gaussian process,

    cov(η, η′) = [a₀² + a₁² x·x′ + a₂² (x·x′)² + a₄² y·y′] 1 + x·x′ C,

a₀ being an offset of which nothing is believed, a₁ the size of the entries of the
relative error E of the Jacobian, a₂ the curvature, and C what rows of the Jacobian are wrong by
that come from a rule of thumb, such as that of a diffusion. Each simulation observes η with
its sampling covariance and a₃² 1 besides: what its blocks, too short for the slowest
motions, do not show of its noise. Where the simulations show nothing beyond their
noise, a₁, a₂ and a₄ are small and the Jacobian is what it was.

a₄ is for what cancels. In a dense liquid a well that is deeper and narrower hardly changes
g(r): its x is small since the signals of σ and of ε, which are large, make up for each other.
What the response lacks of either does not, so each parameter has an error of its own.
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
"""a₀, in units of all errors of the data, as good as no belief; far from the answer, where
tangents err by more, it is as large as what the simulations show."""

CURVATURE = LogNormal(0.003, 1.5)
UNSEEN = LogNormal(0.05, 1.5)
"""Priors of a₂ and a₃; those of a₁ and a₄ come from ``prior.jacobian_error``."""

JACOBIAN_SD = 1.5

TOLERANCE = 0.15
"""What a simulation may show beyond the prediction before it matters, in units of all errors
of the data: an error of that size moves no number by more than that many of its standard
deviations. Less is neither learnt nor held against a prediction."""

SCALES = 4

_BOUND = 4.0


class Estimate(NamedTuple):
    """η at S potentials: mean (S, K) and covariance (S, K, K)."""

    mean: FloatArray
    covariance: FloatArray


@dataclass(frozen=True)
class Surrogate:
    """The process of η, given M simulations.

    Parameters
    ----------
    x : array, shape (M, K + q)
        Linear signals of the simulated potentials, then those of q Mie parameters, each by
        itself.
    eta : array, shape (M, K)
        What they showed beyond the linear prediction.
    noise : array, shape (M, K, K)
        Sampling covariances of the simulations.
    scales : array, shape (4,)
        a₁ to a₄; without Mie parameters a₄ stands for nothing, and is zero.
    rows : array, shape (K, K), optional
        C; by default zero.
    offset : float
        a₀.
    """

    x: FloatArray
    eta: FloatArray
    noise: FloatArray
    scales: FloatArray
    rows: FloatArray | None = None
    offset: float = OFFSET

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
        k, offset = eta.shape[1], max(OFFSET, float(np.sqrt(np.mean(eta**2))))
        # K entries of size a₁ in a row of E change a signal by √K a₁ of its length
        jacobian = LogNormal(error / np.sqrt(k), JACOBIAN_SD)
        priors = (jacobian, CURVATURE, UNSEEN, *([jacobian] if x.shape[1] > k else []))

        def scales(z: FloatArray) -> FloatArray:
            known = [p.median * np.exp(p.sd * s) for p, s in zip(priors, z, strict=True)]
            return np.array([*known, *[0.0] * (SCALES - len(known))])

        def negative(z: FloatArray) -> float:
            process = cls(x, eta, noise, scales(z), rows, offset)
            return 0.5 * float(z @ z) - process.log_likelihood

        box = [(-_BOUND, _BOUND)] * len(priors)
        best = minimize(negative, np.zeros(len(priors)), method="L-BFGS-B", bounds=box)
        return cls(x, eta, noise, scales(best.x), rows, offset)

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
        """Return η at signals, shape (S, K + q), each by itself."""
        s, (m, k) = len(x), self.eta.shape
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
        """Return η at signals, shape (S, K + q), with the covariance of all, (1, S K, S K)."""
        m, k = self.eta.shape
        eye, net = np.eye(k), x[:, :k]
        cross = np.kron(self._kernel(x, self.x), eye) + np.kron(net @ self._net.T, self._own)
        before = np.kron(self._kernel(x, x), eye) + np.kron(net @ net.T, self._own)
        covariance = before - cross @ cho_solve(self._factor, cross.T)
        mean = self._kernel(x, self.x) @ self._weights.reshape(m, k)
        return Estimate(mean + self._own_mean(x), covariance[None])

    def slope(self, x: FloatArray) -> FloatArray:
        """Return ∂η/∂x of the mean at one signal, shape (K + q,) → (K, K + q)."""
        k = self.eta.shape[1]
        _, jacobian, curvature, mie = self._squares
        along = jacobian + 2.0 * curvature * (self._net @ x[:k])
        weights = self._weights.reshape(self.eta.shape).T
        net = weights @ (along[:, None] * self._net) + self._own @ weights @ self._net
        return np.hstack([net, mie * weights @ self.x[:, k:]])

    def _own_mean(self, x: FloatArray) -> FloatArray:
        """Return what is learnt of rows that err by themselves, shape (S, K)."""
        m, k = self.eta.shape
        return np.asarray(x[:, :k] @ self._net.T @ self._weights.reshape(m, k) @ self._own)

    def _at_with_own(self, x: FloatArray, mean: FloatArray) -> Estimate:
        """Return :meth:`at` where C is not zero; ``mean`` is the part of what is isotropic."""
        s, (m, k) = len(x), self.eta.shape
        cross, linear = self._kernel(x, self.x), x[:, :k] @ self._net.T
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
        square = np.sum(x[:, :k] ** 2, axis=1)[:, None, None]
        before = self._kernel_diagonal(x)[:, None, None] * np.eye(k) + square * self._own
        return Estimate((mean + self._own_mean(x)).reshape(s, k), before - explained)

    @property
    def _net(self) -> FloatArray:
        """Linear signals of the simulated potentials, shape (M, K)."""
        return self.x[:, : self.eta.shape[1]]

    @property
    def _own(self) -> FloatArray:
        k = self.eta.shape[1]
        return np.zeros((k, k)) if self.rows is None else self.rows

    @property
    def _squares(self) -> tuple[float, float, float, float]:
        a1, a2, _, a4 = (float(a) ** 2 for a in self.scales)
        return self.offset**2, a1, a2, a4

    @property
    def unseen(self) -> float:
        """Variance of a simulation that its blocks do not show, the tolerance included."""
        return float(self.scales[2]) ** 2 + TOLERANCE**2

    def _kernel(self, x: FloatArray, y: FloatArray) -> FloatArray:
        k = self.eta.shape[1]
        offset, jacobian, curvature, mie = self._squares
        product, each = x[:, :k] @ y[:, :k].T, x[:, k:] @ y[:, k:].T
        return np.asarray(offset + jacobian * product + curvature * product**2 + mie * each)

    def _kernel_diagonal(self, x: FloatArray) -> FloatArray:
        k = self.eta.shape[1]
        offset, jacobian, curvature, mie = self._squares
        square, each = (np.sum(part**2, axis=1) for part in (x[:, :k], x[:, k:]))
        return np.asarray(offset + jacobian * square + curvature * square**2 + mie * each)

    @cached_property
    def _factor(self) -> tuple[FloatArray, bool]:
        m, k = self.eta.shape
        own = self._kernel(self.x, self.x) + self.unseen * np.eye(m)
        whole = np.kron(own, np.eye(k)) + np.kron(self._net @ self._net.T, self._own)
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
