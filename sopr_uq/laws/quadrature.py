"""The posterior of a power law by quadrature: exact, and cheap in three dimensions.

The trapezoidal rule converges faster than any power of the step for densities
that die smoothly on both sides, which (z₁, z₂, log τ) make of the posterior.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sopr_uq.inference.power_law_density import LawData, LawPrior, log_density, parameters
from sopr_uq.typing import FloatArray

_Z_LIMIT = 6.0
_LOG_TAU = (-8.0, 9.0)
_NEGLIGIBLE = 35.0


class Quadrature(NamedTuple):
    """Nodes of a posterior.

    Attributes
    ----------
    log_evidence : float
        Log marginal likelihood of the draws of log D.
    weight : array, shape (N,)
        Posterior probabilities of the nodes, summing to 1.
    level, exponent, tau : array, shape (N,)
        The parameters at the nodes.
    """

    log_evidence: float
    weight: FloatArray
    level: FloatArray
    exponent: FloatArray
    tau: FloatArray

    def mean(self, values: FloatArray) -> float:
        """Return the posterior mean of a function given at the nodes, shape (N,)."""
        return float(self.weight @ values)

    def sd(self, values: FloatArray) -> float:
        """Return the posterior standard deviation of a function at the nodes, shape (N,)."""
        return float(np.sqrt(max(float(self.weight @ (values - self.mean(values)) ** 2), 0.0)))

    def quantile(self, values: FloatArray, probability: FloatArray) -> FloatArray:
        """Return posterior quantiles, shape as ``probability``, of a function at the nodes."""
        order = np.argsort(values)
        weight = self.weight[order]
        middle = np.cumsum(weight) - 0.5 * weight
        return np.asarray(np.interp(probability, middle, values[order]))


def quadrature(
    data: LawData, prior: LawPrior, *, z_step: float = 0.6, log_tau_step: float = 0.25
) -> Quadrature:
    """Integrate the posterior of one law.

    Parameters
    ----------
    data : LawData
        The elements.
    prior : LawPrior
        Priors; a fixed exponent (``exponent_sd = 0``) needs no nodes of its own.
    z_step, log_tau_step : float
        Spacing of the nodes; smaller is more accurate.

    Returns
    -------
    Quadrature
    """
    a = data.arrays()
    z = np.arange(-_Z_LIMIT, _Z_LIMIT + z_step / 2, z_step)
    fixed = prior.exponent_sd == 0
    z1, z2 = (x.ravel() for x in np.meshgrid(z, np.zeros(1) if fixed else z))
    # With b fixed, z₂ keeps its standard normal prior, whose integral is known.
    log_cell = np.log(z_step) + (0.5 * np.log(2 * np.pi) if fixed else np.log(z_step))
    tau = prior.scatter * np.exp(_tau_nodes(a, prior, log_tau_step))
    # Below the last node the density of log τ falls like τ: a geometric series.
    ends = np.log(np.where(tau == tau.min(), 1.0 / -np.expm1(-log_tau_step), 1.0))
    rows = [log_density(a, prior, z1, z2, np.full_like(z1, t)) for t in tau]
    terms = np.array(rows) + ends[:, None] + log_cell + np.log(log_tau_step)
    top = terms.max()
    mass = np.exp(terms - top)
    wide = np.broadcast_to(tau[:, None], terms.shape)
    q = parameters(a, prior, *np.broadcast_arrays(z1, z2, wide))
    return Quadrature(
        log_evidence=float(top + np.log(mass.sum())),
        weight=(mass / mass.sum()).ravel(),
        level=np.broadcast_to(q.level, terms.shape).ravel(),
        exponent=np.broadcast_to(q.exponent, terms.shape).ravel(),
        tau=wide.ravel(),
    )


def _tau_nodes(a: dict[str, FloatArray], prior: LawPrior, step: float) -> FloatArray:
    """Nodes of log(τ/s_τ) from the bottom up to where the density has died."""
    nodes = np.arange(*_LOG_TAU, step)
    zero = np.zeros_like(nodes)
    profile = log_density(a, prior, zero, zero, prior.scatter * np.exp(nodes))
    last = np.flatnonzero(profile > profile.max() - _NEGLIGIBLE)[-1]
    return np.asarray(nodes[: last + 1])
