"""Measured curves of Q, S(Q) and F(Q), with what the posterior predicts of them."""

from __future__ import annotations

import xarray as xr
from matplotlib.axes import Axes

from sopr_uq.derived.bands import band
from sopr_uq.experiment.kinds import CURVES, KINDS, Q
from sopr_uq.figures.refinement import with_reserve
from sopr_uq.figures.style import BAND_ALPHA, EXTRA, MEASURED, MODEL
from sopr_uq.posterior.observed import USED, measured
from sopr_uq.posterior.status import interval_name, kind_of_band

_PREDICTED = "posterior_predictive"
_OF_Q = {name: KINDS[name] for name, axis in CURVES.items() if axis is Q}


def curves_of_q(result: xr.DataTree) -> list[str]:
    """Return the names of the measured curves of Q in a result: ``s``, ``f``, ``f_2`` and so on."""
    names = map(str, measured(result).data_vars)
    return [name for name in names if name.partition("_")[0] in _OF_Q and USED not in name]


def plot_measured(result: xr.DataTree, name: str, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw a measured S(Q) or F(Q) and the band of what the posterior predicts of it.

    The band is of replicas of the measurement, with its noise; it is there where the rule has
    a likelihood.

    Parameters
    ----------
    result : xarray.DataTree
        A refinement's result.
    name : str
        One of :func:`curves_of_q`.
    ax : matplotlib Axes
        Where to draw.
    prob : float
        Share of the replicas within the band.
    """
    found = measured(result)
    curve, kind = found[name], name.partition("_")[0]
    (dim,) = curve.dims
    inside = curve
    if name + USED in found:
        inside = curve[found[name + USED].values.astype(bool)]
    if inside.size < curve.size:
        ax.plot(curve[dim], curve, "-", color=EXTRA, lw=0.6, label="not used")
    ax.plot(inside[dim], inside, "o", color=MEASURED, ms=2, mfc="none", label="measured")
    groups = result.children
    if _PREDICTED in groups and name in groups[_PREDICTED].data_vars:
        replicas = groups[_PREDICTED].to_dataset()[name]
        predicted = band(replicas, prob)
        x = predicted[dim]
        ax.plot(x, predicted["mean"], color=MODEL, lw=1.0, label="predicted (mean)")
        label = f"replicas, {interval_name(kind_of_band(result), prob)}"
        low, high = predicted["lower"], predicted["upper"]
        ax.fill_between(x, low, high, color=MODEL, alpha=BAND_ALPHA, lw=0, label=label)
    unit = str(curve.attrs.get("units", "1"))
    symbol = _OF_Q[kind].text + ("" if unit == "1" else f" / ({unit})")
    ax.axhline(_OF_Q[kind].level, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel=Q.label, ylabel=symbol, title=str(curve.attrs.get("name", name)))
    ax.legend()
    return with_reserve(result, ax)
