"""The g(r) of posterior potentials, by linear response around the last simulations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.newton.data import stack_data
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.pooled import pool_jacobians
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, good
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

_SPACING = 0.05


def structure(
    problem: Problem, refinement: Refinement, potential: xr.DataArray
) -> xr.Dataset | None:
    """Return g(r) of posterior potentials.

    g ≈ ⟨g_k + J (v − v_k)⟩ over the simulations of the last round, with the Jacobian of the
    Ornstein–Zernike equation and of their fluctuations, and with their sampling errors.

    Parameters
    ----------
    problem : Problem
    refinement : Refinement
        The runs of its last iteration give g_k and v_k.
    potential : DataArray (chain, draw, r), of a mixture with a dimension ``pair``
        Posterior potentials in kcal/mol.

    Returns
    -------
    Dataset or None
        ``g`` (chain, draw, r_g) in single precision, of a mixture with a dimension
        ``pair``; None where the simulated g(r) has no linear response, as in a box that
        begins to separate.
    """
    last, field = refinement.iterations[-1], problem.field
    top = last.simulations[0].r[-1]
    r = np.arange(0.5 * field.sigmas.min(), min(top, 1.6 * problem.r_cut), _SPACING)
    models = _models(problem, last.runs, r)
    if not models:
        return None
    weight = 1.0 / len(models)
    average = LinearModel.average(models, np.full(len(models), weight))
    v = potential.transpose("chain", "draw", ..., "r").values
    g = average.about(v.reshape(*v.shape[:2], field.size))
    rng = stream(problem.seed, "structure")
    for model in models:
        z = rng.standard_normal((*g.shape[:2], len(model.blocks)))
        g = g + weight * z @ model.blocks
    g = np.maximum(g, 0.0).reshape(*g.shape[:2], len(field.terms), r.size)
    dims = ("chain", "draw", *field.dims, "r_g")
    return xr.Dataset(
        {"g": (dims, field.plain(g, -2).astype(np.float32), {"units": "1"})},
        coords={
            "r_g": ("r_g", r, {"units": "angstrom"}),
            "chain": potential["chain"],
            "draw": potential["draw"],
            **field.coords,
        },
        attrs={"method": "linear response around the simulations of the last round"},
    )


def _models(problem: Problem, runs: Sequence[Run], r: FloatArray) -> list[LinearModel]:
    """Return the linear models of g of every pair at r in the first liquid; none of no fluid."""
    liquid = problem.liquids[0]
    curves = tuple(
        Observation("g", r, np.ones(r.size), name=pair.label, of=None if problem.element else pair)
        for pair in problem.field.pairs
    )
    seen = replace(problem, liquids=(replace(liquid, observations=curves),))
    models = []
    for run in good(runs):
        try:
            models.append(linearise(seen, run.potential, run.simulations[:1]))
        except (RuleFailed, InputError):
            continue
    return pool_jacobians(seen, stack_data(seen), models) if models else []
