"""Posterior draws of v, one at each draw of θ.

Given θ the posterior of the linear model is Gaussian. Two things that a Gaussian
cannot say are told by choosing among several of its draws: that a core is
repulsive, and that reading errors δ scatter a curve by (y′δ)² with the slope y′
that belongs to v, not to the potential about which the model was expanded.

References
----------
D. B. Rubin, Bayesian Statistics 3, 395 (1988): sampling/importance resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sopr_uq.inference.linear_gaussian import Theta, coefficients, reading_error
from sopr_uq.potentials.core import repulsive
from sopr_uq.refine.newton.fit import MIE, Fit, potentials
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.rng import stream
from sopr_uq.typing import BoolArray, FloatArray

_CANDIDATES = 16
_NEGLIGIBLE = 1e-3


@dataclass(frozen=True)
class Draws:
    """What potentials are drawn from.

    Parameters
    ----------
    prior : Prior
    fit : Fit
    linear : LinearModel
        That the fit rests on.
    value : array, shape (d,)
        The measured numbers.
    """

    prior: Prior
    fit: Fit
    linear: LinearModel
    value: FloatArray

    def of(self, theta: xr.Dataset) -> FloatArray:
        """Return v for every draw of θ, shape (chain, draw, n).

        Parameters
        ----------
        theta : Dataset
            Of :func:`~sopr_uq.inference.linear_gaussian.sample_theta`.
        """
        rng = stream(self.prior.problem.seed, "posterior")
        shape = theta["width"].shape
        v = np.empty((*shape, self.prior.problem.r.size))
        for at in np.ndindex(*shape):
            each = theta.isel(chain=at[0], draw=at[1])
            t = Theta(
                each["noise"].values,
                each["reading"].values,
                float(each["width"]),
                int(each["length_index"]),
            )
            v[at] = self._one(t, rng)
        return v

    def _one(self, theta: Theta, rng: np.random.Generator) -> FloatArray:
        exact = coefficients(self.fit.model, theta)
        z = rng.standard_normal((_CANDIDATES, exact.mean.size))
        plain = self._blur_is_negligible(theta)

        def made(some: FloatArray) -> FloatArray:
            return potentials(self.fit.bases, self.fit.model, theta, exact, some)

        if plain:
            first = made(z[:1])
            if self._repulsive(first)[0]:
                return np.asarray(first[0])
        v = made(z)
        log_weight = np.zeros(len(v)) if plain else self.log_ratio(v, theta)
        good = self._repulsive(v)
        if good.any():
            log_weight[~good] = -np.inf
        weight = np.exp(log_weight - log_weight.max())
        return np.asarray(v[rng.choice(len(v), p=weight / weight.sum())])

    def _blur_is_negligible(self, theta: Theta) -> bool:
        """Whether reading errors add next to nothing to any point's variance."""
        model = self.fit.model
        other = model.fixed_variance + theta.noise[model.curve] ** 2 * model.noisy
        blur = reading_error(model.slope, model.bend, theta.reading[model.curve])[1]
        return bool(np.all(blur <= _NEGLIGIBLE * other))

    def log_ratio(self, v: FloatArray, theta: Theta) -> FloatArray:
        """Return ln of the likelihood with the slopes at v over that with the model's own.

        Parameters
        ----------
        v : array, shape (size, n)
            In kcal/mol.
        theta : Theta

        Returns
        -------
        array, shape (size,)
        """
        model = self.fit.model
        reading = theta.reading[model.curve]
        fixed = model.fixed_variance + theta.noise[model.curve] ** 2 * model.noisy
        shift, blur = reading_error(model.slope, model.bend, reading)
        own = reading_error(self.linear.slope_at(v), model.bend, reading)[1]
        residual = self.value - self.linear.about(v) - shift
        columns = model.columns[:, MIE:]
        there = log_density(residual, columns, fixed + own)
        return there - log_density(residual, columns, fixed + blur)

    def _repulsive(self, v: FloatArray) -> BoolArray:
        """Which of some v, shape (size, n), fall from a high core."""
        p = self.prior.problem
        return np.array(
            [x[0] > self.prior.core_height and repulsive(p.r, x, p.sigma) for x in v], dtype=bool
        )


def log_density(residual: FloatArray, columns: FloatArray, variance: FloatArray) -> FloatArray:
    """Return ln N(residual; 0, diag(variance) + columns columnsᵀ), less its constant.

    Parameters
    ----------
    residual : array, shape (size, d)
    columns : array, shape (d, p)
    variance : array, shape (d,) or (size, d)

    Returns
    -------
    array, shape (size,)
    """
    root = np.broadcast_to(np.sqrt(variance), residual.shape)
    x = columns / root[:, :, None]
    y = residual / root
    chol = np.linalg.cholesky(np.eye(columns.shape[1]) + np.swapaxes(x, 1, 2) @ x)
    projected = np.linalg.solve(chol, np.einsum("sdp,sd->sp", x, y)[:, :, None])[:, :, 0]
    determinant = np.log(root).sum(axis=1)
    determinant += np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(axis=1)
    return np.asarray(0.5 * ((projected**2).sum(axis=1) - (y**2).sum(axis=1)) - determinant)
