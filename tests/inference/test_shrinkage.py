"""Shrunk regression: exact where the world is straight, honest where it is noisy or bent."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.inference.shrinkage import Regression
from sopr_uq.rng import stream

SIZES = np.sqrt([0.8, 0.15, 0.03, 0.01, 0.005, 0.003, 0.001, 0.001])


def world(number, noise, bend=0.0, points=16, fresh=24):
    """Points of a posterior, their noisy numbers, and others without noise."""
    rng = stream(number, "world")
    x = rng.standard_normal((points + fresh, SIZES.size)) * SIZES
    truth = x @ rng.standard_normal((SIZES.size, 3)) + 5.0 + bend * x[:, :1] ** 2
    y = truth[:points] + noise * rng.standard_normal((points, 3))
    return x, bent(x), y, truth[points:]


def bent(x):
    return np.stack([x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2], axis=1)


def fitted(x, products, y, noise):
    n = len(y)
    return Regression(x[:n], products[:n], y, np.full(y.shape[1], noise**2))


def test_a_straight_world_is_exact():
    x, products, y, truth = world(1, 0.0)
    found = fitted(x, products, y, 0.0).predict(x[16:], products[16:])
    np.testing.assert_allclose(found.mean, truth, atol=1e-3)
    assert np.sqrt(found.variance).max() < 1e-2
    x, products, y, truth = world(1, 0.0, bend=3.0)
    straight = fitted(x, products[:, :0], y, 0.0).predict(x[16:], products[16:, :0])
    assert np.abs(straight.mean - truth).max() > 0.1, "negative control"
    curved = fitted(x, products, y, 0.0).predict(x[16:], products[16:])
    assert np.abs(curved.mean - truth).max() < 0.02


@pytest.mark.parametrize(("noise", "bend"), [(0.3, 0.0), (0.05, 0.0), (0.1, 0.3)])
def test_errors_are_what_they_say(noise, bend):
    """Mean χ² over 60 worlds of 24 fresh points: 1 within 0.3; without the regression's own
    error it is far more."""
    honest, careless = [], []
    for number in range(60):
        x, products, y, truth = world(number, noise, bend)
        found = fitted(x, products, y, noise).predict(x[16:], products[16:])
        square = (found.mean - truth) ** 2
        honest.append(np.mean(square / found.variance))
        careless.append(np.mean(square / (noise**2 / 16)))
    assert 0.7 < np.mean(honest) < 1.3
    assert np.mean(careless) > 2.0, "negative control"


def test_left_out_points_are_predicted_within_their_error():
    found = [np.mean(fitted(*world(n, 0.3)[:3], 0.3).left_out() ** 2) for n in range(15)]
    assert 0.7 < np.mean(found) < 1.3


def test_an_understated_noise_is_found():
    x, products, y, _ = world(3, 0.3)
    assert np.all(fitted(x, products, y, 0.01).residual > 0.1**2)


def test_units_change_nothing():
    x, products, y, _ = world(4, 0.2)
    one = fitted(x, products, y, 0.2).predict(x[16:], products[16:])
    other = fitted(x, products, 1e3 * y - 7.0, 200.0).predict(x[16:], products[16:])
    np.testing.assert_allclose(other.mean, 1e3 * one.mean - 7.0, rtol=1e-9)
    np.testing.assert_allclose(other.variance, 1e6 * one.variance, rtol=1e-8)


def test_draws_have_the_mean_and_variance_that_are_predicted():
    """4 000 draws at one point; errors of 5 and 10 % are 3 standard deviations or more."""
    x, products, y, _ = world(5, 0.3)
    regression = fitted(x, products, y, 0.3)
    at = np.repeat(x[20:21], 4000, axis=0), np.repeat(products[20:21], 4000, axis=0)
    mean, variance = regression.predict(at[0][:1], at[1][:1])
    drawn = regression.draw(*at, stream(6, "draws"))
    np.testing.assert_allclose(drawn.mean(axis=0), mean[0], atol=0.06 * np.sqrt(variance.max()))
    np.testing.assert_allclose(drawn.var(axis=0), variance[0], rtol=0.15)


def test_three_points_are_too_few():
    x, products, y, _ = world(6, 0.1, points=3)
    with pytest.raises(InputError, match="four points"):
        fitted(x, products, y, 0.1)
