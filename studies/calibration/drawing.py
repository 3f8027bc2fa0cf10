"""Figures of the study: one panel a liquid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from plan import SYSTEMS, WORLDS
from stored import Campaigns, Kept, pooled

from sopr_uq.figures import (
    plot_coverage,
    plot_intervals,
    plot_rank_ecdf,
    plot_states,
    plot_truths,
    plot_z,
    save,
    style,
)

type Plot = Callable[[xr.Dataset, Axes], Axes]

PLOTS: Mapping[str, Mapping[str, Plot]] = {
    "prior": {
        "rank_ecdf": plot_rank_ecdf,
        "coverage": plot_coverage,
        "z_scores": plot_z,
        "truths": plot_truths,
        "states": plot_states,
    },
    "mixed": {"coverage": plot_coverage, "truths": plot_truths},
    "metal": {"truths": plot_truths},
    "md": {"truths": plot_truths},
    "md-other": {"truths": plot_truths},
    "sopr": {"coverage": plot_coverage, "truths": plot_truths},
}


def draw(campaigns: Campaigns, folder: Path) -> list[Path]:
    """Draw and save every figure; return the files."""
    files: list[Path] = []
    for name, figure in _figures(campaigns):
        files += save(figure, folder, name)
    return files


def _figures(campaigns: Campaigns) -> Iterator[tuple[str, Figure]]:
    for world in WORLDS:
        liquids = {s: campaigns[world, s] for s in SYSTEMS if (world, s) in campaigns}
        if not liquids:
            continue
        for name, plot in PLOTS[world].items():
            yield f"{world}_{name}", _panels(liquids, plot)
        if world == "md":
            yield "md_intervals", _intervals(pooled(campaigns, world))


def _panels(liquids: Mapping[str, Kept], plot: Plot) -> Figure:
    with style():
        figure, axes = plt.subplots(
            1, len(liquids), figsize=(4.0 * len(liquids), 4.0), squeeze=False
        )
        for (system, kept), ax in zip(liquids.items(), axes.flat, strict=True):
            plot(kept.table if plot is plot_coverage else kept.scores, ax)
            count = f"{system}: {kept.scores.sizes['simulation']} twins"
            ax.text(0.03, 0.03, count, transform=ax.transAxes, fontsize=9)
    return figure


def _intervals(twins: xr.Dataset) -> Figure:
    with style():
        figure, axes = plt.subplots(1, 4, figsize=(16, 4.0))
        for quantity, ax in zip(("sigma", "epsilon", "r_vdw", "d_hp"), axes, strict=True):
            plot_intervals(twins, ax, quantity)
    return figure
