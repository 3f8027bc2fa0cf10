"""Figures of a refinement: they say what they show, change nothing, and can be saved."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.axes import Axes

from sopr_uq.derived import band
from sopr_uq.figures.measured import curves_of_q, plot_measured
from sopr_uq.figures.refinement import plot_course, plot_potential, plot_prior, plot_rdf
from sopr_uq.figures.sheet import refinement_sheet, save_refinement
from sopr_uq.figures.style import EXTRA, MEASURED, MODEL, REFERENCE, style
from sopr_uq.potentials import lennard_jones

R = np.arange(2.4, 10.2, 0.02)
R_G = 0.05 * (np.arange(280) + 0.5)
DIMS = ("chain", "draw")


def make_result(*, draws: int = 50, noise: bool = True, predictive: bool = True) -> xr.DataTree:
    rng = np.random.default_rng(0)
    v = lennard_jones(3.4, 0.24).energy(R)
    g = np.exp(-6.0 * np.clip(lennard_jones(3.4, 0.24).energy(R_G), -1.0, 50.0))
    chains = 2 if draws > 1 else 1
    spread = 1.0 + 0.03 * rng.standard_normal((chains, draws, 1))
    course = np.full(3, 0.01 if noise else np.nan)
    groups = {
        "posterior": xr.Dataset({"potential": ((*DIMS, "r"), spread * v)}, coords={"r": R}),
        "observed_data": xr.Dataset({"g": ("r_observed", g[::4])}, coords={"r_observed": R_G[::4]}),
        "iterations": xr.Dataset(
            {
                "potential": (("iteration", "r"), np.array([1.2 * v, 1.1 * v, v])),
                "g": (("iteration", "r_g"), np.array([g, g, g])),
                "misfit": ("iteration", np.array([1e-2, 1e-3, 1e-4])),
                "noise": ("iteration", course),
            },
            coords={"r": R, "r_g": R_G, "iteration": np.arange(3)},
        ),
    }
    if predictive:
        band = xr.Dataset({"g": ((*DIMS, "r_g"), spread * g)}, coords={"r_g": R_G})
        groups["posterior_predictive"] = band
    tree = xr.DataTree.from_dict(groups)
    tree.attrs["system"] = "argon-85K"
    return tree


RESULTS = {
    "newton": make_result(),
    "sopr": make_result(predictive=False),
    "ibi": make_result(draws=1, noise=False, predictive=False),
}
for rule, made in RESULTS.items():
    made.attrs["rule"] = rule
RESULTS["newton"]["prior"] = RESULTS["ibi"]["posterior"].copy()
PLOTS = [plot_rdf, plot_potential, plot_course]


@pytest.fixture
def ax():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("name", RESULTS)
def test_plots_return_their_axes_and_change_nothing(plot, name: str, ax: Axes) -> None:
    result = RESULTS[name]
    before = result.copy(deep=True)
    assert plot(result, ax) is ax
    assert result.identical(before)
    assert ax.get_legend() is not None or plot is plot_course
    ax.figure.canvas.draw()


def test_axes_carry_units(ax: Axes) -> None:
    plot_rdf(RESULTS["newton"], ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("r / Å", "g(r)")
    ax.clear()
    plot_potential(RESULTS["newton"], ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("r / Å", "v(r) / (kcal/mol)")
    ax.clear()
    plot_course(RESULTS["newton"], ax)
    twin = ax.figure.axes[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("round", "mean squared Δg")
    assert twin.get_ylabel() == "inferred noise / (kcal/mol)"


def test_bands_name_their_probability(ax: Axes) -> None:
    for plot in (plot_rdf, plot_potential):
        ax.clear()
        plot(RESULTS["newton"], ax, prob=0.5)
        labels = [t.get_text() for t in ax.get_legend().get_texts()]
        assert "50 % equal-tailed interval" in labels


def test_a_smoothing_band_is_called_so(ax: Axes) -> None:
    plot_potential(RESULTS["sopr"], ax, prob=0.95)
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert "smoothing band (95 % of its draws)" in labels
    assert not any("interval" in label for label in labels)


def texts(ax: Axes) -> str:
    return " ".join(t.get_text() for t in ax.texts)


@pytest.mark.parametrize("word", ["doubtful", "unexplained"])
@pytest.mark.parametrize("plot", [*PLOTS, plot_prior])
def test_a_result_that_is_not_to_be_trusted_is_marked_in_every_figure(plot, word, ax: Axes) -> None:
    result = RESULTS["newton"].copy()
    plot(result, ax)
    assert word not in texts(ax), "negative control"
    ax.clear()
    result.attrs["outcome"] = word
    plot(result, ax)
    assert word in texts(ax)
    figure = refinement_sheet(result)
    assert word in figure.get_suptitle()
    plt.close(figure)


def test_band_is_the_equal_tailed_interval(ax: Axes) -> None:
    posterior = RESULTS["newton"]["posterior"]["potential"]
    found = band(posterior, 0.95)
    low, high = found["lower"].values, found["upper"].values
    flat = posterior.values.reshape(-1, R.size)
    np.testing.assert_allclose(low, np.quantile(flat, 0.025, axis=0))
    np.testing.assert_allclose(high, np.quantile(flat, 0.975, axis=0))
    plot_potential(RESULTS["newton"], ax)
    (drawn,) = ax.collections
    edges = drawn.get_paths()[0].vertices
    i = int(np.argmin(np.abs(R - 3.8)))
    at = np.unique(edges[np.isclose(edges[:, 0], R[i]), 1])
    np.testing.assert_allclose(at, [low[i], high[i]])


def test_a_point_estimate_has_no_band(ax: Axes) -> None:
    plot_potential(RESULTS["ibi"], ax)
    assert len(ax.collections) == 0
    ax.clear()
    plot_course(RESULTS["ibi"], ax)
    assert len(ax.figure.axes) == 1, "no noise, no second axis"


def test_without_a_measured_rdf_the_simulated_one_is_shown(ax: Axes) -> None:
    result = make_result()
    result["observed_data"] = xr.DataTree(xr.Dataset({"s": ("q_observed", [1.0])}))
    plot_rdf(result, ax)
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert "measured" not in labels
    assert "simulated" in labels


@pytest.mark.parametrize("plot", PLOTS)
def test_curves_differ_without_their_colour(plot, ax: Axes) -> None:
    plot(RESULTS["newton"], ax)
    lines = [
        line
        for axes in ax.figure.axes
        for line in axes.lines
        if not line.get_label().startswith("_")
    ]
    for a, b in combinations(lines, 2):
        assert (a.get_linestyle(), a.get_marker()) != (b.get_linestyle(), b.get_marker())


def lightness(colour: str) -> float:
    """L* of a colour in sRGB (IEC 61966-2-1 and CIE 1976)."""
    value = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    y = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


def test_measured_and_model_differ_in_grey() -> None:
    shades = {"measured": MEASURED, "model": MODEL, "reference": REFERENCE, "extra": EXTRA}
    shades = {name: lightness(colour) for name, colour in shades.items()}
    assert shades["model"] - shades["measured"] > 20
    assert abs(shades["reference"] - shades["model"]) > 7


def test_sheet_is_whole_and_titled() -> None:
    figure = refinement_sheet(RESULTS["newton"])
    assert figure.get_suptitle() == "argon-85K"
    assert len(figure.axes) == 4
    plt.close(figure)


def test_figures_are_saved_as_png_and_pdf_and_closed(tmp_path: Path) -> None:
    files = save_refinement(RESULTS["sopr"], tmp_path / "figures")
    assert {f.name for f in files} == {
        f"{name}.{suffix}"
        for name in ("rdf", "potential", "course", "summary")
        for suffix in ("png", "pdf")
    }
    for file in files:
        assert file.read_bytes().startswith(b"\x89PNG" if file.suffix == ".png" else b"%PDF")
    assert plt.get_fignums() == []


def test_the_look_ends_with_its_context() -> None:
    before = dict(plt.rcParams)
    with style():
        assert plt.rcParams["axes.spines.top"] is False
    assert dict(plt.rcParams) == before


def test_prior_and_posterior_are_drawn_together(ax: Axes, tmp_path) -> None:
    result = RESULTS["newton"]
    assert plot_prior(result, ax) is ax
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "draws of the prior",
        "posterior, 95 % equal-tailed interval",
    ]
    names = {file.stem for file in save_refinement(result, tmp_path)}
    assert names == {"rdf", "potential", "course", "prior", "summary"}


Q = np.arange(0.5, 12.0, 0.05)


def with_totals() -> xr.DataTree:
    """A result of g(r), an S(Q) and two F(Q), one in barn and one divided, with replicas."""
    result = make_result()
    result.attrs["rule"] = "newton"
    rng = np.random.default_rng(2)
    observed, tables, replicas = {}, {}, {}
    for name, unit, level in (("s", "1", 1.0), ("f", "barn/sr/atom", 0.0), ("f_2", "1", 0.0)):
        base = "q" if name == "s" else "q_f"
        ends = name.removeprefix("f").removeprefix("s")
        value = level + np.sin(Q) / Q
        used = Q > 1.0
        seen, whole = f"{base}_observed{ends}", f"{base}_measured{ends}"
        attrs = {"units": unit, "name": f"curve {name}"}
        observed[name] = xr.DataArray(value[used], {seen: Q[used]}, seen, attrs=attrs)
        tables[f"{name}_table"] = xr.DataArray(value, {whole: Q}, whole)
        tables[f"{name}_used"] = xr.DataArray(used.astype(np.int8), {whole: Q}, whole)
        draws = value[used] + 0.02 * rng.standard_normal((2, 50, used.sum()))
        replicas[name] = xr.DataArray(draws, {seen: Q[used]}, (*DIMS, seen))
    result["observed_data"] = xr.DataTree(xr.Dataset(observed))
    result["constant_data"] = xr.DataTree(xr.Dataset(tables))
    result["posterior_predictive"] = xr.DataTree(xr.Dataset(replicas))
    return result


def test_curves_of_q_are_drawn_with_the_band_of_their_replicas(ax: Axes) -> None:
    result = with_totals()
    assert curves_of_q(result) == ["s", "f", "f_2"]
    before = result.copy(deep=True)
    assert plot_measured(result, "f", ax) is ax
    assert result.identical(before)
    assert ax.get_ylabel() == "F(Q) / (barn/sr/atom)"
    assert ax.get_title() == "curve f"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels[:3] == ["not used", "measured", "predicted (mean)"]
    assert labels[3].startswith("replicas, 95 %")
    points = next(line for line in ax.lines if line.get_label() == "measured")
    assert points.get_xdata().min() > 1.0, "what is not used is no point"


@pytest.mark.parametrize(("name", "label"), [("s", "S(Q)"), ("f_2", "F(Q)")])
def test_a_divided_total_has_no_unit(name: str, label: str, ax: Axes) -> None:
    assert plot_measured(with_totals(), name, ax).get_ylabel() == label


def test_the_sheet_and_the_folder_have_a_picture_of_each(tmp_path: Path) -> None:
    result = with_totals()
    figure = refinement_sheet(result)
    drawn = [axes for axes in figure.axes if axes.get_xlabel() == "Q / Å⁻¹"]
    assert len(drawn) == 3
    plt.close(figure)
    names = {file.name for file in save_refinement(result, tmp_path)}
    assert {"measured-s.png", "measured-f.pdf", "measured-f_2.png"} <= names
    assert not curves_of_q(make_result())
