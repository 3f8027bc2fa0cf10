"""What figures of laws show."""

import numpy as np
import pytest

from sopr_uq.experiment import element
from sopr_uq.laws import exponent_density, law_view, left_out_view, open_laws, predict, pulls


@pytest.fixture(scope="module")
def laws(laws_file):
    return open_laws(laws_file)


def test_a_view_holds_curve_elements_and_predictions(laws):
    view = law_view(laws, "sigma", ["He", "Rn", "Ne"])
    assert list(view["element"].values) == ["Ne", "Ar", "Kr", "Xe", "He", "Rn"]
    assert list(view["fitted"].values) == [True] * 4 + [False] * 2
    he = predict(laws, ["He"])["He"]["sigma"]
    assert float(view["value"].sel(element="He")) == pytest.approx(he["mean"])
    assert float(view["published"].sel(element="He")) == element("He").published.sigma
    assert np.isnan(law_view(laws, "sigma", ["Og"])["force_field"].sel(element="Og"))
    grid = view["polarizability"]
    assert grid[0] < view["alpha"].min() < view["alpha"].max() < grid[-1]


def test_a_relative_view_is_the_same_in_per_cent_of_the_law(laws):
    view = law_view(laws, "epsilon", ["He"])
    relative = law_view(laws, "epsilon", ["He"], relative=True)
    np.testing.assert_allclose(relative["mean"], 0.0, atol=1e-9)
    np.testing.assert_allclose(relative["upper"], 100 * (view["upper"] / view["mean"] - 1))
    assert relative.attrs["units"] == "%"
    # the middle of each point is the law at its own α
    at = np.interp(np.log(view["alpha"]), np.log(view["polarizability"]), np.log(view["mean"]))
    expected = 100 * (view["value"] / np.exp(at) - 1)
    np.testing.assert_allclose(relative["value"], expected, atol=0.05)


def test_the_papers_band_is_there_where_the_paper_has_a_law(laws):
    assert law_view(laws, "sigma")["stated_lower"].notnull().all()
    assert law_view(laws, "r_vdw")["stated"].isnull().all()


def test_exponent_densities_are_densities(laws):
    found = exponent_density(laws)
    assert list(found["quantity"].values) == ["sigma", "r_vdw", "d_hp"]
    area = found["density"].integrate("b")
    # the axis ends five standard deviations out
    np.testing.assert_allclose(area, 1.0, atol=5e-3)
    assert bool((found["lower"] < found["mean"]).all() & (found["mean"] < found["upper"]).all())


def test_left_out_predictions_are_relative_to_the_ensemble(laws):
    found = left_out_view(laws, "sigma")
    assert found.sizes == {"law": 3, "element": 4}
    table = laws["leave_one_out"].to_dataset().sel(quantity="sigma", law="qdo", element="Kr")
    mean = float(laws["elements"]["mean"].sel(quantity="sigma", element="Kr"))
    ratio = float(found["mean"].sel(law="qdo", element="Kr"))
    assert ratio == pytest.approx(100 * (float(table["mean"]) / mean - 1))
    assert bool((found["ensemble_lower"] < 0).all() & (found["ensemble_upper"] > 0).all())
    assert left_out_view(laws, "epsilon").sizes["law"] == 1


def test_pulls_are_distances_in_standard_deviations(laws):
    from sopr_uq.laws import as_target, predictive_draws

    draws = {s: predictive_draws(laws, as_target(s)) for s in ("He", "Og")}
    found = pulls(draws)
    assert set(found["source"].values) == {"published", "force_field"}
    assert list(found["quantity"].values) == ["sigma", "epsilon"]
    log_d = np.log(draws["He"]["sigma"])
    expected = (np.log(element("He").force_field.sigma) - log_d.mean()) / log_d.std()
    z = found["z"].sel(source="force_field", element="He", quantity="sigma")
    assert float(z) == pytest.approx(float(expected))
    assert found["z"].sel(source="force_field", element="Og").isnull().all()
