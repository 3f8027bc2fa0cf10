"""Far from its answer: what is learnt of a few simulations that err by much."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.inference.theta_mode import log_likelihoods, log_prior
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.answer import _log_evidence, _settled, learn, spread
from sopr_uq.refine.newton.averaging import weights
from sopr_uq.refine.newton.budget import Whitened
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.emulator import Emulator
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.likelihood import gaussian_log_density
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.proposals import Proposals
from sopr_uq.typing import FloatArray

SIGMA, EPSILON = 3.2, 0.2
"""A start that misses g by 0.25 (rms), 25 times its noise."""


@dataclass(frozen=True)
class Far:
    """A first round far from the truth, the fit of its average, and what it teaches."""

    conditioner: Conditioner
    models: list[LinearModel]
    fit: Fit
    emulator: Emulator

    def expanded(self, fit: Fit) -> Fit:
        """Condition once more, about the mean of a fit, with the doubt of its draws."""
        linear = self.emulator.doubtful(fit.mean, spread(fit))
        return self.conditioner.fit(linear, fit.point)

    def log_evidence(self, fit: Fit) -> float:
        """Of its mean."""
        return _log_evidence(self.conditioner, self.emulator, fit)


def far_from(liquid, **believed: float) -> Far:
    case = replace(liquid, reference=lennard_jones(SIGMA, EPSILON))
    problem = case.problem(case.measured(case.truth, 0.01, 1), rule="newton")
    problem = replace(problem, prior=problem.prior.model_copy(update=believed))
    conditioner = Newton(problem).conditioner
    factors = ((1.0, 1.0), (0.98, 0.85), (1.02, 0.85), (1.0, 0.7))
    models = [case.model(problem, lennard_jones(SIGMA * a, EPSILON * b)) for a, b in factors]
    fit = conditioner.fit(models[0], conditioner.prior.centre)
    error = problem.prior.jacobian_error
    for _ in range(2):
        share = weights(models, fit.mean, fit.ruler(problem.field.well), error)
        average = LinearModel.average(models, share)
        fit = conditioner.fit(average, fit.point)
    emulator = Emulator.learnt(Whitened(conditioner, fit), average, models, share, error)
    return Far(conditioner, models, fit, emulator)


@pytest.fixture(scope="module")
def far(liquid) -> Far:
    return far_from(liquid)


@pytest.fixture(scope="module")
def free(liquid) -> Far:
    """The same, nothing being believed of its pressure."""
    return far_from(liquid, tension=1e3, compression=1e4)


@pytest.mark.parametrize("believed", [True, False])
def test_an_expansion_that_loses_is_taken_back(far, free, believed) -> None:
    """Where each follows the last blindly, log evidences go up and down by hundreds.

    What each step gains is kept. It is no search for the highest of all: the blind way may pass by
    one that is higher, and leave it.
    """
    case = far if believed else free
    blind, fit = [], case.fit
    for _ in range(4):
        fit = case.expanded(fit)
        blind.append(case.log_evidence(fit))
    assert np.min(np.diff(blind)) < -50.0
    found = _settled(case.conditioner, case.emulator, case.fit, 1.0)
    assert found.log_evidence == case.log_evidence(found.answer.fit)
    assert found.log_evidence > blind[0]
    assert found.log_evidence > blind[-1]
    if not believed:
        assert found.log_evidence > max(blind)


@pytest.mark.parametrize("stiffness", [0.5, 1.0, 4.0])
def test_laplace_is_exact_where_all_is_linear(liquid, stiffness) -> None:
    """The density at the mean and the volume about it are the marginal likelihood of a width."""
    problem = liquid.problem(liquid.measured(liquid.truth, 0.01, 1), rule="newton")
    conditioner = Newton(problem).conditioner
    linear = liquid.model(problem, liquid.truth)
    fit = conditioner.fit(linear, conditioner.prior.centre, stiffness=stiffness)
    model, theta, mie = fit.model, fit.theta, fit.bases[0].mie.shape[1]
    correction = theta.width * model.correction[theta.kernel][:, : fit.mine.size - mie]
    columns = np.hstack([model.columns[:, :mie], correction])
    shift, blur = reading_effect(model.slope, model.bend, theta.reading[model.level])
    variance = model.fixed_variance + theta.noise[model.level] ** 2 * model.noisy + blur
    left = model.residual - shift - columns @ fit.coefficients.mean[fit.mine]
    at_the_mean = gaussian_log_density(left[None], model.columns[:, mie:], variance)[0]
    marginal = log_likelihoods(model, theta.noise, theta.reading, theta.width)[theta.kernel]
    marginal += 0.5 * model.residual.size * np.log(2.0 * np.pi)
    found = at_the_mean + fit.log_volume - log_prior(model, theta)
    assert found == pytest.approx(marginal, abs=1e-6)


def test_what_is_learnt_is_no_less_probable_for_averaging_again(far) -> None:
    once = _settled(far.conditioner, far.emulator, far.fit, 1.0)
    answer = learn(far.conditioner, far.models)
    found = _log_evidence(far.conditioner, answer.emulator, answer.fit)
    assert found > once.log_evidence - 1.0


def test_after_the_first_round_the_mean_is_a_mie_potential(liquid) -> None:
    """However little the answer is one: what is not linear would be met by the rest of v."""
    rule = Newton(liquid.problem(liquid.measured(liquid.truth, 0.01, 1), rule="newton"))
    r, conditioner = rule.problem.r, rule.conditioner
    model = liquid.model(rule.problem, liquid.reference)
    bump = 0.04 * np.exp(-(((r - 4.6) / 0.35) ** 2))
    dented = replace(model, prediction=model.prediction - model.jacobian @ bump)
    fit = conditioner.fit(dented, conditioner.prior.centre)
    answer = learn(conditioner, [dented])._replace(fit=fit, linear=dented)
    well = (r > 3.6) & (r < 7.0)

    def missed(x: FloatArray, v: FloatArray) -> FloatArray:
        return Mie(*x).energy(r[well]) - v[well]

    first, bounds = [3.4, 0.24, 12.0, 6.0], ([3.0, 0.1, 8.5, 4.0], [3.8, 0.5, 20.0, 8.0])
    left = [
        np.abs(least_squares(missed, first, bounds=bounds, args=(v[0],)).fun).max()
        for v in (Proposals(conditioner).round(i, answer, [dented]) for i in (0, 1))
    ]
    assert left[0] < left[1] / 3.0, left
