"""The Gaussian posterior of v at one θ, and potentials of its coefficients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from sopr_uq.inference.linear_gaussian import (
    Coefficients,
    LinearGaussian,
    Theta,
    coefficients,
    gain,
)
from sopr_uq.inference.theta_mode import log_likelihoods, log_prior
from sopr_uq.refine.newton.averaging import Ruler
from sopr_uq.refine.newton.prior import Basis, Prior
from sopr_uq.refine.newton.untold_pressure import Pseudodata, Sites
from sopr_uq.typing import BoolArray, FloatArray, IntArray

_GOLDEN = 0.6180339887498949

_WIDER = 10.0
"""Times the variance of what is known of a pressure, for draws: with the variance itself the
weights of argon's by g(r) alone have a tail of 1.0, with ten times it of 0.6, and four times as
many draws are effective."""


class Part(NamedTuple):
    """The posterior of the coefficients with one kernel.

    Parameters
    ----------
    theta : Theta
        With that kernel.
    probability : float
        Of the kernel.
    coefficients : Coefficients
    """

    theta: Theta
    probability: float
    coefficients: Coefficients


@dataclass(frozen=True)
class Fit:
    """The posterior of v at the most probable noise levels and width: Gaussian with each kernel.

    Parameters
    ----------
    prior : Prior
    point : array, shape (4 p,)
        Mie parameters about which the prior was expanded.
    bases : list of Basis
        One a kernel.
    model : LinearGaussian
    theta : Theta
        With the most probable kernel.
    coefficients : Coefficients
        At this θ.
    parts : tuple of Part
        With every kernel.
    pseudodata : Pseudodata
        The last data of ``model``, which nobody measured: what is believed of pressures.
    sites : Sites
        What stands for that, as this fit knows it: where another may begin.
    """

    prior: Prior
    point: FloatArray
    bases: list[Basis]
    model: LinearGaussian
    theta: Theta
    coefficients: Coefficients
    parts: tuple[Part, ...]
    pseudodata: Pseudodata
    sites: Sites

    def of_coefficients(self, values: FloatArray) -> FloatArray:
        """Return v for coefficients with the first kernel, shape (size, 4 p + m) → (size, p n)."""
        return self.prior.potentials(self.bases[self.theta.kernel], self.theta.width, values)

    def draws(self, z: FloatArray) -> FloatArray:
        """Return v for standard normal z, shape (size, p + m) → (size, n).

        The kernels take turns by their probabilities.
        """
        edges = np.cumsum([part.probability for part in self.parts])
        places = (np.arange(len(z)) * _GOLDEN) % 1.0 * edges[-1]
        which = np.minimum(np.searchsorted(edges, places), len(edges) - 1)
        v = np.empty((len(z), self.bases[0].base.size))
        for k in np.unique(which):
            v[which == k] = self._of_part(self.parts[k], z[which == k])
        return v

    def _of_part(self, part: Part, z: FloatArray) -> FloatArray:
        basis = self.bases[part.theta.kernel]
        mine = potential_index(self.model, basis)
        c = part.coefficients.mean[mine] + z @ part.coefficients.root[mine].T
        return self.prior.potentials(basis, part.theta.width, c)

    @property
    def mine(self) -> IntArray:
        """Which coefficients belong to v with the first kernel, shape (4 p + m,)."""
        return potential_index(self.model, self.bases[self.theta.kernel])

    @cached_property
    def mean(self) -> FloatArray:
        """Posterior mean of v on the grid, shape (n,)."""
        z = np.zeros((1, self.coefficients.mean.size))
        parts = [part.probability * self._of_part(part, z)[0] for part in self.parts]
        return np.asarray(np.sum(parts, axis=0))

    @property
    def log_volume(self) -> float:
        """What Laplace's evidence has beside the data's density at the mean, less its constant.

        The log prior densities of the coefficients of v and of θ, and the log volume of what
        these coefficients may be after the data.
        """
        # the product of the root with itself would lose what is known best to rounding
        edges = np.diagonal(np.linalg.qr(self.coefficients.root[self.mine].T, mode="r"))
        volume = float(np.sum(np.log(np.abs(edges))))
        prior = -0.5 * float(np.sum(self.coefficients.mean[self.mine] ** 2))
        return prior + volume + log_prior(self.model, self.theta)

    @property
    def gain(self) -> FloatArray:
        """How far each measured datum moves v, outside the core, kcal/mol per unit, (n, d)."""
        columns, mine = self._linear
        return np.asarray(columns @ gain(self.model, self.theta)[mine][:, : self.measured])

    @cached_property
    def proposal(self) -> LinearGaussian:
        """The model that draws are proposed from, no narrower than what it stands for.

        What is known of pressures that nobody gave is skewed, with a tail that the Gaussian which
        has its mean and variance cuts off. Here each of these Gaussians leads to the same mean
        and is wider.
        """
        mean = self.coefficients.mean
        columns = np.hstack(
            [self.model.columns, self.theta.width * self.model.correction[self.theta.kernel]]
        )
        expected = (columns @ mean)[self.measured :]
        residual, variance = self.model.residual.copy(), self.model.fixed_variance.copy()
        residual[self.measured :] += (_WIDER - 1.0) * (residual[self.measured :] - expected)
        variance[self.measured :] *= _WIDER
        return replace(self.model, residual=residual, fixed_variance=variance)

    @property
    def measured(self) -> int:
        """How many of the data of ``model`` were measured, d: the first."""
        return int(self.model.residual.size - self.pseudodata.residual.size)

    @property
    def sd(self) -> FloatArray:
        """Posterior standard deviation of v given θ, outside the core, shape (n,)."""
        columns, mine = self._linear
        return np.asarray(np.sqrt(np.sum((columns @ self.coefficients.root[mine]) ** 2, axis=1)))

    def ruler(self, where: BoolArray) -> Ruler:
        """Return the measure of errors and changes at some distances, shape (n,)."""
        sd = self.sd[where]
        return Ruler(self.gain[where] / sd[:, None], where, sd)

    @property
    def _linear(self) -> tuple[FloatArray, IntArray]:
        """∂v/∂coefficients outside the core, (p n, 4 p + m), and which coefficients these are."""
        return self.bases[self.theta.kernel].columns(self.theta.width), self.mine


def parts_of(model: LinearGaussian, theta: Theta) -> tuple[Part, ...]:
    """Return the posterior with every kernel, at the noise levels and the width of a θ."""
    log = log_likelihoods(model, theta.noise, theta.reading, theta.width) + model.log_weight
    probability = np.exp(log - logsumexp(log))
    thetas = [theta._replace(kernel=k) for k in range(log.size)]
    return tuple(
        Part(t, float(p), coefficients(model, t)) for t, p in zip(thetas, probability, strict=True)
    )


def potential_index(model: LinearGaussian, basis: Basis) -> IntArray:
    """Return which of all coefficients belong to v with a kernel, shape (4 p + m,)."""
    first = model.columns.shape[1]
    return np.asarray(np.r_[0 : basis.mie.shape[1], first : first + basis.correction.shape[1]])
