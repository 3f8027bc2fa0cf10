"""Figures of one refinement; each draws a part of a result onto axes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from sopr_uq.derived.bands import band, structure_of
from sopr_uq.derived.correction import correction_band, is_corrected
from sopr_uq.figures.style import BAND_ALPHA, EXTRA, MEASURED, MODEL, REFERENCE
from sopr_uq.posterior.observed import measured
from sopr_uq.posterior.status import interval_name, kind_of_band, reserve
from sopr_uq.refine.rule import DEVIATIONS

_FLANK, _STEEP = 1.5, 6.0
"""In distances at which pairs begin: where their core has ended; and how many times what is beyond
it of a correction is shown."""


def plot_rdf(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw the measured g(r), the last simulated one and its posterior band.

    Parameters
    ----------
    result : xarray.DataTree
        A refinement's result.
    ax : matplotlib Axes
        Where to draw.
    prob : float
        Share of the draws within the band.
    """
    observed = measured(result)
    if "g" in observed:
        g = observed["g"]
        ax.plot(g["r_observed"], g, "o", color=MEASURED, ms=3, mfc="none", label="measured")
    last = _group(result, "iterations").isel(iteration=-1)
    ax.plot(last["r_g"], last["g"], color=MODEL, label="simulated")
    predicted = structure_of(result)
    if predicted is not None:
        _fill(band(predicted, prob), "r_g", ax, _label(result, prob))
    ax.axhline(1.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="g(r)", xlim=_rdf_limits(result))
    ax.legend()
    return with_reserve(result, ax)


def _group(result: xr.DataTree, name: str) -> xr.Dataset:
    return result.children[name].to_dataset()


def _label(result: xr.DataTree, prob: float) -> str:
    return interval_name(kind_of_band(result), prob)


def _fill(found: xr.Dataset, x: str, ax: Axes, label: str, alpha: float = BAND_ALPHA) -> None:
    ax.fill_between(
        found[x], found["lower"], found["upper"],
        color=MODEL, alpha=alpha, lw=0, label=label, zorder=1.5 + alpha,
    )  # fmt: skip


def with_reserve(result: xr.DataTree, ax: Axes) -> Axes:
    """Say so on the axes of a result that is not to be trusted, and return them."""
    if word := reserve(result):
        ax.text(
            0.5, 0.02, f"{word}: see its warning", transform=ax.transAxes,
            ha="center", va="bottom", color=REFERENCE, fontsize=9, fontweight="bold", zorder=9,
        )  # fmt: skip
    return ax


def _rdf_limits(result: xr.DataTree) -> tuple[float, float]:
    r = _group(result, "posterior")["r"].values
    simulated = _group(result, "iterations")["r_g"].values
    return 0.7 * float(r[0]), min(float(simulated[-1]), 1.6 * float(r[-1]))


def plot_potential(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw the posterior potential with its band beside the reference; of a correction that."""
    if is_corrected(result):
        return _plot_correction(result, ax, prob)
    draws = _group(result, "posterior")["potential"]
    found = band(draws, prob)
    r, mean = found["r"].values, found["mean"].values
    reference = _group(result, "iterations")["potential"].isel(iteration=0)
    ax.plot(r, reference, "--", color=REFERENCE, label="reference")
    ax.plot(r, mean, color=MODEL, label="refined (mean)")
    if draws.sizes["draw"] > 1:
        _fill(found, "r", ax, _label(result, prob))
    depth = max(-float(np.min(mean)), -float(reference.min()))
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", ylim=(-1.3 * depth, 1.6 * depth))
    ax.set_xlim(r[np.argmax(mean < 2 * depth)] - 0.2, r[-1])
    ax.legend()
    return with_reserve(result, ax)


def _plot_correction(result: xr.DataTree, ax: Axes, prob: float) -> Axes:
    found = correction_band(result, prob)
    r, mean = found["r"].values, found["mean"].values
    ax.plot(r, mean, color=MODEL, label="correction (mean)")
    _fill(found, "r", ax, _label(result, prob))
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    where = found["seen"].values | (r == r[-1])
    size = np.abs(found[["lower", "upper"]].to_array().values[:, where]).max(axis=0)
    top = 1.3 * float(size.max())
    beyond = float(size[r[where] > _FLANK * r[where][0]].max(initial=0.0))
    ax.set(xlabel="r / Å", ylabel="δv(r) / (kcal/mol)")
    # a core that is off would hide all that is beyond it: it leaves the axes
    top = min(top, _STEEP * beyond) if beyond else top
    ax.set(ylim=(-top, top), xlim=(float(r[where][0]) - 0.2, float(r[-1])))
    ax.legend()
    return with_reserve(result, ax)


def plot_prior(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw potentials of the prior, and what the data left of them.

    Parameters
    ----------
    result : xarray.DataTree
        A result of the newton rule.
    ax : matplotlib Axes
        Where to draw.
    prob : float
        Share of the draws within the band of the posterior.
    """
    prior = _group(result, "prior")["potential"].stack(each=("chain", "draw"))
    for number in range(prior.sizes["each"]):
        label = "draws of the prior" if number == 0 else None
        one = prior.isel(each=number)
        ax.plot(prior["r"], one, color=REFERENCE, lw=0.6, alpha=0.5, label=label)
    corrected = is_corrected(result)
    found = band(_group(result, "posterior")["potential"], prob)
    r, low = found["r"].values, found["lower"].values
    _fill(found, "r", ax, f"posterior, {_label(result, prob)}", alpha=1.0)
    depth = -float(prior.min())
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", ylim=(-1.05 * depth, depth))
    if not corrected:
        ax.set_xlim(float(r[np.argmax(low < depth)]) - 0.4, float(r[-1]))
    ax.legend()
    return with_reserve(result, ax)


def plot_course(result: xr.DataTree, ax: Axes) -> Axes:
    """Draw the misfit and the inferred noise against the round."""
    course = _group(result, "iterations")
    number = course["iteration"].values + 1
    label = f"mean squared {DEVIATIONS[course['misfit'].attrs.get('of', 'g')]}"
    ax.semilogy(number, course["misfit"], "o-", color=MODEL, ms=4, label=label)
    ax.set(xlabel="round", ylabel=label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.yaxis.set_minor_formatter(NullFormatter())
    if bool(np.isfinite(course["noise"]).any()):
        twin = ax.twinx()
        twin.spines["right"].set_visible(True)
        twin.plot(number, course["noise"], "s--", color=EXTRA, ms=4, label="noise s")
        of_curve = course["noise"].attrs.get("units") == "1"
        twin.set(
            ylabel="inferred noise of the curve" if of_curve else "inferred noise / (kcal/mol)"
        )
        twin.set_ylim(bottom=0.0)
        handles = [*ax.get_legend_handles_labels()[0], *twin.get_legend_handles_labels()[0]]
        ax.legend(handles=handles, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return with_reserve(result, ax)
