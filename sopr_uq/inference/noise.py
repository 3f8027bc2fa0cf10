"""Hierarchical inference of the GPR noise, kernel width and length scale.

The data of system k at n points are y_k = u_k + e_k, with
u_k ~ GP(0, w² C(ℓ)) and e_k ~ N(0, s_k² + V_k), where V_k is the known
sampling variance of the molecular dynamics. Systems are independent: different
measured curves, never the rounds of one refinement, which share one. The priors are

    log s_k ~ N(μ, τ²),  μ ~ N(μ₀, 1),  τ ~ HalfNormal(0.5),
    log w ~ N(·),  log ℓ ~ N(·).

The likelihood is evaluated in the eigenbasis of C(ℓ), where it costs O(n)
instead of O(n³); ℓ lives on a grid and is summed out; μ is integrated out and
drawn afterwards from its Gaussian conditional. Sampling variances that differ
from point to point enter through their diagonal in the eigenbasis.

References
----------
Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eq 5.8.
Gelman & Hill, Data Analysis Using Regression and Multilevel Models (2007), ch. 12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from sopr_uq.errors import InputError
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

MU_SD = 1.0
TAU_SCALE = 0.5
# short steps, for the corner of small τ
_TARGET_ACCEPT = 0.95
_SMOOTH = 10
"""About as many of the n numbers of a curve say nothing about its noise."""


@dataclass(frozen=True)
class LogNormal:
    """A log-normal prior: exp(N(log median, sd²)); ``sd = 0`` keeps the median."""

    median: float
    sd: float

    def __post_init__(self) -> None:
        if not (self.median > 0 and self.sd >= 0):
            raise InputError("LogNormal", "median > 0 and sd ≥ 0", f"{self.median}, {self.sd}")


@dataclass(frozen=True)
class Projected:
    """Data of K systems in the eigenbases of G unit-width kernels.

    Parameters
    ----------
    length : array, shape (G,)
        Length scales in Å.
    log_weight : array, shape (G,)
        Log prior probability of each.
    eigenvalue : array, shape (G, m)
        Leading eigenvalues of C(ℓ); the remaining n − m are zero to rounding.
    square : array, shape (G, K, m)
        Squared projections of y_k, in (kcal/mol)².
    variance : array, shape (G, K, m)
        Known variance along each eigenvector, in (kcal/mol)².
    rest_square : array, shape (G, K)
        Squared norm of y_k outside the leading eigenvectors.
    rest_variance : array, shape (K,)
        Mean known variance.
    points : int
        n.
    """

    length: FloatArray
    log_weight: FloatArray
    eigenvalue: FloatArray
    square: FloatArray
    variance: FloatArray
    rest_square: FloatArray
    rest_variance: FloatArray
    points: int

    def arrays(self) -> dict[str, FloatArray]:
        """Return the arrays of :func:`log_likelihood`."""
        return {
            "log_weight": self.log_weight,
            "eigenvalue": self.eigenvalue,
            "square": self.square,
            "variance": self.variance,
            "rest_square": self.rest_square,
            "rest_variance": self.rest_variance,
            "rest": np.asarray(float(self.points - self.eigenvalue.shape[1])),
        }


def project(
    unit_kernels: Sequence[FloatArray],
    length: FloatArray,
    prior: LogNormal,
    y: FloatArray,
    variance: FloatArray,
    size: int = 48,
) -> Projected:
    """Project data onto the eigenvectors of unit-width kernels.

    Parameters
    ----------
    unit_kernels : sequence of G arrays, shape (n, n)
        C(ℓ_g) at the data points.
    length : array, shape (G,)
        ℓ_g in Å.
    prior : LogNormal
        Prior of ℓ.
    y, variance : array, shape (K, n)
        Data in kcal/mol and their known variances in (kcal/mol)².
    size : int
        Number of leading eigenvectors kept, at most n.
    """
    n = y.shape[1]
    size = min(size, n)
    values, squares, variances, rests = [], [], [], []
    for c in unit_kernels:
        w, u = np.linalg.eigh(c)
        w, u = np.maximum(w[::-1][:size], 0.0), u[:, ::-1][:, :size]
        z2 = (y @ u) ** 2
        values.append(w)
        squares.append(z2)
        variances.append(variance @ u**2)
        rests.append(np.maximum((y**2).sum(axis=1) - z2.sum(axis=1), 0.0))
    log_weight = -0.5 * (np.log(length / prior.median) / max(prior.sd, 1e-12)) ** 2
    return Projected(
        length=np.asarray(length, dtype=float),
        log_weight=log_weight - logsumexp(log_weight),
        eigenvalue=np.array(values),
        square=np.array(squares),
        variance=np.array(variances),
        rest_square=np.array(rests),
        rest_variance=variance.mean(axis=1),
        points=n,
    )


def log_likelihood(a: dict[str, Any], width: Any, noise: Any, log: Any = np.log) -> Any:
    """Log likelihood of every ℓ of the grid, shape (G,), up to a constant.

    Written once for numpy and for PyTensor: ``a`` is :meth:`Projected.arrays`,
    ``width`` a scalar in kcal/mol, ``noise`` of shape (K,) in kcal/mol.
    """
    s2 = noise[None, :, None] ** 2
    total = width**2 * a["eigenvalue"][:, None, :] + a["variance"] + s2
    inside = (log(total) + a["square"] / total).sum(axis=2)
    rest = noise[None, :] ** 2 + a["rest_variance"][None, :]
    outside = a["rest"] * log(rest) + a["rest_square"] / rest
    return -0.5 * (inside + outside).sum(axis=1)


@lru_cache(maxsize=8)
def _compiled(slots: int) -> Any:
    """Compile the model once; data, of any number of systems up to ``slots``, are fed later."""
    import nutpie

    return nutpie.compile_pymc_model(build_model(slots))


def build_model(slots: int) -> Any:
    """Return the PyMC model for up to ``slots`` systems; its data are placeholders of ones."""
    import pymc as pm
    import pytensor.tensor as pt
    from pymc.math import logsumexp as tensor_logsumexp

    dimensions = {
        "log_weight": 1,
        "eigenvalue": 2,
        "square": 3,
        "variance": 3,
        "rest_square": 2,
        "rest_variance": 1,
        "rest": 0,
        "used": 1,
        "guess": 1,
        "guess_variance": 0,
        "mu0": 0,
        "log_width": 1,
    }
    with pm.Model() as model:
        a = {name: pm.Data(name, np.ones((slots,) * n)) for name, n in dimensions.items()}
        tau = pm.HalfNormal("tau", TAU_SCALE)
        z = pm.Normal("z", 0.0, 1.0, shape=slots)
        z_width = pm.Normal("z_width", 0.0, 1.0)
        x, log_jacobian = _log_noise(z, tau, a, pt)
        width = pt.exp(a["log_width"][0] + a["log_width"][1] * z_width)
        # the prior of z is replaced, for the slots in use, by the hierarchy
        pm.Potential("unprior", (0.5 * z**2 * a["used"]).sum() + log_jacobian)
        pm.Potential("hierarchy", _hierarchy(x, tau, a["used"], pt.log))
        # the empty slots cost nothing: the shapes of the data are those of the systems in use
        noise = pt.exp(a["mu0"] + x[: a["rest_variance"].shape[0]])
        terms = log_likelihood(a, width, noise, pt.log) + a["log_weight"]
        pm.Potential("likelihood", tensor_logsumexp(terms))
    return model


def _log_noise(z: Any, tau: Any, a: dict[str, Any], xp: Any = np) -> tuple[Any, Any]:
    """Return x = log s − μ₀ of standard coordinates z, and log |∂x/∂z|.

    Were the likelihood of x the Gaussian N(guess, guess variance), z ~ N(0, 1)
    would be exact for every τ: neither the funnel of a small τ nor the poor
    information of a large one is left to the sampler.
    """
    used, k = a["used"], a["used"].sum()

    def scales(prior: Any) -> tuple[Any, Any]:
        share = prior / (prior + a["guess_variance"])
        return share, xp.sqrt(share * a["guess_variance"])

    (along, along_sd), (across, across_sd) = scales(tau**2 + k * MU_SD**2), scales(tau**2)
    guess, centre = (a["guess"] * used).sum() / k, (z * used).sum() / k
    x = along * guess + across * (a["guess"] - guess) + along_sd * centre + across_sd * (z - centre)
    return x, xp.log(along_sd) + (k - 1.0) * xp.log(across_sd)


def _hierarchy(x: Any, tau: Any, used: Any, log: Any = np.log) -> Any:
    """Log density of x ~ N(0, τ² 1 + MU_SD² 1 1ᵀ) over the slots in use (μ integrated out)."""
    k = used.sum()
    total = (x * used).sum()
    square = (x**2 * used).sum()
    joint = tau**2 + k * MU_SD**2
    quadratic = (square - total**2 * MU_SD**2 / joint) / tau**2
    return -0.5 * (quadratic + 2.0 * (k - 1.0) * log(tau) + log(joint))


@dataclass(frozen=True)
class NoisePriors:
    """Priors of the hierarchy; medians of noise and width in kcal/mol, of length in Å."""

    noise: float
    width: LogNormal
    length: LogNormal


def sample_noise(
    data: Projected,
    priors: NoisePriors,
    *,
    slots: int,
    seed: int,
    chains: int = 2,
    tune: int = 400,
    draws: int = 500,
    cores: int = 1,
) -> xr.Dataset:
    """Sample the noise levels, the kernel's width and its length scale.

    Parameters
    ----------
    data : Projected
        The data of the K systems.
    priors : NoisePriors
        Priors.
    slots : int
        Number of systems the model is compiled for, at least K; calls with
        equal shapes share one compilation.
    seed : int
        Seed of the sampler.

    Returns
    -------
    xarray.Dataset
        ``noise`` (chain, draw, system), ``width``, ``tau``, ``mu`` in kcal/mol
        (μ as a logarithm), ``length`` (chain, draw) in Å; attributes
        ``divergences``, ``max_rhat``, ``min_ess``.
    """
    k = data.square.shape[1]
    if slots < k:
        raise InputError("slots", f"at least {k}, the number of systems", str(slots))
    arrays = model_data(data, priors, slots)
    import nutpie

    compiled = _compiled(slots).with_data(**arrays)
    trace = nutpie.sample(
        compiled,
        chains=chains,
        tune=tune,
        draws=draws,
        cores=cores,
        seed=seed,
        progress_bar=False,
        target_accept=_TARGET_ACCEPT,
    )
    return _collect(trace, data, arrays, priors, seed)


def model_data(data: Projected, priors: NoisePriors, slots: int) -> dict[str, FloatArray]:
    """Return what :func:`build_model` is fed, by name."""
    log_width = np.array([np.log(priors.width.median), priors.width.sd])
    return data.arrays() | _guess(data, priors.noise, slots) | {"log_width": log_width}


def _guess(data: Projected, mu0: float, slots: int) -> dict[str, FloatArray]:
    """Return a rough estimate of log s − μ₀, and its variance by Fisher's information.

    The estimate is the mean square of what no smooth curve explains, less the
    known variance.
    """
    points = max(data.points - _SMOOTH, 1)
    square = (data.rest_square + data.square[:, :, _SMOOTH:].sum(axis=2)).min(axis=0)
    s2 = square / points - data.rest_variance
    s2 = np.where(s2 > (0.1 * mu0) ** 2, s2, mu0**2)
    information = 2.0 * points * np.mean((s2 / (s2 + data.rest_variance)) ** 2)
    return {
        "used": (np.arange(slots) < s2.size).astype(float),
        "guess": np.pad(0.5 * np.log(s2 / mu0**2), (0, slots - s2.size)),
        "guess_variance": np.asarray(min(1.0 / information, MU_SD**2)),
        "mu0": np.asarray(np.log(mu0)),
    }


def _collect(
    trace: Any,
    data: Projected,
    arrays: dict[str, FloatArray],
    priors: NoisePriors,
    seed: int,
) -> xr.Dataset:
    post = trace["posterior"]
    k = data.square.shape[1]
    tau, z = post["tau"].values, post["z"].values
    x = np.empty((*tau.shape, k))
    for index in np.ndindex(*tau.shape):
        x[index] = _log_noise(z[index], tau[index], arrays)[0][:k]
    noise = priors.noise * np.exp(x)
    width = priors.width.median * np.exp(priors.width.sd * post["z_width"].values)
    rng = stream(seed, "length")
    own, length = data.arrays(), np.empty(width.shape)
    for index in np.ndindex(*width.shape):
        logp = log_likelihood(own, width[index], noise[index]) + data.log_weight
        p = np.exp(logp - logsumexp(logp))
        length[index] = data.length[rng.choice(p.size, p=p / p.sum())]
    mu = _draw_mu(np.log(noise), tau, np.log(priors.noise), rng)
    dims = ("chain", "draw")
    ds = xr.Dataset(
        {
            "noise": ((*dims, "system"), noise),
            "width": (dims, width),
            "length": (dims, length),
            "mu": (dims, mu),
            "tau": (dims, tau),
        },
        coords={"chain": np.arange(width.shape[0]), "draw": np.arange(width.shape[1])},
    )
    return ds.assign_attrs(_diagnostics(trace, ds))


def _draw_mu(
    log_noise: FloatArray, tau: FloatArray, mu0: float, rng: np.random.Generator
) -> FloatArray:
    """Draw μ | s, τ, which is Gaussian."""
    k = log_noise.shape[-1]
    precision = 1.0 / MU_SD**2 + k / tau**2
    mean = (mu0 / MU_SD**2 + log_noise.sum(axis=-1) / tau**2) / precision
    return np.asarray(mean + rng.standard_normal(tau.shape) / np.sqrt(precision))


def _diagnostics(trace: Any, ds: xr.Dataset) -> dict[str, float]:
    import arviz as az

    watched = ds[["noise", "tau"]]
    # a kept (not inferred) parameter is constant and has no R-hat
    watched = watched.assign(width=ds["width"]) if float(ds["width"].std()) > 0 else watched
    rhat = az.rhat(watched).to_array().max() if ds.sizes["chain"] > 1 else float("nan")
    return {
        "divergences": int(trace["sample_stats"]["diverging"].sum()),
        "max_rhat": float(rhat),
        "min_ess": float(az.ess(watched).to_array().min()),
    }
