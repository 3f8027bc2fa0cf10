"""What is kept of the campaigns: scores of the descriptors, and the verdict on all quantities."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
from distance import distances
from plan import SYSTEMS, WORLDS

from sopr_uq.figures.calibration import DESCRIPTORS
from sopr_uq.posterior.calibration_table import table
from sopr_uq.posterior.store import read, write
from sopr_uq.workflow.calibration import TWINS, collect

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"
FRONT = HERE.parents[1] / "README.md"

EVERY = "every liquid"
"""In the place of a liquid: the twins of all of them together."""

_BANDS = 8
_NO_MEAN = 1.0
"""Pareto shape of weights from which on they have none."""

_DERIVED = ("z", "nominal", "rank_shrunk", "rank_shifted")
_TEXTS = ("world", "system", "family", "outcome", "error")
_LIMITS = ("limit_temperature", "limit_saturated", "limit_freezing")
_KEPT = ("system", "rule", "engine", "sigma_reference", "epsilon_reference", "seed", "created")


class Kept(NamedTuple):
    """One campaign: the descriptors of every twin, and the verdict on every quantity."""

    scores: xr.Dataset
    table: xr.Dataset


type Campaigns = Mapping[tuple[str, str], Kept]


def keep(runs: Path, results: Path) -> None:
    """Store a summary of all campaigns in a folder that have a twin, in two small files.

    Worlds of which the folder has none stay as they are stored.
    """
    folders = {(w, s): runs / f"{w}-{s}" for w in WORLDS for s in SYSTEMS}
    every = {k: _told(collect(f)) for k, f in folders.items() if any((f / TWINS).glob("*.nc"))}
    found = {key: small(calibration) for key, calibration in every.items()}
    if not found:
        raise SystemExit(f"{runs}: no twin of any campaign")
    results.mkdir(exist_ok=True)
    others, tables_of_others = _stored_but(results, {world for world, _ in found})
    each = [k.scores.drop_vars(_LIMITS).assign(_named(key, k.scores)) for key, k in found.items()]
    scores = xr.concat(
        [*each, *others], "simulation", data_vars="all", join="outer", combine_attrs="drop"
    )
    # v over the well is at distances in σ of each reference
    scores = scores.assign({n: next(iter(found.values())).scores[n] for n in _LIMITS})
    write(xr.DataTree(_coded(scores)), results / "scores.nc")
    verdicts = {key: kept.table for key, kept in found.items()}
    for world in dict.fromkeys(w for w, _ in every):
        mine = [ds.drop_dims(["limit", "r"]) for (w, _), ds in every.items() if w == world]
        joined = xr.concat(mine, "simulation", data_vars="all", combine_attrs="override")
        verdicts[world, EVERY] = _verdict(joined)
    tables = [each.assign_coords(campaign="/".join(key)) for key, each in verdicts.items()]
    tables += tables_of_others
    write(xr.DataTree(xr.concat(tables, "campaign", combine_attrs="drop")), results / "table.nc")


def _told(scores: xr.Dataset) -> xr.Dataset:
    """Leave out z of posteriors whose weights have no mean, or no tail at all: of one draw.

    Their intervals count. Bands of a smoothing have no weights.
    """
    if "k_hat" not in scores:
        return scores
    return scores.assign(z=scores["z"].where(scores["k_hat"] <= _NO_MEAN))


def _stored_but(results: Path, worlds: set[str]) -> tuple[list[xr.Dataset], list[xr.Dataset]]:
    """Return scores and tables that are stored of all worlds but some."""
    if not (results / "scores.nc").is_file():
        return [], []
    scores, tables = (read(results / f"{name}.nc").to_dataset() for name in ("scores", "table"))
    scores = _decoded(scores)
    kept = scores.isel(simulation=~np.isin(scores["world"], list(worlds))).drop_vars(_LIMITS)
    names = [str(n) for n in tables["campaign"].values if str(n).split("/")[0] not in worlds]
    return [kept], [tables.sel(campaign=name) for name in names]


def keep_distances(results: Path) -> None:
    """Store how far the families lie from the prior, unless that is there."""
    if not (results / "distances.nc").is_file():
        write(xr.DataTree(distances()), results / "distances.nc")


def small(calibration: xr.Dataset) -> Kept:
    """Return what is kept of a campaign."""
    scores = calibration.sel(quantity=list(DESCRIPTORS), nominal=0.95).drop_vars(_DERIVED)
    # rounded, so that all liquids share one axis
    r = (scores["r"] / calibration.attrs["sigma_reference"]).round(4)
    scores = scores.assign_coords(r=r)
    few = xr.DataArray(np.arange(scores.sizes["simulation"]) < _BANDS, dims="simulation")
    bands = {n: scores[n].where(few) for n in ("band", "band_truth") if n in scores}
    reason = [str(text).partition(":")[0] for text in scores["error"].values]
    scores = scores.assign(bands).assign(error=("simulation", reason))
    floats = {n: v.astype(np.float32) for n, v in scores.data_vars.items() if v.dtype == float}
    return Kept(scores.assign(floats), _verdict(calibration))


def _verdict(calibration: xr.Dataset) -> xr.Dataset:
    """Return the table of a calibration, with flags as small numbers and what it is of."""
    found = table(calibration)
    flags = {n: v.astype(np.int8) for n, v in found.data_vars.items() if v.dtype == bool}
    return found.assign(flags).assign({name: calibration.attrs[name] for name in _KEPT})


def _named(key: tuple[str, str], scores: xr.Dataset) -> dict[str, tuple[str, list[str]]]:
    count = scores.sizes["simulation"]
    return {
        name: ("simulation", [text] * count)
        for name, text in zip(("world", "system"), key, strict=True)
    }


def _coded(ds: xr.Dataset) -> xr.Dataset:
    """Write texts as small numbers; their meanings go into attributes."""
    for name in _TEXTS:
        words, codes = np.unique(ds[name].values.astype(str), return_inverse=True)
        ds[name] = ("simulation", codes.astype(np.int8), {"flag_meanings": words.tolist()})
    return ds


def _decoded(ds: xr.Dataset) -> xr.Dataset:
    """Turn small numbers back into texts."""
    for name in _TEXTS:
        words = np.atleast_1d(ds[name].attrs["flag_meanings"])
        ds[name] = ("simulation", words[ds[name].values])
    return ds


def load(results: Path) -> dict[tuple[str, str], Kept]:
    """Return what is stored, by world and liquid."""
    ds, tables = (read(results / f"{name}.nc").to_dataset() for name in ("scores", "table"))
    ds = _decoded(ds)
    found = {}
    for name in tables["campaign"].values:
        world, system = str(name).split("/")
        mine = (ds["world"] == world) & ((ds["system"] == system) | (system == EVERY))
        verdict = tables.sel(campaign=name)
        scores = ds.isel(simulation=np.flatnonzero(mine))
        scores = _told(scores.assign(z=(scores["truth"] - scores["mean"]) / scores["sd"]))
        attrs = {key: verdict[key].item() for key in _KEPT}
        scores = scores.assign_coords(r=scores["r"] * attrs["sigma_reference"])
        found[world, system] = Kept(scores.assign_attrs(attrs), verdict)
    return found


def pooled(campaigns: Campaigns, world: str) -> xr.Dataset:
    """Return the twins of all liquids of a world as one."""
    return campaigns[world, EVERY].scores.drop_dims(["limit", "r"])
