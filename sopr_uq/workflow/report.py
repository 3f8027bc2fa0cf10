"""What a result says, as text and as data for programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import (
    correction_band,
    intervals_without_zero,
    is_corrected,
)
from sopr_uq.derived.pairs import each_pair, pairs
from sopr_uq.derived.summary import FEWEST_DRAWS, interval_text, summary
from sopr_uq.experiment.molecule import Pair
from sopr_uq.posterior.cost import Cost, cost
from sopr_uq.posterior.status import (
    interval_kind,
    interval_name,
    kind_of_band,
    outcome,
    passed,
    reserve,
)
from sopr_uq.refine.rule import DEVIATIONS
from sopr_uq.workflow.agreement_report import agreement_by_datum, agreement_lines

LABELS = {"sigma": "σ", "epsilon": "ε", "r_vdw": "r_vdW", "d_hp": "d_hp"}
PRINTED_UNITS = {"angstrom": "Å", "kcal/mol": "kcal/mol", "MPa": "MPa"}

_SD = {"posterior": "value (sd)", "smoothing": "value (sd of the smoothing)", "none": "value"}
_STATISTICS = ("mean", "sd", "lower", "upper")
_CHECKED = (
    "predicted", "predicted_p", "left_out", "k_hat", "effective_draws", "draws", "runs", "failed",
)  # fmt: skip


def as_dict(result: xr.DataTree, prob: float = 0.95) -> dict[str, Any]:
    """Return the numbers of a result for programs.

    Parameters
    ----------
    result : xarray.DataTree
    prob : float
        Share of the draws within the intervals: of a posterior, their probability.

    Returns
    -------
    dict
        A number that rests on too few draws is None, with the ``reason``.
    """
    a, paid = result.attrs, cost(result)
    return {
        **{key: a[key] for key in ("system", "rule", "engine")},
        "band": kind_of_band(result),
        "outcome": outcome(result),
        **{key: a[key] for key in ("message", "warning")},
        "seed": int(a["seed"]),
        **paid._asdict(),
        "misfit": float(result["iterations"].to_dataset()["misfit"][-1]),
        "derived": _derived(result, prob),
        "noise_over_stated": exceeded(result),
        "check": check(result),
        "error_budget": _by_pair(result, budget),
        "corrections": correction_sentences(result, prob),
        "agreement": agreement_by_datum(result),
    }


def _by_pair[T](result: xr.DataTree, of: Callable[[xr.DataTree], T]) -> T | dict[str, T]:
    """Return what a function says of an element, or of each pair of a mixture by its label."""
    found = {label: of(one) for label, one in each_pair(result)}
    return found.get("", found)


def head(result: xr.DataTree, prob: float = 0.95) -> tuple[str, str, str, str]:
    """Return the head of `table`; it says what the intervals are, and whether to doubt them."""
    word, what = reserve(result), kind_of_band(result)
    return "quantity", _SD[what] + (f", {word}" if word else ""), interval_name(what, prob), "unit"


def table(result: xr.DataTree, prob: float = 0.95) -> list[tuple[str, str, str, str]]:
    """Return rows (quantity, value(sd), interval, unit) of the derived quantities."""
    kept = kept_pairs(result)
    labelled = [
        (f"{LABELS.get(name, name)} {label}".strip(), row, label in kept)
        for label, one in each_pair(result)
        for name, row in _rows(one, prob, kept=label in kept).items()
    ]
    rows = []
    for name, row, fixed in labelled:
        unit = str(row["unit"].item())
        text, ends = str(row["text"].item()), "–"
        if kind_of_band(result) == "none":
            text = f"{float(row['mean']):.5g}"
        elif fixed:
            text, ends = f"{float(row['mean']):.4g}", "kept"
        elif (reason := undetermined(row)) is not None:
            text = reason
        else:
            ends = interval_text(float(row["lower"]), float(row["upper"]))
        rows.append((name, text, ends, PRINTED_UNITS.get(unit, unit)))
    return rows


def undetermined(row: xr.Dataset) -> str | None:
    """Return why a number of a summary is not to be printed; None if it may be.

    Parameters
    ----------
    row : Dataset
        One quantity of :func:`~sopr_uq.derived.summary.summary`.
    """
    count = float(row["effective"])
    return None if count >= FEWEST_DRAWS else f"not determined ({count:.0f} effective draws)"


def _paid(paid: Cost) -> str:
    counts = {"round": paid.rounds, "simulation": paid.simulations}
    return ", ".join(f"{n} {noun}{'' if n == 1 else 's'}" for noun, n in counts.items())


def facts(result: xr.DataTree) -> list[tuple[str, str]]:
    """Return what a reader wants to know beside the numbers."""
    a, paid = result.attrs, cost(result)
    misfit = result["iterations"].to_dataset()["misfit"][-1]
    deviation = DEVIATIONS[misfit.attrs.get("of", "g")]
    lines = [
        ("system", f"{a['system']}  {a['title']}".strip()),
        ("state", f"{a['temperature']:g} K, {a['density']:g} Å⁻³{_shares(result)}"),
        ("rule", f"{a['rule']} ({a['preset']}), engine {a['engine']}, seed {a['seed']}"),
        ("outcome", f"{_ended(result)} after {_paid(paid)}"),
        ("misfit", f"mean squared {deviation} {float(misfit):.2e}"),
        ("time", _time(paid)),
    ]
    observed = result["observed_data"].data_vars if "observed_data" in result.children else {}
    for name, values in observed.items():
        of = values.attrs.get("pair", "")
        label = f"{str(name).partition('_')[0]} {of}" if of else str(name)
        lines += [(label, remark) for remark in remarks_of(values)]
    found, shares = check(result), prior_sentence(result)
    lines += [("check", _check_line(found))] if found is not None else []
    lines += [("prior", shares)] if shares else []
    lines += [("correction", text) for text in correction_sentences(result)]
    lines += [("states", text) for text in state_sentences(result)]
    lines += agreement_lines(result, LABELS)
    # a warning may end with it
    if a["outcome"] != "converged" and a["message"] not in a["warning"]:
        lines.append(("advice", str(a["message"])))
    if a["warning"]:
        lines.append(("warning", str(a["warning"])))
    return lines


def correction_sentences(result: xr.DataTree, prob: float = 0.95) -> list[str]:
    """Say of every correction how large it is, where it is not zero, and whether it is wanted."""
    found = []
    for label, one in each_pair(result):
        if not is_corrected(one):
            continue
        bands = correction_band(one, prob)
        size = float(np.sqrt((bands["mean"].where(bands["seen"]) ** 2).mean()))
        text = f"{label} rms {size:.3g} kcal/mol where pairs are".strip()
        if kind_of_band(result) != "none":
            where = ", ".join(f"{a:.2f}–{b:.2f} Å" for a, b in intervals_without_zero(bands))
            zero = f"at {where}" if where else "nowhere"
            text = f"{text}; {100 * prob:g} % band excludes zero {zero}"
        found.append(text)
    if "correction_evidence" in result.children:
        factor = float(result["correction_evidence"].to_dataset()["log_bayes_factor"])
        word = "for a correction" if factor > 0 else "for none"
        found.append(f"the data speak {word}: log Bayes factor {factor:+.1f}")
    return found


def state_sentences(result: xr.DataTree) -> list[str]:
    """Say whether the data want potentials that differ between states."""
    if "state_evidence" not in result.children:
        return []
    found = result["state_evidence"].to_dataset()
    factor = float(found["log_bayes_factor"])
    if factor <= 0.0:
        return [f"the data speak for one potential at all of them: log Bayes factor {factor:+.1f}"]
    size = float(found["log_evidence"].idxmax())
    advice = f"refine.discrepancy = {size:.2g} allows it"
    return [f"the data speak for potentials that differ: log Bayes factor {factor:+.1f}; {advice}"]


def _shares(result: xr.DataTree) -> str:
    """Say what a mixture is made of; nothing for an element."""
    shares = json.loads(result.attrs.get("composition", "{}"))
    return "".join(f", {name} {share:g}" for name, share in shares.items())


def exceeded(result: xr.DataTree) -> dict[str, float]:
    """Return by which factor the residuals of measurements exceed the errors stated with them."""
    observed = result["observed_data"].data_vars if "observed_data" in result.children else {}
    key = "noise_over_stated"
    return {str(n): float(v.attrs[key]) for n, v in observed.items() if key in v.attrs}


def remarks_of(values: xr.DataArray) -> list[str]:
    """Return what was found, converted or left out when a measurement was read."""
    return str(values.attrs.get("remarks", "")).splitlines()


def _ended(result: xr.DataTree) -> str:
    word = reserve(result)
    return f"{word.upper()}, stopped" if word else outcome(result)


def _time(paid: Cost) -> str:
    simulated = f"{paid.md_steps:,} steps, {paid.md_seconds:.0f} s summed over processes"
    made = f"molecular dynamics: {simulated}" if paid.md_steps else "no molecular dynamics"
    text = f"{paid.seconds:.0f} s; {made}"
    if paid.untimed:
        text += f"; the seconds of {paid.untimed} simulations after the last round are not known"
    return text


def check(result: xr.DataTree) -> dict[str, float | bool] | None:
    """Return what the last simulations said of the posterior; None where it was not checked.

    Numbers that there are not are missing, such as ``k_hat`` where too few simulations
    succeeded.
    """
    if "posterior_check" not in result.children:
        return None
    stored = result["posterior_check"].to_dataset()
    found = {name: float(stored[name].sum(skipna=False)) for name in _CHECKED if name in stored}
    # as files kept it that checked the answer after the last round
    if "check" in stored.sizes:
        found |= {"runs": float(stored.sizes["check"])}
    if "log_weight" in stored:
        found |= {"draws": float(stored["log_weight"].size)}
    known = {name: value for name, value in found.items() if isfinite(value)}
    return {"passed": passed(result) is True, **known}


def _check_line(found: dict[str, float | bool]) -> str:
    said = {
        "predicted": "the last round was predicted with χ² {predicted:.2f} per number",
        "predicted_p": "p {predicted_p:.2g}",
        "left_out": "each run by the others with χ² {left_out:.2f} per number",
        "k_hat": "k̂ {k_hat:.2f}",
        "draws": "{effective_draws:.0f} of {draws:.0f} draws effective",
        "runs": "{runs:.0f} runs",
        "failed": "{failed:.0f} failed",
    }
    parts = [text.format(**found) for name, text in said.items() if name in found]
    return f"{'passed' if found['passed'] else 'NOT passed'}: {', '.join(parts)}"


def budget(result: xr.DataTree) -> dict[str, dict[str, float]] | None:
    """Return the shares of variance by descriptor and source, where there are any."""
    if "error_budget" not in result.children:
        return None
    share: xr.DataArray = result["error_budget"].to_dataset()["variance_share"]
    return {
        str(d): {str(s): float(share.sel(descriptor=d, source=s)) for s in share["source"].values}
        for d in share["descriptor"].values
        # of a correction there is none
        if bool(share.sel(descriptor=d).notnull().any())
    }


def prior_sentence(result: xr.DataTree) -> str:
    """Say how much of each variance is prior; empty where no budget was made."""
    shares = {
        f"{LABELS.get(d, d)} {label}".strip(): s.get("prior")
        for label, one in each_pair(result)
        for d, s in (budget(one) or {}).items()
    }
    parts = [f"{100 * s:.0f} % of {name}'s" for name, s in shares.items() if s is not None]
    return f"of the variance are prior: {', '.join(parts)}" if parts else ""


def kept_pairs(result: xr.DataTree) -> frozenset[str]:
    """Return the labels of pairs whose potentials were kept as they were: ``refine = false``."""
    told = json.loads(str(result.attrs.get("settings", "{}"))).get("pair", [])
    kept = {Pair(*pair["sites"]) for pair in told if pair.get("refine") is False}
    return frozenset(label for label in pairs(result) if Pair.of(label) in kept)


def _rows(result: xr.DataTree, prob: float, *, kept: bool) -> dict[str, xr.Dataset]:
    """Summaries of the derived quantities by name; a single draw has no deviation.

    A correction has none of some, and neither has a potential that was kept.
    """
    draws = result["derived"].to_dataset()
    corrected = kept or is_corrected(result)
    names = [
        n
        for n, x in draws.data_vars.items()
        if set(x.dims) == {"chain", "draw"} and not (corrected and bool(x.isnull().all()))
    ]
    if not names:
        return {}
    found = summary(draws[names], ci_prob=prob)
    return {str(name): found.sel(quantity=name) for name in names}


def _derived(result: xr.DataTree, prob: float) -> dict[str, Any]:
    """Return the numbers of an element, or of each pair of a mixture by its label."""
    kept = kept_pairs(result)
    found = {label: _numbers(one, prob, kept=label in kept) for label, one in each_pair(result)}
    return found.get("", found)


def _numbers(result: xr.DataTree, prob: float, *, kept: bool) -> dict[str, dict[str, Any]]:
    what, found = kind_of_band(result), {}
    share = "prob" if what == "posterior" else "share_of_draws"
    for name, row in _rows(result, prob, kept=kept).items():
        reason = None if what == "none" else "kept" if kept else undetermined(row)
        known = () if reason else _STATISTICS[: 1 if what == "none" else None]
        known = _STATISTICS[:1] if kept else known
        found[name] = {
            **{k: float(row[k]) if k in known else None for k in _STATISTICS},
            share: prob if what != "none" else None,
            "interval": interval_kind(what),
            "unit": str(row["unit"].item()),
            "effective_draws": float(row["effective"]),
            **({"reason": reason} if reason else {}),
        }
    return found
