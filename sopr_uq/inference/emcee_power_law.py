"""Sampling a power law with emcee, on the same density as NUTS."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from sopr_uq.inference.power_law import draws_dataset
from sopr_uq.inference.power_law_density import LawData, LawPrior, sampling_density
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class EnsembleSettings:
    """Length of an emcee run: ``walkers``, ``tune`` steps discarded, ``steps`` kept, thinned."""

    walkers: int = 32
    tune: int = 250
    steps: int = 1500
    thin: int = 10


def sample(
    data: LawData, prior: LawPrior, *, seed: int, settings: EnsembleSettings | None = None
) -> xr.Dataset:
    """Draw from the posterior of one law with the affine-invariant ensemble.

    Parameters and result are those of :func:`sopr_uq.inference.power_law.sample`;
    the dimension ``chain`` counts walkers. Attributes: ``sampler``,
    ``acceptance``, ``autocorrelation`` (longest, in steps), ``seed``.
    """
    run = settings or EnsembleSettings()
    arrays = data.arrays()

    def log_probability(z: FloatArray) -> FloatArray:
        return np.asarray(sampling_density(arrays, prior, z[:, 0], z[:, 1], z[:, 2]))

    import emcee

    sampler = emcee.EnsembleSampler(run.walkers, 3, log_probability, vectorize=True)
    generator = stream(seed, "emcee")
    sampler.random_state = np.random.RandomState(generator.integers(2**32)).get_state()
    start = _start(run.walkers, generator)
    state = sampler.run_mcmc(start, run.tune)
    sampler.reset()
    sampler.run_mcmc(state, run.steps)
    z = np.moveaxis(sampler.get_chain(thin=run.thin), 0, 1)
    posterior = draws_dataset(data, prior, z[..., 0], z[..., 1], z[..., 2])
    return posterior.assign_attrs(
        sampler="emcee",
        acceptance=float(sampler.acceptance_fraction.mean()),
        autocorrelation=float(sampler.get_autocorr_time(quiet=True, tol=0).max()),
        seed=seed,
    )


def _start(walkers: int, generator: np.random.Generator) -> FloatArray:
    """Walkers spread about as the density is expected to be: z normal, τ below its scale."""
    return np.asarray(generator.standard_normal((walkers, 3)) - np.array([0.0, 0.0, 1.0]))
