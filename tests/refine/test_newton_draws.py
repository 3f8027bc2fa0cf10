"""Posterior draws: what is chosen among draws of a Gaussian."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from sopr_uq.inference.linear_gaussian import Theta, coefficients
from sopr_uq.potentials import Mie
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.draws import Draws, log_density
from sopr_uq.refine.newton.fit import potentials
from sopr_uq.refine.newton.linear import linearise

READING = 0.05


def test_log_density_is_the_dense_one() -> None:
    rng = np.random.default_rng(1)
    residual, columns = rng.standard_normal((3, 7)), rng.standard_normal((7, 2))
    variance = rng.uniform(0.5, 2.0, (3, 7))
    dense = [
        multivariate_normal(cov=np.diag(v) + columns @ columns.T).logpdf(x)
        for x, v in zip(residual, variance, strict=True)
    ]
    constant = 3.5 * np.log(2.0 * np.pi)
    assert log_density(residual, columns, variance) - constant == pytest.approx(dense)
    # one variance for all of them is as good
    same = [multivariate_normal(cov=np.diag(variance[0]) + columns @ columns.T).logpdf(residual)]
    assert log_density(residual, columns, variance[0]) - constant == pytest.approx(same[0])


def draws_of(liquid, reading: float) -> tuple[Draws, Theta]:
    data = replace(liquid.measured(liquid.truth, 0.01, seed=1), abscissa_error=reading)
    rule = Newton(liquid.problem(data, rule="newton"))
    table = liquid.table(Mie(3.39, 0.245, 12.5))
    model = linearise(rule.problem, table.v, [liquid.run(table)])
    fit = rule.fit(model, rule.prior.centre)
    return Draws(rule.prior, fit, model, rule.stacked.value), fit.theta


def test_slopes_elsewhere_change_the_likelihood(liquid) -> None:
    """The ratio is that of two dense Gaussians; nothing where the slopes are the model's."""
    draws, theta = draws_of(liquid, READING)
    model, linear = draws.fit.model, draws.linear
    v = np.array([linear.potential, liquid.table(liquid.truth).v])
    ratio = draws.log_ratio(v, theta)
    assert ratio[0] == pytest.approx(0.0, abs=1e-9)
    columns = model.columns[:, 3:]
    common = model.fixed_variance + theta.noise[model.curve] ** 2 * model.noisy
    common = common + 0.5 * (model.bend * theta.reading[model.curve] ** 2) ** 2
    error = draws.value - linear.about(v[1]) - 0.5 * model.bend * theta.reading[model.curve] ** 2
    density = []
    for slope in (linear.slope_at(v[1]), linear.slope):
        blur = (slope * theta.reading[model.curve]) ** 2
        covariance = np.diag(common + blur) + columns @ columns.T
        density.append(multivariate_normal(cov=covariance).logpdf(error))
    assert ratio[1] == pytest.approx(density[0] - density[1], rel=1e-6)
    assert abs(ratio[1]) > 0.01


def test_chosen_draws_follow_the_exact_posterior(liquid) -> None:
    """The mean of chosen draws is that of importance sampling, not that of the Gaussian."""
    draws, found = draws_of(liquid, READING)
    theta = Theta(np.array([0.002]), np.array([READING]), found.width, found.index)
    fit, r = draws.fit, draws.prior.problem.r
    exact = coefficients(fit.model, theta)
    rng = np.random.default_rng(1)
    z = rng.standard_normal((4000, exact.mean.size))
    v = potentials(fit.bases, fit.model, theta, exact, z)
    log_weight = draws.log_ratio(v, theta)
    weight = np.exp(log_weight - log_weight.max())
    well = (r > 3.5) & (r < 5.0)
    depth = -v[:, well].min(axis=1)
    wanted = np.average(depth, weights=weight)
    effective = weight.sum() ** 2 / np.sum(weight**2)
    chosen = np.array([-draws._one(theta, rng)[well].min() for _ in range(1500)])
    error = depth.std() * np.sqrt(1.0 / effective + 1.0 / chosen.size)
    # false-alarm rate 0.003; sixteen candidates leave a bias far below the error
    assert abs(chosen.mean() - wanted) < 3.0 * error
    assert abs(depth.mean() - wanted) > 3.0 * error


def test_without_reading_errors_the_gaussian_is_kept(liquid) -> None:
    draws, theta = draws_of(liquid, 0.0)
    rng, same = np.random.default_rng(1), np.random.default_rng(1)
    exact = coefficients(draws.fit.model, theta)
    z = same.standard_normal((16, exact.mean.size))[:1]
    gaussian = potentials(draws.fit.bases, draws.fit.model, theta, exact, z)[0]
    np.testing.assert_array_equal(draws._one(theta, rng), gaussian)
