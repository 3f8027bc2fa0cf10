"""Figures of several refined liquids side by side, each curve with its band.

Every function takes a tree with one child a liquid, in the form that
:func:`sopr_uq.derived.bands.structure_bands` gives.
"""

from __future__ import annotations

from collections.abc import Mapping

import xarray as xr
from matplotlib.axes import Axes

from sopr_uq.figures.style import BAND_ALPHA, MEASURED, MemberStyle, marked, member_style
from sopr_uq.posterior.status import interval_name, reserve_of

_SHIFT = 2.2


def plot_rdfs(liquids: xr.DataTree, ax: Axes, *, r_max: float = 15.0) -> Axes:
    """Draw measured g(r) and posterior bands, liquids shifted upward one by one.

    Parameters
    ----------
    liquids : DataTree
    ax : matplotlib Axes
    r_max : float
        End of the axis in Å.
    """
    for place, (name, ds) in enumerate(_each(liquids)):
        up, style = _SHIFT * place, member_style(place)
        if "g_measured" in ds:
            ax.plot(ds["r_observed"], ds["g_measured"] + up, ".", ms=3, color=MEASURED, zorder=1)
        # inside the core a shifted curve would run through the peak below
        _curve(ax, ds.where(ds["g"] > 0.01), "g", style, name, shift=up)
        ax.annotate(name, (r_max, 1.0 + up), xytext=(4, 0), textcoords="offset points", va="center")
    ax.plot([], [], ".", color=MEASURED, label="measured")
    ax.set(xlabel="r / Å", ylabel=f"g(r), shifted by {_SHIFT:g} each", xlim=(2.0, r_max))
    ax.set_ylim(-0.1, _SHIFT * (len(liquids.children) - 1) + 3.2)
    ax.legend(handles=ax.get_legend_handles_labels()[0][-1:], loc="upper right")
    return ax


def plot_residual(liquid: xr.Dataset, ax: Axes, *, place: int = 0, r_max: float = 15.0) -> Axes:
    """Draw measured minus predicted g(r) of one liquid, with the band of the prediction.

    Parameters
    ----------
    liquid : Dataset
        One child of the tree.
    ax : matplotlib Axes
    place : int
        Which look it has.
    r_max : float
        End of the axis in Å.
    """
    style = member_style(place)
    lower, upper = (liquid[f"g_{end}"] - liquid["g"] for end in ("lower", "upper"))
    ax.fill_between(
        liquid["r_g"], lower, upper, color=style.color, alpha=BAND_ALPHA, lw=0.4,
        label=_prob(liquid),
    )  # fmt: skip
    ax.axhline(0.0, color=style.color, lw=1.0)
    if "g_residual" in liquid:
        ax.plot(
            liquid["r_observed"], liquid["g_residual"], ".", ms=3, color=MEASURED, label="measured"
        )
    ax.set(xlabel="r / Å", ylabel="g(r) − mean prediction", xlim=(2.0, r_max))
    ax.legend(loc="upper right")
    return ax


def plot_well(
    liquid: xr.Dataset,
    ax: Axes,
    *,
    place: int = 0,
    others: Mapping[str, tuple[float, float]] | None = None,
) -> Axes:
    """Draw the well of one liquid with its band, and where others put σ and ε.

    Parameters
    ----------
    liquid : Dataset
        One child of the tree.
    ax : matplotlib Axes
    place : int
        Which look it has.
    others : mapping of str to (float, float), optional
        By source, (σ / Å, ε / (kcal/mol)): marked on the axis and as a depth.
    """
    style = member_style(place)
    depth = -float(liquid["potential"].min())
    _curve(ax, liquid, "potential", style, f"mean, {_prob(liquid)}")
    ax.plot(liquid["r"], liquid["reference"], "--", color="0.45", lw=1.0, label="start")
    for i, (name, (sigma, epsilon)) in enumerate((others or {}).items()):
        mark = member_style(i + 1)
        ax.plot(
            [sigma], [0.0], mark.marker, ms=6, mfc="none", mew=1.3, color=mark.color, label=name
        )
        ax.axhline(-epsilon, color=mark.color, ls=mark.line, lw=1.0, zorder=0)
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", ylim=(-1.25 * depth, 0.9 * depth))
    middle = float(liquid["d_hp"])
    ax.set_xlim(0.9 * middle, 2.2 * middle)
    return ax


def plot_potentials(liquids: xr.DataTree, ax: Axes, *, r_max: float = 9.0) -> Axes:
    """Draw the potentials with their bands."""
    deepest = 0.0
    for place, (name, ds) in enumerate(_each(liquids)):
        _curve(ax, ds, "potential", member_style(place), name)
        deepest = min(deepest, float(ds["potential"].min()))
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", xlim=(2.5, r_max))
    ax.set_ylim(1.25 * deepest, -1.2 * deepest)
    ax.legend()
    return ax


def plot_integrands(liquids: xr.DataTree, ax: Axes) -> Axes:
    """Draw 1 − exp(−β u₀), whose area is the hard-particle diameter."""
    for place, (name, ds) in enumerate(_each(liquids)):
        label = f"{name}, {float(ds['d_hp']):.2f} Å"
        _curve(ax, ds, "hard_particle_integrand", member_style(place), label)
    ax.set(xlabel="r / Å", ylabel="1 − exp(−βu₀(r))", ylim=(-0.03, 1.05))
    ax.set_xlim(_core(liquids))
    ax.legend(title="d$_{hp}$")
    return ax


def plot_blips(liquids: xr.DataTree, ax: Axes) -> Axes:
    """Draw the blip functions, Boltzmann factor of u₀ minus that of hard particles."""
    for place, (name, ds) in enumerate(_each(liquids)):
        _curve(ax, ds, "blip", member_style(place), name)
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="exp(−βu₀(r)) − θ(r − d$_{hp}$)", xlim=_core(liquids))
    ax.legend()
    return ax


def _each(liquids: xr.DataTree) -> list[tuple[str, xr.Dataset]]:
    found = {name: child.to_dataset() for name, child in liquids.children.items()}
    return [(titled(name, ds), ds) for name, ds in found.items()]


def _core(liquids: xr.DataTree) -> tuple[float, float]:
    diameters = [float(ds["d_hp"]) for _, ds in _each(liquids)]
    return 0.85 * min(diameters), 1.18 * max(diameters)


def _prob(ds: xr.Dataset) -> str:
    return interval_name(ds.attrs.get("band", "posterior"), float(ds.attrs["ci_prob"]))


def titled(name: str, ds: xr.Dataset) -> str:
    """Return the name of a liquid, marked where its result is not to be trusted."""
    return marked(name, reserve_of(str(ds.attrs.get("outcome", ""))))


def _curve(
    ax: Axes, ds: xr.Dataset, name: str, style: MemberStyle, label: str, shift: float = 0.0
) -> None:
    """Draw one curve with its band; the edges keep a narrow band visible in print."""
    x = ds[ds[name].dims[0]]
    lower, upper = (ds[f"{name}_{end}"] + shift for end in ("lower", "upper"))
    ax.fill_between(x, lower, upper, color=style.color, alpha=BAND_ALPHA, lw=0.4, zorder=2)
    ax.plot(x, ds[name] + shift, ls=style.line, color=style.color, lw=1.1, label=label, zorder=3)
