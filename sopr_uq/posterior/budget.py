"""The error budget of the descriptors as a labelled dataset."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.budget import SOURCES, descriptor_budget

_UNITS = ("angstrom", "kcal/mol", "angstrom", "angstrom")


def error_budget(
    rule: Newton, refinement: Refinement, check: xr.Dataset | None = None
) -> xr.Dataset:
    """Return where the variance of each descriptor comes from.

    The shares of measurement, normalisation, discrepancy between state points,
    simulation and prior decompose the posterior of the linear model at the most
    probable noise levels and kernel exactly. Linearisation, where an end check
    was made, is the mean square by which the simulations there move the
    descriptor beyond their own noise.

    Parameters
    ----------
    rule : Newton
    refinement : Refinement
    check : Dataset, optional
        Of :func:`~sopr_uq.posterior.check.end_check`.

    Returns
    -------
    Dataset
        ``variance_share`` (descriptor, source), which sums to one over the
        sources, and ``sd`` (descriptor), the root of the whole variance.
    """
    fit, _ = rule.conclusion(refinement.state)
    parts = descriptor_budget(rule, fit)
    variance = np.array([parts[source] for source in SOURCES]).T
    sources = list(SOURCES)
    if check is not None and "linearisation_variance" in check:
        variance = np.column_stack([variance, check["linearisation_variance"].values])
        sources.append("linearisation")
    total = variance.sum(axis=1)
    names = list(Descriptors._fields)
    ds = xr.Dataset(
        {
            "variance_share": (("descriptor", "source"), variance / total[:, None]),
            "sd": ("descriptor", np.sqrt(total)),
        },
        coords={"descriptor": names, "source": sources, "unit": ("descriptor", list(_UNITS))},
    )
    ds["variance_share"].attrs["units"] = "1"
    return ds
