"""The log density of a power law with errors in both variables.

The model of elements e = 1 … E is

    log D_e = c + b x_e + η_e,  η_e ~ N(0, τ²),  x_e = log α_e − x̄,

where x_e is known to a standard deviation s_e (flat prior on the true value)
and log D_e by the draws of its ensemble. The draws enter as a mixture of
Gaussians with weights w_ek, centres y_ek and kernel variance h_e², so that x_e
and log D_e integrate out in closed form:

    p(draws_e | c, b, τ) = Σ_k w_ek N(y_ek; c + b x_e, h_e² + τ² + b² s_e²).

Priors: c ~ N(c₀, s_c²), b = b₀ + s_b t with t ~ N(0, 1), τ half-normal or
half-Cauchy. s_b = 0 fixes the exponent; t then keeps its prior and touches
nothing else, so one density, compiled once, serves every law.

The width of (c, b) given τ grows with τ, a funnel that slows every sampler. So
the density is written for (z₁, z₂, log τ) with (c, b) = m(τ) + L(τ) z, where m
and L are what linear regression gives when each ensemble is replaced by its mean
and variance. That changes the coordinates, not the model: the Jacobian is
included, and with it the density in z is close to a standard normal. Samplers
replace log τ by v, τ = s_τ log(1 + eᵛ), whose tails are gentle on both sides.

References
----------
D. W. Hogg, A. D. Myers and J. Bovy, Astrophys. J. 725, 2166 (2010), eq 11 (hierarchical
inference from draws).
A. Gelman, Bayesian Anal. 1, 515 (2006) (priors of few-group scatter).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from sopr_uq.typing import FloatArray

ABSENT = -1e4
"""Log weight of a padded mixture component."""


class LawPrior(NamedTuple):
    """Priors of one law in the centred coordinates, all dimensionless.

    Attributes
    ----------
    level, level_sd : float
        c₀ and s_c: log D at the reference polarizability.
    exponent, exponent_sd : float
        b₀ and s_b; s_b = 0 fixes b = b₀.
    scatter : float
        Scale s_τ of τ.
    heavy : float
        0 for a half-normal τ, 1 for a half-Cauchy one.
    """

    level: float
    level_sd: float
    exponent: float
    exponent_sd: float
    scatter: float
    heavy: float = 0.0


@dataclass(frozen=True)
class LawData:
    """What the density needs to know about E elements.

    Parameters
    ----------
    x, x_variance : array, shape (E,)
        Centred log polarizability and its variance.
    points, log_weight : array, shape (E, M)
        Centres and log weights of the mixtures for log D.
    kernel_variance : array, shape (E,)
        h².
    mean, variance : array, shape (E,)
        Moments of each whole mixture.
    """

    x: FloatArray
    x_variance: FloatArray
    points: FloatArray
    log_weight: FloatArray
    kernel_variance: FloatArray
    mean: FloatArray
    variance: FloatArray

    def arrays(self) -> dict[str, FloatArray]:
        """Return the fields by name, for compiled models."""
        return dict(vars(self))

    def only(self, elements: Sequence[int]) -> LawData:
        """Return the data of some elements, with everything else unchanged."""
        index = np.asarray(elements, dtype=int)
        return replace(self, **{name: value[index] for name, value in vars(self).items()})


class Parameters(NamedTuple):
    """Level c, exponent b with its standardised form t, and log |∂(p, t)/∂z|."""

    level: Any
    exponent: Any
    slope: Any
    log_jacobian: Any


def parameters(
    a: dict[str, Any], prior: Any, z1: Any, z2: Any, tau: Any, xp: Any = np
) -> Parameters:
    """Map z₁, z₂ at scatter ``tau``, each of shape (...), to level and exponent."""
    c0, sc, b0, sb = (prior[i] for i in range(4))
    weight = 1.0 / (a["variance"] + tau[..., None] ** 2 + b0**2 * a["x_variance"])
    rest = weight * (a["mean"] - c0 - b0 * a["x"])
    # Precision P of (p, t), where c = c₀ + s_c p and b = b₀ + s_b t, and its Cholesky factor.
    p11 = 1.0 + sc**2 * weight.sum(axis=-1)
    p21 = sc * sb * (weight * a["x"]).sum(axis=-1)
    p22 = 1.0 + sb**2 * (weight * a["x"] ** 2).sum(axis=-1)
    l11 = xp.sqrt(p11)
    l21 = p21 / l11
    l22 = xp.sqrt(p22 - l21**2)
    # Forward substitution of the right-hand side, then one back substitution for mean and z.
    f1 = sc * rest.sum(axis=-1) / l11
    f2 = (sb * (rest * a["x"]).sum(axis=-1) - l21 * f1) / l22
    t = (f2 + z2) / l22
    p = (f1 + z1 - l21 * t) / l11
    return Parameters(c0 + sc * p, b0 + sb * t, t, -xp.log(l11) - xp.log(l22))


def log_density(a: dict[str, Any], prior: Any, z1: Any, z2: Any, tau: Any, xp: Any = np) -> Any:
    """Log of likelihood times prior as a density of (z₁, z₂, log τ), shape (...).

    Written once for numpy and for PyTensor.

    Parameters
    ----------
    a : dict
        :meth:`LawData.arrays`.
    prior : sequence of 6
        The fields of :class:`LawPrior`.
    z1, z2, tau : array, shape (...)
        Standardised coordinates and scatter.
    xp : module
        ``numpy`` or ``pytensor.tensor``.
    """
    q = parameters(a, prior, z1, z2, tau, xp)
    p = (q.level - prior[0]) / prior[1]
    log_prior = -0.5 * (p**2 + q.slope**2) - np.log(2.0 * np.pi)
    fit = log_likelihood(a, q.level, q.exponent, tau, xp).sum(axis=-1)
    return fit + log_prior + q.log_jacobian + _log_scatter(prior, tau, xp)


def sampling_density(a: dict[str, Any], prior: Any, z1: Any, z2: Any, v: Any, xp: Any = np) -> Any:
    """Log density of (z₁, z₂, v), shape (...); arguments as :func:`log_density`."""
    tau = scatter(prior, v, xp)
    sigmoid = 1.0 / (1.0 + xp.exp(-v))
    return log_density(a, prior, z1, z2, tau, xp) + xp.log(prior[4] * sigmoid / tau)


def scatter(prior: Any, v: Any, xp: Any = np) -> Any:
    """Return τ = s_τ log(1 + eᵛ), same shape as ``v``."""
    return prior[4] * xp.log1p(xp.exp(v))


def log_likelihood(a: dict[str, Any], level: Any, exponent: Any, tau: Any, xp: Any = np) -> Any:
    """Log p(draws_e | c, b, τ), shape (..., E); parameters of shape (...)."""
    spread = tau[..., None] ** 2 + exponent[..., None] ** 2 * a["x_variance"]
    variance = a["kernel_variance"] + spread
    centre = level[..., None] + exponent[..., None] * a["x"]
    misfit = (a["points"] - centre[..., None]) ** 2 / variance[..., None]
    terms = a["log_weight"] - 0.5 * misfit
    total = _logsumexp(terms) if xp is np else xp.logsumexp(terms, axis=-1)
    return total - 0.5 * xp.log(2.0 * np.pi * variance)


def _log_scatter(prior: Any, tau: Any, xp: Any) -> Any:
    """Log prior density of log τ."""
    ratio, heavy = tau / prior[4], prior[5]
    half_normal = 0.5 * np.log(2.0 / np.pi) - 0.5 * ratio**2
    half_cauchy = np.log(2.0 / np.pi) - xp.log(1.0 + ratio**2)
    return (1.0 - heavy) * half_normal + heavy * half_cauchy + xp.log(ratio)


def _logsumexp(terms: FloatArray) -> FloatArray:
    # scipy's own spends most of its time on dispatch when arrays are as small as here
    top = terms.max(axis=-1)
    return np.asarray(top + np.log(np.exp(terms - top[..., None]).sum(axis=-1)))
