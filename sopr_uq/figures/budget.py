"""Where the uncertainty of a descriptor comes from."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from sopr_uq.figures.style import AXIS_LABELS, member_style


def plot_error_budget(budget: xr.Dataset, ax: Axes) -> Axes:
    """Draw shares of variance as stacked bars, one a descriptor.

    Parameters
    ----------
    budget : Dataset
        ``variance_share`` over (descriptor, source), each row summing to 1.
    ax : matplotlib Axes
    """
    share = budget["variance_share"].transpose("source", "descriptor")
    names = [AXIS_LABELS.get(str(name), str(name)) for name in share["descriptor"].values]
    places = np.arange(len(names))[::-1]
    left = np.zeros(len(names))
    for i, source in enumerate(share["source"].values):
        width, style = 100.0 * share.values[i], member_style(i)
        label = str(source).replace("_", " ")
        ax.barh(
            places, width, left=left, height=0.7, color=style.color, alpha=0.55,
            hatch=style.hatch, edgecolor="0.15", lw=0.5, label=label,
        )  # fmt: skip
        left = left + width
    ax.set_yticks(places, names)
    ax.set(xlabel="share of the variance / %", xlim=(0, 100), xticks=(0, 25, 50, 75))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return ax
