"""The posterior that all simulations together give, at the most probable noise and kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sopr_uq.refine.newton.averaging import weights
from sopr_uq.refine.newton.budget import Whitened
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.emulator import Emulator
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.pooled import pool_jacobians
from sopr_uq.rng import stream
from sopr_uq.typing import BoolArray, FloatArray

_PASSES = 2
_SELF_CONSISTENT = 4
_SPREAD = 64
_WIDER = 1.5


class Answer(NamedTuple):
    """What is known after some simulations.

    Parameters
    ----------
    fit : Fit
        The Gaussian posterior of v, of ``linear``.
    linear : LinearModel
        How the data depend on v near the answer, with what was learnt of the Jacobian.
    emulator : Emulator
        The same anywhere, with its uncertainty.
    effective : float
        How many simulations the average amounts to.
    """

    fit: Fit
    linear: LinearModel
    emulator: Emulator
    effective: float


def well_of(conditioner: Conditioner) -> BoolArray:
    """Return where v counts, shape (p n,): from σ to 2 σ of each pair."""
    return conditioner.problem.field.well


def learn(conditioner: Conditioner, models: Sequence[LinearModel]) -> Answer:
    """Return what simulations say.

    The linear models are averaged, the near ones most (:mod:`.averaging`); what
    they show beyond their average is learnt (:mod:`.emulator`), and v is
    conditioned on the data once more.

    Parameters
    ----------
    conditioner : Conditioner
    models : sequence of LinearModel
        One a simulation.
    """
    models = pool_jacobians(conditioner.problem, conditioner.stacked, models)
    fit = conditioner.fit(_nearest(conditioner, models), conditioner.prior.centre)
    where, error = well_of(conditioner), conditioner.problem.prior.jacobian_error
    for _ in range(_PASSES):
        share = weights(models, fit.mean, fit.ruler(where), error)
        average = LinearModel.average(models, share)
        fit = conditioner.fit(average, fit.point)
    whitened = Whitened(conditioner, fit)
    emulator = Emulator.learnt(whitened, average, models, share, error)
    # a proposal must not be narrower than what it stands for: doubt is that of wider draws,
    # and about the posterior's own mean, since what is certain elsewhere may not be here
    for _ in range(_SELF_CONSISTENT):
        linear = emulator.doubtful(fit.mean, fit.mean + _WIDER * (spread(fit) - fit.mean))
        fit = conditioner.fit(linear, fit.point)
    return Answer(fit, linear, emulator, float(1.0 / np.sum(share**2)))


def spread(fit: Fit, size: int = _SPREAD) -> FloatArray:
    """Return a few draws of v at the most probable θ, shape (size, n), in kcal/mol."""
    rng = stream(fit.prior.problem.seed, "spread")
    return fit.draws(rng.standard_normal((size, fit.coefficients.mean.size)))


def _nearest(conditioner: Conditioner, models: Sequence[LinearModel]) -> LinearModel:
    """Return the model whose simulation misses the data least, by the noise that is believed."""
    s = conditioner.stacked
    noise = np.array([p.median for p in s.noise])
    variance = s.stated_variance + noise[s.level] ** 2 * s.noisy

    def missed(model: LinearModel) -> float:
        own = variance + np.diagonal(model.covariance)
        return float(np.mean((s.value - model.prediction) ** 2 / own))

    return min(models, key=missed)
