"""Scores of truths beside draws: what is exact, what must be rejected, and undefined draws.

Tests of ranks and coverages have a false-alarm rate of 0.01; seeds are fixed.
"""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.posterior.calibrate import coverage_test, covered, joint_rank, rank_test, score

N, DRAWS = 600, 99


@pytest.fixture(scope="module")
def calibrated():
    """Truths and draws from the same normal distribution, another one in each row."""
    rng = np.random.default_rng(7)
    mean, sd = rng.normal(size=(N, 1)), np.exp(rng.normal(size=(N, 1)))
    points = mean + sd * rng.normal(size=(N, DRAWS + 1))
    return points[:, 0], points[:, 1:]


def test_a_calibrated_posterior_passes_and_its_controls_do_not(calibrated):
    found = score(*calibrated)
    assert rank_test(found["rank"].values).passes
    held = covered(found).sel(nominal=0.95).values
    assert coverage_test(held, 0.95).passes
    assert not rank_test(found["rank_shrunk"].values).passes
    assert not rank_test(found["rank_shifted"].values).passes


def test_undefined_draws_are_left_out(calibrated):
    truth, draws = calibrated
    holed = np.column_stack([draws, np.full((N, 3), np.nan)])
    xr.testing.assert_allclose(score(truth, holed), score(truth, draws))


def test_without_a_defined_draw_nothing_is_said_and_nothing_covered():
    found = score(np.array([0.0]), np.full((1, 9), np.nan))
    assert np.isnan(found["rank"]).all()
    assert not covered(found).any()


def test_a_joint_rank_leaves_out_what_is_undefined_in_any_quantity():
    rng = np.random.default_rng(3)
    truth, draws = rng.normal(size=4), rng.normal(size=(4, 200))
    holed = draws.copy()
    holed[2, 5] = np.nan
    kept = np.delete(draws, 5, axis=1)
    assert joint_rank(truth, holed) == joint_rank(truth, kept)
    assert np.isnan(joint_rank(truth, np.full((4, 200), np.nan)))
