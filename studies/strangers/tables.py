"""What is kept of the study, and its README written from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr
from plan import SYSTEMS, WORLDS
from stripped import compared

from sopr_uq.derived.summary import concise
from sopr_uq.posterior.store import read, write
from sopr_uq.refine.newton.unexplained import LARGEST
from sopr_uq.workflow.calibration import TWINS, collect
from sopr_uq.workflow.markdown import filled, markdown_table

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "results"

_QUANTITIES = ("sigma", "epsilon", "r_vdw", "d_hp")
_SYMBOLS = ("σ", "ε", "r_vdW", "d_hp")
_NOMINAL = (0.5, 0.8, 0.95)
_KEPT = ("rank", "z", "q_max", "q_max_found", "window", "lorch")


def keep(runs: Path) -> None:
    """Store what is left of refined twins, and of the shipped curves, in small files."""
    RESULTS.mkdir(exist_ok=True)
    found = []
    for world in WORLDS:
        for system in SYSTEMS:
            folder = runs / f"{world}-{system}"
            if any((folder / TWINS).glob("*.nc")):
                ds = collect(folder).sel(quantity=list(_QUANTITIES))
                small = ds[[name for name in _KEPT if name in ds]].astype(np.float32)
                failed = ds["outcome"].values == "failed"
                named = {"world": world, "system": system}
                columns = {
                    k: ("simulation", [v] * ds.sizes["simulation"]) for k, v in named.items()
                }
                small = small.assign(columns).assign(failed=("simulation", failed.astype(np.int8)))
                # where all failed, nothing has a quantity
                found.append(small.assign_coords(quantity=list(_QUANTITIES)).drop_attrs())
    if found:
        twins = xr.concat(found, "simulation", join="outer", data_vars="all")
        write(xr.DataTree(twins), RESULTS / "twins.nc")
    both = compared(runs / "stripped")
    if both is not None:
        write(xr.DataTree(both), RESULTS / "stripped.nc")


def stored(name: str) -> xr.Dataset | None:
    """Return what is stored under a name; None for nothing."""
    file = RESULTS / f"{name}.nc"
    return read(file).to_dataset() if file.is_file() else None


def fill(readme: Path) -> None:
    """Write every marked place of the README."""
    blocks = {
        "errors": _errors(),
        "twins": _twins(),
        "ends": _ends(),
        "stripped": _stripped(),
        "freedoms": _freedoms(),
    }
    readme.write_text(filled(readme.read_text(encoding="utf-8"), blocks), encoding="utf-8")


def holds(rank: np.ndarray, nominal: float) -> tuple[float, float]:
    """Return the share of intervals that hold, and its standard error, in per cent.

    Parameters
    ----------
    rank : array, shape (n, k)
        Share of draws below the truth, of k numbers of n twins. The numbers of one twin
        stand and fall together, so that the twins are counted and not the numbers.
    """
    each = np.mean(np.abs(rank - 0.5) < 0.5 * nominal, axis=1)
    spread = float(np.std(each, ddof=1)) if each.size > 1 else np.nan
    return 100.0 * float(np.mean(each)), 100.0 * spread / float(np.sqrt(each.size))


def _row(title: str, rank: np.ndarray) -> tuple[str, ...]:
    shares = ["{:.0f} ± {:.0f}".format(*holds(rank, p)) for p in _NOMINAL]
    each = [f"{100 * np.mean(np.abs(column - 0.5) < 0.475):.0f}" for column in rank.T]
    return (title, str(len(rank)), *shares, *each)


_HEAD = ("twins", "number", "50 %", "80 %", "95 %", *(f"95 % of {s}" for s in _SYMBOLS))


def _errors() -> Iterator[str]:
    ds = stored("errors")
    if ds is None:
        yield "Not run yet."
        return
    rank = ds["rank"].transpose("kind", "twin", "quantity").values
    rows = [_row(str(kind), rank[i]) for i, kind in enumerate(ds["kind"].values)]
    yield from markdown_table(_HEAD, rows)
    left = 100.0 * ds["unexplained"].values
    yield ""
    yield (
        f"{int(ds['refused'])} curves were refused. At the true potential {left.size} leave "
        f"{np.median(left):.1f} % of their variance in the median and {left.max():.1f} % at most; "
        f"{int(np.sum(left > 100.0 * LARGEST))} would be called unexplained, falsely."
    )


def _twins() -> Iterator[str]:
    ds = stored("twins")
    if ds is None:
        yield "Not run yet."
        return
    rows = []
    for world, kind in WORLDS.items():
        mine = ds.isel(simulation=np.flatnonzero(ds["world"].values == world))
        good = mine.isel(simulation=np.flatnonzero(mine["failed"].values == 0))
        if good.sizes["simulation"]:
            rows.append(_row(kind.title, good["rank"].transpose("simulation", "quantity").values))
    yield from markdown_table(_HEAD, rows)
    yield ""
    failed, made = int(ds["failed"].sum()), ds.sizes["simulation"]
    planned = len(SYSTEMS) * sum(kind.twins for kind in WORLDS.values())
    yield f"{made} of {planned} are made; those that failed, {failed}, have no interval."


def _ends() -> Iterator[str]:
    ds = stored("twins")
    if ds is None:
        yield "Not run yet."
        return
    known = np.isfinite(ds["q_max_found"].values)
    rows = []
    for place, name in enumerate(("none", "Lorch", "cosine")):
        mine = ds["window"].values == place
        off = (ds["q_max_found"] - ds["q_max"]).values[mine & known]
        said = ds["lorch"].values[mine & known] > 0
        rows.append(
            (name, str(int(mine.sum())), str(int((mine & known).sum())),
             f"{np.mean(np.abs(off)):.2f}" if off.size else "–", str(int(said.sum())))
        )  # fmt: skip
    yield from markdown_table(
        ("window", "curves", "end found", "mean distance / Å⁻¹", "called damped"), rows
    )


def _stripped() -> Iterator[str]:
    ds = stored("stripped")
    if ds is None:
        yield "Not run yet."
        return
    rows = []
    for name in ds["curve"].values:
        one = ds.sel(curve=name).transpose("quantity", "kind")
        off = np.diff(one["mean"].values, axis=1)[:, 0] / one["sd"].values[:, 0]
        ratio = one["sd"].values[:, 1] / one["sd"].values[:, 0]
        rows.append((str(name), *(f"{a:+.1f}, {b:.2f}" for a, b in zip(off, ratio, strict=True))))
    yield from markdown_table(("curve", *_SYMBOLS), rows)


def _freedoms() -> Iterator[str]:
    ds = stored("freedoms")
    if ds is None:
        yield "Not run yet."
        return
    rows = []
    for name in ds["freedom"].values:
        one = ds.sel(freedom=name)
        pairs = zip(one["mean"].values.tolist(), one["sd"].values.tolist(), strict=True)
        rows.append((str(name), *(concise(m, s) for m, s in pairs), f"{float(one['noise']):.4f}"))
    yield from markdown_table((ds.attrs["curve"], *_SYMBOLS, "noise"), rows)
