"""A linear Gaussian model with unknown noise levels and kernel.

The data are y = X a + w K_g b + e, with a, b ~ N(0, 1) and
e_i ~ N(½ y″_i δ_j², f_i + s_j² + (y′_i δ_j)² + ½ (y″_i δ_j²)²) for point i of level
j: a fixed variance, noise and a reading error of the abscissa, which scatters a curve
and flattens its peaks. A level is what has one noise and one reading error in common:
a curve, or a stretch of one. X holds the columns of known
prior size (tangents, normalisation, sampling error), K_g those of a process of
unit width with one of G kernels. Given θ = (s, δ, w, g) everything is Gaussian:
a and b are integrated out to sample θ, and drawn exactly afterwards. The cost
grows linearly with the number of points.

References
----------
Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), sec. 2.7
(eqs 2.41–2.43: a linear model beside a process) and appendix A.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular

from sopr_uq.inference.low_rank import LowRank
from sopr_uq.inference.noise import LogNormal
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class LinearGaussian:
    """The model's numbers.

    Parameters
    ----------
    residual : array, shape (d,)
        y.
    fixed_variance : array, shape (d,)
        f.
    noisy : array, shape (d,)
        1 where a noise level applies, 0 where f is all there is.
    slope : array, shape (d,)
        y′, the derivative with respect to the abscissa.
    bend : array, shape (d,)
        y″, the second derivative.
    level : array of int, shape (d,)
        Which level a point belongs to.
    columns : array, shape (d, p)
        X.
    correction : array, shape (G, d, m)
        K_g, padded with zero columns.
    log_weight : array, shape (G,)
        Log prior probability of each.
    width : LogNormal
        Prior of w, kcal/mol.
    noise, reading : tuple of LogNormal
        Priors of s_j and δ_j, one a level; a δ_j without slope has no effect.
    """

    residual: FloatArray
    fixed_variance: FloatArray
    noisy: FloatArray
    slope: FloatArray
    bend: FloatArray
    level: np.ndarray[tuple[int], np.dtype[np.intp]]
    columns: FloatArray
    correction: FloatArray
    log_weight: FloatArray
    width: LogNormal
    noise: tuple[LogNormal, ...]
    reading: tuple[LogNormal, ...]

    @property
    def levels(self) -> int:
        """Number of levels."""
        return len(self.noise)


class Theta(NamedTuple):
    """Noise (J,) and reading error (J,) of every level, width, and index of the kernel."""

    noise: FloatArray
    reading: FloatArray
    width: float
    kernel: int


def reading_effect(
    slope: FloatArray, bend: FloatArray, reading: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return mean and variance of what an error of the abscissa does to a point.

    Parameters
    ----------
    slope, bend : array, shape (d,)
        First and second derivative of the curve at the point.
    reading : array, shape (d,)
        Standard deviation of the error of its abscissa.

    Returns
    -------
    array, shape (d,), and array, shape (d,)
    """
    mean = 0.5 * bend * reading**2
    return mean, (slope * reading) ** 2 + 2.0 * mean**2


def _errors(
    model: LinearGaussian, noise: FloatArray, reading: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of every point's error, each of shape (d,)."""
    mean, variance = reading_effect(model.slope, model.bend, reading[model.level])
    noisy = noise[model.level] ** 2 * model.noisy
    return mean, model.fixed_variance + noisy + variance


class Coefficients(NamedTuple):
    """The Gaussian posterior of (a, b) given θ: mean (p + m,) and root (p + m, p + m).

    Draws are mean + root · N(0, 1).
    """

    mean: FloatArray
    root: FloatArray


def coefficients(model: LinearGaussian, theta: Theta) -> Coefficients:
    """Return the exact posterior of the coefficients given θ."""
    x, y, _ = _weighed(model, theta)
    # R of [X; 1] has RᵀR = 1 + XᵀX, but is not spoilt by columns that are huge, as the Cholesky
    # factor of the product is
    r = np.linalg.qr(np.vstack([x, np.eye(x.shape[1])]), mode="r")
    root = solve_triangular(r, np.eye(len(r)))
    return Coefficients(np.asarray(root @ (root.T @ (x.T @ y))), np.asarray(root))


def gain(model: LinearGaussian, theta: Theta) -> FloatArray:
    """Return the derivative of the posterior mean with respect to y, shape (p + m, d)."""
    x, _, root = _weighed(model, theta)
    return LowRank(x).gain / root


def _weighed(model: LinearGaussian, theta: Theta) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return columns (d, p + m) and residuals (d,) in units of the errors, and these (d,)."""
    shift, variance = _errors(model, theta.noise, theta.reading)
    root = np.sqrt(variance)
    columns = np.hstack([model.columns, theta.width * model.correction[theta.kernel]])
    return columns / root[:, None], (model.residual - shift) / root, root
