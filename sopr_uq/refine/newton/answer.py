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
from sopr_uq.refine.newton.likelihood import IMPOSSIBLE, Likelihood
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.pooled import pool_jacobians
from sopr_uq.rng import stream
from sopr_uq.typing import BoolArray, FloatArray

_AVERAGES = 6
"""Of the simulations, that are tried at most."""

_STILL = 0.3
"""Posterior standard deviations that the mean may move without another average."""

_EXPANSIONS = 8
_GAIN = 0.5
"""Change of the log evidence below which another expansion is not worth its time."""

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
    conditioned on the data once more. Where that moves v, others are near: all is done
    again about the new mean, and the most probable answer is taken.

    Parameters
    ----------
    conditioner : Conditioner
    models : sequence of LinearModel
        One a simulation.
    """
    models = pool_jacobians(conditioner.problem, conditioner.stacked, models)
    where, error = well_of(conditioner), conditioner.problem.prior.jacobian_error
    fit = conditioner.fit(_nearest(conditioner, models), conditioner.prior.centre)
    share = weights(models, fit.mean, fit.ruler(where), error)
    fit = conditioner.fit(LinearModel.average(models, share), fit.point, fit.sites)
    found: _Scored | None = None
    for _ in range(_AVERAGES):
        share = weights(models, fit.mean, fit.ruler(where), error)
        average = LinearModel.average(models, share)
        near = conditioner.fit(average, fit.point, fit.sites)
        emulator = Emulator.learnt(Whitened(conditioner, near), average, models, share, error)
        first = near if found is None else fit
        new = _settled(conditioner, emulator, first, float(1.0 / np.sum(share**2)))
        fit = new.answer.fit
        if found is None or new.log_evidence > found.log_evidence:
            found = new
        if fit.ruler(where).of_change((fit.mean - first.mean)[None])[0] < _STILL**2:
            break
    assert found is not None
    return found.answer


class _Scored(NamedTuple):
    """An answer and how probable the data are by it."""

    answer: Answer
    log_evidence: float


def _settled(conditioner: Conditioner, emulator: Emulator, fit: Fit, effective: float) -> _Scored:
    """Return the posterior of v by an emulator, expanded about its own mean.

    From ``fit`` on, as far as its mean becomes more probable: far from the simulations, where
    each expansion differs from the last, one that loses is made again half as far.
    """
    best: _Scored | None = None
    at, last = fit.mean, fit.mean
    for _ in range(_EXPANSIONS):
        # a proposal must not be narrower than what it stands for: doubt is that of wider draws,
        # and about the posterior's own mean, since what is certain elsewhere may not be here
        linear = emulator.doubtful(at, at + _WIDER * (spread(fit) - fit.mean))
        new = conditioner.fit(linear, fit.point, fit.sites)
        scored = _Scored(
            Answer(new, linear, emulator, effective), _log_evidence(conditioner, emulator, new)
        )
        gain = np.inf if best is None else scored.log_evidence - best.log_evidence
        if best is None or gain > 0.0:
            best, last, at, fit = scored, at, new.mean, new
        else:
            at = 0.5 * (last + at)
        if abs(gain) < _GAIN:
            break
    assert best is not None
    return best


def _log_evidence(conditioner: Conditioner, emulator: Emulator, fit: Fit) -> float:
    """Return that of a fit by Laplace's method about its mean, less its constant.

    Densities of means alone would always prefer the wider prior, under which any v is nearer to
    the centre and follows the data closer: fits differ in width and kernel.
    """
    v, theta = fit.mean[None], fit.theta
    likelihood = Likelihood(conditioner, emulator, emulator.linear(fit.mean))
    data = float(likelihood.log_density(v, theta.noise, theta.reading)[0])
    return data + fit.log_volume - (0.0 if likelihood.repulsive(v)[0] else IMPOSSIBLE)


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
        own = variance + model.variance
        return float(np.mean((s.value - model.prediction) ** 2 / own))

    return min(models, key=missed)
