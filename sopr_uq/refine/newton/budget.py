"""Where the uncertainty of a number comes from.

At one θ the posterior mean of the coefficients is G y, with

    G = (1 + XᵀR⁻¹X)⁻¹ XᵀR⁻¹,    R = D + M + N,

X the columns of the potential and R the covariance of everything else in the
data: measurement D, sampling of the simulations M, nuisance N. The posterior
covariance is then, exactly,

    (1 + XᵀR⁻¹X)⁻¹ = G D Gᵀ + G M Gᵀ + G N Gᵀ + (1 − GX)(1 − GX)ᵀ,

the last term being what the data leave of the prior (C. D. Rodgers, Inverse
Methods for Atmospheric Sounding (2000), sec. 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular

from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.inference.low_rank import LowRank
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.discrepancy import discrepancy_root
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.typing import FloatArray

SOURCES = ("measurement", "normalisation", "discrepancy", "simulation", "prior")
"""Noise and reading errors; scale and level of curves; differences between state
points; sampling of the simulations; what the data leave of the prior."""

_STEP = 0.1


@dataclass(frozen=True)
class Whitened:
    """The linear model of a fit in units of all that is not the potential.

    Parameters
    ----------
    conditioner : Conditioner
    fit : Fit
    """

    conditioner: Conditioner
    fit: Fit

    @cached_property
    def columns(self) -> dict[str, FloatArray]:
        """Columns of the model by what they stand for, each of shape (d, ·)."""
        fit, stacked, problem = self.fit, self.conditioner.stacked, self.conditioner.problem
        root = discrepancy_root(problem, self.conditioner.prior)
        counts = [
            self.conditioner.prior.mie,
            self.conditioner.nuisance_count,
            stacked.stated_columns.shape[1],
            fit.model.columns.shape[1] - root.shape[1] * len(problem.liquids),
        ]
        ends = [*np.cumsum(counts[:3]), counts[3]]
        mie, scale_level, stated, sampling, between = np.split(fit.model.columns, ends, axis=1)
        correction = fit.theta.width * fit.model.correction[fit.theta.kernel]
        size = fit.bases[fit.theta.kernel].correction.shape[1]
        return {
            "potential": np.hstack([mie, correction[:, :size]]),
            "normalisation": scale_level,
            "measurement": stated,
            "simulation": sampling,
            "discrepancy": between,
        }

    @cached_property
    def variances(self) -> dict[str, FloatArray]:
        """Variances of independent errors by source, each of shape (d,).

        What is believed of pressures that nobody gave is prior.
        """
        model, theta = self.fit.model, self.fit.theta
        stated, believed = np.zeros((2, model.residual.size))
        stated[: self.fit.measured] = self.conditioner.stacked.stated_variance
        believed[self.fit.measured :] = self.fit.pseudodata.variance
        noise = theta.noise[model.level] ** 2 * model.noisy
        reading = reading_effect(model.slope, model.bend, theta.reading[model.level])[1]
        return {
            "measurement": stated + noise + reading,
            "simulation": model.fixed_variance - stated - believed,
            "prior": believed,
        }

    @cached_property
    def covariances(self) -> dict[str, FloatArray]:
        """Covariance of the data by source, each of shape (d, d); their sum is R."""
        parts = {name: np.diag(v) for name, v in self.variances.items()}
        for name in ("normalisation", "measurement", "simulation", "discrepancy"):
            columns = self.columns[name]
            parts[name] = parts.get(name, 0.0) + columns @ columns.T
        return parts

    @cached_property
    def root(self) -> FloatArray:
        """Lower Cholesky factor of R, shape (d, d)."""
        return np.asarray(np.linalg.cholesky(sum(self.covariances.values())))

    @cached_property
    def gain(self) -> FloatArray:
        """G, shape (p, d)."""
        x = solve_triangular(self.root, self.columns["potential"], lower=True)
        gain = LowRank(x).gain
        return np.asarray(solve_triangular(self.root, gain.T, lower=True, trans="T").T)

    def parts(self, gradient: FloatArray) -> dict[str, FloatArray]:
        """Return the variance of linear functions of the coefficients by source.

        Parameters
        ----------
        gradient : array, shape (k, p)
            Derivatives with respect to the coefficients of the potential.

        Returns
        -------
        dict of str to array, shape (k,)
        """
        g = gradient @ self.gain
        left = gradient - g @ self.columns["potential"]
        found = {name: np.sum((g @ c) * g, axis=1) for name, c in self.covariances.items()}
        found["prior"] += np.sum(left**2, axis=1)
        return {name: found[name] for name in SOURCES}


def descriptor_gradient(conditioner: Conditioner, fit: Fit) -> FloatArray:
    """Return the derivatives of σ, ε, r_vdW and d_hp of every pair at the posterior mean.

    Returns
    -------
    array, shape (4, pairs, p)
        Per unit of each coefficient of the potential, by central differences.
    """
    problem = conditioner.problem
    centre = fit.coefficients.mean[fit.mine]
    # the posterior's own spread is the distance over which a slope matters
    spread = np.sqrt(np.sum(fit.coefficients.root[fit.mine] ** 2, axis=1))
    steps = _STEP * np.minimum(spread, 1.0)
    shifted = centre + np.concatenate([np.diag(steps), -np.diag(steps)])
    values = np.array(problem.field.descriptors(fit.of_coefficients(shifted), problem.beta))
    up, down = np.split(values, 2, axis=1)
    return np.moveaxis((up - down) / (2 * steps)[:, None], 1, 2)


def descriptor_budget(conditioner: Conditioner, fit: Fit) -> dict[str, Descriptors]:
    """Return the variance of every descriptor by source, in the squares of their units.

    Each is an array of one number a pair.
    """
    gradient = descriptor_gradient(conditioner, fit)
    parts = Whitened(conditioner, fit).parts(gradient.reshape(-1, gradient.shape[-1]))
    return {
        name: Descriptors(*values.reshape(gradient.shape[:2])) for name, values in parts.items()
    }
