"""Stated errors are lower bounds, and what was found beyond them is said."""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.experiment.observation import Observation
from sopr_uq.posterior.stated import noise_over_stated, sentence

R = np.linspace(3.0, 12.0, 50)


def posterior(*levels):
    noise = np.broadcast_to(np.array(levels), (2, 100, len(levels)))
    return xr.Dataset({"noise": (("chain", "draw", "curve"), noise)})


def curve(**keys):
    return Observation("g", R, np.ones(R.size), **keys)


def test_a_noise_three_times_the_stated_errors():
    """√(1 + 3²), in whatever form the errors were stated."""
    error = np.full(R.size, 0.01)
    for known in ({"error": error}, {"covariance": np.diag(error**2)}):
        (factor,) = noise_over_stated([curve(**known)], posterior(0.03))
        np.testing.assert_allclose(factor, np.sqrt(10.0))


def test_curves_keep_their_own_noise_and_others_have_none():
    pressure = Observation("pressure", np.zeros(1), np.ones(1), error=np.ones(1))
    stated = curve(error=np.full(R.size, 0.01))
    found = noise_over_stated([curve(), pressure, stated], posterior(5.0, 0.0))
    assert found[:2] == [None, None]
    np.testing.assert_allclose(found[2], 1.0)


def test_noise_of_a_transform_dies_with_distance():
    stated = curve(error=np.full(R.size, 0.01), q_max=12.0)
    (factor,) = noise_over_stated([stated], posterior(0.03))
    assert factor[1] == pytest.approx(np.sqrt(1.0 + 9.0 * np.mean((R[0] / R) ** 2)))


def test_only_a_posterior_of_noise_says_anything():
    other = xr.Dataset({"noise": (("chain", "draw", "system"), np.ones((1, 2, 1)))})
    assert noise_over_stated([curve(error=np.ones(R.size))], other) == [None]


def test_what_is_said():
    assert sentence(np.array([2.7, 3.1, 3.6])).startswith("The residuals are 3.1 times")
    assert "large enough" in sentence(np.array([1.0, 1.05, 1.2]))
