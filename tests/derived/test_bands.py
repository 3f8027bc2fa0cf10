"""Curves with bands."""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.derived import band, structure_bands
from sopr_uq.posterior.observed import measured
from sopr_uq.posterior.store import read


def test_band_of_a_known_distribution():
    # 40 000 draws: quantiles of a unit normal at 2.5 % are good to 0.013 (one sd); 5 sd allowed
    z = np.random.default_rng(2).standard_normal((4, 10_000, 3))
    draws = xr.DataArray(z, dims=("chain", "draw", "r"), coords={"r": [1.0, 2.0, 3.0]})
    found = band(draws.assign_attrs(units="kcal/mol"), 0.95)
    np.testing.assert_allclose(found["lower"], -1.96, atol=0.07)
    np.testing.assert_allclose(found["upper"], 1.96, atol=0.07)
    assert found.attrs == {"ci_kind": "eti", "ci_prob": 0.95}
    assert found["mean"].attrs["units"] == "kcal/mol"


def test_an_undefined_draw_is_left_out_whole():
    values = np.zeros((1, 3, 2))
    values[0, 1] = [np.nan, 100.0]
    found = band(xr.DataArray(values, dims=("chain", "draw", "r"), coords={"r": [1.0, 2.0]}))
    np.testing.assert_array_equal(found["upper"], 0.0)


@pytest.fixture(scope="module")
def liquid(refined):
    return structure_bands(read(refined["Ne"] / "result.nc"), 0.9)


def test_every_curve_lies_in_its_band(liquid):
    for name in ("g", "potential", "hard_particle_integrand"):
        middle, lower, upper = (liquid[n] for n in (name, f"{name}_lower", f"{name}_upper"))
        # a mean lies inside unless the distribution is very skew, as where a curve is clipped
        assert float(((middle >= lower - 1e-9) & (middle <= upper + 1e-9)).mean()) > 0.98
    assert liquid.attrs["ci_prob"] == 0.9


def test_bands_say_what_they_are_and_whether_to_doubt_them(liquid, refined):
    assert (liquid.attrs["band"], liquid.attrs["ci_kind"]) == ("smoothing", "smoothing band")
    tree = read(refined["Ne"] / "result.nc")
    tree.attrs |= {"band": "posterior", "outcome": "doubtful"}
    found = structure_bands(tree).attrs
    assert (found["band"], found["ci_kind"]) == ("posterior", "eti")
    assert found["outcome"] == "doubtful"


def test_the_integrand_has_the_diameter_as_area_and_the_blip_none(liquid):
    r = liquid["r"].values
    step = np.gradient(r)
    area = r[0] + float((liquid["hard_particle_integrand"] * step).sum()) - 0.5 * step[0]
    assert area == pytest.approx(float(liquid["d_hp"]), abs=0.01)
    assert float((liquid["blip"] * step).sum()) == pytest.approx(0.0, abs=0.01)


def test_measured_points_are_those_used_with_their_residuals(liquid, refined):
    observed = measured(read(refined["Ne"] / "result.nc"))
    assert liquid["g_measured"].size == int(observed["g_used"].sum())
    expected = np.interp(liquid["r_observed"], liquid["r_g"], liquid["g"])
    np.testing.assert_allclose(liquid["g_residual"], liquid["g_measured"] - expected, atol=1e-12)


def test_units_survive(liquid):
    assert liquid["potential"].attrs["units"] == "kcal/mol"
    assert liquid["potential_lower"].attrs["units"] == "kcal/mol"
