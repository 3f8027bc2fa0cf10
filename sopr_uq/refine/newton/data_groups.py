"""What draws of posterior and prior say of the measured numbers, by the groups of a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from sopr_uq.inference.noise import LogNormal
from sopr_uq.refine.labels import labelled
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import Stacked, independent
from sopr_uq.refine.newton.draws import Draws
from sopr_uq.refine.newton.prior_predictive import prior_measurements
from sopr_uq.refine.newton.replicas import Measurements
from sopr_uq.refine.problem import Problem
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

_DIMS = ("chain", "draw")


def data_groups(
    conditioner: Conditioner, answer: Answer, posterior: xr.Dataset
) -> dict[str, xr.Dataset]:
    """Return the groups by name, in single precision.

    ``log_likelihood`` has one variable, ``data`` (chain, draw, datum); ``log_prior`` the
    density of each part of the model (chain, draw); ``posterior_predictive`` and
    ``prior_predictive`` have the names and dimensions of ``observed_data``.

    Parameters
    ----------
    conditioner : Conditioner
    answer : Answer
        Of all simulations of the refinement.
    posterior : Dataset
        Of the rule.
    """
    problem, draws = conditioner.problem, Draws(conditioner, answer)
    shape = tuple(posterior.sizes[d] for d in _DIMS)
    v = posterior["potential"].transpose(*_DIMS, ..., "r").values.reshape(-1, problem.field.size)
    sizes = _of_levels(posterior, conditioner.stacked)
    noise, reading = (x.reshape(len(v), -1) for x in sizes)
    found = Measurements(draws).at(v, noise, reading, stream(problem.seed, "errors"))
    single = found.log_likelihood.astype(np.float32).reshape(*shape, -1)
    groups = {
        "log_likelihood": xr.Dataset({"data": ((*_DIMS, "datum"), single)}, _datum(problem)),
        "log_prior": _log_prior(conditioner, posterior),
        "posterior_predictive": replicated(problem, found.value.reshape(*shape, -1)),
    }
    groups = {name: ds.assign_coords(_coords(posterior)) for name, ds in groups.items()}
    before = prior_measurements(conditioner, answer)
    if before is not None:
        groups["prior_predictive"] = replicated(problem, before.value[None]).assign_coords(
            chain=[0], draw=before.draw
        )
    return groups


def replicated(problem: Problem, value: FloatArray) -> xr.Dataset:
    """Return replicas of the measured numbers, shape (chain, draw, d), by measurement.

    Of diffusion and viscosity, whose logarithms are the data, the numbers themselves.
    """
    measured = [(each, independent(each.observation)) for each in labelled(problem)]
    ends = np.cumsum([o.x.size for _, o in measured])[:-1]
    parts = np.split(value.astype(np.float32), ends, axis=-1)
    return xr.Dataset(
        {
            each.name: (
                (*_DIMS, each.dim),
                np.exp(part) if o.logarithmic else part,
                {"units": o.unit},
            )
            for (each, o), part in zip(measured, parts, strict=True)
        },
        {each.dim: o.x for each, o in measured},
    )


def _coords(posterior: xr.Dataset) -> dict[str, xr.DataArray]:
    return {name: posterior[name] for name in _DIMS}


def _datum(problem: Problem) -> dict[str, tuple[str, object]]:
    """Name the measured numbers: by their measurement, and by their abscissa in its unit."""
    measured = [(each.name, independent(each.observation)) for each in labelled(problem)]
    return {
        "observation": ("datum", [name for name, o in measured for _ in o.x]),
        "x": ("datum", np.concatenate([o.x for _, o in measured])),
    }


def _of_levels(posterior: xr.Dataset, stacked: Stacked) -> tuple[FloatArray, FloatArray]:
    """Return noise and reading error of every level, (chain, draw, level).

    Far points of a curve have its reading error.
    """
    noise, reading = posterior["noise"].values, posterior["reading"].values
    if not stacked.far:
        return noise, reading
    far = posterior["noise_far"].values
    return np.append(noise, far, axis=-1), np.append(reading, reading[..., stacked.far], axis=-1)


def _log_prior(conditioner: Conditioner, posterior: xr.Dataset) -> xr.Dataset:
    """Return log prior densities of what stands at the top of the model, less constants.

    What is normal given these, the correction and the errors that data share, is not among
    them: to scale it as well says little, and its many numbers would drown the rest
    (N. Kallioinen et al., Stat. Comput. 34, 57 (2024), section 3.3).
    """
    prior, stacked = conditioner.prior, conditioner.stacked
    count = len(stacked.names)
    kernels = [(k.length, k.decay) for k in prior.kernels]
    weight = dict(zip(kernels, prior.log_weight, strict=True))
    chosen = zip(posterior["length"].values.flat, posterior["decay"].values.flat, strict=True)
    kernel = np.array([weight[each] for each in chosen]).reshape(posterior["width"].shape)
    parts = {
        "mie": posterior["log_prior_mie"].values,
        "kernel": kernel,
        "width": _log_normal(posterior["width"].values[..., None], [prior.width]),
        "noise": _log_normal(_of_levels(posterior, stacked)[0], stacked.noise),
        "reading": _log_normal(posterior["reading"].values, stacked.reading[:count]),
    }
    return xr.Dataset({name: (_DIMS, x.astype(np.float32)) for name, x in parts.items()})


def _log_normal(sizes: FloatArray, priors: Sequence[LogNormal]) -> FloatArray:
    """Return the log densities of ln sizes, summed over the last axis, less their constants."""
    free = [j for j, p in enumerate(priors) if p.sd > 0]
    z = [np.log(sizes[..., j] / priors[j].median) / priors[j].sd for j in free]
    return np.asarray(-0.5 * np.sum(np.square(z), axis=0) * np.ones(sizes.shape[:-1]))
