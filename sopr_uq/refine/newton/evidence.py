"""Whether the data want a correction at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from sopr_uq.inference.linear_gaussian import LinearGaussian
from sopr_uq.inference.noise import LogNormal
from sopr_uq.inference.theta_mode import highest_log_density
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.typing import FloatArray

_NODES = 15
_NONE = 1e-6
_SHARP = 1e-3


def correction_evidence(fit: Fit, measured: FloatArray) -> xr.Dataset:
    """Return how much likelier the data are with a correction than without one.

    The marginal likelihood of the linear model, coefficients and kernel summed out, noise at
    its most probable value for each width of the correction; the width integrated over its
    prior by Gauss and Hermite. Without one the references are as they are told.

    Parameters
    ----------
    fit : Fit
        Of a problem without a pair that is refined as a whole.
    measured : array, shape (d, p n)
        The Jacobian of the stacked data, per kcal/mol.

    Returns
    -------
    Dataset
        ``log_bayes_factor``, natural, of a correction against none, and ``log_evidence``
        (width) in nats, less that of none, widths in kcal/mol.
    """
    model = fit.model
    z, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    widths = model.width.median * np.exp(model.width.sd * z)
    none = _at(_told(fit, measured), _NONE * model.width.median)
    each = np.array([_at(model, float(w)) for w in widths]) - none
    total = logsumexp(each, b=weight / weight.sum())
    return xr.Dataset(
        {"log_bayes_factor": float(total), "log_evidence": ("width", each)},
        coords={"width": ("width", widths, {"units": "kcal/mol"})},
    )


def _told(fit: Fit, measured: FloatArray) -> LinearGaussian:
    """Return the model about the references, whose factors are one."""
    prior, model = fit.prior, fit.model
    jacobian = np.vstack([measured, fit.pseudodata.jacobian])
    moved = jacobian @ (fit.bases[0].base - prior.energy(prior.centre))
    columns = model.columns.copy()
    columns[:, : prior.mie] = 0.0
    return replace(model, residual=model.residual + moved, columns=columns)


def _at(model: LinearGaussian, width: float) -> float:
    return highest_log_density(replace(model, width=LogNormal(width, _SHARP)))
