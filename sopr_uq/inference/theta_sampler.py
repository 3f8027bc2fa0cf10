"""Sampling the noise and kernel of a linear Gaussian model."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.inference.linear_gaussian import LinearGaussian
from sopr_uq.inference.theta_columns import theta_density
from sopr_uq.inference.theta_density import ThetaDensity
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

_CUT = 0.1
"""For three partial g(r) it changes no log density by more than 3·10⁻⁴, and saves a quarter of
the time."""

STATISTICS = {
    "diverging": "diverging",
    "lp": "logp",
    "energy": "energy",
    "tree_depth": "depth",
    "step_size": "step_size",
    "n_steps": "n_steps",
}
"""ArviZ's names of what a sampler says of a draw, and nutpie's."""


def sample_theta(
    model: LinearGaussian,
    *,
    seed: int,
    chains: int = 2,
    tune: int = 300,
    draws: int = 500,
) -> xr.Dataset:
    """Sample θ with the coefficients integrated out, by the No-U-Turn sampler of nutpie.

    The density and its gradient are algebra on small matrices
    (:class:`~sopr_uq.inference.theta_density.ThetaDensity`): nothing is compiled.

    Returns
    -------
    xarray.Dataset
        ``noise`` and ``reading`` (chain, draw, level), ``width`` and ``kernel``
        (chain, draw), the last the index of a kernel; the sampler's statistics
        ``diverging``, ``lp``, ``energy``, ``tree_depth``, ``step_size`` and
        ``n_steps`` (chain, draw); attributes ``divergences``, ``max_rhat``, ``min_ess`` and
        ``min_bfmi``.

    References
    ----------
    M. D. Hoffman, A. Gelman, J. Mach. Learn. Res. 15, 1593 (2014).
    """
    import nutpie

    density = theta_density(model, _CUT)
    size = density.sd.size
    compiled = nutpie.compiled_pyfunc.from_pyfunc(
        ndim=size,
        make_logp_fn=lambda: lambda z: finite(density, np.asarray(z)),
        make_expand_fn=lambda *_: lambda z: {"z": np.asarray(z)},
        expanded_dtypes=[np.dtype(np.float64)],
        expanded_shapes=[(size,)],
        expanded_names=["z"],
    )
    trace = nutpie.sample(
        compiled, chains=chains, tune=tune, draws=draws, cores=1, seed=seed, progress_bar=False
    )
    return _collected(density, trace, seed)


def finite(density: ThetaDensity, z: FloatArray) -> tuple[float, FloatArray]:
    """Return log density and gradient; −∞ where a trajectory has run so far that algebra fails.

    An exception would end the process: the sampler is no Python.
    """
    try:
        with np.errstate(all="ignore"):
            value, slope = density(z)
    except np.linalg.LinAlgError:
        value, slope = -np.inf, np.zeros(z.size)
    return (value, slope) if np.isfinite(value) else (-np.inf, np.zeros(z.size))


def _collected(density: ThetaDensity, trace: Any, seed: int) -> xr.Dataset:
    import arviz as az

    z = trace["posterior"]["z"].values
    j, shape = len(density.noisy), z.shape[:2]
    noise, reading = np.empty((*shape, j)), np.empty((*shape, j))
    width, index = np.empty(shape), np.empty(shape, dtype=np.int64)
    rng = stream(seed, "length")
    for c, d in np.ndindex(*shape):
        sizes = density.sizes(z[c, d])
        noise[c, d], reading[c, d], width[c, d] = sizes
        index[c, d] = _drawn(density.log_likelihoods(sizes) + density.log_weight, rng)
    dims = ("chain", "draw")
    sampled = xr.Dataset({"z": ((*dims, "k"), z)})
    kept = trace["sample_stats"].to_dataset()
    statistics = {
        name: (dims, kept[theirs].values) for name, theirs in STATISTICS.items() if theirs in kept
    }
    return xr.Dataset(
        {
            "noise": ((*dims, "level"), noise),
            "reading": ((*dims, "level"), reading),
            "width": (dims, width),
            "kernel": (dims, index),
            **statistics,
        },
        attrs={
            "divergences": int(kept["diverging"].sum()),
            "max_rhat": float(az.rhat(sampled)["z"].max()) if shape[0] > 1 else float("nan"),
            "min_ess": float(az.ess(sampled)["z"].min()),
            "min_bfmi": float(az.bfmi(kept["energy"]).min()),
        },
    )


def _drawn(log_weight: FloatArray, rng: np.random.Generator) -> int:
    """Draw an index with probabilities proportional to exp(log_weight)."""
    weight = np.exp(log_weight - log_weight.max())
    return int(rng.choice(weight.size, p=weight / weight.sum()))
