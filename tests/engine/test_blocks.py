"""Block statistics: laws of the shrunk covariance, known answers for AR(1) series."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from sopr_uq.engine.blocks import (
    autocorrelation_time,
    block_means,
    independent_blocks,
    mean_covariance,
    shrunk_covariance,
    standard_error,
)
from sopr_uq.rng import stream

shapes = given(b=st.integers(2, 12), m=st.integers(1, 30), seed=st.integers(0, 2**16))


def _blocks(b, m, seed):
    rng = stream(seed, "blocks")
    return rng.standard_normal((b, m)) @ rng.standard_normal((m, m)) * rng.uniform(0.1, 10.0, m)


def ar1(rho, n, rng, columns=1):
    """Stationary series of unit variance, shape (n, columns)."""
    noise = rng.standard_normal((n, columns))
    x = np.empty_like(noise)
    x[0] = noise[0]
    for i in range(1, n):
        x[i] = rho * x[i - 1] + np.sqrt(1.0 - rho**2) * noise[i]
    return x


@shapes
def test_covariance_is_positive_definite_and_keeps_the_variances(b, m, seed):
    """Also for far fewer blocks than columns."""
    blocks = _blocks(b, m, seed)
    covariance = mean_covariance(blocks)
    error = standard_error(blocks)
    np.testing.assert_allclose(np.diag(covariance), error**2)
    np.testing.assert_allclose(covariance, covariance.T)
    correlation = covariance / np.outer(error, error)
    assert np.linalg.eigvalsh(correlation)[0] > -1e-9


@shapes
def test_covariance_follows_a_change_of_units(b, m, seed):
    blocks, factor = _blocks(b, m, seed), np.linspace(0.1, 3.0, m)
    expected = mean_covariance(blocks) * np.outer(factor, factor)
    np.testing.assert_allclose(mean_covariance(blocks * factor), expected)


def test_fewer_blocks_than_columns_still_invert():
    covariance = mean_covariance(stream(0, "few").standard_normal((8, 200)))
    np.linalg.cholesky(covariance)


def test_constant_columns_have_no_variance_and_no_covariance():
    blocks = stream(1, "core").standard_normal((6, 5))
    blocks[:, 2] = 0.0
    covariance = mean_covariance(blocks)
    assert np.all(covariance[2] == 0.0)
    assert np.all(np.isfinite(covariance))


def test_one_block_says_nothing():
    assert np.all(mean_covariance(np.ones((1, 3))) == 0.0)
    assert np.all(standard_error(np.ones((1, 3))) == 0.0)
    assert mean_covariance(np.ones((0, 3))).shape == (3, 3)


def test_many_blocks_need_no_shrinkage():
    """With 20 000 blocks the sample covariance itself comes back within 2 %."""
    blocks = _blocks(20_000, 4, 3)
    expected = np.cov(blocks.T) / len(blocks)
    np.testing.assert_allclose(mean_covariance(blocks), expected, atol=0.02 * expected.max())


def test_shrinkage_beats_the_sample_covariance():
    """Expected squared error against a known truth, 20 blocks of 40 columns."""
    x = np.arange(40.0)
    truth = np.exp(-0.5 * ((x[:, None] - x) / 2.0) ** 2) + 1e-6 * np.eye(40)
    root, rng = np.linalg.cholesky(truth), stream(4, "truth")
    shrunk, plain = [], []
    for _ in range(20):
        blocks = rng.standard_normal((20, 40)) @ root.T
        shrunk.append(np.sum((20 * mean_covariance(blocks) - truth) ** 2))
        plain.append(np.sum((np.cov(blocks.T) - truth) ** 2))
    assert np.mean(shrunk) < 0.9 * np.mean(plain)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_autocorrelation_time_of_ar1(rho):
    """τ = (1 + ρ)/(1 − ρ), within the error of Sokal's eq 3.19 for a window of 5 τ.

    Mean of 25 series of 10 000 samples; false-alarm rate 1e-3. Negative control:
    τ of a ρ that is 0.05 larger.
    """
    expected, n, series = (1 + rho) / (1 - rho), 10_000, 25
    found = [autocorrelation_time(x) for x in ar1(rho, n, stream(5, "tau"), series).T]
    allowed = 3.3 * expected * np.sqrt(2 * (10 * expected + 1) / (n * series))
    assert abs(np.mean(found) - expected) < allowed
    assert abs(np.mean(found) - (1.05 + rho) / (0.95 - rho)) > allowed


def test_autocorrelation_time_of_a_constant_is_one():
    assert autocorrelation_time(np.full(50, 3.7)) == 1.0


def test_block_count_follows_the_slowest_column():
    rng = stream(6, "slow")
    fast, slow = ar1(0.0, 4000, rng), ar1(0.9, 4000, rng)
    assert independent_blocks(fast, most=100) == 100
    both = independent_blocks(np.hstack([fast, slow]), most=100)
    # τ = 19 asks for 95 samples a block.
    assert 30 <= both <= 55
    assert independent_blocks(ar1(0.99, 100, rng), most=20) == 8


def test_blocks_average_consecutive_samples():
    samples = np.arange(23.0)[:, None] * [1.0, 2.0]
    means = block_means(samples, 5)
    assert means.shape == (4, 2)
    np.testing.assert_allclose(means[:, 0], [5.0, 10.0, 15.0, 20.0])
    np.testing.assert_allclose(means[:, 1], 2.0 * means[:, 0])


def _variance_ratio(blocks_of):
    """Spread of the means of 400 AR(1) series over what their blocks say."""
    series = ar1(0.8, 2000, stream(7, "honest"), columns=400)
    said = [standard_error(blocks_of(x[:, None]))[0] ** 2 for x in series.T]
    return series.mean(axis=0).var(ddof=1) / np.mean(said)


def test_block_errors_are_honest():
    """The ratio is χ²(399)/399 if they are; false-alarm rate 1e-3, plus the 10 % allowed."""
    low, high = chi2.ppf([0.0005, 0.9995], 399) / 399
    ratio = _variance_ratio(lambda x: block_means(x, independent_blocks(x, most=20)))
    assert low < ratio < 1.1 * high
    # Negative control: samples taken for independent ones.
    assert _variance_ratio(lambda x: x) > 1.1 * high


def test_what_few_blocks_say_of_smooth_directions_is_not_too_little() -> None:
    """Four runs of seven blocks, of points whose neighbours err alike; 300 repeats tell 3 %.

    Shrunk over the points and then looked at in these directions, their errors would be half.
    """
    rng, points, runs, b = np.random.default_rng(11), np.arange(60), 4, 7
    root = np.linalg.cholesky(
        np.exp(-(((points[:, None] - points) / 6.0) ** 2)) + 1e-6 * np.eye(points.size)
    )
    smooth = np.sin(np.pi * np.outer(np.arange(1, 6), (points + 0.5) / points.size))
    true = np.trace(smooth @ root @ root.T @ smooth.T) / b
    together, before = [], []
    for _ in range(300):
        blocks = rng.standard_normal((runs, b, points.size)) @ root.T
        gone = blocks - blocks.mean(axis=1, keepdims=True)
        deviations = gone.reshape(-1, points.size) / np.sqrt(b * (b - 1.0) * runs)
        found = shrunk_covariance(deviations @ smooth.T, runs * (b - 1.0))
        together.append(np.trace(found) / true)
        each = np.mean([mean_covariance(x) for x in blocks], axis=0)
        before.append(np.trace(smooth @ each @ smooth.T) / true)
    assert np.mean(together) == pytest.approx(1.0, abs=0.05)
    assert np.mean(before) < 0.8, "negative control"
