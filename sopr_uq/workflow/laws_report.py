"""What laws say, as rows of text and as data for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import concise, interval_text, summary
from sopr_uq.laws import LAWS, QUANTITIES, doubtful_elements, reservations, smoothed_elements
from sopr_uq.workflow.report import LABELS, PRINTED_UNITS, undetermined

PARAMETERS = ("a", "b", "tau")
DAGGER = " †"
"""After a name: what it stands for is doubtful, or rests on such."""

_EXPONENT = {"qdo": "1/7", "classical": "1/3", "free": "b"}


def quantities(laws: xr.DataTree) -> list[str]:
    """Return the quantities that the laws are about, in the usual order."""
    return [quantity for quantity in QUANTITIES if quantity in laws.children]


def formula(quantity: str, law: str) -> str:
    """Return a law for people, such as ``σ ∝ α^(1/7)``."""
    power = _EXPONENT[law]
    return f"{LABELS[quantity]} ∝ α^{power if len(power) == 1 else f'({power})'}"


def laws_facts(laws: xr.DataTree) -> list[tuple[str, str]]:
    """Return what a reader wants to know beside the numbers."""
    elements = laws["elements"].to_dataset()
    rules = ", ".join(dict.fromkeys(str(rule) for rule in elements["rule"].values if rule))
    names = ", ".join(str(name) for name in elements["element"].values)
    lines = [
        ("laws", f"of {names}, ensembles by {rules or 'an unknown rule'}"),
        ("α", f"{laws.attrs.get('polarizabilities', 'as given')} polarizabilities"),
        ("samples", f"{_sampling(laws)}, seed {laws.attrs['seed']}"),
        ("emcee", _agreement(laws)),
    ]
    lines += [("priors", share) for share in _prior_share(elements)]
    reserved = reservations(laws)
    lines += [("beware", sentence) for sentence in reserved]
    others = [w for w in str(laws.attrs.get("warning", "")).splitlines() if w not in reserved]
    if others:
        lines.append(("warning", "; ".join(others)))
    return lines


def _prior_share(elements: xr.Dataset) -> list[str]:
    if "prior_share" not in elements or not bool(elements["prior_share"].notnull().any()):
        return []
    share = elements["prior_share"].fillna(0.0)
    worst = share.isel(share.argmax(...))
    where = f"{LABELS[str(worst['quantity'].item())]} of {worst['element'].item()}"
    brought = f"brought {100 * float(worst):.0f} % of the precision at most ({where})"
    return [f"a refinement's own, which a law counts once more, {brought}"]


def _sampling(laws: xr.DataTree) -> str:
    nodes = [node for _, _, node in _each(laws)]
    sizes = nodes[0]["tau"].sizes
    rhat = max(float(node.attrs["max_rhat"]) for node in nodes)
    ess = min(float(node.attrs["min_ess"]) for node in nodes)
    divergences = sum(int(node.attrs["divergences"]) for node in nodes)
    return (
        f"{sizes['chain']} × {sizes['draw']} draws a law by NUTS, R-hat at most {rhat:.3f}, "
        f"effective size at least {ess:.0f}, {divergences} divergences"
    )


def _agreement(laws: xr.DataTree) -> str:
    table = laws["agreement"].to_dataset()
    if not bool(table["largest_z"].notnull().any()):
        return "not run"
    excess = table["largest_z"] / table["limit"]
    worst = table.isel(excess.argmax(...))
    z, limit = float(worst["largest_z"]), float(worst["limit"])
    verdict = "agrees with" if z <= limit else "DISAGREES with"
    return f"{verdict} NUTS: at most {z:.1f} Monte Carlo standard errors, {limit:.1f} allowed"


def element_rows(laws: xr.DataTree) -> list[tuple[str, ...]]:
    """Return rows (element, α / Å³, a value(sd) by quantity); a dagger marks doubtful ones."""
    elements, doubtful = laws["elements"].to_dataset(), doubtful_elements(laws)
    rows = []
    for name in elements["element"].values:
        one = elements.sel(element=name)
        alpha = concise(float(one["polarizability"]), float(one["polarizability_error"]))
        values = [
            concise(float(one["mean"].sel(quantity=q)), float(one["sd"].sel(quantity=q)))
            for q in quantities(laws)
        ]
        rows.append((f"{name}{DAGGER}" if str(name) in doubtful else str(name), alpha, *values))
    return rows


def element_head(laws: xr.DataTree) -> tuple[str, ...]:
    """Return the head of `element_rows`."""
    units = laws["elements"]["unit"].to_series()
    return (
        "element",
        "α / Å³",
        *(f"{LABELS[q]} / {PRINTED_UNITS[units[q]]}" for q in quantities(laws)),
    )


LAW_HEAD = ("law", "a", "b", "τ", "P", "LOO", "max |z|")
LAW_LEGEND = """\
D = a α^b, α in Å³, a in Å or kcal/mol; value(sd). τ: relative scatter of elements about the law.
P: probability among the laws of a quantity, equal beforehand. LOO: sum over elements of the
log predictive density of log D, each element left out in turn; z: how many standard deviations
it then lies from its prediction."""


def law_rows(laws: xr.DataTree) -> list[tuple[str, ...]]:
    """Return rows as `LAW_HEAD` names them, one for each law of each quantity."""
    compared = laws["comparison"].to_dataset()
    rows: list[tuple[str, ...]] = []
    for quantity, law, node in _each(laws):
        table = summary(node.to_dataset()[list(PARAMETERS)])
        found = {p: table.sel(quantity=p) for p in PARAMETERS}
        text = {p: undetermined(row) or str(row["text"].item()) for p, row in found.items()}
        one = compared.sel(quantity=quantity, law=law)
        alone = law == "free" and len(QUANTITIES[quantity]) == 1
        rows.append(
            (
                formula(quantity, law),
                text["a"],
                text["b"] if law == "free" else _EXPONENT[law],
                text["tau"],
                "–" if alone else _probability(float(one["probability"])),
                f"{float(one['loo']):.1f}",
                f"{float(one['largest_z']):.1f}",
            )
        )
    return rows


def _probability(p: float) -> str:
    return f"{p:.2f}" if p > 0.01 else f"{p:.0e}"


INTERVAL_HEAD = ("law", "a", "b", "τ")


def interval_rows(laws: xr.DataTree, prob: float) -> list[tuple[str, ...]]:
    """Return rows as `INTERVAL_HEAD` names them: equal-tailed intervals."""
    rows = []
    for quantity, law, node in _each(laws):
        table = summary(node.to_dataset()[list(PARAMETERS)], ci_prob=prob)
        ends = [table.sel(quantity=p) for p in PARAMETERS]
        texts = [
            "–" if undetermined(e) else interval_text(float(e["lower"]), float(e["upper"]))
            for e in ends
        ]
        rows.append((formula(quantity, law), *texts))
    return rows


def laws_dict(laws: xr.DataTree, prob: float) -> dict[str, Any]:
    """Return the numbers of laws for programs.

    Parameters
    ----------
    laws : DataTree
    prob : float
        Probability of the equal-tailed intervals.
    """
    compared = laws["comparison"].to_dataset()
    found: dict[str, Any] = {}
    for quantity, law, node in _each(laws):
        one = compared.sel(quantity=quantity, law=law)
        table = summary(node.to_dataset()[list(PARAMETERS)], ci_prob=prob)
        found.setdefault(quantity, {})[law] = {
            "formula": node.attrs["formula"],
            **{
                p: _numbers(table.sel(quantity=p), prob, fixed=p == "b" and law != "free")
                for p in PARAMETERS
            },
            **{k: float(one[k]) for k in ("probability", "log_evidence", "loo", "largest_z")},
        }
    elements = [str(name) for name in laws["elements"].to_dataset()["element"].values]
    settings: dict[str, Any] = {k: laws.attrs.get(k, "") for k in ("polarizabilities", "warning")}
    settings |= {"doubtful": doubtful_elements(laws), "smoothed": smoothed_elements(laws)}
    return {"elements": elements, **settings, "seed": int(laws.attrs["seed"]), "laws": found}


def _numbers(row: xr.Dataset, prob: float, fixed: bool) -> dict[str, float | str | None]:
    # an exponent that is fixed has one value, and needs no draws
    reason = None if fixed else undetermined(row)
    values = {k: None if reason else float(row[k]) for k in ("mean", "sd", "lower", "upper")}
    said = {"reason": reason} if reason else {}
    return {**values, "prob": prob, "unit": str(row["unit"].item()), **said}


PREDICTION_HEAD = ("for", "α / Å³", "quantity", "value (sd)", "interval")


def prediction_rows(
    predictions: dict[str, dict[str, dict[str, Any]]], alpha: dict[str, str]
) -> list[tuple[str, ...]]:
    """Return rows as `PREDICTION_HEAD` names them; ``alpha`` is text by target."""
    return [
        (
            f"{target}{DAGGER if row['doubtful'] else ''}",
            alpha.get(target, target),
            f"{LABELS[quantity]} / {PRINTED_UNITS[row['unit']]}",
            concise(row["mean"], row["sd"]),
            interval_text(row["lower"], row["upper"]),
        )
        for target, by_quantity in predictions.items()
        for quantity, row in by_quantity.items()
    ]


def fitted_range(laws: xr.DataTree) -> tuple[float, float]:
    """Return the smallest and the largest α in Å³ that the laws were fitted to."""
    alpha = laws["elements"].to_dataset()["polarizability"].values
    return float(np.min(alpha)), float(np.max(alpha))


def _each(laws: xr.DataTree) -> Iterator[tuple[str, str, Any]]:
    for quantity in quantities(laws):
        for law in (name for name in LAWS if name in laws[quantity].children):
            yield quantity, law, laws[f"{quantity}/{law}"]
