"""A linear Gaussian model with unknown noise levels and kernel.

The data are y = X a + w K_g b + e, with a, b ~ N(0, 1) and
e_i ~ N(½ y″_i δ_j², f_i + s_j² + (y′_i δ_j)² + ½ (y″_i δ_j²)²) for point i of curve
j: a fixed variance, a noise level and a reading error of the abscissa, which
scatters a curve and flattens its peaks. X holds the columns of known
prior size (tangents, normalisation, sampling error), K_g those of a process of
unit width with length scale ℓ_g. Given θ = (s, δ, w, ℓ) everything is Gaussian:
a and b are integrated out to sample θ, and drawn exactly afterwards. The cost
grows linearly with the number of points.

References
----------
Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), sec. 2.7
(eqs 2.41–2.43: a linear model beside a process) and appendix A.3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from scipy.linalg import cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from sopr_uq.inference.noise import LogNormal
from sopr_uq.rng import stream
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
    length : array, shape (G,)
        ℓ_g in Å.
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
    length: FloatArray
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


@dataclass(frozen=True)
class Theta:
    """Noise levels (J,), reading errors (J,), width, and index of the length scale."""

    noise: FloatArray
    reading: FloatArray
    width: float
    index: int


class _Ops(NamedTuple):
    """The few functions that NumPy and PyTensor spell differently."""

    log: Any
    sqrt: Any
    exp: Any
    cholesky: Any
    solve: Any
    diagonal: Any
    eye: Any
    hstack: Any


_NUMPY = _Ops(
    np.log,
    np.sqrt,
    np.exp,
    np.linalg.cholesky,
    lambda chol, b: solve_triangular(chol, b, lower=True),
    np.diagonal,
    np.eye,
    np.hstack,
)


def reading_error(slope: Any, bend: Any, reading: Any) -> tuple[Any, Any]:
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


def _errors(a: Any, noise: Any, reading: Any) -> tuple[Any, Any]:
    """Mean and variance of every point's error; ``a`` holds the arrays of the model."""
    mean, variance = reading_error(a["slope"], a["bend"], reading[a["curve"]])
    levels = noise[a["curve"]] ** 2 * a["noisy"]
    return mean, a["fixed_variance"] + levels + variance


def _log_likelihood(a: Any, shift: Any, variance: Any, width: Any, index: int, ops: _Ops) -> Any:
    """Marginal log likelihood for one length scale, by the matrix inversion lemma."""
    x = ops.hstack([a["columns"], width * a["correction"][index]])
    x = x / ops.sqrt(variance)[:, None]
    y = (a["residual"] - shift) / ops.sqrt(variance)
    chol = ops.cholesky(ops.eye(x.shape[1]) + x.T @ x)
    projected = ops.solve(chol, x.T @ y)
    quadratic = (y**2).sum() - (projected**2).sum()
    return -0.5 * (quadratic + ops.log(variance).sum()) - ops.log(ops.diagonal(chol)).sum()


def _arrays(model: LinearGaussian) -> dict[str, Any]:
    names = (
        "residual", "fixed_variance", "noisy", "slope", "bend", "curve", "columns", "correction",
    )  # fmt: skip
    return {name: getattr(model, name) for name in names}


def log_likelihoods(
    model: LinearGaussian, noise: FloatArray, reading: FloatArray, width: float
) -> FloatArray:
    """Return the marginal log likelihood of every length scale, shape (G,).

    Parameters
    ----------
    model : LinearGaussian
    noise, reading : array, shape (J,)
        Noise levels and reading errors.
    width : float
        w in kcal/mol.
    """
    a = _arrays(model)
    shift, variance = _errors(a, noise, reading)
    grid = range(model.length.size)
    values = [_log_likelihood(a, shift, variance, width, g, _NUMPY) for g in grid]
    constant = 0.5 * model.residual.size * np.log(2 * np.pi)
    return np.asarray(np.array(values) - constant)


def most_probable(model: LinearGaussian) -> Theta:
    """Return the most probable θ (length scale summed out, then its best value)."""
    j = model.curves
    model = reduced(model)

    def negative(z: FloatArray) -> tuple[float, FloatArray]:
        terms, slopes = _with_slopes(model, z)
        total = float(logsumexp(terms))
        return 0.5 * float(z @ z) - total, z - np.exp(terms - total) @ slopes

    box = [(-6.0, 6.0)] * (2 * j + 1)
    # the matrices are small: threads would only wait for each other
    with threadpool_limits(1):
        best = minimize(negative, np.zeros(2 * j + 1), jac=True, method="L-BFGS-B", bounds=box)
    noise, reading, width = _unstandardise(model, best.x)
    terms = log_likelihoods(model, noise, reading, width) + model.log_weight
    return Theta(noise, reading, width, int(np.argmax(terms)))


def _with_slopes(model: LinearGaussian, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weighted log likelihoods, shape (G,), and their gradients in z, shape (G, 2J + 1).

    With S the covariance of the data and α = S⁻¹y, ∂ log L = ½ tr[(ααᵀ − S⁻¹) ∂S]
    (Rasmussen & Williams eq 5.9).
    """
    noise, reading, width = _unstandardise(model, z)
    level = noise[model.curve] ** 2 * model.noisy
    shift, blur = reading_error(model.slope, model.bend, reading[model.curve])
    variance = model.fixed_variance + level + blur
    mine = model.curve == np.arange(model.curves)[:, None]
    sds = np.array([p.sd for p in (*model.noise, *model.reading, model.width)])
    terms, slopes = [], []
    for correction in model.correction:
        value, each, pull, of_width = _likelihood_slopes(
            model, model.residual - shift, variance, width * correction
        )
        terms.append(value)
        # half of ∂blur/∂ln δ = 2 (y′δ)² + 8 shift²: `each` is twice ∂ log L/∂ variance
        of_reading = each * (blur + 2.0 * shift**2) + 2.0 * pull * shift
        slopes.append(sds * np.concatenate([mine @ (each * level), mine @ of_reading, of_width]))
    return np.array(terms) + model.log_weight, np.array(slopes)


def _likelihood_slopes(
    model: LinearGaussian, residual: FloatArray, variance: FloatArray, correction: FloatArray
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Return log L, α_i² − (S⁻¹)_ii and α_i of every point, and ∂ log L/∂ ln w, shape (1,)."""
    root = np.sqrt(variance)
    y, own = residual / root, correction / root[:, None]
    x = np.hstack([model.columns / root[:, None], own])
    chol = np.linalg.cholesky(np.eye(x.shape[1]) + x.T @ x)
    half = solve_triangular(chol, x.T, lower=True, check_finite=False)
    projected = half @ y
    left = y - half.T @ projected
    quadratic = y @ y - projected @ projected
    value = -0.5 * quadratic - np.log(root).sum() - np.log(np.diagonal(chol)).sum()
    each = (left**2 - 1.0 + (half**2).sum(axis=0)) / variance
    of_width = ((own.T @ left) ** 2).sum() - (own**2).sum() + ((half @ own) ** 2).sum()
    return float(value), each, left / root, np.array([of_width])


def _unstandardise(model: LinearGaussian, z: FloatArray) -> tuple[FloatArray, FloatArray, float]:
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
    chol = np.linalg.cholesky(np.eye(x.shape[1]) + x.T @ x)
    mean = cho_solve((chol, True), x.T @ y)
    inverse = solve_triangular(chol, np.eye(x.shape[1]), lower=True)
    return Coefficients(np.asarray(mean), np.asarray(inverse.T))


def gain(model: LinearGaussian, theta: Theta) -> FloatArray:
    """Return the derivative of the posterior mean with respect to y, shape (p + m, d)."""
    x, _, root = _weighed(model, theta)
    inner = np.linalg.solve(np.eye(x.shape[1]) + x.T @ x, x.T)
    return np.asarray(inner / root)


def _weighed(model: LinearGaussian, theta: Theta) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return columns (d, p + m) and residuals (d,) in units of the errors, and these (d,)."""
    shift, variance = _errors(_arrays(model), theta.noise, theta.reading)
    root = np.sqrt(variance)
    columns = np.hstack([model.columns, theta.width * model.correction[theta.index]])
    return columns / root[:, None], (model.residual - shift) / root, root


@lru_cache(maxsize=8)
def _compiled(curves: int, grid: int) -> Any:
    """Compile the model of θ once for its numbers of curves and length scales."""
    import nutpie
    import pymc as pm
    import pytensor.tensor as pt
    from pymc.math import logsumexp as tensor_logsumexp
    from pytensor.tensor.linalg import solve_triangular as tensor_solve

    ops = _Ops(
        pt.log,
        pt.sqrt,
        pt.exp,
        pt.linalg.cholesky,
        lambda chol, b: tensor_solve(chol, b, lower=True),
        pt.diagonal,
        pt.eye,
        partial(pt.concatenate, axis=1),
    )
    ranks = {"columns": 2, "correction": 3}
    names = ("residual", "fixed_variance", "noisy", "slope", "bend", "columns", "correction")
    with pm.Model() as model:
        shapes = {n: (grid, 1, 1)[-ranks.get(n, 1) :] for n in names}
        a = {n: pm.Data(n, np.ones(shape)) for n, shape in shapes.items()}
        a["curve"] = pm.Data("curve", np.zeros(1, dtype=np.int64))
        log_weight = pm.Data("log_weight", np.zeros(grid))
        centre = pm.Data("centre", np.zeros(2 * curves + 1))
        spread = pm.Data("spread", np.ones(2 * curves + 1))
        z = pm.Normal("z", 0.0, 1.0, shape=2 * curves + 1)
        level = pt.exp(centre + spread * z)
        shift, variance = _errors(a, level[:curves], level[curves : 2 * curves])
        terms = [
            _log_likelihood(a, shift, variance, level[2 * curves], g, ops) + log_weight[g]
            for g in range(grid)
        ]
        pm.Potential("likelihood", tensor_logsumexp(pt.stack(terms)))
    return nutpie.compile_pymc_model(model)


def sample_theta(
    model: LinearGaussian,
    *,
    seed: int,
    chains: int = 2,
    tune: int = 300,
    draws: int = 500,
    cores: int = 1,
) -> xr.Dataset:
    """Sample θ with the coefficients integrated out.

    Returns
    -------
    xarray.Dataset
        ``noise`` and ``reading`` (chain, draw, curve), ``width``, ``length``
        and ``length_index`` (chain, draw); attributes ``divergences``,
        ``max_rhat``, ``min_ess``.
    """
    import nutpie

    model = reduced(model)
    priors = [*model.noise, *model.reading, model.width]
    compiled = _compiled(model.curves, model.length.size).with_data(
        **_arrays(model),
        log_weight=model.log_weight,
        centre=np.log([p.median for p in priors]),
        spread=np.array([p.sd for p in priors]),
    )
    with threadpool_limits(1):
        trace = nutpie.sample(
            compiled,
            chains=chains,
            tune=tune,
            draws=draws,
            cores=cores,
            seed=seed,
            progress_bar=False,
        )
        return _collect(model, trace, seed)


def _collect(model: LinearGaussian, trace: Any, seed: int) -> xr.Dataset:
    import arviz as az

    z = trace["posterior"]["z"].values
    j, shape = model.curves, z.shape[:2]
    noise, reading = np.empty((*shape, j)), np.empty((*shape, j))
    width, index = np.empty(shape), np.empty(shape, dtype=np.int64)
    rng = stream(seed, "length")
    for c, d in np.ndindex(*shape):
        levels = _unstandardise(model, z[c, d])
        noise[c, d], reading[c, d], width[c, d] = levels
        terms = log_likelihoods(model, *levels) + model.log_weight
        index[c, d] = rng.choice(model.length.size, p=np.exp(terms - logsumexp(terms)))
    dims = ("chain", "draw")
    sampled = xr.Dataset({"z": ((*dims, "k"), z)})
    return xr.Dataset(
        {
            "noise": ((*dims, "curve"), noise),
            "reading": ((*dims, "curve"), reading),
            "width": (dims, width),
            "length": (dims, model.length[index]),
            "length_index": (dims, index),
        },
        attrs={
            "divergences": int(trace["sample_stats"]["diverging"].sum()),
            "max_rhat": float(az.rhat(sampled)["z"].max()) if shape[0] > 1 else float("nan"),
            "min_ess": float(az.ess(sampled)["z"].min()),
        },
    )
