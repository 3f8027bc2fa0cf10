"""Conditioning against the textbook's dense formulas; draws against their covariance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sopr_uq.errors import InputError
from sopr_uq.gp import Conditioned, Dense, Diagonal, Dispersion, Process, SquaredExponential

RNG = np.random.default_rng(20)
X = np.sort(RNG.uniform(3.0, 9.0, 25))
KERNELS = [SquaredExponential(0.3, 0.8), Dispersion(0.3, 0.5, 3.4)]
MEAN = 0.1 * np.sin(X)
DESIGN = np.vstack([np.eye(25)[3:20:2], np.full((1, 25), 1 / 25), np.diff(np.eye(25), axis=0)[:2]])
CORRELATED = 0.02 * np.exp(-np.abs(np.subtract.outer(np.arange(12), np.arange(12))))
NOISES = [Diagonal(RNG.uniform(0.01, 0.05, 12)), Dense(CORRELATED)]
Y = RNG.standard_normal(12)


def textbook(k, mean, design, y, noise) -> tuple[float, np.ndarray, np.ndarray]:
    """Rasmussen & Williams eqs 2.25, 2.26 and 2.30, with explicit inverses."""
    total = design @ k @ design.T + noise.matrix()
    gain = k @ design.T @ np.linalg.inv(total)
    logp = stats.multivariate_normal.logpdf(y, design @ mean, total)
    return logp, mean + gain @ (y - design @ mean), k - gain @ design @ k


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("noise", NOISES)
def test_conditioning_is_the_textbook(kernel, noise) -> None:
    prior = Process.prior(kernel, X, MEAN)
    logp, mean, covariance = textbook(kernel(X, X), MEAN, DESIGN, Y, noise)
    found = prior.condition(DESIGN, Y, noise)
    assert isinstance(found, Conditioned)
    assert found.log_probability == pytest.approx(logp, rel=1e-9)
    np.testing.assert_allclose(found.process.mean, mean, atol=1e-8)
    np.testing.assert_allclose(found.process.covariance, covariance, atol=1e-8)
    np.testing.assert_allclose(found.process.sd, np.sqrt(np.diag(covariance)), atol=1e-7)
    np.testing.assert_array_equal(prior.mean, MEAN)


@pytest.mark.parametrize("kernel", KERNELS)
def test_noise_is_one_thing_in_either_form(kernel) -> None:
    prior = Process.prior(kernel, X)
    diagonal = prior.condition(DESIGN, Y, NOISES[0])
    dense = prior.condition(DESIGN, Y, Dense(NOISES[0].matrix()))
    assert diagonal.log_probability == pytest.approx(dense.log_probability)
    np.testing.assert_allclose(diagonal.process.mean, dense.process.mean, atol=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_two_halves_of_the_data_are_the_whole(kernel) -> None:
    prior = Process.prior(kernel, X, MEAN)
    variance = NOISES[0].diagonal()
    first = prior.condition(DESIGN[:5], Y[:5], Diagonal(variance[:5]))
    second = first.process.condition(DESIGN[5:], Y[5:], Diagonal(variance[5:]))
    whole = prior.condition(DESIGN, Y, NOISES[0])
    joint = first.log_probability + second.log_probability
    assert joint == pytest.approx(whole.log_probability)
    np.testing.assert_allclose(second.process.mean, whole.process.mean, atol=1e-10)
    np.testing.assert_allclose(second.process.covariance, whole.process.covariance, atol=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_without_noise_it_interpolates(kernel) -> None:
    points = np.arange(3.0, 9.0, 0.75)
    prior = Process.prior(kernel, np.concatenate([points, points + 0.3]))
    design = np.eye(points.size, 2 * points.size)
    y = 0.1 * np.cos(points)
    gaps = []
    for variance in (1e-4, 1e-8, 1e-12):
        after = prior.condition(design, y, Diagonal(np.full(points.size, variance))).process
        gaps.append(np.abs(after.mean[: points.size] - y).max())
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 1e-6
    assert after.sd[: points.size].max() < 2e-6


def test_without_information_nothing_changes() -> None:
    prior = Process.prior(KERNELS[0], X, MEAN)
    after = prior.condition(DESIGN, Y, Diagonal(np.full(12, 1e12))).process
    np.testing.assert_allclose(after.mean, prior.mean, atol=1e-9)
    np.testing.assert_allclose(after.covariance, prior.covariance, atol=1e-9)


@given(st.floats(1e-3, 1e3))
def test_a_change_of_the_energy_unit_changes_nothing(unit: float) -> None:
    plain = Process.prior(KERNELS[0], X, MEAN).condition(DESIGN, Y, NOISES[0])
    kernel = SquaredExponential(0.3 * unit, 0.8)
    noise = Diagonal(unit**2 * NOISES[0].diagonal())
    scaled = Process.prior(kernel, X, unit * MEAN).condition(DESIGN, unit * Y, noise)
    np.testing.assert_allclose(scaled.process.mean, unit * plain.process.mean, atol=1e-8 * unit)
    shift = Y.size * np.log(unit)
    assert scaled.log_probability == pytest.approx(plain.log_probability - shift, abs=1e-6)


def deviations(process: Process, draws: np.ndarray) -> np.ndarray:
    """Standardised errors of mean and covariance of draws in the process's own basis."""
    inverse = np.linalg.pinv(process.factor)
    z = (draws - process.mean) @ inverse.T
    n, m = z.shape
    off = (z.T @ z / n - np.eye(m)) * np.sqrt(n) / (1 + (np.sqrt(2) - 1) * np.eye(m))
    return np.concatenate([z.mean(axis=0) * np.sqrt(n), off[np.triu_indices(m)]])


def test_draws_have_the_stated_mean_and_covariance() -> None:
    process = Process.prior(SquaredExponential(0.3, 1.5), X, MEAN)
    process = process.condition(DESIGN, Y, NOISES[1]).process
    draws = process.draw(np.random.default_rng(5), 20_000)
    found = deviations(process, draws)
    # all normal within Monte Carlo error: one false alarm in 1000
    limit = stats.norm.isf(0.5 * 1e-3 / found.size)
    assert np.abs(found).max() < limit
    # negative control: draws narrower by a tenth
    narrow = process.mean + 0.9 * (draws - process.mean)
    assert np.abs(deviations(process, narrow)).max() > limit


def test_equal_generators_give_equal_draws() -> None:
    process = Process.prior(KERNELS[1], X)
    first, second = (process.draw(np.random.default_rng(1), 3) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (3, X.size)


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (Diagonal(np.zeros(12)), "noise floor"),
        (Dense(np.ones((12, 12))), "positive definite"),
    ],
)
def test_singular_noise_is_refused(noise, words: str) -> None:
    with pytest.raises(InputError, match=words):
        Process.prior(KERNELS[0], X).condition(DESIGN, Y, noise)
