"""Whether the data want a potential that differs from state to state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from sopr_uq.inference.theta_mode import highest_log_density
from sopr_uq.refine.newton.data import liquid_of
from sopr_uq.refine.newton.discrepancy import discrepancy_columns
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

SIZES = np.geomspace(0.003, 0.3, 7)
"""Discrepancies that are tried, in ε of the first reference, of a correction in k_B T."""


def state_evidence(problem: Problem, fit: Fit, measured: FloatArray) -> xr.Dataset:
    """Return how much likelier the data are if v may differ between states than if it may not.

    As :func:`~sopr_uq.refine.newton.evidence.correction_evidence`, of the same linear model with
    columns for the difference of each size. All sizes are as likely beforehand.

    Parameters
    ----------
    problem : Problem
        Of several liquids; what it allows itself, ``settings.discrepancy``, does not matter.
    fit : Fit
    measured : array, shape (d, p n)
        The Jacobian of the stacked data, per kcal/mol.

    Returns
    -------
    Dataset
        ``log_bayes_factor``, natural, of potentials that differ against one for all, and
        ``log_evidence`` (discrepancy) in nats, less that of one for all, the standard deviation
        at σ in kcal/mol.
    """
    model = fit.model
    liquid, beyond = liquid_of(problem), len(fit.pseudodata.residual)
    allowed = discrepancy_columns(problem, measured, liquid, fit.prior).shape[1]
    shared = model.columns[:, : model.columns.shape[1] - allowed]

    def at(size: float) -> float:
        settings = problem.settings.model_copy(update={"discrepancy": size})
        allowing = replace(problem, settings=settings)
        between = discrepancy_columns(allowing, measured, liquid, fit.prior)
        # what is believed of pressures is believed of the potential that all share
        between = np.pad(between, ((0, beyond), (0, 0)))
        return highest_log_density(replace(model, columns=np.hstack([shared, between])))

    sizes = SIZES * fit.prior.scale[1]
    each = np.array([at(float(size)) for size in sizes]) - at(0.0)
    factor = float(logsumexp(each) - np.log(each.size))
    return xr.Dataset(
        {"log_bayes_factor": factor, "log_evidence": ("discrepancy", each)},
        coords={"discrepancy": ("discrepancy", sizes, {"units": "kcal/mol"})},
    )
