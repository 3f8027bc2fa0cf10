"""A linear Gaussian model with unknown noise levels and kernel.

The data are y = X a + w K_g b + e, with a, b ~ N(0, 1) and
e_i ~ N(½ y″_i δ_j², f_i + s_j² + (y′_i δ_j)² + ½ (y″_i δ_j²)²) for point i of curve
j: a fixed variance, a noise level and a reading error of the abscissa, which
scatters a curve and flattens its peaks. X holds the columns of known
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

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from scipy.special import logsumexp

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
    curve : array of int, shape (d,)
        Which curve a point belongs to.
    columns : array, shape (d, p)
        X.
    correction : array, shape (G, d, m)
        K_g, padded with zero columns.
    log_weight : array, shape (G,)
        Log prior probability of each.
    width : LogNormal
        Prior of w, kcal/mol.
    noise, reading : tuple of LogNormal
        Priors of s_j and δ_j, one a curve; a δ_j without slope has no effect.
    """

    residual: FloatArray
    fixed_variance: FloatArray
    noisy: FloatArray
    slope: FloatArray
    bend: FloatArray
    curve: np.ndarray[tuple[int], np.dtype[np.intp]]
    columns: FloatArray
    correction: FloatArray
    log_weight: FloatArray
    width: LogNormal
    noise: tuple[LogNormal, ...]
    reading: tuple[LogNormal, ...]

    @property
    def curves(self) -> int:
        """Number of curves."""
        return len(self.noise)


def reduced(model: LinearGaussian) -> LinearGaussian:
    """Return an equivalent model with as few columns as θ can notice.

    Columns enter the marginal likelihood through X Xᵀ alone. They are replaced
    by their principal components, less those that stay below two hundredths of
    the smallest plausible noise (its median less two standard deviations) for
    the largest plausible width: such a component changes a log likelihood by
    less than 2·10⁻⁴.
    """
    low = np.array([p.median * np.exp(-2.0 * p.sd) for p in model.noise])
    scale = np.sqrt(model.fixed_variance + low[model.curve] ** 2 * model.noisy)
    width = model.width.median * np.exp(2.0 * model.width.sd)
    correction = [_principal(k, scale / width) for k in model.correction]
    size = max(k.shape[1] for k in correction)
    return replace(
        model,
        columns=_principal(model.columns, scale),
        correction=np.array([np.pad(k, ((0, 0), (0, size - k.shape[1]))) for k in correction]),
    )


def _principal(columns: FloatArray, scale: FloatArray, cut: float = 0.02) -> FloatArray:
    u, s, _ = np.linalg.svd(columns / scale[:, None], full_matrices=False)
    keep = s > cut
    return np.asarray(scale[:, None] * u[:, keep] * s[keep])


class Theta(NamedTuple):
    """Noise levels (J,), reading errors (J,), width, and index of the kernel."""

    noise: FloatArray
    reading: FloatArray
    width: float
    kernel: int


def reading_error(
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
    mean, variance = reading_error(model.slope, model.bend, reading[model.curve])
    levels = noise[model.curve] ** 2 * model.noisy
    return mean, model.fixed_variance + levels + variance


def log_likelihoods(
    model: LinearGaussian, noise: FloatArray, reading: FloatArray, width: float
) -> FloatArray:
    """Return the marginal log likelihood of every kernel, shape (G,).

    Parameters
    ----------
    model : LinearGaussian
    noise, reading : array, shape (J,)
        Noise levels and reading errors.
    width : float
        w in kcal/mol.
    """
    shift, variance = _errors(model, noise, reading)
    values = _marginal(model, model.residual - shift, variance, width).value
    return np.asarray(values - 0.5 * model.residual.size * np.log(2 * np.pi))


def most_probable(model: LinearGaussian) -> Theta:
    """Return the most probable θ (the kernel summed out, then the best one)."""
    model = reduced(model)
    levels = unstandardised(model, _highest(model)[0])
    terms = log_likelihoods(model, *levels) + model.log_weight
    return Theta(*levels, int(np.argmax(terms)))


def highest_log_density(model: LinearGaussian) -> float:
    """Return the log density of the data at the most probable θ, with θ's own, up to a constant."""
    return _highest(reduced(model))[1]


def _highest(model: LinearGaussian) -> tuple[FloatArray, float]:
    """Return standardised θ of the highest density, and its logarithm."""

    def negative(z: FloatArray) -> tuple[float, FloatArray]:
        value, slope = log_density(model, z)
        return -value, -slope

    size = 2 * model.curves + 1
    best = minimize(
        negative, np.zeros(size), jac=True, method="L-BFGS-B", bounds=[(-6.0, 6.0)] * size
    )
    return np.asarray(best.x), -float(best.fun)


def log_density(model: LinearGaussian, z: FloatArray) -> tuple[float, FloatArray]:
    """Return the log posterior density of standardised θ, up to a constant, and its gradient.

    With S the covariance of the data and α = S⁻¹y, ∂ log L = ½ tr[(ααᵀ − S⁻¹) ∂S]
    (Rasmussen & Williams eq 5.9); the kernel is summed out.

    Parameters
    ----------
    model : LinearGaussian
    z : array, shape (2 J + 1,)
        ln s, ln δ and ln w, each less its prior mean, in prior standard deviations.

    Returns
    -------
    float, and array of shape (2 J + 1,)
    """
    noise, reading, width = unstandardised(model, z)
    level = noise[model.curve] ** 2 * model.noisy
    shift, blur = reading_error(model.slope, model.bend, reading[model.curve])
    found = _marginal(model, model.residual - shift, model.fixed_variance + level + blur, width)
    terms = found.value + model.log_weight
    total = float(logsumexp(terms))
    share = np.exp(terms - total)
    mine = model.curve == np.arange(model.curves)[:, None]
    each, pull = share @ found.each, share @ found.pull
    # half of ∂blur/∂ln δ = 2 (y′δ)² + 8 shift²: `each` is twice ∂ log L/∂ variance
    of_reading = each * (blur + 2.0 * shift**2) + 2.0 * pull * shift
    sds = np.array([p.sd for p in (*model.noise, *model.reading, model.width)])
    slope = sds * np.concatenate([mine @ (each * level), mine @ of_reading, [share @ found.width]])
    return total - 0.5 * float(z @ z), slope - z


class _Marginal(NamedTuple):
    """log L of G kernels (G,); α_i² − (S⁻¹)_ii and α_i (G, d); ∂ log L/∂ ln w (G,)."""

    value: FloatArray
    each: FloatArray
    pull: FloatArray
    width: FloatArray


def _marginal(
    model: LinearGaussian, residual: FloatArray, variance: FloatArray, width: float
) -> _Marginal:
    """Marginal log likelihoods by the matrix inversion lemma, and their derivatives."""
    root = np.sqrt(variance)
    y = residual / root
    own = width * model.correction / root[:, None]
    common = np.broadcast_to(model.columns / root[:, None], (len(own), *model.columns.shape))
    x = np.concatenate([common, own], axis=2)
    turned = np.swapaxes(x, 1, 2)
    inner = np.eye(x.shape[2]) + turned @ x
    inverse = np.linalg.inv(inner)
    half = x @ inverse
    projected = turned @ y
    left = y - np.einsum("gdp,gp->gd", half, projected)
    determinant = 2.0 * np.log(root).sum() + np.linalg.slogdet(inner)[1]
    with_own = turned @ own
    of_width = (
        np.sum(np.einsum("gdm,gd->gm", own, left) ** 2, axis=1)
        - np.sum(own**2, axis=(1, 2))
        + np.sum(with_own * (inverse @ with_own), axis=(1, 2))
    )
    leverage = np.sum(half * x, axis=2)
    return _Marginal(
        -0.5 * (left @ y + determinant),
        (left**2 - 1.0 + leverage) / variance,
        left / root,
        of_width,
    )


def unstandardised(model: LinearGaussian, z: FloatArray) -> tuple[FloatArray, FloatArray, float]:
    """Return noise levels (J,), reading errors (J,) and the width of standardised θ."""

    def level(prior: LogNormal, x: float) -> float:
        return float(prior.median * np.exp(prior.sd * x))

    j = model.curves
    noise = np.array([level(p, x) for p, x in zip(model.noise, z[:j], strict=True)])
    reading = np.array([level(p, x) for p, x in zip(model.reading, z[j : 2 * j], strict=True)])
    return noise, reading, level(model.width, z[2 * j])


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
