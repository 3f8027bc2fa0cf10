"""Whole figures of laws and of several liquids, saved as PNG and PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sopr_uq.figures.budget import plot_error_budget
from sopr_uq.figures.laws import plot_exponents, plot_law, plot_left_out, plot_pulls
from sopr_uq.figures.liquids import (
    plot_blips,
    plot_integrands,
    plot_potentials,
    plot_rdfs,
    plot_residual,
    plot_well,
    titled,
)
from sopr_uq.figures.sheet import save
from sopr_uq.figures.style import REFERENCE, style
from sopr_uq.laws.reserve import reservations
from sopr_uq.laws.view import exponent_density, law_view, left_out_view

UNMEASURED = ("He", "Rn", "Og")


def structure_sheet(liquids: xr.DataTree) -> Figure:
    """Return g(r), potentials, hard-particle integrands and blip functions of liquids.

    Parameters
    ----------
    liquids : DataTree
        One child a liquid, of :func:`sopr_uq.derived.structure_bands`.
    """
    with style():
        figure, axes = plt.subplots(2, 2, figsize=(9.0, 7.2))
        plots = (plot_rdfs, plot_potentials, plot_integrands, plot_blips)
        for plot, ax in zip(plots, axes.flat, strict=True):
            plot(liquids, ax)
        _letter(axes)
    return figure


def residual_sheet(liquids: xr.DataTree) -> Figure:
    """Return measured minus predicted g(r), one panel a liquid."""
    with style():
        figure, axes = _row(len(liquids.children))
        for place, (name, ax) in enumerate(zip(liquids.children, axes, strict=True)):
            ds = liquids[name].to_dataset()
            plot_residual(ds, ax, place=place)
            ax.set_title(titled(str(name), ds))
    return figure


def well_sheet(
    liquids: xr.DataTree, others: Mapping[str, Mapping[str, tuple[float, float]]]
) -> Figure:
    """Return the wells, one panel a liquid; ``others`` by liquid as in `plot_well`."""
    with style():
        figure, axes = _row(len(liquids.children))
        for place, (name, ax) in enumerate(zip(liquids.children, axes, strict=True)):
            ds = liquids[name].to_dataset()
            plot_well(ds, ax, place=place, others=others.get(name))
            ax.set_title(titled(str(name), ds))
        handles, names = axes[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def laws_sheet(laws: xr.DataTree, targets: Sequence[str] = UNMEASURED) -> Figure:
    """Return size and energy law with extrapolations, absolute and relative to the law."""
    quantities = [q for q in ("sigma", "epsilon") if q in laws.children]
    with style():
        figure, axes = plt.subplots(
            2, len(quantities), figsize=(4.6 * len(quantities), 7.4), squeeze=False
        )
        for column, quantity in enumerate(quantities):
            for row, relative in enumerate((False, True)):
                view = law_view(laws, quantity, targets, relative=relative)
                plot_law(view, axes[row, column])
        handles, names = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=3)
        _letter(axes)
        _reserve(figure, laws)
    return figure


def left_out_sheet(laws: xr.DataTree) -> Figure:
    """Return predictions of every element from the others, one panel a quantity."""
    quantities = [str(q) for q in laws["elements"].to_dataset()["quantity"].values]
    with style():
        figure, axes = plt.subplots(
            1, len(quantities), figsize=(3.1 * len(quantities), 3.4), squeeze=False
        )
        for quantity, ax in zip(quantities, axes.flat, strict=True):
            plot_left_out(left_out_view(laws, quantity), ax)
        for ax in axes.flat[1:]:
            ax.set_ylabel("")
        handles, names = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=4)
        _letter(axes)
        _reserve(figure, laws)
    return figure


def exponent_figure(laws: xr.DataTree) -> Figure:
    """Return the posterior of the free exponent of the sizes."""
    with style():
        figure, ax = plt.subplots(figsize=(4.8, 3.4))
        plot_exponents(exponent_density(laws), ax)
        _reserve(figure, laws)
    return figure


def pulls_figure(found: xr.Dataset) -> Figure:
    """Return where published numbers fall; see :func:`sopr_uq.laws.pulls`."""
    with style():
        count = int(found["z"].notnull().any("source").sum())
        figure, ax = plt.subplots(figsize=(4.8, 1.0 + 0.24 * count))
        plot_pulls(found, ax)
    return figure


def budget_sheet(budgets: xr.DataTree) -> Figure:
    """Return error budgets, one panel a liquid (child)."""
    names = list(budgets.children)
    with style():
        figure, axes = plt.subplots(
            1, len(names), figsize=(0.8 + 2.6 * len(names), 2.8), squeeze=False, sharey=True
        )
        for name, ax in zip(names, axes.flat, strict=True):
            plot_error_budget(budgets[name].to_dataset(), ax)
            ax.set_title(name)
            ax.get_legend().remove()
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def save_laws_figures(laws: xr.DataTree, folder: Path) -> list[Path]:
    """Save the figures that laws alone allow, each as PNG and PDF."""
    figures = {"laws": laws_sheet, "left_out": left_out_sheet}
    if any(q in laws.children for q in ("sigma", "r_vdw", "d_hp")):
        figures["exponents"] = exponent_figure
    return [file for name, draw in figures.items() for file in save(draw(laws), folder, name)]


def _reserve(figure: Figure, laws: xr.DataTree) -> None:
    """Say above the panels what the ensembles cannot vouch for."""
    lines = [line for sentence in reservations(laws) for line in wrap(sentence, 60)]
    if lines:
        figure.suptitle("\n".join(lines), color=REFERENCE, fontsize=9)


def _row(count: int) -> tuple[Figure, list[Axes]]:
    figure, axes = plt.subplots(1, count, figsize=(3.1 * count, 3.2), squeeze=False)
    return figure, list(axes.flat)


def _letter(axes: np.ndarray[tuple[int, int], np.dtype[np.object_]]) -> None:
    """Put (a), (b), … at the panels."""
    for letter, ax in zip("abcdefgh", axes.flat, strict=False):
        _corner(ax, f"({letter})")


def _corner(ax: Axes, text: str) -> None:
    ax.annotate(
        text, (0.0, 1.0), xycoords="axes fraction", xytext=(-34, 4),
        textcoords="offset points", fontweight="bold",
    )  # fmt: skip
