"""What a result says, as text and as data for programs."""

from __future__ import annotations

from typing import Any

import xarray as xr

from sopr_uq.derived.summary import interval_text, summary
from sopr_uq.posterior.weighted import LARGEST_K, weighed

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
    table = summary(weighed(result, "derived"), ci_prob=prob)
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
        "end_check": end_check(result),
        "error_budget": _budget(result),
    }


def table(result: xr.DataTree, prob: float = 0.95) -> list[tuple[str, str, str, str]]:
    """Return rows (quantity, value(sd), interval, unit) of the derived quantities."""
    found = summary(weighed(result, "derived"), ci_prob=prob)
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
    checked = end_check(result)
    if checked is not None:
        lines.append(("end check", _check_line(checked)))
    if a["message"] and a["outcome"] != "converged":
        lines.append(("advice", str(a["message"])))
    if a["warning"]:
        lines.append(("warning", str(a["warning"])))
    return lines


def end_check(result: xr.DataTree) -> dict[str, float] | None:
    """Return what the simulations at posterior draws said; None where none were made.

    ``k_hat`` and ``effective_draws`` are missing where too few of them were good.
    """
    if "posterior_check" not in result.children:
        return None
    check = result["posterior_check"].to_dataset()
    found = {"runs": check.sizes["check"], "failed": float(check["failed"].sum())}
    if "k_hat" in check:
        share = result["error_budget"].to_dataset()["variance_share"].sel(source="linearisation")
        found |= {
            "k_hat": float(check["k_hat"]),
            "effective_draws": float(check["effective_draws"]),
            "draws": float(check["log_weight"].size),
            "largest_linearisation_share": float(share.max()),
        }
    return found


def _check_line(found: dict[str, float]) -> str:
    text = f"{found['runs']:.0f} simulations at posterior draws"
    if "k_hat" not in found:
        return f"{text}, {found['failed']:.0f} of them failed"
    return (
        f"{text}: k̂ {found['k_hat']:.2f}, {found['effective_draws']:.0f} of "
        f"{found['draws']:.0f} draws effective; linearisation at most "
        f"{100 * found['largest_linearisation_share']:.0f} % of a variance; the numbers are "
        f"{'weighted' if found['k_hat'] <= LARGEST_K else 'not weighted'} by it"
    )


def _budget(result: xr.DataTree) -> dict[str, dict[str, float]] | None:
    """Return the shares of variance by descriptor and source, where there are any."""
    if "error_budget" not in result.children:
        return None
    share: xr.DataArray = result["error_budget"].to_dataset()["variance_share"]
    return {
        str(d): {str(s): float(share.sel(descriptor=d, source=s)) for s in share["source"].values}
        for d in share["descriptor"].values
    }
