"""Whole figures, saved as PNG and PDF."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.figure import Figure

from sopr_uq.derived.pairs import each_pair
from sopr_uq.disk import atomic
from sopr_uq.figures.measured import curves_of_q, plot_measured
from sopr_uq.figures.refinement import plot_course, plot_potential, plot_prior, plot_rdf
from sopr_uq.figures.style import marked, style
from sopr_uq.posterior.status import reserve

FIGURES = "figures"
"""The folder of figures, in the folder of what they show."""

_METADATA: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}}
"""A figure drawn again from the same numbers is the same file."""


def refinement_sheet(result: xr.DataTree) -> Figure:
    """Return g(r) and v(r), of each pair, the course of a refinement, and curves of Q."""
    views, curves = each_pair(result), curves_of_q(result)
    rows = len(views) + -(-len(curves) // 3)
    with style():
        figure, axes = plt.subplots(rows, 3, figsize=(11.5, 3.4 * rows), squeeze=False)
        for ax in axes[:, 2]:
            ax.set_axis_off()
        for row, (label, one) in zip(axes, views, strict=False):
            plot_rdf(one, row[0])
            plot_potential(one, row[1])
            row[0].set_title(label)
            row[1].set_title(label)
        axes[0, 2].set_axis_on()
        plot_course(result, axes[0, 2])
        below = axes[len(views) :].ravel()
        for ax in below:
            ax.set_axis_off()
        for ax, name in zip(below, curves, strict=False):
            ax.set_axis_on()
            plot_measured(result, name, ax)
        figure.suptitle(marked(str(result.attrs.get("system", "")), reserve(result)))
    return figure


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Save a figure as PNG and PDF, close it, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.{suffix}" for suffix in ("png", "pdf")]
    with style():
        for file in files:
            with atomic(file) as temporary:
                kind = file.suffix.removeprefix(".")
                figure.savefig(temporary, format=kind, metadata=_METADATA.get(file.suffix))
    plt.close(figure)
    return files


def last_figure(folder: Path) -> Path:
    """Return the file that :func:`save_refinement` writes last."""
    return folder / "summary.pdf"


def save_refinement(result: xr.DataTree, folder: Path) -> list[Path]:
    """Save the figures of a refinement, each alone and all on one sheet."""
    files: list[Path] = []
    plots = {"rdf": plot_rdf, "potential": plot_potential}
    if "prior" in result.children:
        plots["prior"] = plot_prior
    views = [(f"-{label}" if label else "", one) for label, one in each_pair(result)]
    drawn = [(name + end, plot, one) for name, plot in plots.items() for end, one in views]
    for name, plot, one in [*drawn, ("course", plot_course, result)]:
        with style():
            figure, ax = plt.subplots(figsize=(4.6, 3.4))
            plot(one, ax)
        files += save(figure, folder, name)
    for name in curves_of_q(result):
        with style():
            figure, ax = plt.subplots(figsize=(4.6, 3.4))
            plot_measured(result, name, ax)
        files += save(figure, folder, f"measured-{name}")
    return files + save(refinement_sheet(result), folder, "summary")
