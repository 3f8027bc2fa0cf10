"""Sampling a power law with PyMC's density and nutpie's NUTS."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.inference.power_law_density import (
    LawData,
    LawPrior,
    parameters,
    sampling_density,
    scatter,
)
from sopr_uq.typing import FloatArray

DIMS = ("chain", "draw")


@dataclass(frozen=True)
class NutsSettings:
    """Length and care of a NUTS run: ``chains`` of ``draws`` kept after ``tune`` discarded."""

    chains: int = 4
    tune: int = 500
    draws: int = 1000
    target_accept: float = 0.95


def sample(
    data: LawData, prior: LawPrior, *, seed: int, settings: NutsSettings | None = None
) -> xr.Dataset:
    """Draw from the posterior of one law.

    Parameters
    ----------
    data : LawData
        The elements.
    prior : LawPrior
        Priors; ``exponent_sd = 0`` fixes the exponent.
    seed : int
        Seed of the sampler.
    settings : NutsSettings, optional
        Length of the run.

    Returns
    -------
    xarray.Dataset
        ``level``, ``exponent``, ``tau`` (chain, draw), dimensionless; attributes
        ``sampler``, ``divergences``, ``seed``.
    """
    import nutpie

    run = settings or NutsSettings()
    compiled = compiled_model().with_data(**data.arrays(), prior=np.asarray(prior, dtype=float))
    trace = nutpie.sample(
        compiled,
        chains=run.chains,
        tune=run.tune,
        draws=run.draws,
        cores=1,
        target_accept=run.target_accept,
        seed=seed,
        progress_bar=False,
    )
    z = trace["posterior"]
    posterior = draws_dataset(data, prior, *(z[name].values for name in ("z1", "z2", "v")))
    divergences = int(trace["sample_stats"]["diverging"].sum())
    return posterior.assign_attrs(sampler="nutpie", divergences=divergences, seed=seed)


def draws_dataset(
    data: LawData, prior: LawPrior, z1: FloatArray, z2: FloatArray, v: FloatArray
) -> xr.Dataset:
    """Map sampling coordinates (chain, draw) to a dataset of the law's parameters."""
    tau = scatter(prior, v)
    q = parameters(data.arrays(), prior, z1, z2, tau)
    values = {"level": q.level, "exponent": q.exponent, "tau": tau}
    coords = {name: np.arange(n) for name, n in zip(DIMS, z1.shape, strict=True)}
    filled = {name: (DIMS, np.broadcast_to(x, z1.shape)) for name, x in values.items()}
    return xr.Dataset(filled, coords)


def build_model() -> Any:
    """Return the PyMC model; its data have free sizes, so it is compiled once for all."""
    import pymc as pm
    import pytensor.tensor as pt

    vectors = ("x", "x_variance", "kernel_variance", "mean", "variance")
    with pm.Model() as model:
        a = {name: pm.Data(name, np.ones(2)) for name in vectors}
        a |= {name: pm.Data(name, np.ones((2, 2))) for name in ("points", "log_weight")}
        prior = pm.Data("prior", np.ones(len(LawPrior._fields)))
        # Flat: the priors are part of the one density that every sampler shares.
        z1, z2, v = (pm.Flat(name) for name in ("z1", "z2", "v"))
        pm.Potential("density", sampling_density(a, prior, z1, z2, v, pt))
    return model


@lru_cache(maxsize=1)
def compiled_model() -> Any:
    """Compile the model for nutpie; data are fed later."""
    import nutpie

    return nutpie.compile_pymc_model(build_model())
