"""A measured curve as its file has it: what is used, what is left out."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sopr_uq.experiment.kinds import CURVES, KINDS
from sopr_uq.figures.style import EXTRA, MEASURED
from sopr_uq.typing import FloatArray


def plot_curve(
    kind: str,
    x: FloatArray,
    value: FloatArray,
    ax: Axes,
    *,
    first: float = -np.inf,
    label: str = "",
) -> Axes:
    """Draw a curve and shade what holds no data.

    Parameters
    ----------
    kind : {"g", "s", "f"}
    x, value : array, shape (n,)
        In Å or Å⁻¹.
    ax : matplotlib Axes
        Where to draw.
    first : float, optional
        What lies below holds no data, in Å or Å⁻¹.
    label : str, optional
        For the axis, where the values are another function.
    """
    ax.plot(x, value, "-", color=MEASURED, lw=0.8)
    ax.plot(x, value, "o", color=MEASURED, ms=2.5, mfc="none")
    if first > x[0]:
        ax.axvspan(float(x[0]), first, color=EXTRA, alpha=0.2, lw=0, label="no data")
        ax.legend()
    ax.axhline(0.0 if label else 1.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel=CURVES[kind].label, ylabel=label or KINDS[kind].text)
    return ax
