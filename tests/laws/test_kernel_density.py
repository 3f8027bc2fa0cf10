"""Draws as mixtures: moments, shape, and the way back to the draws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sopr_uq.laws.kernel_density import choose_draws, kernel_density


@given(
    seed=st.integers(0, 10_000),
    size=st.integers(50, 5000),
    shape=st.floats(0.5, 50.0),
    scale=st.floats(1e-5, 10.0),
)
def test_mixture_keeps_mean_and_variance(seed: int, size: int, shape: float, scale: float) -> None:
    draws = scale * np.random.default_rng(seed).gamma(shape, size=size)
    m = kernel_density(draws)
    mean = m.weight @ m.points
    variance = m.weight @ (m.points - mean) ** 2 + m.kernel_variance
    np.testing.assert_allclose(m.weight.sum(), 1.0)
    np.testing.assert_allclose(mean, draws.mean(), rtol=1e-9)
    np.testing.assert_allclose(variance, draws.var(), rtol=1e-9)


@pytest.mark.parametrize("skewed", [False, True])
def test_mixture_has_the_shape_of_its_draws(skewed: bool) -> None:
    # Kolmogorov distance; at 4000 draws the sampling error alone is 0.031 at 0.1 %
    law = stats.gamma(4.0) if skewed else stats.norm()
    m = kernel_density(law.rvs(4000, random_state=4))
    x = np.linspace(*law.ppf([0.001, 0.999]), 200)
    found = stats.norm.cdf(x[:, None], m.points, np.sqrt(m.kernel_variance)) @ m.weight
    assert np.abs(found - law.cdf(x)).max() < 0.031


def test_a_mixture_is_small_and_a_constant_ensemble_does_no_harm() -> None:
    assert kernel_density(np.random.default_rng(0).standard_normal(4000)).points.size < 120
    constant = kernel_density(np.full(100, 1.3))
    assert constant.points.size == 1
    assert constant.kernel_variance > 0


def test_chosen_draws_follow_the_product_of_ensemble_and_law() -> None:
    rng = np.random.default_rng(6)
    draws = rng.normal(0.0, 1.0, 20_000)
    m = kernel_density(draws)
    chosen = draws[choose_draws(m, np.full(20_000, 1.0), np.full(20_000, 0.5), rng)]
    # product of N(0, 1) and N(1, 0.5): mean 2/3, variance 1/3. Both the choice and the ensemble,
    # worth about half its draws after weighting, are finite: false alarm 1e-4 each (3.9 errors).
    error = np.sqrt(1 / 3 * (1 / 20_000 + 1 / 10_000))
    assert abs(chosen.mean() - 2 / 3) < 3.9 * error
    assert abs(chosen.var() / (1 / 3) - 1) < 3.9 * np.sqrt(2 * (1 / 20_000 + 1 / 10_000))


def test_a_sharp_law_chooses_the_nearest_draws() -> None:
    draws = np.linspace(-2.0, 2.0, 401)
    m = kernel_density(draws)
    rng = np.random.default_rng(5)
    chosen = draws[choose_draws(m, np.full(100, 0.7), np.zeros(100), rng)]
    assert np.abs(chosen - 0.7).max() < 5 * np.sqrt(m.bin_variance)
    far = draws[choose_draws(m, np.full(100, 9.0), np.zeros(100), rng)]
    assert far.min() > 1.8


def test_without_a_law_every_draw_is_chosen_alike() -> None:
    rng = np.random.default_rng(7)
    m = kernel_density(rng.standard_normal(500))
    index = choose_draws(m, np.zeros(50_000), np.full(50_000, 1e6), rng)
    count = np.bincount(index, minlength=500)
    # chi-squared with 499 degrees of freedom; false alarm 1e-4
    assert ((count - 100) ** 2 / 100).sum() < stats.chi2.isf(1e-4, 499)
