"""The g(r) of posterior potentials, by linear response around the last simulation."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.newton.implied import linear_rdf
from sopr_uq.refine.problem import Problem

_SPACING = 0.05


def structure(
    problem: Problem, refinement: Refinement, potential: xr.DataArray
) -> xr.Dataset | None:
    """Return g(r) of posterior potentials.

    g ≈ g_k + J (v − v_k), with the simulated g_k and the Jacobian of its
    Ornstein–Zernike response; the sampling error of g_k is not added.

    Parameters
    ----------
    problem : Problem
    refinement : Refinement
        The last iteration gives g_k and v_k.
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
    try:
        at_k, jacobian = linear_rdf(problem, last.potential, last.simulations[0], r)
    except (RuleFailed, InputError):
        return None
    v = potential.transpose("chain", "draw", ..., "r").values
    moved = v.reshape(*v.shape[:2], field.size) - last.potential
    g = np.maximum(at_k + np.tensordot(moved, jacobian, axes=(-1, -1)), 0.0)
    dims = ("chain", "draw", *field.dims, "r_g")
    return xr.Dataset(
        {"g": (dims, field.plain(g, -2).astype(np.float32), {"units": "1"})},
        coords={
            "r_g": ("r_g", r, {"units": "angstrom"}),
            "chain": potential["chain"],
            "draw": potential["draw"],
            **field.coords,
        },
        attrs={"method": "linear response around the last simulation"},
    )
