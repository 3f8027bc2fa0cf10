"""What draws say of the measured numbers: likelihoods, replicas, and predictions of the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.newton import Newton, prior_predictive
from sopr_uq.refine.newton.answer import learn
from sopr_uq.refine.newton.data_groups import replicated
from sopr_uq.refine.newton.draws import Draws
from sopr_uq.refine.newton.likelihood import gaussian_log_density
from sopr_uq.refine.newton.prior_predictive import prior_measurements, prior_potentials
from sopr_uq.refine.newton.replicas import Measurements, shared_errors

LIMIT = norm.isf(0.5 * 1e-3)
SIZE = 4000


def test_shared_errors_are_drawn_from_their_posterior() -> None:
    """Mean and covariance of a | y = X a + e, within 4 standard errors; false alarms 3e-4."""
    rng = np.random.default_rng(1)
    x, variance, y = rng.standard_normal((7, 3)), rng.uniform(0.5, 2.0, 7), rng.standard_normal(7)
    drawn = shared_errors(
        np.tile(y, (SIZE, 1)), np.tile(x, (SIZE, 1, 1)), np.tile(variance, (SIZE, 1)), rng
    )
    covariance = np.linalg.inv(np.eye(3) + (x.T / variance) @ x)
    off = (drawn.mean(axis=0) - covariance @ (x.T @ (y / variance))) / np.sqrt(
        np.diag(covariance) / SIZE
    )
    assert np.all(np.abs(off) < 4.0)
    np.testing.assert_allclose(np.cov(drawn.T), covariance, atol=0.1 * covariance.max())


@pytest.fixture(scope="module")
def known(liquid) -> Draws:
    """What a liquid leaves that is linear in v, its g measured with a known covariance."""
    g = liquid.measured(liquid.truth, 0.01, seed=1)
    smooth = 0.005**2 * np.exp(-0.5 * np.subtract.outer(g.x, g.x) ** 2)
    data = replace(g, covariance=0.008**2 * np.eye(g.x.size) + smooth)
    pressure = Observation("pressure", np.zeros(1), np.array([20.0]), error=np.array([5.0]))
    conditioner = Newton(liquid.problem(data, pressure, rule="newton")).conditioner
    exact = liquid.model(conditioner.problem, liquid.truth)
    fit = conditioner.fit(exact, conditioner.prior.centre)
    z = np.random.default_rng(5).standard_normal((8, fit.coefficients.mean.size))
    return Draws(conditioner, learn(conditioner, [exact.moved(v) for v in fit.draws(z)]))


def at(draws: Draws, size: int, seed: int = 3, noise: float = 1.0):
    """Measurements of one potential over and over."""
    fit = draws.answer.fit
    levels = (np.tile(x, (size, 1)) for x in (noise * fit.theta.noise, fit.theta.reading))
    v = np.tile(fit.mean, (size, 1))
    return Measurements(draws).at(v, *levels, np.random.default_rng(seed))


def test_the_likelihoods_of_all_data_make_that_of_the_potential(known) -> None:
    """p(y | a) p(a) / p(a | y) is p(y), the likelihood of the weights, for any a.

    S. Chib, J. Am. Stat. Assoc. 90, 1313 (1995), eq 3.
    """
    fit = known.answer.fit
    v, noise, reading = fit.mean[None], fit.theta.noise[None], fit.theta.reading[None]
    residual, columns, variance = known.likelihood.standing(v, noise, reading)
    a = shared_errors(residual, columns, variance, np.random.default_rng(3))[0]
    alone = at(known, 1).log_likelihood[0].sum()
    x = columns[0]
    precision = np.eye(a.size) + (x.T / variance[0]) @ x
    covariance = np.linalg.inv(precision)
    mean = covariance @ (x.T @ (residual[0] / variance[0]))
    posterior = multivariate_normal(mean, covariance, allow_singular=True).logpdf(a)
    prior = -0.5 * (a @ a + a.size * np.log(2.0 * np.pi))
    constant = 0.5 * residual.size * np.log(2.0 * np.pi)
    expected = gaussian_log_density(residual, columns, variance)[0] - constant
    assert alone + prior - posterior == pytest.approx(expected, abs=1e-6)


def test_replicas_scatter_as_measurements_do(known) -> None:
    """About the data's own prediction, by their errors: false-alarm rate 0.001 over all data."""
    found = at(known, SIZE)
    stacked, fit = known.conditioner.stacked, known.answer.fit
    sd = found.value.std(axis=0)
    levels = np.sqrt(
        stacked.stated_variance
        + np.sum(stacked.stated_columns**2, axis=1)
        + fit.theta.noise[stacked.level] ** 2 * stacked.noisy
    )
    # what is not known of F and of the curve's scale is beside that, and small here
    assert np.all(sd > levels * (1.0 - 4.0 / np.sqrt(2.0 * SIZE)))
    assert np.median(sd / levels) < 1.15
    z = (found.value - stacked.value).mean(axis=0) / levels
    assert np.sqrt(np.mean(z**2)) < 1.3


def test_replicas_have_the_stated_correlations(known) -> None:
    """Neighbours of a smooth error go together; negative control: far ones do not."""
    off = at(known, SIZE).value
    off = off - off.mean(axis=0)
    sd = off.std(axis=0)
    near = np.mean(off[:, 20] * off[:, 22]) / (sd[20] * sd[22])
    far = np.mean(off[:, 20] * off[:, 150]) / (sd[20] * sd[150])
    assert near > 0.1 + LIMIT / np.sqrt(SIZE)
    assert abs(far) < 0.1 + LIMIT / np.sqrt(SIZE)


def test_noise_that_is_too_small_makes_the_data_unlikely(known) -> None:
    total = [at(known, 50, noise=f).log_likelihood.sum(axis=1).mean() for f in (1.0, 0.01)]
    assert total[0] > total[1]


@pytest.fixture(scope="module")
def before(known):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prior_predictive, "MOST_FLUIDS", 12)
        yield prior_measurements(known.conditioner, known.answer)


def test_measurements_of_the_prior_are_of_its_draws(known, before) -> None:
    stacked = known.conditioner.stacked
    assert before.value.shape == (12, stacked.value.size)
    assert np.all(np.diff(before.draw) > 0)
    assert np.isfinite(before.value).all()
    potentials = prior_potentials(known.conditioner)
    field = known.conditioner.problem.field
    sigma = field.descriptors(potentials[before.draw], 1.0).sigma.ravel()
    rise = np.array([np.interp(0.7, g[:20], stacked_x(known)[:20]) for g in before.value])
    # a larger core keeps pairs farther apart
    assert np.corrcoef(sigma, rise)[0, 1] > 0.8
    assert before.value.std(axis=0).mean() > 3.0 * 0.01, "wider than what was measured"


def test_replicas_of_motion_are_no_logarithms(liquid) -> None:
    diffusion = Observation("diffusion", np.zeros(1), np.array([2.4]), error=np.array([0.1]))
    problem = liquid.problem(liquid.blank(), diffusion, rule="newton")
    data = Newton(problem).conditioner.stacked.value
    found = replicated(problem, data[None, None])
    assert float(found["diffusion"].squeeze()) == pytest.approx(2.4)
    assert found["diffusion"].attrs["units"] == "1e-9 m^2/s"
    assert found["g"].shape == (1, 1, liquid.x.size)


def stacked_x(draws: Draws) -> np.ndarray:
    (g, _) = draws.conditioner.problem.liquids[0].observations
    return g.x


def test_a_potential_that_is_no_fluid_has_no_prediction(known) -> None:
    problem = known.conditioner.problem
    deep = problem.field.scaled(1.0, 3.0)
    assert prior_predictive._infinite(problem, deep, 0) is None
    assert prior_predictive._infinite(problem, problem.field.start, 0) is not None
