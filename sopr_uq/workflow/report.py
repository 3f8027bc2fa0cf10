"""What a result says, as text and as data for programs."""

from __future__ import annotations

from typing import Any

import xarray as xr

from sopr_uq.derived.summary import interval_text, summary

LABELS = {"sigma": "σ", "epsilon": "ε", "r_vdw": "r_vdW", "d_hp": "d_hp"}
UNITS = {"angstrom": "Å", "kcal/mol": "kcal/mol", "MPa": "MPa"}


def as_dict(result: xr.DataTree, prob: float = 0.95) -> dict[str, Any]:
    """Return the numbers of a result for programs.

    Parameters
    ----------
    result : xarray.DataTree
    prob : float
        Probability of the equal-tailed intervals.
    """
    table = summary(result["derived"].to_dataset(), ci_prob=prob)
    rows = {}
    for name in table["quantity"].values:
        row = table.sel(quantity=name)
        rows[str(name)] = {
            **{k: float(row[k]) for k in ("mean", "sd", "lower", "upper")},
            "prob": prob,
            "interval": "equal-tailed",
            "unit": str(row["unit"].item()),
        }
    course = result["iterations"].to_dataset()
    return {
        "system": result.attrs["system"],
        "rule": result.attrs["rule"],
        "engine": result.attrs["engine"],
        "outcome": result.attrs["outcome"],
        "message": result.attrs["message"],
        "warning": result.attrs["warning"],
        "seed": int(result.attrs["seed"]),
        "iterations": int(course.sizes["iteration"]),
        "md_steps": int(course["md_steps"].sum()),
        "seconds": float(course["seconds"].sum()),
        "misfit": float(course["misfit"][-1]),
        "derived": rows,
    }


def table(result: xr.DataTree, prob: float = 0.95) -> list[tuple[str, str, str, str]]:
    """Return rows (quantity, value(sd), interval, unit) of the derived quantities."""
    found = summary(result["derived"].to_dataset(), ci_prob=prob)
    rows = []
    for name in found["quantity"].values:
        row = found.sel(quantity=name)
        unit = str(row["unit"].item())
        interval = interval_text(float(row["lower"]), float(row["upper"]))
        label = LABELS.get(str(name), str(name))
        rows.append((label, str(row["text"].item()), interval, UNITS.get(unit, unit)))
    return rows


def facts(result: xr.DataTree) -> list[tuple[str, str]]:
    """Return what a reader wants to know beside the numbers."""
    a, course = result.attrs, result["iterations"].to_dataset()
    md = float((course["md_seconds"]).sum())
    total = float(course["seconds"].sum())
    lines = [
        ("system", f"{a['system']}  {a['title']}".strip()),
        ("state", f"{a['temperature']:g} K, {a['density']:g} Å⁻³"),
        ("rule", f"{a['rule']} ({a['preset']}), engine {a['engine']}, seed {a['seed']}"),
        ("outcome", f"{a['outcome']} after {course.sizes['iteration']} iterations"),
        ("misfit", f"mean squared Δg {float(course['misfit'][-1]):.2e}"),
        ("time", f"{total:.0f} s, of which {md:.0f} s molecular dynamics"),
    ]
    if a["message"] and a["outcome"] != "converged":
        lines.append(("advice", str(a["message"])))
    if a["warning"]:
        lines.append(("warning", str(a["warning"])))
    return lines
