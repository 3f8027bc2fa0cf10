"""The most probable noise, width and kernel of a linear Gaussian model."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from sopr_uq.inference.linear_gaussian import LinearGaussian, Theta
from sopr_uq.inference.theta_columns import theta_density
from sopr_uq.inference.theta_density import Sizes, ThetaDensity
from sopr_uq.typing import FloatArray


def log_likelihoods(
    model: LinearGaussian, noise: FloatArray, reading: FloatArray, width: float
) -> FloatArray:
    """Return the marginal log likelihood of every kernel, shape (G,).

    Parameters
    ----------
    model : LinearGaussian
    noise, reading : array, shape (J,)
        Of every level.
    width : float
        w in kcal/mol.
    """
    return theta_density(model, 0.0).log_likelihoods(Sizes(noise, reading, width))


def most_probable(model: LinearGaussian) -> Theta:
    """Return the most probable θ (the kernel summed out, then the best one)."""
    density = theta_density(model)
    sizes = density.sizes(_highest(density)[0])
    terms = density.log_likelihoods(sizes) + model.log_weight
    return Theta(*sizes, int(np.argmax(terms)))


def highest_log_density(model: LinearGaussian) -> float:
    """Return the log density of the data at the most probable θ, with θ's own, up to a constant."""
    return _highest(theta_density(model))[1]


def log_prior(model: LinearGaussian, theta: Theta) -> float:
    """Return that of θ in its standard coordinates, less its constant."""
    sizes = [(model.width, theta.width)]
    sizes += zip(model.noise, theta.noise, strict=True)
    sizes += zip(model.reading, theta.reading, strict=True)
    z = [np.log(x / p.median) / p.sd for p, x in sizes if p.sd > 0.0]
    return float(model.log_weight[theta.kernel] - 0.5 * np.sum(np.square(z)))


def _highest(density: ThetaDensity) -> tuple[FloatArray, float]:
    """Return standardised θ of the highest density, and its logarithm."""

    def negative(z: FloatArray) -> tuple[float, FloatArray]:
        value, slope = density(z)
        return -value, -slope

    size = density.sd.size
    best = minimize(
        negative, np.zeros(size), jac=True, method="L-BFGS-B", bounds=[(-6.0, 6.0)] * size
    )
    return np.asarray(best.x), -float(best.fun)
