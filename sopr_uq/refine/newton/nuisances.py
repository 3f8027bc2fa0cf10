"""What a measured curve has beside its liquid, as columns of the linear model."""

from __future__ import annotations

import numpy as np

from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.newton.data import Stacked
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import FloatArray


def nuisance_columns(stacked: Stacked, prior: PriorSettings, linear: LinearModel) -> FloatArray:
    """Return the columns of what every curve has beside its liquid, shape (d, p).

    A measured curve is (1 + κ) F + c + s F″ + w (F_L − F) + d₁ cos πt + d₂ cos 2πt, t
    running from 0 to 1 along it: to first order a column proportional to the prediction,
    a constant, the second derivative (of a curve that was smoothed), what Lorch's window
    changes, and a slow drift. A number of motion has what its simulations have in common.
    Behind them stands what totals have of their own.
    """
    columns = []
    for j, _ in enumerate(stacked.names):
        prediction = linear.prediction
        shapes = [stacked.scale[j] * prediction, np.full(prediction.size, prior.level_sd)]
        if stacked.smoothing[j] > 0:
            shapes += [stacked.smoothing[j] * linear.bend]
        if stacked.damping[j] > 0:
            shapes += [stacked.damping[j] * linear.damping]
        if stacked.drift[j] > 0:
            shapes += [stacked.drift[j] * np.cos(k * np.pi * stacked.place) for k in (1, 2)]
        columns += [np.where(stacked.of_curve(j), shape, 0.0) for shape in shapes]
    kinds = np.unique(stacked.motion[stacked.motion > 0])
    columns += [np.where(stacked.motion == kind, linear.common, 0.0) for kind in kinds]
    return np.column_stack([*columns, stacked.totals])
