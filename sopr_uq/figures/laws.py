"""Figures of laws; each draws a dataset of :mod:`sopr_uq.laws.view`."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FormatStrFormatter, MaxNLocator, NullFormatter

from sopr_uq.figures.style import (
    AXIS_LABELS,
    AXIS_UNITS,
    BAND_ALPHA,
    EXTRA,
    MEASURED,
    MODEL,
    REFERENCE,
    member_style,
)

_EXPONENTS = {"1/7": 1 / 7, "1/3": 1 / 3}
_LAWS = {"qdo": "a α$^{1/7}$", "classical": "a α$^{1/3}$", "free": "a α$^b$"}
_COARSE = [m * 10.0**e for e in range(-4, 2) for m in (1, 2, 5)]
_FINE = [0.5 * k for k in range(1, 40)]
_FAR = 12.0
"""Pulls up to here are drawn on a linear axis."""

_SOURCES = {"published": "QDO paper", "force_field": "force fields"}


def plot_law(view: xr.Dataset, ax: Axes, *, logarithmic: bool | None = None) -> Axes:
    """Draw a law with its bands, the elements it rests on and those it predicts.

    Parameters
    ----------
    view : Dataset
        Of :func:`sopr_uq.laws.law_view`.
    ax : matplotlib Axes
    logarithmic : bool, optional
        Logarithmic ordinate; by default unless the view is relative.
    """
    relative = view.attrs["units"] == "%"
    prob = f"{100 * view.attrs['ci_prob']:g} %"
    alpha = view["polarizability"]
    ax.fill_between(
        alpha, view["element_lower"], view["element_upper"],
        color=MODEL, alpha=0.5 * BAND_ALPHA, lw=0.5, label=f"{prob} band of an element",
    )  # fmt: skip
    ax.fill_between(
        alpha, view["lower"], view["upper"],
        color=MODEL, alpha=1.5 * BAND_ALPHA, lw=0.5, label=f"{prob} band of the law",
    )  # fmt: skip
    ax.plot(alpha, view["mean"], color=MODEL, lw=1.0, label="mean of the law")
    ax.plot(alpha, view["stated"], "--", color=REFERENCE, lw=1.1, label="law of the QDO paper")
    for end in ("stated_lower", "stated_upper"):
        ax.plot(alpha, view[end], ":", color=REFERENCE, lw=1.0)
    _points(view, ax)
    ax.set(xscale="log", xlabel="α / Å³", ylabel=_ordinate(view, relative))
    ax.set_xlim(float(alpha[0]), float(alpha[-1]))
    if logarithmic is None:
        logarithmic = not relative
    _scales(ax, logarithmic)
    return ax


def _points(view: xr.Dataset, ax: Axes) -> None:
    alpha = view["alpha"].values
    xerr = view["alpha_error"].values
    yerr = np.abs([view[f"value_{end}"] - view["value"] for end in ("lower", "upper")])
    for fitted, label in ((True, "refined here"), (False, "predicted")):
        mine = view["fitted"].values == fitted
        ax.errorbar(
            alpha[mine], view["value"].values[mine], yerr[:, mine], xerr[mine],
            fmt="o", ms=4, color=MEASURED, mfc=MEASURED if fitted else "white",
            capsize=2, lw=1, zorder=4, label=label if mine.any() else None,
        )  # fmt: skip
    ax.plot(
        alpha, view["force_field"], "s", ms=5.5, mfc="none", mew=1.2, color=EXTRA, zorder=5,
        label="independent force fields",
    )  # fmt: skip
    ax.plot(
        alpha, view["published"], "D", ms=5.5, mfc="none", mew=1.2, color=REFERENCE, zorder=5,
        label="QDO paper",
    )  # fmt: skip
    for name, x in zip(view["element"].values, alpha, strict=True):
        ax.annotate(
            str(name), (x, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom", fontsize=8,
        )  # fmt: skip
        ax.axvline(x, color="0.85", lw=0.6, zorder=0)


def _ordinate(view: xr.Dataset, relative: bool) -> str:
    name = AXIS_LABELS[view.attrs["quantity"]]
    if relative:
        return f"{name}, deviation from the law / %"
    return f"{name} / {AXIS_UNITS[view.attrs['units']]}"


def _scales(ax: Axes, logarithmic: bool) -> None:
    """Plain numbers at few ticks: the axes span two decades at most."""
    ax.xaxis.set_major_locator(FixedLocator([0.2, 0.5, 1, 2, 5, 10]))
    axes: list[Axis] = [ax.xaxis]
    if logarithmic:
        ax.set_yscale("log")
        low, high = ax.get_ylim()
        steps = _COARSE if high > 4 * low else _FINE
        ax.yaxis.set_major_locator(FixedLocator([s for s in steps if low <= s <= high]))
        axes.append(ax.yaxis)
    for axis in axes:
        axis.set_major_formatter(FormatStrFormatter("%g"))
        axis.set_minor_formatter(NullFormatter())


def plot_exponents(densities: xr.Dataset, ax: Axes) -> Axes:
    """Draw the posterior of the free exponent with 1/7 and 1/3 marked.

    Parameters
    ----------
    densities : Dataset
        Of :func:`sopr_uq.laws.exponent_density`.
    ax : matplotlib Axes
    """
    for place, name in enumerate(densities["quantity"].values):
        style = member_style(place)
        one = densities.sel(quantity=name)
        ax.plot(
            one["b"], one["density"], ls=style.line, color=style.color, label=AXIS_LABELS[str(name)]
        )
        inside = (one["b"] >= one["lower"]) & (one["b"] <= one["upper"])
        ax.fill_between(one["b"], one["density"].where(inside), color=style.color, alpha=0.2, lw=0)
    for text, value in _EXPONENTS.items():
        ax.axvline(value, color="0.3", lw=1.0, ls="--" if text == "1/3" else "-", zorder=0)
        ax.annotate(
            text, (value, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", va="bottom",
        )  # fmt: skip
    low, high = ax.get_xlim()
    ax.set(xlim=(low, max(high, 0.36)), ylim=(0, None))
    ax.set(xlabel="exponent b of D = a α$^b$", ylabel="posterior density")
    shaded = f"{100 * densities.attrs['ci_prob']:g} % shaded"
    ax.legend(title=shaded, loc="upper right", bbox_to_anchor=(0.88, 1.0))
    return ax


def plot_left_out(view: xr.Dataset, ax: Axes) -> Axes:
    """Draw what each law predicts for every element from the others.

    Parameters
    ----------
    view : Dataset
        Of :func:`sopr_uq.laws.left_out_view`.
    ax : matplotlib Axes
    """
    places = np.arange(view.sizes["element"])
    low, high = (view[f"ensemble_{end}"].values for end in ("lower", "upper"))
    ax.bar(
        places, high - low, bottom=low, width=0.8, color="0.75", edgecolor="0.4", lw=0.6,
        label="ensemble of the element",
    )  # fmt: skip
    count = view.sizes["law"]
    for i, name in enumerate(view["law"].values):
        one, style = view.sel(law=name), member_style(list(_LAWS).index(str(name)))
        x = places + 0.22 * (i - 0.5 * (count - 1))
        ends = np.abs([one[end] - one["mean"] for end in ("lower", "upper")])
        ax.errorbar(
            x, one["mean"], yerr=ends, fmt=style.marker, ms=5, color=style.color, mfc="white",
            capsize=2, lw=1.2, label=_LAWS[str(name)],
        )  # fmt: skip
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set_xticks(places, [str(name) for name in view["element"].values])
    ax.set(title=AXIS_LABELS[view.attrs["quantity"]], ylabel="prediction − ensemble / %")
    return ax


def plot_pulls(found: xr.Dataset, ax: Axes) -> Axes:
    """Draw where published numbers and force fields fall, in posterior standard deviations.

    Parameters
    ----------
    found : Dataset
        Of :func:`sopr_uq.laws.pulls`.
    ax : matplotlib Axes
    """
    pairs = [
        (element, quantity)
        for element in found["element"].values
        for quantity in found["quantity"].values
        if bool(found["z"].sel(element=element, quantity=quantity).notnull().any())
    ]
    places = np.arange(len(pairs))[::-1]
    for width, shade in ((2, "0.93"), (1, "0.85")):
        ax.axvspan(-width, width, color=shade, lw=0, zorder=0)
    for i, source in enumerate(found["source"].values):
        z = [float(found["z"].sel(source=source, element=e, quantity=q)) for e, q in pairs]
        style = member_style(i)
        shift = 0.17 * (1 - 2 * i)
        ax.plot(
            z, places + shift, style.marker, ms=5, color=style.color, mfc="white", mew=1.2,
            label=_SOURCES[str(source)],
        )  # fmt: skip
    ax.set_yticks(places, [f"{e} {AXIS_LABELS[str(q)]}" for e, q in pairs])
    ax.axvline(0.0, color="0.4", lw=0.8)
    reach = max(float(np.nanmax(np.abs(found["z"]))), 3.0)
    if reach > _FAR:
        ax.set_xscale("symlog", linthresh=3.0, linscale=1.5)
        ticks = [s * t for t in (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500) for s in (-1, 1)]
        ax.set_xticks([t for t in ticks if abs(t) <= 1.25 * reach])
    else:
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    ax.set_xlim(-1.1 * reach, 1.1 * reach)
    ax.set_xlabel("(number − our mean) / our standard deviation")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax
