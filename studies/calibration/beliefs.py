"""Which belief holds truths whose tail is no power: the same twins of argon under each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import xarray as xr
from plan import ABOUT, WORLDS

from sopr_uq import load_config
from sopr_uq.figures.calibration import DESCRIPTORS
from sopr_uq.posterior.store import read, write
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.markdown import markdown_table

SYSTEM = "argon-85K"
TWINS = 10

BELIEFS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "as shipped": (),
        "prior.width_sd = 1": ("prior.width_sd=1.0",),
        "prior.width = 0.4, width_sd = 0.7": ("prior.width=0.4", "prior.width_sd=0.7"),
        "prior.attraction_sd = 2": ("prior.attraction_sd=2.0",),
        "prior.decay = 2.5": ("prior.decay=2.5",),
    }
)
"""Settings by name; the first is what others are compared with."""

_ENDS = {0.5: (0.25, 0.75), 0.8: (0.1, 0.9), 0.95: (0.025, 0.975)}


def campaign(belief: str) -> Campaign:
    """Return the twins of Morse truths that are refined with a belief."""
    kind = WORLDS["mixed"]
    given = ["refine.rule=newton", f"engine.name={kind.engine}", *kind.settings, *BELIEFS[belief]]
    config = load_config(SYSTEM, given, observe="g,pressure")
    return Campaign(config, "morse", about=ABOUT[SYSTEM])


def refine(runs: Path) -> None:
    """Refine every twin with every belief; what is there is not made again."""
    runs.mkdir(parents=True, exist_ok=True)
    for number in range(TWINS):
        for place, belief in enumerate(BELIEFS):
            file = runs / f"{place}-{number:02d}.nc"
            if not file.exists():
                write(xr.DataTree(campaign(belief).result(number)), file)
                print(f"{belief}, {number}", flush=True)


def summary(runs: Path) -> xr.Dataset:
    """Return of all twins whether intervals held, and standard deviations.

    Returns
    -------
    Dataset
        ``held`` (belief, twin, quantity, nominal) and ``sd`` (belief, twin, quantity) of the
        descriptors; NaN where a refinement failed.
    """
    shape = (len(BELIEFS), TWINS, len(DESCRIPTORS))
    held, sd = np.full((*shape, len(_ENDS)), np.nan), np.full(shape, np.nan)
    for place in range(len(BELIEFS)):
        for number in range(TWINS):
            twin = read(runs / f"{place}-{number:02d}.nc").to_dataset()
            if "draws" not in twin:
                continue
            twin = twin.sel(quantity=list(DESCRIPTORS))
            draws, truth = twin["draws"].values, twin["truth"].values
            sd[place, number] = np.nanstd(draws, axis=1)
            for i, ends in enumerate(_ENDS.values()):
                low, high = np.nanquantile(draws, ends, axis=1)
                held[place, number, :, i] = (low <= truth) & (truth <= high)
    dims = ("belief", "twin", "quantity")
    return xr.Dataset(
        {"held": ((*dims, "nominal"), held), "sd": (dims, sd)},
        {"belief": list(BELIEFS), "quantity": list(DESCRIPTORS), "nominal": list(_ENDS)},
    )


def table(ds: xr.Dataset) -> Iterator[str]:
    """Return a row a belief: per cent of intervals that held, and how wide they are."""
    shares = 100.0 * ds["held"].mean("quantity")
    error = shares.std("twin", ddof=1) / np.sqrt(ds.sizes["twin"])
    wide = (ds["sd"] / ds["sd"].isel(belief=0)).median("twin")
    rows = [
        [str(name)]
        + [f"{float(shares.mean('twin')[i, n]):.0f}({float(error[i, n]):.0f})" for n in range(3)]
        + [f"{float(wide[i].sel(quantity=q)):.2f}" for q in ("sigma", "epsilon")]
        for i, name in enumerate(ds["belief"].values)
    ]
    head = ["belief", "50 %", "80 %", "95 %", "sd of σ, as shipped = 1", "sd of ε"]
    yield from markdown_table(head, rows)
