"""Figures of calibrations: whether intervals hold what they promise.

Every function takes the dataset of
:func:`sopr_uq.workflow.calibration.calibrate`; refinements that failed have no
interval and are not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from scipy import stats

from sopr_uq.derived.calibration_view import (
    Z_LIMIT,
    rank_ecdf,
    relative_intervals,
    z_histogram,
)
from sopr_uq.figures.sheet import save
from sopr_uq.figures.style import (
    AXIS_LABELS,
    BAND_ALPHA,
    MEASURED,
    MODEL,
    REFERENCE,
    member_style,
    style,
)
from sopr_uq.posterior.calibrate import NOMINAL
from sopr_uq.posterior.calibration_table import finished, table

DESCRIPTORS = ("sigma", "epsilon", "r_vdw", "d_hp")


def plot_rank_ecdf(
    calibration: xr.Dataset,
    ax: Axes,
    quantities: Sequence[str] = DESCRIPTORS,
    *,
    prob: float = 0.99,
) -> Axes:
    """Draw how far the distribution of ranks is from uniform, with its envelope.

    Parameters
    ----------
    calibration : Dataset
    ax : matplotlib Axes
    quantities : sequence of str
    prob : float
        With which the whole curve of a calibrated quantity stays in the envelope.
    """
    view = rank_ecdf(calibration, quantities, prob)
    for place, name in enumerate(quantities):
        line = member_style(place)
        ax.plot(
            view["rank"], view["deviation"].sel(quantity=name),
            color=line.color, ls=line.line, label=_label(name),
        )  # fmt: skip
    half = float(view["half_width"])
    ax.axhspan(-half, half, color="0.85", lw=0, zorder=0, label=f"{100 * prob:g} % envelope")
    ax.axhline(0.0, color="0.4", lw=0.8)
    ax.set(xlabel="rank of the truth", ylabel="ECDF − uniform", xlim=(0, 1))
    reach = max(2.2 * half, *(1.15 * abs(end) for end in ax.get_ylim()))
    ax.set_ylim(-reach, reach)
    _legend(ax)
    return ax


def plot_coverage(
    calibration: xr.Dataset, ax: Axes, quantities: Sequence[str] = DESCRIPTORS
) -> Axes:
    """Draw the coverage of nominal intervals with binomial errors, and of shrunk ones.

    Parameters
    ----------
    calibration : Dataset
        Or its :func:`~sopr_uq.posterior.calibration_table.table`.
    ax : matplotlib Axes
    quantities : sequence of str
    """
    found = calibration if "coverage" in calibration else table(calibration)
    width = 0.035
    for place, name in enumerate(quantities):
        row, line = found.sel(quantity=name), member_style(place)
        x = np.array(NOMINAL) + width * (place - 0.5 * (len(quantities) - 1)) / len(quantities)
        ax.errorbar(
            x, row["coverage"] - np.array(NOMINAL), yerr=2.0 * row["coverage_error"],
            color=line.color, marker=line.marker, ls="", ms=5, capsize=2, label=_label(name),
        )  # fmt: skip
        ax.plot(
            x, row["shrunk_coverage"] - np.array(NOMINAL),
            color=line.color, marker=line.marker, ls="", ms=4, mfc="none", alpha=0.8,
        )  # fmt: skip
    ax.plot([], [], "o", color="0.3", mfc="none", ms=4, label="shrunk by 30 %")
    ax.axhline(0.0, color="0.4", lw=0.8)
    ax.set(xlabel="nominal probability (± 2 binomial s.d.)", ylabel="coverage − nominal")
    ax.set_xticks(NOMINAL)
    _legend(ax)
    return ax


def plot_z(calibration: xr.Dataset, ax: Axes, quantities: Sequence[str] = DESCRIPTORS) -> Axes:
    """Draw histograms of (truth − mean)/sd beside the standard normal density.

    Parameters
    ----------
    calibration : Dataset
    ax : matplotlib Axes
    quantities : sequence of str
    """
    view = z_histogram(calibration, quantities)
    for place, name in enumerate(quantities):
        one, line = view.sel(quantity=name), member_style(place)
        text = f"{_label(name)}: {float(one['mean']):+.2f} ± {float(one['sd']):.2f}"
        ax.stairs(one["density"], view["edges"], color=line.color, ls=line.line, lw=1.4, label=text)
    x = np.linspace(-Z_LIMIT, Z_LIMIT, 201)
    ax.plot(x, stats.norm.pdf(x), color=MEASURED, lw=1.0, label="normal")
    ax.set(xlabel="(truth − mean) / s.d., ends included", ylabel="density", xlim=(x[0], x[-1]))
    _legend(ax)
    return ax


def plot_intervals(
    calibration: xr.Dataset, ax: Axes, quantity: str = "sigma", *, most: int = 100
) -> Axes:
    """Draw 95 % intervals about their truths, one line a twin, ordered by truth.

    Parameters
    ----------
    calibration : Dataset
    ax : matplotlib Axes
    quantity : str
    most : int
        Twins at most; the first ones.
    """
    view = relative_intervals(calibration, quantity, most)
    low, high, held = (view[name].values for name in ("lower", "upper", "holds"))
    place = np.arange(held.size)
    for chosen, color, text in ((held, MODEL, "holds the truth"), (~held, REFERENCE, "misses it")):
        if chosen.any():
            ax.vlines(place[chosen], low[chosen], high[chosen], color=color, lw=1.4, label=text)
    ax.axhline(0.0, color="0.4", lw=0.8)
    ax.set(xlabel="twin, by truth", ylabel=f"95 % interval of {_label(quantity)} − truth / %")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(ax)
    return ax


def plot_truths(calibration: xr.Dataset, ax: Axes, *, most: int = 4) -> Axes:
    """Draw bands of v(r) over their truths, one colour a twin, in depths of the reference.

    Parameters
    ----------
    calibration : Dataset
    ax : matplotlib Axes
    most : int
        Twins; the first ones.
    """
    done = finished(calibration)
    r = done["r"] / calibration.attrs["sigma_reference"]
    depth = calibration.attrs["epsilon_reference"]
    for place in range(min(most, done.sizes["simulation"])):
        twin, line = done.isel(simulation=place), member_style(place)
        low, high = (twin["band"].sel(bound=end) / depth for end in ("lower", "upper"))
        ax.fill_between(r, low, high, color=line.color, alpha=BAND_ALPHA, lw=0.4)
        text = str(twin["family"].values)
        ax.plot(r, twin["band_truth"] / depth, color=line.color, ls=line.line, lw=1.2, label=text)
    ax.axhline(0.0, color="0.4", lw=0.8)
    ax.set(xlabel="r / σ of the reference", ylabel="v / ε of the reference")
    ax.set(xlim=(0.92, 2.2), ylim=(-1.9, 1.2))
    ax.legend(title="truth; band: 95 %", ncols=2)
    return ax


def plot_states(calibration: xr.Dataset, ax: Axes) -> Axes:
    """Draw the Lennard-Jones states that correspond to the twins, and where no fluid is.

    Parameters
    ----------
    calibration : Dataset
    ax : matplotlib Axes
    """
    t = calibration["limit_temperature"]
    ax.plot(calibration["limit_saturated"], t, color=MEASURED, label="liquid at coexistence")
    ax.plot(calibration["limit_freezing"], t, color=MEASURED, ls="--", label="freezing")
    failed = (calibration["outcome"] == "failed").values
    x, y = calibration["reduced_density"], calibration["reduced_temperature"]
    ax.plot(x[~failed], y[~failed], ".", ms=4, color=MODEL, alpha=0.6, label="twins")
    if failed.any():
        ax.plot(x[failed], y[failed], "x", ms=5, color=REFERENCE, label="refinement failed")
    ax.set(xlabel="ρσ³", ylabel="equivalent k$_B$T/ε", yscale="log")
    ax.set_yticks([0.7, 1.0, 1.5, 2.0, 3.0, 5.0], ["0.7", "1", "1.5", "2", "3", "5"])
    ax.minorticks_off()
    _legend(ax)
    return ax


def calibration_sheet(calibration: xr.Dataset) -> Figure:
    """Return all six figures on one sheet."""
    with style():
        figure, axes = plt.subplots(2, 3, figsize=(12.6, 8.2))
        for plot, ax in zip(_PLOTS.values(), axes.flat, strict=True):
            plot(calibration, ax)
        a = calibration.attrs
        figure.suptitle(f"{a['system']}: {a['rule']}, engine {a['engine']}")
    return figure


def save_calibration(calibration: xr.Dataset, folder: Path) -> list[Path]:
    """Save the figures of a calibration, each alone and all on one sheet."""
    files: list[Path] = []
    for name, plot in _PLOTS.items():
        with style():
            figure, ax = plt.subplots(figsize=(4.8, 4.2))
            plot(calibration, ax)
        files += save(figure, folder, name)
    return files + save(calibration_sheet(calibration), folder, "calibration")


def _legend(ax: Axes) -> None:
    """Put the legend above the axes, where no data are."""
    ax.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2,
        handlelength=1.6, columnspacing=1.2, labelspacing=0.3,
    )  # fmt: skip


def _label(name: str) -> str:
    return AXIS_LABELS.get(str(name), str(name).replace("sigma", "σ"))


_PLOTS: Mapping[str, Callable[[xr.Dataset, Axes], Axes]] = {
    "rank_ecdf": plot_rank_ecdf,
    "coverage": plot_coverage,
    "z_scores": plot_z,
    "intervals": plot_intervals,
    "truths": plot_truths,
    "states": plot_states,
}
