"""Every number of the README, from what is stored: one function for each marked place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import xarray as xr
from plan import CONFIGS, MAIN, UNMEASURED, VARIANTS, Places

from sopr_uq.derived.summary import concise, interval_text, summary
from sopr_uq.experiment import element, elements
from sopr_uq.laws import (
    QUANTITIES,
    as_target,
    confront,
    law_curve,
    load_ensemble,
    open_laws,
    predictive_draws,
    published_analysis,
)
from sopr_uq.posterior.cost import cost
from sopr_uq.posterior.status import outcome
from sopr_uq.posterior.store import read
from sopr_uq.workflow import laws_report
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.report import LABELS, PRINTED_UNITS
from sopr_uq.workflow.result import load_result

STAND_IN = "integral_equation"
_QDO_LAWS = {"sigma": "3.16 α^(1/7)", "epsilon": "0.150 α^0.865"}


def blocks() -> Mapping[str, Callable[[Places], Iterator[str]]]:
    """Return what fills the marked places of the README, by their names."""
    return {
        "provenance": provenance,
        "states": states,
        "table-1": first_table,
        "table-2": second_table,
        "own-law": own_law,
        "laws": laws_table,
        "predictions": predictions,
        "helium": helium,
        "variations": variations,
        "priors": priors,
        "left-out": left_out,
    }


def fill(places: Places, template: Path) -> None:
    """Write the README: the template's text with every marked place filled in."""
    text = template.read_text(encoding="utf-8")
    text = filled(text, {name: block(places) for name, block in blocks().items()})
    places.readme.write_text(text, encoding="utf-8")


def provenance(places: Places) -> Iterator[str]:
    """Say what ran, how long, and how it ended."""
    rows, engines, warned = [], set(), []
    for variant, chosen in VARIANTS.items():
        for symbol, path in places.stored(variant).items():
            result = load_result(path)
            course, a = result["iterations"].to_dataset(), result.attrs
            engines.add(str(a["engine"]))
            paid, misfit = cost(result), float(course["misfit"][-1])
            row = [symbol, chosen.text, outcome(result), str(paid.rounds), str(paid.simulations)]
            seconds = f"{'> ' if paid.untimed else ''}{paid.seconds:.0f}"
            rows.append([*row, f"{misfit:.1e}", seconds])
            warned += [f"- {symbol}, {chosen.text}: {a['warning']}"] if a["warning"] else []
    if any(STAND_IN in engine for engine in engines):
        yield "**These results come from the HNC integral equation, not from molecular dynamics;"
        yield "they show how the study works, not what it finds.**"
        yield ""
    yield f"Engine: {', '.join(sorted(engines))}."
    yield ""
    head = ("liquid", "rule, data", "outcome", "rounds", "simulations", "mean squared Δg", "s")
    yield from markdown_table(head, rows)
    if warned:
        yield from ("", "Warnings that the runs ended with:", "", *warned)


def states(places: Places) -> Iterator[str]:  # noqa: ARG001
    """Say where the liquids were measured."""
    from CoolProp.CoolProp import PropsSI

    rows = []
    for symbol in CONFIGS:
        row = element(symbol)
        assert row.state is not None
        reduced = row.state.temperature / PropsSI("Tcrit", row.fluid)
        alpha = row.polarizability("recommended")
        numbers = (f"{row.state.temperature:g}", f"{row.state.density:g}", f"{reduced:.2f}")
        rows.append(
            [
                row.name,
                *numbers,
                concise(alpha.value, alpha.error),
                f"{row.polarizability('qdo').value:g}",
            ]
        )
    head = ("liquid", "T / K", "ρ / Å⁻³", "T / T_c", "α / Å³, recommended", "α / Å³, QDO paper")
    yield from markdown_table(head, rows)


@cache
def _draws(path: Path) -> xr.Dataset:
    return load_ensemble(path).to_dataset()


def first_table(places: Places) -> Iterator[str]:
    """Table 1 of the QDO paper beside ours."""
    rows = []
    sopr = places.stored("sopr")
    for symbol, path in places.stored(MAIN).items():
        ours, doubtful = summary(_draws(path)), load_ensemble(path).doubtful
        theirs = summary(_draws(sopr[symbol])) if symbol in sopr else None
        for quantity in QUANTITIES:
            one = ours.sel(quantity=quantity)
            beside = "–" if theirs is None else str(theirs["text"].sel(quantity=quantity).item())
            rows.append(
                [
                    f"{symbol}{laws_report.DAGGER if doubtful else ''}",
                    f"{LABELS[quantity]} / {PRINTED_UNITS[str(one['unit'].item())]}",
                    str(one["text"].item()),
                    interval_text(float(one["lower"]), float(one["upper"])),
                    *_beside(symbol, "published", quantity, _draws(path)),
                    *_beside(symbol, "force_field", quantity, _draws(path)),
                    beside,
                ]
            )
    head = ("", "", "here", "95 %", "QDO paper", "z", "percentile")
    head += ("force field", "z", "percentile", "`sopr`, sd of the smoothing")
    yield from markdown_table(head, rows)
    if any(laws_report.DAGGER in row[0] for row in rows):
        yield from ("", f"{laws_report.DAGGER.strip()} doubtful: see the warnings of the runs.")


def _beside(symbol: str, source: str, quantity: str, draws: xr.Dataset) -> list[str]:
    """Return a number from elsewhere, its z and its percentile among draws."""
    value = getattr(getattr(element(symbol), source), quantity, None)
    if value is None:
        return ["–", "–", "–"]
    found = confront(draws, {quantity: value}).isel(quantity=0)
    percentile = 100.0 * float(found["percentile"])
    return [f"{value:g}", f"{float(found['z']):+.1f}", f"{percentile:.1f}"]


def second_table(places: Places) -> Iterator[str]:
    """Table 2 of the QDO paper beside ours, and where it contradicts itself."""
    paper = published_analysis()
    laws = open_laws(places.laws)
    rows = []
    for symbol in elements():
        row = [symbol, f"{float(paper['alpha'].sel(element=symbol)):g}"]
        for quantity in ("sigma", "epsilon"):
            one = paper.sel(quantity=quantity, element=symbol)
            digits = 3
            row += [f"{float(one[k]):.{digits}f}" for k in ("table", "stated", "implied_a")]
            curve = law_curve(laws, quantity, [element(symbol).polarizability().value])
            ends = (float(curve[k][0]) for k in ("lower", "upper"))
            row.append(f"{float(curve['mean'][0]):.{digits}f} {interval_text(*ends)}")
        rows.append(row)
    head: list[str] = ["", "α / Å³"]
    for quantity in ("sigma", "epsilon"):
        label = f"{LABELS[quantity]}"
        head += [f"{label}, paper", f"{_QDO_LAWS[quantity]}", "implied a", f"{label}, our law"]
    yield from markdown_table(head, rows)
    yield ""
    yield from _contradictions(paper)


def _contradictions(paper: xr.Dataset) -> Iterator[str]:
    sigma, epsilon = paper.sel(quantity="sigma"), paper.sel(quantity="epsilon")
    implied = sigma["implied_a"].where(~sigma["refined"], drop=True)
    refined = sigma["implied_a"].where(sigma["refined"], drop=True)
    yield (
        f"The predicted sizes of the paper's Table 2 imply prefactors from "
        f"{float(implied.min()):.3f} to {float(implied.max()):.3f} where its text says "
        f"{float(sigma['stated_a']):.2f}; its refined sizes imply {float(refined.min()):.3f} to "
        f"{float(refined.max()):.3f}."
    )
    off = (sigma["table"] - sigma["stated"]).where(~sigma["refined"], drop=True)
    parts = [f"{float(x):+.3f} Å for {s}" for s, x in zip(off["element"].values, off, strict=True)]
    yield f"Its predictions differ from its own law by {', '.join(parts)}."
    yield (
        f"Least squares on its Table 1 give σ = {float(sigma['a']):.3f} α^(1/7) and "
        f"ε = {float(epsilon['a']):.3f} α^{float(epsilon['b']):.3f}, where the paper states "
        f"{float(epsilon['stated_a']):.3f} α^{float(epsilon['stated_b']):.3f}."
    )


def own_law(places: Places) -> Iterator[str]:
    """The paper's own analysis redone from its numbers, beside ours."""
    paper, laws = published_analysis(), open_laws(places.laws)
    rows = []
    for quantity, law in (("sigma", "qdo"), ("epsilon", "free")):
        one = paper.sel(quantity=quantity)
        table = summary(laws[f"{quantity}/{law}"].to_dataset()[["a", "b"]].astype(float))
        a, b = table.sel(quantity="a"), table.sel(quantity="b")
        band = f"[{float(one['stated_lower']):g}, {float(one['stated_upper']):g}]"
        b_text = "1/7" if law == "qdo" else str(b["text"].item())
        below = float((laws[f"{quantity}/{law}"]["a"] < float(one["stated_a"])).mean())
        rows.append(
            [
                LABELS[quantity],
                f"{float(one['stated_a']):.3f}, {float(one['stated_b']):.3f}",
                f"{band} (±{100 * float(one['band']):g} %)",
                f"{float(one['a']):.3f}, {float(one['b']):.3f}",
                f"{a['text'].item()}, {b_text}",
                interval_text(float(a["lower"]), float(a["upper"])),
                f"{100 * below:.1f}",
            ]
        )
    head = ("", "a, b stated", "band stated", "a, b by least squares", "a, b here")
    head += ("95 % of a", "percentile of the stated a")
    yield from markdown_table(head, rows)


def laws_table(places: Places) -> Iterator[str]:
    """The laws, their comparison and intervals."""
    laws = open_laws(places.laws)
    ends = {row[0]: row[1:] for row in laws_report.interval_rows(laws, 0.95)}
    rows = [[*row, ends[row[0]][0], ends[row[0]][1]] for row in laws_report.law_rows(laws)]
    yield from markdown_table([*laws_report.LAW_HEAD, "95 % of a", "95 % of b"], rows)
    yield ""
    yield laws_report.LAW_LEGEND
    yield ""
    for name, text in laws_report.laws_facts(laws):
        yield f"- {name}: {text}"


def predictions(places: Places) -> Iterator[str]:
    """Elements that nobody has measured, beside the paper and force fields."""
    laws = open_laws(places.laws)
    rows = []
    for symbol in UNMEASURED:
        draws = predictive_draws(laws, as_target(symbol)).astype(float, keep_attrs=True)
        table = summary(draws)
        for quantity in (str(q) for q in table["quantity"].values):
            one = table.sel(quantity=quantity)
            rows.append(
                [
                    symbol,
                    f"{LABELS[quantity]} / {PRINTED_UNITS[str(one['unit'].item())]}",
                    str(one["text"].item()),
                    interval_text(float(one["lower"]), float(one["upper"])),
                    *_beside(symbol, "published", quantity, draws)[:2],
                    *_beside(symbol, "force_field", quantity, draws),
                ]
            )
    head = ("", "", "here", "95 %", "QDO paper", "z", "force field", "z", "percentile")
    yield from markdown_table(head, rows)


def helium(places: Places) -> Iterator[str]:
    """Where the law should fail, and by how much it does."""
    laws = open_laws(places.laws)
    row = element("He")
    assert row.force_field is not None
    for quantity in ("epsilon", "sigma"):
        known = float(getattr(row.force_field, quantity))
        draws = predictive_draws(laws, as_target("He")).astype(float, keep_attrs=True)
        found = confront(draws, {quantity: known}).isel(quantity=0)
        node = laws[f"{quantity}/{'free' if quantity == 'epsilon' else 'qdo'}"].to_dataset()
        log_law = (node["log_a"] + node["b"] * np.log(row.polarizability().value)).astype(float)
        alone = float((np.log(known) - log_law.mean()) / log_law.std())
        law = float(np.exp(log_law).mean())
        unit = PRINTED_UNITS[draws[quantity].attrs["units"]]
        yield (
            f"- {LABELS[quantity]}: the law says {law:.3g} {unit},"
            f" the force field {known:g}, a factor of {known / law:.2f}. That is"
            f" {float(found['z']):+.1f} standard deviations of the prediction and {alone:+.1f} of"
            f" the law without the scatter of elements about it."
        )


def variations(places: Places) -> Iterator[str]:
    """How answers move when something is done differently."""
    table = read(places.variations).to_dataset()
    shown = [("sigma", "qdo", "a"), ("sigma", "free", "b"), ("epsilon", "free", "a")]
    shown += [("epsilon", "free", "b")]
    rows = []
    for variation in table["variation"].values:
        one = table.sel(variation=variation)
        row = [str(variation)]
        row += [_parameter(one, *key) for key in shown]
        row += [_predicted(one, t, q) for t in UNMEASURED for q in ("sigma", "epsilon")]
        rows.append(row)
    head = ["", "a of σ (1/7)", "b of σ", "a of ε", "b of ε"]
    head += [f"{LABELS[q]}({t})" for t in UNMEASURED for q in ("sigma", "epsilon")]
    yield from markdown_table(head, rows)


def _parameter(one: xr.Dataset, quantity: str, law: str, parameter: str) -> str:
    at = one.sel(quantity=quantity, law=law, parameter=parameter)
    return concise(float(at["parameter_mean"]), float(at["parameter_sd"]))


def _predicted(one: xr.Dataset, target: str, quantity: str) -> str:
    at = one.sel(quantity=quantity, target=target)
    return concise(float(at["prediction_mean"]), float(at["prediction_sd"]))


def priors(places: Places) -> Iterator[str]:
    """How answers move with the prior."""
    table = open_laws(places.laws)["prior_sensitivity"].to_dataset().astype(float)
    rows = []
    for prior in (str(p) for p in table["prior"].values):
        row = [prior]
        for quantity in ("sigma", "epsilon"):
            one = table.sel(quantity=quantity, law="free", prior=prior)
            row += [concise(float(one[f"{p}_mean"]), float(one[f"{p}_sd"])) for p in ("b", "tau")]
        sizes = table["probability"].sel(quantity="sigma", prior=prior)
        row += [f"{float(sizes.sel(law=law)):.2g}" for law in ("qdo", "classical", "free")]
        rows.append(row)
    head = ("prior", "b of σ", "τ of σ", "b of ε", "τ of ε", "P(1/7)", "P(1/3)", "P(free)")
    yield from markdown_table(head, rows)


def left_out(places: Places) -> Iterator[str]:
    """What each law says about an element from the others alone."""
    laws = open_laws(places.laws)
    table, known = laws["leave_one_out"].to_dataset(), laws["elements"].to_dataset()
    rows = []
    for symbol in (str(e) for e in table["element"].values):
        for quantity in ("sigma", "epsilon"):
            at = {"element": symbol, "quantity": quantity}
            mean, sd = (float(known[k].sel(at)) for k in ("mean", "sd"))
            row = [symbol, LABELS[quantity], concise(mean, sd)]
            for law in ("qdo", "classical", "free"):
                one = table.sel(at).sel(law=law)
                ends = (float(one["lower"]), float(one["upper"]))
                missing = not np.isfinite(float(one["z"]))
                row.append("–" if missing else f"{interval_text(*ends)} ({float(one['z']):+.1f})")
            rows.append(row)
    head = ("", "", "ensemble", "by α^(1/7): 95 % (z)", "by α^(1/3): 95 % (z)", "by α^b: 95 % (z)")
    yield from markdown_table(head, rows)
