"""Posterior draws: what is chosen, with equal weights, among draws of a Gaussian."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sopr_uq.inference.linear_gaussian import coefficients, reading_effect
from sopr_uq.potentials import Mie
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.answer import learn
from sopr_uq.refine.newton.draws import Draws, Pool, smoothed
from sopr_uq.refine.newton.likelihood import gaussian_log_density
from sopr_uq.refine.newton.prior import OF_A_PAIR

NEAR = Mie(3.39, 0.245, 12.5)
LIMIT = norm.isf(0.5 * 1e-3)


@pytest.mark.parametrize("shared", [True, False])
def test_log_density_is_the_dense_one(shared: bool) -> None:
    rng = np.random.default_rng(1)
    residual, variance = rng.standard_normal((3, 7)), rng.uniform(0.5, 2.0, (3, 7))
    columns = rng.standard_normal((7, 2) if shared else (3, 7, 2))
    each = np.broadcast_to(columns, (3, 7, 2))
    dense = [
        multivariate_normal(cov=np.diag(v) + c @ c.T).logpdf(x)
        for x, v, c in zip(residual, variance, each, strict=True)
    ]
    constant = 3.5 * np.log(2.0 * np.pi)
    assert gaussian_log_density(residual, columns, variance) - constant == pytest.approx(dense)
    # one variance for all of them is as good
    first = [
        multivariate_normal(cov=np.diag(variance[0]) + c @ c.T).logpdf(x)
        for x, c in zip(residual, each, strict=True)
    ]
    assert gaussian_log_density(residual, columns, variance[0]) - constant == pytest.approx(first)


def test_weights_reproduce_a_known_tilt() -> None:
    """exp(x/2) moves a standard normal by a half, and leaves its width; false alarms: 0.002."""
    x = np.random.default_rng(2).standard_normal(4000)
    log_weight, k_hat = smoothed(0.5 * x + 17.0)
    weight = np.exp(log_weight)
    assert weight.sum() == pytest.approx(1.0)
    assert k_hat < 0.5
    effective = 1.0 / np.sum(weight**2)
    assert abs(weight @ x - 0.5) < LIMIT / np.sqrt(effective)
    assert abs(np.sqrt(weight @ (x - weight @ x) ** 2) - 1.0) < LIMIT / np.sqrt(2.0 * effective)
    assert abs(x.mean() - 0.5) > LIMIT / np.sqrt(effective), "negative control: without them"


def test_a_tail_that_has_no_mean_is_noticed() -> None:
    """Ratios whose exponentials are Pareto distributed with index 1/k, k = 1.2 and 0.3."""
    u = np.random.default_rng(3).random(4000)
    found = [smoothed(-k * np.log(u))[1] for k in (1.2, 0.3)]
    # the estimate has a standard deviation of (1 + k)/√(3 √4000): 0.16 and 0.09
    assert found == pytest.approx([1.2, 0.3], abs=0.5)
    assert found[0] > 0.7 > found[1]


def test_equal_ratios_are_equal_weights() -> None:
    log_weight, k_hat = smoothed(np.full(50, -3.0))
    np.testing.assert_allclose(log_weight, -np.log(50))
    assert k_hat == -np.inf


@pytest.mark.parametrize("size", [50, 400, 3000])
def test_draws_come_as_often_as_their_weights_say(size: int) -> None:
    """Systematic resampling: never off by one or more."""
    rng = np.random.default_rng(4)
    log_weight = np.sort(rng.normal(0.0, 1.5, 400))
    log_weight -= np.log(np.sum(np.exp(log_weight)))
    pool = Pool(np.zeros((400, 3)), np.zeros(400, dtype=int), log_weight, 0.1)
    assert pool.effective == pytest.approx(1.0 / np.sum(np.exp(2 * log_weight)))
    count = np.bincount(pool.drawn(size, rng), minlength=400)
    assert count.sum() == size
    assert np.all(np.abs(count - size * np.exp(log_weight)) < 1.0 + 1e-9)


def draws_of(liquid, reading: float = 0.0) -> Draws:
    """What a liquid leaves that is linear in v, simulated without error.

    However stretched it is: that it is not is told by weights (test_newton_untold_pressure.py).
    """
    data = replace(liquid.measured(liquid.truth, 0.01, seed=1), abscissa_error=reading)
    problem = liquid.problem(data, rule="newton")
    prior = problem.prior.model_copy(update={"tension": 1e3, "compression": 1e4})
    conditioner = Newton(replace(problem, prior=prior)).conditioner
    exact = liquid.model(conditioner.problem, NEAR)
    fit = conditioner.fit(exact, conditioner.prior.centre)
    z = np.random.default_rng(5).standard_normal((8, fit.coefficients.mean.size))
    return Draws(conditioner, learn(conditioner, [exact.moved(v) for v in fit.draws(z)]))


@pytest.fixture(scope="module")
def linear(liquid) -> Draws:
    return draws_of(liquid)


def test_a_linear_liquid_keeps_its_gaussian(linear) -> None:
    pool = linear.pool([linear.answer.fit.theta], 500)
    assert pool.effective > 0.95 * 500
    # weights that are nearly equal have no tail to speak of: k̂ of 500 scatters with libraries
    assert pool.k_hat < 0.7
    np.testing.assert_array_equal(pool.theta, 0)


def test_weights_lead_to_the_posterior_of_what_the_emulator_says(linear) -> None:
    """A liquid that shows a little more everywhere: its Gaussian posterior is known.

    Four places of v, within their sampling errors at a false-alarm rate of 0.001 each.
    """
    answer = linear.answer
    theta, model, average = answer.fit.theta, answer.fit.model, answer.emulator.average
    shift = 0.001 * np.sin(np.arange(average.prediction.size) / 7.0)
    shown = replace(average, prediction=average.prediction + shift)
    tilted = replace(linear, answer=answer._replace(emulator=replace(
        answer.emulator, average=shown)))  # fmt: skip
    pool = tilted.pool([theta], 6000)
    weight = np.exp(pool.log_weight)
    assert pool.k_hat < 0.7
    moved = coefficients(replace(model, residual=model.residual - shift), theta)
    basis = answer.fit.bases[theta.kernel]
    exact = answer.fit.prior.potentials(basis, theta.width, moved.mean[answer.fit.mine][None])[0]
    at = np.searchsorted(linear.conditioner.problem.r, [3.4, 3.8, 4.6, 6.0])
    v, scale = pool.potential[:, at], answer.fit.sd[at] / np.sqrt(pool.effective)
    # the doubt of the emulator is not quite that of its average over draws: a twentieth
    slack = 0.05 * np.abs(exact[at] - answer.fit.mean[at])
    assert np.all(np.abs(weight @ v - exact[at]) < LIMIT * scale + slack)
    assert np.any(np.abs(v.mean(axis=0) - exact[at]) > LIMIT * scale + slack)


@pytest.mark.parametrize("reading", [0.0, 0.05])
def test_the_likelihood_of_a_potential_is_the_dense_one(liquid, linear, reading: float) -> None:
    """With the slopes that the curve has at this potential, and its own doubt."""
    draws = draws_of(liquid, reading) if reading else linear
    answer, stacked = draws.answer, draws.conditioner.stacked
    theta, emulator, about = answer.fit.theta, answer.emulator, answer.linear
    v = np.array([about.potential, liquid.table(liquid.truth).v])
    prediction, doubt = emulator.at(v)
    found = draws.likelihood.log_density(v, theta.noise, theta.reading)
    columns = np.hstack([draws.conditioner.nuisances(about)])
    expected = []
    for i, row in enumerate(v):
        delta = theta.reading[stacked.level]
        shift, blur = reading_effect(about.slope_at(row), about.bend, delta)
        covariance = np.diag(
            stacked.stated_variance + theta.noise[stacked.level] ** 2 * stacked.noisy + blur
        )
        covariance += columns @ columns.T + emulator.outside
        covariance += emulator.embed @ doubt[i] @ emulator.embed.T
        error = stacked.value - prediction[i] - shift
        expected.append(multivariate_normal(cov=covariance).logpdf(error))
    expected += draws.conditioner.untold_pressure.log_probability(about.pressure_at(v))
    constant = 0.5 * stacked.value.size * np.log(2 * np.pi)
    assert found - constant == pytest.approx(expected, rel=1e-9)


def test_reading_errors_choose_among_draws(liquid) -> None:
    """Where the slopes at v matter the weights are not equal; without them they are."""
    draws = draws_of(liquid, 0.05)
    theta = draws.answer.fit.theta._replace(noise=np.array([0.002]), reading=np.array([0.05]))
    pool = draws.pool([theta], 500)
    assert pool.effective < 0.9 * 500


def test_a_hollow_core_is_never_drawn(linear) -> None:
    r = linear.conditioner.problem.r
    good = NEAR.energy(r)
    hollow, attractive, low, early = (good.copy() for _ in range(4))
    hollow[(r > 2.6) & (r < 2.9)] = good[r >= 2.9][0]
    attractive[0] = -1.0
    low = np.minimum(good, 2.0)
    early[(r > 3.0) & (r < 3.1)] = -0.01
    found = linear.likelihood.repulsive(np.array([good, hollow, attractive, low, early]))
    assert list(found) == [True, False, False, False, False]


def test_every_draw_has_a_core_that_falls_to_its_zero(linear) -> None:
    """However wide the correction: where no pair is seen the core is continued."""
    theta = linear.answer.fit.theta
    kernel = int(np.argmin([k.length for k in linear.conditioner.prior.kernels]))
    for wider in (1.0, 20.0):
        pool = linear.pool([theta._replace(width=wider * theta.width, kernel=kernel)], 300)
        v = pool.potential[np.exp(pool.log_weight) > 0]
        inside = np.cumsum(v <= 0, axis=1)[:, :-1] == 0
        assert np.all((np.diff(v, axis=1) < 0) | ~inside)
        assert np.all(v[:, 0] > linear.conditioner.prior.core_height)


def test_draws_belong_to_their_theta(linear) -> None:
    """Several θ, as many draws each; more noise, wider draws."""
    theta = linear.answer.fit.theta
    pool = linear.pool([theta, theta._replace(noise=10 * theta.noise)], 400)
    np.testing.assert_array_equal(pool.theta, np.repeat([0, 1], 400))
    seen = linear.conditioner.problem.r > 3.4
    narrow, wide = (pool.potential[pool.theta == i][:, seen].std(axis=0) for i in (0, 1))
    assert np.median(wide / narrow) > 1.5
    assert pool.potential.shape[1] == linear.conditioner.problem.r.size
    assert linear.answer.fit.mine.size > OF_A_PAIR
