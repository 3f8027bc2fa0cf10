"""Figures of calibrations draw what was computed for them, no more."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from sopr_uq import figures
from sopr_uq.derived import calibration_view
from sopr_uq.posterior.calibrate import NOMINAL

TWINS = 60
NAMES = ("sigma", "epsilon")


@pytest.fixture(scope="module")
def calibration() -> xr.Dataset:
    """Calibrated twins: truths drawn from the very normals that are the posteriors."""
    rng = np.random.default_rng(11)
    z = rng.standard_normal((TWINS, len(NAMES)))
    truth, sd = 3.4 + 0.1 * rng.standard_normal(z.shape), 0.01
    half = sd * stats.norm.isf(0.5 * (1.0 - np.array(NOMINAL)))
    mean = truth - sd * z
    dims = ("simulation", "quantity")
    columns = {"z": (dims, z), "rank": (dims, stats.norm.cdf(z)), "truth": (dims, truth)}
    columns |= {
        end: ((*dims, "nominal"), mean[..., None] + sign * half)
        for end, sign in (("lower", -1.0), ("upper", 1.0))
    }
    outcome = np.array(["converged"] * (TWINS - 1) + ["failed"])
    return xr.Dataset(
        columns | {"outcome": ("simulation", outcome)},
        {"quantity": list(NAMES), "nominal": list(NOMINAL)},
    )


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_deviations_of_uniform_ranks_stay_in_the_envelope(calibration) -> None:
    view = calibration_view.rank_ecdf(calibration, NAMES, 0.999)
    assert float(abs(view["deviation"]).max()) < float(view["half_width"])
    # negative control: posteriors half as wide as they should be
    narrow = calibration.assign(rank=xr.apply_ufunc(stats.norm.cdf, 3.0 * calibration["z"]))
    view = calibration_view.rank_ecdf(narrow, NAMES, 0.999)
    assert float(abs(view["deviation"]).max()) > float(view["half_width"])


def test_a_histogram_is_a_density_of_all_that_finished(calibration) -> None:
    far = calibration.assign(z=calibration["z"].where(calibration["z"] < 1.0, 50.0))
    for ds in (calibration, far):
        view = calibration_view.z_histogram(ds, NAMES)
        area = (view["density"] * np.diff(view["edges"])).sum("bin")
        np.testing.assert_allclose(area, 1.0)


def test_intervals_are_relative_to_their_truths_and_know_whether_they_hold(calibration) -> None:
    view = calibration_view.relative_intervals(calibration, "sigma", 20)
    assert view.sizes["simulation"] == 20
    first = calibration.isel(simulation=slice(20)).sel(quantity="sigma")
    held = abs(first["z"]) < stats.norm.isf(0.5 * (1 - NOMINAL[-1]))
    assert int(view["holds"].sum()) == int(held.sum())
    assert view["lower"].attrs["units"] == "%"


@pytest.mark.parametrize("name", ["rank_ecdf", "z", "intervals"])
def test_figures_draw_on_the_axes_they_are_given(calibration, ax, name) -> None:
    plot = getattr(figures, f"plot_{name}")
    given = {} if name == "intervals" else {"quantities": NAMES}
    assert plot(calibration, ax, **given) is ax
    ax.figure.canvas.draw()


def test_the_histogram_drawn_is_the_one_computed(calibration, ax) -> None:
    figures.plot_z(calibration, ax, NAMES)
    view = calibration_view.z_histogram(calibration, NAMES)
    drawn = [patch.get_data().values for patch in ax.patches]
    for place, name in enumerate(NAMES):
        np.testing.assert_allclose(drawn[place], view["density"].sel(quantity=name))
