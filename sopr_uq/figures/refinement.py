"""Figures of one refinement; each draws a part of a result onto axes."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullFormatter

from sopr_uq.figures.style import BAND_ALPHA, EXTRA, MEASURED, MODEL, REFERENCE
from sopr_uq.typing import FloatArray


def equal_tailed(draws: xr.DataArray, prob: float) -> tuple[FloatArray, FloatArray]:
    """Return the equal-tailed interval over chains and draws."""
    tail = 0.5 * (1.0 - prob)
    q = draws.quantile([tail, 1.0 - tail], dim=("chain", "draw")).values
    return q[0], q[1]


def plot_rdf(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw the measured g(r), the last simulated one and its posterior band.

    Parameters
    ----------
    result : xarray.DataTree
        A refinement's result.
    ax : matplotlib Axes
        Where to draw.
    prob : float
        Probability of the equal-tailed band.
    """
    observed = _group(result, "observed_data")
    if "g" in observed:
        g = observed["g"]
        ax.plot(g["r_observed"], g, "o", color=MEASURED, ms=3, mfc="none", label="measured")
    last = _group(result, "iterations").isel(iteration=-1)
    ax.plot(last["r_g"], last["g"], color=MODEL, label="simulated")
    if "posterior_predictive" in result.children:
        predicted = _group(result, "posterior_predictive")["g"]
        low, high = equal_tailed(predicted, prob)
        ax.fill_between(
            predicted["r_g"], low, high, color=MODEL, alpha=BAND_ALPHA, lw=0, label=_band(prob)
        )
    ax.axhline(1.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="g(r)", xlim=_rdf_limits(result))
    ax.legend()
    return ax


def _group(result: xr.DataTree, name: str) -> xr.Dataset:
    return result.children[name].to_dataset()


def _band(prob: float) -> str:
    return f"{100 * prob:g} % band"


def _rdf_limits(result: xr.DataTree) -> tuple[float, float]:
    r = _group(result, "posterior")["r"].values
    simulated = _group(result, "iterations")["r_g"].values
    return 0.7 * float(r[0]), min(float(simulated[-1]), 1.6 * float(r[-1]))


def plot_potential(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw the posterior potential with its band beside the reference."""
    posterior = _group(result, "posterior")["potential"]
    r = posterior["r"].values
    mean = posterior.mean(("chain", "draw")).values
    reference = _group(result, "iterations")["potential"].isel(iteration=0)
    ax.plot(r, reference, "--", color=REFERENCE, label="reference")
    ax.plot(r, mean, color=MODEL, label="refined (mean)")
    if posterior.sizes["draw"] > 1:
        low, high = equal_tailed(posterior, prob)
        ax.fill_between(r, low, high, color=MODEL, alpha=BAND_ALPHA, lw=0, label=_band(prob))
    depth = max(-float(np.min(mean)), -float(reference.min()))
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", ylim=(-1.3 * depth, 1.6 * depth))
    ax.set_xlim(r[np.argmax(mean < 2 * depth)] - 0.2, r[-1])
    ax.legend()
    return ax


def plot_prior(result: xr.DataTree, ax: Axes, *, prob: float = 0.95) -> Axes:
    """Draw potentials of the prior, and what the data left of them.

    Parameters
    ----------
    result : xarray.DataTree
        A result of the newton rule.
    ax : matplotlib Axes
        Where to draw.
    prob : float
        Probability of the equal-tailed band of the posterior.
    """
    prior = _group(result, "prior")["potential"].stack(each=("chain", "draw"))
    for number in range(prior.sizes["each"]):
        label = "draws of the prior" if number == 0 else None
        one = prior.isel(each=number)
        ax.plot(prior["r"], one, color=REFERENCE, lw=0.6, alpha=0.5, label=label)
    posterior = _group(result, "posterior")["potential"]
    low, high = equal_tailed(posterior, prob)
    r = posterior["r"].values
    ax.fill_between(r, low, high, color=MODEL, lw=0, label=f"posterior, {_band(prob)}", zorder=3)
    depth = -float(prior.min())
    ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
    ax.set(xlabel="r / Å", ylabel="v(r) / (kcal/mol)", ylim=(-1.05 * depth, depth))
    ax.set_xlim(float(r[np.argmax(low < depth)]) - 0.4, float(r[-1]))
    ax.legend()
    return ax


def plot_course(result: xr.DataTree, ax: Axes) -> Axes:
    """Draw the misfit and the inferred noise against the iteration."""
    course = _group(result, "iterations")
    number = course["iteration"].values + 1
    ax.semilogy(number, course["misfit"], "o-", color=MODEL, ms=4, label="mean squared Δg")
    ax.set(xlabel="iteration", ylabel="mean squared Δg")
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
    return ax
