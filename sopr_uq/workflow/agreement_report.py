"""What a result says of the numbers among its data: whether they agree, and what they fix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.pairs import PAIR
from sopr_uq.derived.summary import concise

_UNITS = {"1e-9 m^2/s": "10⁻⁹ m²/s"}


def agreement_by_datum(result: xr.DataTree) -> dict[str, dict[str, Any]]:
    """Return by datum ``measured``, ``expected``, ``expected_sd``, ``z``, ``unit`` and ``narrows``.

    ``narrows`` is by which share it makes the standard deviation of each descriptor smaller, of
    a mixture by pair; a correction has no descriptors. Empty where no number was measured.
    """
    if "agreement" not in result.children:
        return {}
    found = result["agreement"].to_dataset()
    share = 1.0 - found["sd"] / found["sd_without"]
    return {str(name): _of_datum(found, share, i) for i, name in enumerate(found["datum"].values)}


def _of_datum(found: xr.Dataset, share: xr.DataArray, place: int) -> dict[str, Any]:
    row = found.isel(datum=place)
    return {
        **{k: float(row[k]) for k in ("measured", "expected", "expected_sd", "z")},
        "unit": str(row["unit"].item()),
        "narrows": _by_descriptor(share.isel(datum=place)),
    }


def agreement_lines(result: xr.DataTree, labels: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return a line for every number among the data; ``labels`` are those of descriptors."""
    return [(name, _line(row, labels)) for name, row in agreement_by_datum(result).items()]


def _by_descriptor(share: xr.DataArray) -> dict[str, Any]:
    if PAIR in share.dims:
        each = {str(p): _by_descriptor(share.sel({PAIR: p})) for p in share[PAIR].values}
        return {pair: shares for pair, shares in each.items() if shares}
    known = share.dropna("descriptor")
    return {str(d): float(known.sel(descriptor=d)) for d in known["descriptor"].values}


def _line(row: dict[str, Any], labels: Mapping[str, str]) -> str:
    narrowed = _narrowed(row["narrows"], labels)
    narrows = f"; it narrows {narrowed}" if narrowed else ""
    if np.isnan(row["measured"]):
        return f"all of them are {row['z']:.1f} sd away from the structure{narrows}"
    unit = _UNITS.get(row["unit"], row["unit"])
    expected = concise(row["expected"], row["expected_sd"])
    return (
        f"{row['measured']:.4g} {unit} measured, {expected} expected without it "
        f"({row['z']:+.1f} sd, errors of both included){narrows}"
    )


def _narrowed(shares: dict[str, Any], labels: Mapping[str, str], label: str = "") -> str:
    parts = [
        _narrowed(share, labels, f" {name}")
        if isinstance(share, dict)
        else f"{labels.get(name, name)}{label} by {100 * share:.0f} %"
        for name, share in shares.items()
    ]
    return ", ".join(parts)
