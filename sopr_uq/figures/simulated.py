"""Figures of simulated draws: a property along the states, curves at them, the regression."""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sopr_uq.derived.bands import band
from sopr_uq.figures.sheet import save
from sopr_uq.figures.style import (
    BAND_ALPHA,
    MEASURED,
    MEMBER_STYLES,
    MODEL,
    marked,
    member_style,
    style,
)
from sopr_uq.observables.property import PROPERTIES
from sopr_uq.posterior.status import interval_name, reserve_of

_CURVES = {name: each for name, each in PROPERTIES.items() if each.axis}


def plot_property(tree: xr.DataTree, name: str, ax: Axes) -> Axes:
    """Draw a property at the simulated states, with its interval and the part sampling has in it.

    Parameters
    ----------
    tree : DataTree
        Of :func:`~sopr_uq.workflow.simulate.simulate`.
    name : str
        A property that is a number, of a mixture with what it is of: ``"diffusion Ar"``.
    ax : matplotlib Axes
        Where to draw.
    """
    rows = tree["summary"].to_dataset().sel(property=name)
    x, across = _varied(rows)
    rows, x = rows.isel(state=np.argsort(x.values)), x.sortby(x)
    mean = rows["mean"]
    ends = [mean - rows["lower"], rows["upper"] - mean]
    prob = float(rows.attrs["ci_prob"])
    label = interval_name(tree.attrs["band"], prob)
    ax.errorbar(x, mean, ends, fmt="o-", color=MODEL, ms=4, lw=1.2, capsize=3, label=label)
    ax.errorbar(
        x, mean, rows["sampling_sd"], fmt="none", ecolor=MODEL, elinewidth=4, alpha=BAND_ALPHA,
        label="simulation and regression (1 sd)",
    )  # fmt: skip
    if bool(rows["reference"].notnull().any()):
        ax.plot(x, rows["reference"], "s--", color=MEASURED, mfc="none", ms=5, label="CoolProp")
    which, _, of = name.partition(" ")
    ax.set(xlabel=across, ylabel=_labelled(PROPERTIES[which].label, of))
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), fontsize=8)
    return ax


def plot_simulated_curve(tree: xr.DataTree, name: str, ax: Axes, of: str = "") -> Axes:
    """Draw a curve at the simulated states, each with its band.

    Parameters
    ----------
    tree : DataTree
        Of :func:`~sopr_uq.workflow.simulate.simulate`.
    name : {"g", "s", "vacf", "spectrum"}
    ax : matplotlib Axes
        Where to draw.
    of : str
        Which pair or molecule of a mixture.
    """
    which = PROPERTIES[name]
    assert which.axis is not None
    axis, across, up = which.dim, which.axis.label, _labelled(which.label, of)
    draws = tree["curves"].to_dataset()[name]
    draws = draws.sel({which.each: of}) if of else draws
    for number in range(draws.sizes["state"]):
        here, lookup = draws.isel(state=number), member_style(number)
        found = band(here.drop_vars(set(here.coords) - set(here.dims)))
        label = _state(tree["curves"].to_dataset().isel(state=number))
        shift = 0.5 * number
        ax.fill_between(
            found[axis], found["lower"] + shift, found["upper"] + shift,
            color=lookup.color, alpha=BAND_ALPHA, lw=0.4,
        )  # fmt: skip
        ax.plot(found[axis], found["mean"] + shift, lookup.line, color=lookup.color, label=label)
    ax.set(xlabel=across, ylabel=up if draws.sizes["state"] == 1 else f"{up}, each 0.5 higher")
    ax.legend()
    return ax


def plot_left_out_runs(tree: xr.DataTree, ax: Axes) -> Axes:
    """Draw by how much the regression over the others misses each simulated draw."""
    runs = tree["runs"].to_dataset()
    names = [str(n) for n in runs.data_vars if str(n).endswith("_left_out")]
    for place, name in enumerate(names):
        values = runs[name].values.ravel()
        x = [place + 0.5 * (i + 0.5) / len(values) - 0.25 for i in range(len(values))]
        ax.plot(x, values, MEMBER_STYLES[0].marker, color=MODEL, ms=3, mfc="none")
    ax.axhspan(-2.0, 2.0, color="0.9", zorder=0)
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    labels = [n.removesuffix("_left_out") for n in names]
    ax.set_xticks(range(len(names)), labels, rotation=30, ha="right")
    ax.set(ylabel="left-out run − prediction, in sd")
    return ax


def simulated_sheet(tree: xr.DataTree) -> Figure:
    """Return all properties of simulated draws side by side."""
    names = _numbers(tree)
    curves = _curves(tree)
    panels = len(names) + len(curves) + bool(names)
    columns = min(panels, 3)
    lines = -(-panels // columns)
    with style():
        figure, axes = plt.subplots(
            lines, columns, figsize=(3.9 * columns, 3.3 * lines), squeeze=False
        )
        free = list(axes.ravel())
        for name in names:
            plot_property(tree, name, free.pop(0))
        for name, of in curves:
            plot_simulated_curve(tree, name, free.pop(0), of)
        if names:
            plot_left_out_runs(tree, free.pop(0))
        for ax in free:
            ax.remove()
        title = f"{tree.attrs['system']}, {tree.attrs['draws']} draws simulated at each state"
        figure.suptitle(marked(title, reserve_of(tree.attrs["outcome"])))
    return figure


def save_simulated(tree: xr.DataTree, folder: Path) -> list[Path]:
    """Save the figures of simulated draws, each property alone and all on one sheet."""
    files: list[Path] = []
    for name in _numbers(tree):
        with style():
            figure, ax = plt.subplots(figsize=(4.6, 3.4))
            plot_property(tree, name, ax)
        files += save(figure, folder, name.replace(" ", "-"))
    return files + save(simulated_sheet(tree), folder, "summary")


def _numbers(tree: xr.DataTree) -> list[str]:
    if "summary" not in tree.children:
        return []
    return [str(name) for name in tree["summary"].to_dataset()["property"].values]


def _curves(tree: xr.DataTree) -> list[tuple[str, str]]:
    """Return the curves that are there, each with every pair or molecule that has its own."""
    if "curves" not in tree.children:
        return []
    found = tree["curves"].to_dataset()
    return [
        (name, of)
        for name, each in _CURVES.items()
        if name in found
        for of in (found[each.each].values.tolist() if each.each in found[name].dims else [""])
    ]


def _labelled(label: str, of: str) -> str:
    """Return the label of an axis with what it is of before its unit."""
    if not of:
        return label
    symbol, slash, unit = label.partition(" / ")
    return f"{symbol} of {of}{slash}{unit}"


def _varied(rows: xr.Dataset) -> tuple[xr.DataArray, str]:
    """Return what differs between the states, and how an axis calls it."""
    known = [(rows["temperature"], "T / K"), (rows["density"], "ρ / Å⁻³")]
    if "fraction" in rows.coords:
        first = str(rows["molecule"].values[0])
        share = rows["fraction"].sel(molecule=first, drop=True)
        known.insert(1, (share, f"mole fraction of {first}"))
    found = (each for each in known if not bool((each[0] == each[0][0]).all()))
    return next(found, known[-1])


def _state(here: xr.Dataset) -> str:
    """Return a state in a legend."""
    label = f"{float(here['temperature']):g} K, {float(here['density']):.5g} Å⁻³"
    if "fraction" not in here:
        return label
    shares = zip(here["molecule"].values, here["fraction"].values, strict=True)
    return label + "".join(f", {name} {share:.3g}" for name, share in shares)
