"""What the twins of molecules and real water say, as tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import xarray as xr
from plan import WORLDS

from sopr_uq.disk import atomic
from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.twin_files import gathered, holds, percent_held

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PROBABILITIES = (0.5, 0.8, 0.95)
_KEPT = ("outcome", "iterations", "simulations", "floor", "seconds", "k_hat")
_NOT_RUN = "not run"
_CASES = ("start", "together", "others")


def keep(runs: Path) -> None:
    """Store what the tables need of every twin."""
    RESULTS.mkdir(exist_ok=True)
    for world in WORLDS:
        twins = gathered(runs, world, _KEPT)
        if twins is not None:
            with atomic(RESULTS / f"{world}.nc") as temporary:
                twins.to_netcdf(temporary)


def stored(world: str) -> xr.Dataset | None:
    """Return the twins of a world; None where none was refined."""
    file = RESULTS / f"{world}.nc"
    if not file.is_file():
        return None
    with xr.open_dataset(file) as opened:
        return opened.load()


def groups(ds: xr.Dataset) -> dict[str, list[str]]:
    """Return quantities by what a row of the table is of: descriptors, or v of a pair."""
    found: dict[str, list[str]] = {}
    for name in ds["quantity"].values.tolist():
        pair = name.split()[-1] if "-" in name.split()[-1] else "N-N"
        if not name.startswith("v("):
            if np.isfinite(ds["truth"].sel(quantity=name)).any():
                found.setdefault(f"{', '.join(Descriptors._fields)}", []).append(name)
            continue
        found.setdefault(f"v {pair} at eight distances", []).append(name)
    return found


def coverage() -> list[str]:
    """Per cent of intervals that held; how far start and answer are from the truth, and sd."""
    rows = []
    for name, world in WORLDS.items():
        ds = stored(name)
        if ds is None:
            rows.append((world.title, "", "0", *[_NOT_RUN] * 6))
            continue
        for label, names in groups(ds).items():
            mine = ds.sel(quantity=names)
            ranks = mine["rank"].transpose("twin", "quantity").values
            shares = [percent_held(holds(ranks, p)) for p in PROBABILITIES]
            sizes = ["–"] * 3
            if label.startswith("v "):
                off = [_rms(mine[a] - mine["truth"]) for a in ("start", "mean")]
                sizes = [f"{x:.4f}" for x in (*off, _rms(mine["sd"]))]
            rows.append((world.title, label, str(ds.sizes["twin"]), *shares, *sizes))
    head = ("measured", "of", "twins", "50 %", "80 %", "95 %", "start off by", "mean off by", "sd")
    return markdown_table(head, rows)


def _rms(values: xr.DataArray) -> float:
    return float(np.sqrt((values**2).mean()))


def costs() -> list[str]:
    """How they ended, rounds and simulations, and the round that was at the noise."""
    rows = []
    for name, world in WORLDS.items():
        ds = stored(name)
        if ds is None:
            continue
        outcomes = ds["outcome"].values.astype(str)
        ends = ", ".join(f"{(outcomes == o).sum()} {o}" for o in np.unique(outcomes))
        known = ds.isel(twin=np.flatnonzero(outcomes != "failed"))
        cells = [
            f"{float(np.nanmedian(known[n].values.astype(float))):.0f}"
            for n in ("floor", "iterations", "simulations", "seconds")
        ]
        rows.append((world.title, ends, *cells))
    head = ("measured", "outcomes", "round at the noise", "rounds", "simulations", "s in the loop")
    return markdown_table(head, rows)


def room() -> list[str]:
    """Return what four contrasts at 295 K say, before and after."""
    file = RESULTS / "room.json"
    if not file.is_file():
        return [_NOT_RUN]
    seen = json.loads(file.read_text(encoding="utf-8"))
    rows = [
        (
            name,
            f"{1e3 * c['before']['rms']:.1f}",
            f"{1e3 * c['after']['rms']:.1f}",
            f"{c['before']['chi2']:.1f}",
            f"{c['after']['chi2']:.2f}",
            f"{1e3 * c['noise']:.1f}",
        )
        for name, c in seen["curves"].items()
    ]
    head = ("contrast", "SPC/E, mbarn", "corrected, mbarn", "χ² SPC/E", "χ² corrected", "noise")
    before, after, sd, near = seen["g_oo"]
    start, mean, width = seen["pressure"]
    text = (
        f"The refinement ended {seen['outcome']} after {seen['rounds']} rounds and "
        f"{seen['simulations']} simulations, {seen['seconds']:.0f} s on two busy cores "
        f"({seen['md_seconds']:.0f} s of molecular dynamics). The log Bayes factor for a "
        f"correction is {seen['evidence']:+.0f}. The pressure, given as 0.1(50) MPa, is "
        f"{mean:.0f}({width:.0f}) MPa, and {start:.0f} MPa without the correction. g_OO misses "
        f"that of x-rays between 3 and 7.5 Å by {before:.3f} (rms) without the correction and by "
        f"{after:.3f} with it, where both are known to {sd:.3f}; {100 * near:.0f} % of it lies "
        "within two standard deviations."
    )
    return [*markdown_table(head, rows), "", text]


def temperatures() -> list[str]:
    """Return what four temperatures say together, and each of them by the others."""
    file = RESULTS / "temperatures.json"
    if not file.is_file():
        return [_NOT_RUN]
    seen = json.loads(file.read_text(encoding="utf-8"))
    rows = []
    for name, cases in seen["curves"].items():
        contrast, kelvin, _ = name.split()
        rms = [f"{1e3 * cases[k]['rms']:.1f}" if k in cases else _NOT_RUN for k in _CASES]
        chi2 = [f"{cases[k]['chi2']:.2f}" if k in cases else _NOT_RUN for k in _CASES]
        rows.append((kelvin, contrast, *rms, *chi2))
    head = (
        "T / K", "contrast", "SPC/E, mbarn", "corrected together, mbarn", "by the others, mbarn",
        "χ² SPC/E", "χ² together", "χ² by the others",
    )  # fmt: skip
    pressures = ", ".join(f"{p:.0f}" for p in seen["pressures"])
    text = (
        f"After {seen['rounds']} rounds and {seen['simulations']} simulations: {seen['ended']}. "
        f"The last round moved the answer by {seen['change']:.2f} standard deviations and what it "
        f"says of the curves by {seen['moved']:.2f} of their errors, and was predicted with χ² "
        f"{seen['predicted']:.2f} per number. The log Bayes factor for a correction is "
        f"{seen['evidence']:+.0f}; for one that differs between temperatures "
        f"{seen['states']:+.1f}. Pressures, each given as 0.1(50) MPa, are {pressures} MPa."
    )
    return [*markdown_table(head, rows), "", text]


def bead() -> list[str]:
    """Return what one site a molecule says of g_OO and the pressure."""
    file = RESULTS / "bead.json"
    if not file.is_file():
        return [_NOT_RUN]
    seen = json.loads(file.read_text(encoding="utf-8"))
    start, end = (float(np.sqrt(x)) for x in seen["misfit"])
    pressure, error = seen["pressure"]
    turns = ", ".join(f"{v:+.2f} kcal/mol at {r:.2f} Å" for r, v in seen["turns"])
    text = (
        f"Ended {seen['outcome']} after {seen['rounds']} rounds and {seen['simulations']} "
        f"simulations, {seen['seconds']:.0f} s of two busy cores; the last round was predicted "
        f"with χ² {seen['predicted']:.2f} per number. g_OO is missed by {end:.4f} (rms; the "
        f"Lennard-Jones potential by {start:.3f}), at a simulated pressure of "
        f"{pressure:.0f}({error:.0f}) MPa. The mean potential turns at {turns}."
    )
    return [text]


def fill(path: Path) -> None:
    """Fill the README from what is stored."""
    blocks = {
        "coverage": coverage(),
        "costs": costs(),
        "room": room(),
        "temperatures": temperatures(),
        "bead": bead(),
    }
    path.write_text(filled(path.read_text(encoding="utf-8"), blocks), encoding="utf-8")
