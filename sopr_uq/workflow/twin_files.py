"""Twins of a study on disk: each refined once into a file of its own, then summarised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.disk import atomic
from sopr_uq.engine.protocol import Engine
from sopr_uq.refine.newton import Newton
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.twins import Twin, refine_twin, truth_of


def refine_to_file(twin: Twin, engine: Engine, file: Path) -> str:
    """Refine a twin by ``newton`` and store what came of it, a failure too.

    Parameters
    ----------
    twin : Twin
    engine : Engine
    file : Path
        What :func:`~sopr_uq.workflow.twins.refine_twin` returns, and ``start`` (quantity), the
        quantities of what was simulated first.

    Returns
    -------
    str
        The outcome; ``failed`` where the refinement raised, whose error is an attribute.
    """
    start = truth_of(replace(twin, truth=twin.problem.field.start))["truth"]
    try:
        found = refine_twin(twin, Newton, engine)
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        found = truth_of(twin).assign_attrs(outcome="failed", error=text, family=twin.family)
    with atomic(file) as temporary:
        found.assign(start=start).to_netcdf(temporary)
    return str(found.attrs["outcome"])


def summarised(file: Path, kept: Sequence[str]) -> xr.Dataset:
    """Return ``truth``, ``start``, ``mean``, ``sd`` and ``rank`` of every quantity of a twin.

    Parameters
    ----------
    file : Path
        From :func:`refine_to_file`.
    kept : sequence of str
        Attributes that become variables.

    Returns
    -------
    Dataset
        Over ``quantity``; ``rank`` is the share of draws below the truth, NaN of a twin that
        failed, and of what a truth does not have.
    """
    with xr.open_dataset(file) as opened:
        ds = opened.load()
    truth = ds["truth"]
    if "draws" in ds:
        mean, sd = ds["draws"].mean("sample"), ds["draws"].std("sample")
        rank = (ds["draws"] < truth).mean("sample").where(np.isfinite(truth))
    else:
        mean = sd = rank = xr.full_like(truth, np.nan)
    numbers = {"truth": truth, "start": ds["start"], "mean": mean, "sd": sd, "rank": rank}
    return xr.Dataset({**numbers, **{name: ds.attrs.get(name, np.nan) for name in kept}})


def gathered(runs: Path, world: str, kept: Sequence[str]) -> xr.Dataset | None:
    """Return all twins ``WORLD-NUMBER.nc`` of a folder over ``twin``, their numbers; or None."""
    files = sorted(runs.glob(f"{world}-*.nc"))
    if not files:
        return None
    numbers = xr.DataArray([int(file.stem.rpartition("-")[2]) for file in files], dims="twin")
    twins = xr.concat([summarised(file, kept) for file in files], "twin", data_vars="all")
    return twins.assign_coords(twin=numbers)


def holds(rank: FloatArray, probability: float) -> FloatArray:
    """Return whether the central interval holds the truth, of its rank; NaN where it has none."""
    inside = np.abs(rank - 0.5) <= 0.5 * probability
    return np.where(np.isfinite(rank), inside.astype(float), np.nan)


def percent_held(values: FloatArray) -> str:
    """Return per cent of what held with the standard error between twins, (twin, number)."""
    known = values[np.isfinite(values).any(axis=1)]
    if not len(known):
        return "–"
    each = 100.0 * np.nanmean(known, axis=1)
    if each.size == 1:
        return f"{each[0]:.0f}"
    return f"{each.mean():.0f}({each.std(ddof=1) / np.sqrt(each.size):.0f})"
