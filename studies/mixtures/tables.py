"""What the twins of mixtures say, as tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from plan import AR_KR, WORLDS
from scatter import table

from sopr_uq.disk import atomic
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.twin_files import gathered, holds, percent_held

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PROBABILITIES = (0.5, 0.8, 0.95)
_LABELS = {"sigma": "σ", "epsilon": "ε", "r_vdw": "r_vdW", "d_hp": "d_hp"}
_KEPT = ("outcome", "family", "iterations", "simulations", "floor", "seconds", "k_hat")


def keep(runs: Path) -> None:
    """Store what the tables need of every twin."""
    RESULTS.mkdir(exist_ok=True)
    for world in WORLDS:
        twins = gathered(runs, world, _KEPT)
        if twins is not None:
            with atomic(RESULTS / f"{world}.nc") as temporary:
                twins.to_netcdf(temporary)


def keep_scatter(found: xr.Dataset) -> None:
    """Store how runs scatter."""
    RESULTS.mkdir(exist_ok=True)
    with atomic(RESULTS / "scatter.nc") as temporary:
        found.to_netcdf(temporary)


def stored(world: str) -> xr.Dataset | None:
    """Return the twins of a world, or how runs scatter; None where there are none."""
    file = RESULTS / f"{world}.nc"
    if not file.is_file():
        return None
    with xr.open_dataset(file) as opened:
        return opened.load()


def descriptors_of(label: str) -> list[str]:
    """Return the names of the descriptors of a pair."""
    return [f"{name} {label}" for name in Descriptors._fields]


def coverage() -> list[str]:
    """Per cent of intervals that held, pooled over the twelve descriptors, by family of truths.

    And of both families together.
    """
    rows = []
    for name, world in WORLDS.items():
        ds = stored(name)
        if ds is None:
            rows.append((world.title, "", "0", *["not run"] * 6))
            continue
        for family, label in (("mie", "Mie"), ("exp6", "exp-6")):
            mine = ds.isel(twin=np.flatnonzero(ds["family"].values == family))
            if mine.sizes["twin"]:
                rows.append((world.title, label, *_counted(mine)))
        if np.unique(ds["family"].values).size > 1:
            rows.append((world.title, "both", *_counted(ds)))
    head = (
        "measured",
        "truths",
        "twins",
        "failed",
        "doubtful",
        "50 %",
        "80 %",
        "95 %",
        "mean z of σ",
    )
    return markdown_table(head, rows)


def _counted(ds: xr.Dataset) -> list[str]:
    names = [n for pair in AR_KR.pairs for n in descriptors_of(pair.label)]
    ranks = ds["rank"].sel(quantity=names).transpose("twin", "quantity").values
    outcomes = ds["outcome"].values.astype(str)
    sigma = [name for name in names if name.startswith("sigma")]
    z = ((ds["truth"] - ds["mean"]) / ds["sd"]).sel(quantity=sigma)
    shares = [percent_held(holds(ranks, p)) for p in PROBABILITIES]
    counts = [ds.sizes["twin"], np.sum(outcomes == "failed"), np.sum(outcomes == "doubtful")]
    return [*(str(n) for n in counts), *shares, f"{float(z.mean()):+.2f}"]


def widths() -> list[str]:
    """Median posterior standard deviation of σ and ε of each pair."""
    rows = []
    for name, world in WORLDS.items():
        ds = stored(name)
        if ds is not None:
            rows.append((world.title, *_known(ds)))
    head = [f"{_LABELS[q]} {p.label}" for p in AR_KR.pairs for q in ("sigma", "epsilon")]
    return markdown_table(("measured", "twins", *head), rows)


def added() -> list[str]:
    """Posterior standard deviations by what is known of each twin: one state, or all of them."""
    together, alone = stored("several"), stored("alone")
    world = WORLDS["several"]
    label = [f"{s.argon:.0%} Ar, {s.temperature:.0f} K".replace("%", " %") for s in world.states]
    rows: list[tuple[str, ...]] = []
    if together is not None and alone is not None:
        both = together["twin"].values
        for place in range(len(label)):
            # only twins of which everything was refined are compared
            mine = len(label) * both + place
            both = both[np.isin(mine, alone["twin"].values)]
        for place, state in enumerate(label):
            rows.append((state, *_known(alone.sel(twin=len(label) * both + place))))
        rows.append((f"all {len(label)}", *_known(together.sel(twin=both))))
    head = [f"{_LABELS[q]} {p.label}" for p in AR_KR.pairs for q in ("sigma", "epsilon")]
    return markdown_table(("total S(Q) and P at", "twins", *head), rows)


def _known(ds: xr.Dataset) -> list[str]:
    sd = ds["sd"].median("twin")
    names = [f"{q} {pair.label}" for pair in AR_KR.pairs for q in ("sigma", "epsilon")]
    return [str(ds.sizes["twin"]), *(f"{float(sd.sel(quantity=name)):.4f}" for name in names)]


def costs() -> list[str]:
    """Rounds and simulations until the end, and the round that was at the noise."""
    rows = []
    for name, world in WORLDS.items():
        ds = stored(name)
        if ds is None:
            continue
        known = ds.isel(twin=np.flatnonzero(ds["outcome"].values != "failed"))
        noise = known["floor"].values.astype(float)
        cells = [
            f"{float(np.nanmedian(known[n].values.astype(float))):.0f}"
            for n in ("floor", "iterations", "simulations", "seconds")
        ]
        latest = "not all were" if np.isnan(noise).any() else f"{noise.max():.0f}"
        rows.append((world.title, cells[0], latest, *cells[1:]))
    head = (
        "measured",
        "round at the noise",
        "the latest",
        "rounds",
        "simulations of each state",
        "s in the loop",
    )
    return markdown_table(head, rows)


def fill(path: Path) -> None:
    """Fill the README from what is stored."""
    blocks = {
        "coverage": coverage(),
        "widths": widths(),
        "added": added(),
        "costs": costs(),
        "scatter": table(stored("scatter")),
    }
    path.write_text(filled(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")
