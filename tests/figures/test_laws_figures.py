"""Figures of liquids and laws: drawn, labelled with units, saved as PNG and PDF."""

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

mpl.use("agg")

import matplotlib.pyplot as plt

from sopr_uq import figures
from sopr_uq.derived import structure_bands
from sopr_uq.laws import (
    as_target,
    exponent_density,
    law_view,
    left_out_view,
    open_laws,
    predictive_draws,
    pulls,
)
from sopr_uq.posterior.store import read


@pytest.fixture(scope="module")
def liquids(refined):
    bands = {s: structure_bands(read(folder / "result.nc")) for s, folder in refined.items()}
    return xr.DataTree.from_dict(bands)


@pytest.fixture(scope="module")
def laws(laws_file):
    return open_laws(laws_file)


@pytest.fixture
def ax():
    with figures.style():
        figure, ax = plt.subplots()
        yield ax
    plt.close(figure)


def test_the_style_leaves_everything_else_alone():
    """A notebook's backend may set things while a first figure is drawn."""
    size, interactive = mpl.rcParams["font.size"], mpl.rcParams["interactive"]
    with figures.style():
        assert mpl.rcParams["legend.frameon"] is False
        mpl.rcParams["interactive"] = not interactive
    assert mpl.rcParams["interactive"] is not interactive
    assert mpl.rcParams["font.size"] == size
    mpl.rcParams["interactive"] = interactive


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("plot_rdfs", "g(r)"),
        ("plot_potentials", "kcal/mol"),
        ("plot_integrands", "exp(−βu₀(r))"),
        ("plot_blips", "θ(r"),
    ],
)
def test_liquids_are_drawn_with_bands_and_units(liquids, ax, name, unit):
    assert getattr(figures, name)(liquids, ax) is ax
    assert ax.get_xlabel() == "r / Å"
    assert unit in ax.get_ylabel()
    assert len(ax.collections) == 4, "a band for each liquid"
    styles = {line.get_linestyle() for line in ax.lines if len(line.get_xdata()) > 100}
    assert len(styles) >= 3, "told apart without colour"


def test_one_liquid_alone(liquids, ax):
    assert figures.plot_residual(liquids["Ne"].to_dataset(), ax) is ax
    assert figures.plot_well(liquids["Ne"].to_dataset(), ax, others={"x": (2.8, 0.06)}) is ax


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize(("quantity", "unit"), [("sigma", "Å"), ("epsilon", "(kcal/mol)")])
def test_laws_are_drawn_with_bands_and_units(laws, ax, quantity, unit, relative):
    view = law_view(laws, quantity, ["He", "Og"], relative=relative)
    assert figures.plot_law(view, ax) is ax
    assert ax.get_xlabel() == "α / Å³"
    assert ax.get_ylabel().endswith("/ %" if relative else f"/ {unit}")
    assert len(ax.collections) >= 2
    low, high = ax.get_ylim()
    for name in ("value", "published"):
        shown = view[name].values[np.isfinite(view[name].values)]
        assert np.all((shown > low) & (shown < high))


def test_the_exponent_has_its_two_marks(laws, ax):
    assert figures.plot_exponents(exponent_density(laws), ax) is ax
    assert {"1/7", "1/3"} <= {text.get_text() for text in ax.texts}
    low, high = ax.get_xlim()
    assert low < 1 / 7 < 1 / 3 < high


def test_left_out_and_pulls(laws, ax):
    assert figures.plot_left_out(left_out_view(laws, "sigma"), ax) is ax
    draws = {s: predictive_draws(laws, as_target(s)) for s in ("He", "Rn")}
    ax.clear()
    assert figures.plot_pulls(pulls(draws), ax) is ax
    assert [t.get_text() for t in ax.get_yticklabels()] == ["He σ", "He ε", "Rn σ", "Rn ε"]


def test_what_the_ensembles_cannot_vouch_for_stands_above_the_laws(laws):
    trusted = laws.copy()
    trusted["elements"] = xr.DataTree(
        laws["elements"].to_dataset().assign(band=("element", ["posterior"] * 4))
    )
    doubted = laws.copy()
    doubted["elements"] = xr.DataTree(
        trusted["elements"].to_dataset().assign(doubtful=("element", np.array([0, 1, 0, 0])))
    )
    for tree, words in ((laws, "smoothing bands"), (doubted, "the refinement of Ar is doubtful")):
        figure = figures.exponent_figure(tree)
        assert words in figure.get_suptitle()
        plt.close(figure)
    figure = figures.exponent_figure(trusted)
    assert figure.get_suptitle() == "", "negative control"
    plt.close(figure)


def test_a_doubtful_liquid_is_marked_in_every_family(liquids):
    doubted = liquids.copy()
    doubted["Ar"].attrs["outcome"] = "doubtful"
    for sheet in (figures.structure_sheet, figures.residual_sheet):
        shown = []
        for tree in (liquids, doubted):
            figure = sheet(tree)
            legends = [t.get_text() for ax in figure.axes for t in (ax.get_legend() or ax).texts]
            shown.append([*legends, *(ax.get_title() for ax in figure.axes)])
            plt.close(figure)
        assert not any("doubtful" in text for text in shown[0])
        assert any("Ar (doubtful)" in text for text in shown[1])


def test_bars_of_an_error_budget_fill_the_whole(ax):
    share = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    budget = xr.Dataset(
        {"variance_share": (("descriptor", "source"), share)},
        {"descriptor": ["sigma", "epsilon"], "source": ["measurement", "simulation", "prior"]},
    )
    assert figures.plot_error_budget(budget, ax) is ax
    ends = {}
    for bar in ax.patches:
        ends[bar.get_y()] = max(ends.get(bar.get_y(), 0.0), bar.get_x() + bar.get_width())
    np.testing.assert_allclose(list(ends.values()), 100.0)
    assert len({bar.get_hatch() for bar in ax.patches}) == 3


def test_whole_figures_are_saved_as_png_and_pdf_the_same_each_time(liquids, tmp_path):
    first = [f.read_bytes() for f in figures.save(figures.structure_sheet(liquids), tmp_path, "a")]
    again = [f.read_bytes() for f in figures.save(figures.structure_sheet(liquids), tmp_path, "b")]
    assert first == again
    assert {f.name for f in tmp_path.iterdir()} == {"a.png", "a.pdf", "b.png", "b.pdf"}
    assert first[0].startswith(b"\x89PNG")
    assert first[1].startswith(b"%PDF")


def test_panels_do_not_run_into_each_other(laws):
    figure = figures.laws_sheet(laws)
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    legend = figure.legends[0].get_window_extent()
    for i, box in enumerate(boxes):
        assert not box.overlaps(legend)
        for other in boxes[i + 1 :]:
            width = min(box.x1, other.x1) - max(box.x0, other.x0)
            height = min(box.y1, other.y1) - max(box.y0, other.y0)
            assert width < 1.0 or height < 1.0
    plt.close(figure)
