"""What the refinements of molten aluminium say, as small results and as tables."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from carry import misfits
from plan import CASES, STATES
from worlds import WORLDS

from sopr_uq.derived.correction import correction_band, intervals_without_zero
from sopr_uq.derived.summary import concise
from sopr_uq.posterior.cost import cost
from sopr_uq.posterior.status import outcome
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.simulated import load_simulated

HERE = Path(__file__).parent
RESULTS = HERE / "results"

_MEASURED_ACTIVATION = (280.0, 70.0)
"""Of diffusion, in meV, with its error, as the abstract of F. Kargl and others, Self diffusion in
liquid aluminium, J. Phys. Conf. Ser. 340 (2012), states it."""

_MEASURED_DIFFUSION = 7.9
"""At 1020 K, in 10⁻⁹ m²/s: of the same paper, as the documentation of the package
matlantis-features quotes it, without its error."""

_MEV_PER_KELVIN = 0.08617333
_EVERY = 4
_PROB = 0.95
_NAMES = {
    "pressure": "P / MPa", "energy": "U / (kcal/mol)", "diffusion": "D / (10⁻⁹ m²/s)",
    "heat-capacity": "C_V, potential and kinetic / (J/(mol K))",
}  # fmt: skip


def case_facts(result: xr.DataTree, name: str, data: Path) -> dict[str, Any]:
    """Return what the tables need of a refinement."""
    paid, band = cost(result), correction_band(result, _PROB)
    found: dict[str, Any] = {
        "outcome": outcome(result),
        "rounds": paid.rounds,
        "simulations": paid.simulations,
        "md_seconds": round(paid.md_seconds),
        "without_zero": intervals_without_zero(band),
        "states": {},
    }
    for number, kelvin in enumerate(CASES[name].measured):
        rounds = result[f"iterations_{number + 1}" if number else "iterations"].to_dataset()
        found["states"][str(kelvin)] = {
            when: _round(rounds.isel(iteration=place), data, kelvin)
            for when, place in (("base", 0), ("corrected", -1))
        }
    if "posterior_check" in result.children:
        check = result["posterior_check"].to_dataset()
        found |= {k: round(float(check[k]), 3) for k in ("predicted", "predicted_p", "k_hat")}
    for group in ("correction_evidence", "state_evidence"):
        if group in result.children:
            evidence = result[group].to_dataset()
            found[group] = round(float(evidence["log_bayes_factor"]), 2)
    if "state_evidence" in found:
        best = result["state_evidence"].to_dataset()["log_evidence"].idxmax()
        found["discrepancy"] = round(float(best), 4)
    return found


def _round(here: xr.Dataset, data: Path, kelvin: int) -> dict[str, float]:
    """Return how well the best guess of a round did at a state, and its pressure."""
    g = misfits(here["r_g"].values, here["g"].values, data, kelvin)
    pressure = {k: round(float(here[k]), 1) for k in ("pressure", "pressure_error")}
    return g | pressure


def corrections(results: dict[str, xr.DataTree]) -> str:
    """Return the bands of all corrections as a table of comma-separated values."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("case", "r_angstrom", "mean_kcal_mol", "lower", "upper"))
    for name, result in results.items():
        band = correction_band(result, _PROB).isel(r=slice(None, None, _EVERY))
        for row in zip(*(band[k].values for k in ("r", "mean", "lower", "upper")), strict=True):
            writer.writerow((name, *(f"{value:.4f}" for value in row)))
    return text.getvalue()


def simulated_facts(folder: Path, data: Path) -> dict[str, Any]:
    """Return every property at every state, with the correction and without."""
    tree = load_simulated(folder)
    rows, bare = tree["summary"].to_dataset(), tree["without"].to_dataset()
    g = tree["curves"].to_dataset()["g"].mean(("chain", "draw"))
    found: dict[str, Any] = {}
    for s, kelvin in enumerate(STATES):
        here = found[str(kelvin)] = {}
        for name in rows["property"].values:
            row = rows.isel(state=s).sel(property=name)
            here[str(name)] = {
                **{k: round(float(row[k]), 4) for k in ("mean", "sd", "lower", "upper")},
                "without": round(float(bare[str(name)][s]), 4),
                "without_error": round(float(bare[f"{name}_error"][s]), 4),
            }
        r = g["r_g"].values
        here["g"] = {
            "with": misfits(r, g.isel(state=s).values, data, kelvin),
            "without": misfits(r, bare["g"].isel(state=s).values, data, kelvin),
        }
    return found


def _stored(name: str) -> dict[str, Any]:
    file = RESULTS / name
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else {}


def fits() -> list[str]:
    """Return the table of refinements: the base alone beside each."""
    cases, rows = _stored("cases.json"), []
    for name, case in CASES.items():
        if name not in cases:
            rows.append((case.title, "not run", *["–"] * 6))
            continue
        found = cases[name]
        how = f"{found['outcome']}, {found['rounds']} rounds, {found['simulations']} simulations"
        each = found["states"]
        cells = [_before_after(each.get(str(kelvin)), "rms", ".3f") for kelvin in STATES]
        cells += [_before_after(each.get(str(k)), "pressure", ".0f") for k in STATES]
        factor = found.get("correction_evidence")
        where = ", ".join(f"{a:.2f}–{b:.2f}" for a, b in found["without_zero"])
        band = "no band" if case.rule == "ibi" else where or "nowhere"
        rows.append((case.title, how, *cells, "–" if factor is None else f"{factor:+.0f}", band))
    head = ("learnt from", "ended", "rms Δg 1023 K", "1323 K", "P / MPa 1023 K", "1323 K")
    return markdown_table((*head, "ln Bayes factor", "band without zero at / Å"), rows)


def _before_after(state: dict[str, Any] | None, key: str, form: str) -> str:
    """Return a number of the base and of the last round."""
    if state is None:
        return "–"
    return f"{state['base'][key]:{form}} → {state['corrected'][key]:{form}}"


def first_peak() -> list[str]:
    """Return where the misfit of base and correction lies, and what a broadened table leaves."""
    cases, rows = _stored("cases.json"), []
    for name in ("both", "broad", "poor"):
        for kelvin in STATES if name in cases else ():
            for label, found in cases[name]["states"][str(kelvin)].items():
                rows.append((CASES[name].title, f"{kelvin}", label, *_parts(found)))
    head = ("case", "T / K", "", "rms Δg", "below 3.1 Å", "beyond", "broadened", "by / Å")
    return markdown_table(head, rows)


def _parts(found: dict[str, float]) -> list[str]:
    parts = [f"{found[k]:.3f}" for k in ("rms", "first_peak", "beyond", "broadened")]
    return [*parts, f"{found['width']:.2f}" if found["width"] else "0"]


def predicted() -> list[str]:
    """Return what each temperature alone says of the other."""
    means, bare, rows = _stored("carried.json"), _stored("simulated.json"), []
    for name in ("alone1023", "alone1323"):
        if name not in means:
            continue
        found = means[name]
        kelvin = str(found["kelvin"])
        base = bare[kelvin]["g"]["without"] if bare else None
        rows.append(
            (
                CASES[name].title, f"{kelvin} K",
                "–" if base is None else f"{base['rms']:.3f}, {base['beyond']:.3f}",
                f"{found['rms']:.3f}, {found['beyond']:.3f}",
                concise(found["pressure"], found["pressure_error"]),
                concise(found["diffusion"], found["diffusion_error"]),
            )
        )  # fmt: skip
    head = ("learnt from", "predicted", "rms Δg, and beyond 3.1 Å: base alone", "with correction")
    return markdown_table((*head, "P / MPa", "D / (10⁻⁹ m²/s)"), rows)


def carried() -> list[str]:
    """Return D, P, U and C_V with the correction of both temperatures and without."""
    found, rows = _stored("simulated.json"), []
    for kelvin, properties in found.items():
        for name, label in _NAMES.items():
            p = properties[name]
            rows.append(
                (
                    kelvin, label, concise(p["without"], p["without_error"]),
                    concise(p["mean"], p["sd"]), f"{p['lower']:.4g} to {p['upper']:.4g}",
                )
            )  # fmt: skip
    head = ("T / K", "", "base alone", "with correction (sd)", "95 %")
    return markdown_table(head, rows)


def baseline() -> list[str]:
    """Return newton at one temperature beside ibi at the same."""
    cases, means, rows = _stored("cases.json"), _stored("carried.json"), []
    for name in ("alone1023", "ibi1023", "alone1323", "ibi1323"):
        if name not in cases:
            continue
        found, (kelvin,) = cases[name], CASES[name].measured
        last, mean = found["states"][str(kelvin)]["corrected"], means.get(name, {})
        ours = mean.get("kelvin") == kelvin
        d = concise(mean["diffusion"], mean["diffusion_error"]) if ours else "–"
        rows.append(
            (
                CASES[name].title, str(found["rounds"]), str(found["simulations"]),
                _before_after(found["states"][str(kelvin)], "rms", ".3f"),
                concise(last["pressure"], last["pressure_error"]), d,
            )
        )  # fmt: skip
    head = ("", "rounds", "simulations", "rms Δg", "P / MPa", "D / (10⁻⁹ m²/s)")
    return markdown_table(head, rows)


def twins() -> list[str]:
    """Return how often bands of twins held, with and without a correction, on each base."""
    rows = []
    for world in WORLDS.values():
        if not world.file.is_file():
            continue
        with world.file.open(encoding="utf-8", newline="") as opened:
            made = list(csv.DictReader(opened))
        for label, mine in (
            ("base and correction", [t for t in made if float(t["largest"]) > 0.0]),
            ("base alone", [t for t in made if float(t["largest"]) == 0.0]),
        ):
            if mine:
                base = f"{world.base[0]}, {world.name}"
                rows.append((base, label, str(len(mine)), *_pooled(mine)))
    head = ("base", "truth", "twins", "doubtful", "rounds", "rms Δg", "50 %", "80 %", "95 %")
    return markdown_table((*head, "zero within 95 %", "ln Bayes factor"), rows)


def _pooled(made: list[dict[str, str]]) -> list[str]:
    def numbers(name: str) -> list[float]:
        return [float(twin[name]) for twin in made]

    doubtful = sum(twin["outcome"] != "converged" for twin in made)
    shares = [f"{100 * np.mean(numbers(f'in_{p}')):.0f} %" for p in ("0.5", "0.8", "0.95")]
    factors = numbers("log_bayes_factor")
    return [
        str(doubtful),
        f"{np.mean(numbers('rounds')):.1f}",
        f"{np.mean(numbers('rms_first')):.3f} → {np.mean(numbers('rms_last')):.3f}",
        *shares,
        f"{100 * np.mean(numbers('zero_in_95')):.0f} %",
        f"{min(factors):+.1f} to {max(factors):+.1f}",
    ]


def said() -> list[str]:
    """Return what the numbers say of the aim, as sentences."""
    cases = _stored("cases.json")
    if not {"both", "broad"} <= set(cases):
        return ["Not run yet."]
    both, broad = cases["both"], cases["broad"]
    cold, hot = (both["states"][str(kelvin)]["corrected"] for kelvin in STATES)
    reached = (
        f"As printed, one correction takes 1023 K to an rms Δg of {cold['rms']:.3f} and 1323 K to "
        f"{hot['rms']:.3f}, at {_pressure(cold)} and {_pressure(hot)} MPa: the aim, 0.023 and "
        "0 ± 100 MPa at both, is met at 1023 K and missed at 1323 K."
    )
    left = (
        f"What is left at 1323 K lies below 3.1 Å, {hot['first_peak']:.3f}; beyond, it is "
        f"{hot['beyond']:.3f}. A Gaussian of {hot['width']:.2f} Å, as a shorter or damped Fourier "
        f"integral makes one, leaves {hot['broadened']:.3f}; of 1023 K one of "
        f"{cold['width']:.2f} Å leaves {cold['broadened']:.3f}: the tables are not equally sharp."
    )
    differ = (
        "Should the correction differ between the temperatures? The log Bayes factor is "
        f"{both.get('state_evidence', np.nan):+.1f} as printed, and where tables may be broadened "
        f"{broad.get('state_evidence', np.nan):+.1f}: within one of zero, nothing asks for it."
    )
    lines = [reached, left, differ]
    if broad:
        lines.insert(2, _of_broad(broad))
    if "ibi1323" in cases:
        lines.append(_of_ibi(cases["ibi1323"]))
    if "poor" in cases:
        lines.append(_of_poor(cases["poor"]))
    return [f"- {line}" for line in lines]


def moves() -> list[str]:
    """Return what the correction does to the diffusion, beside what was measured, in words."""
    found = _stored("simulated.json")
    if not found:
        return ["Not run yet."]
    bare, with_it = (
        concise(found["1023"]["diffusion"][value], found["1023"]["diffusion"][error])
        for value, error in (("without", "without_error"), ("mean", "sd"))
    )
    slopes = [
        concise(*_activation(*(found[str(kelvin)]["diffusion"] for kelvin in STATES), keys))
        for keys in (("without", "without_error"), ("mean", "sd"))
    ]
    value, error = _MEASURED_ACTIVATION
    apart = {
        key: 100.0 * (found["1023"]["diffusion"][key] / _MEASURED_DIFFUSION - 1.0)
        for key in ("without", "mean")
    }
    better = abs(apart["mean"]) < abs(apart["without"])
    nearer = "the corrected melt" if better else "the base alone"
    text = (
        f"At 1023 K the base alone diffuses with {bare} · 10⁻⁹ m²/s, with the correction it is "
        f"{with_it}. From 1023 to 1323 K that is an activation energy of {slopes[0]} meV of the "
        f"base alone and {slopes[1]} meV with the correction; quasielastic neutron scattering at "
        f"980, 1020 and 1060 K gave {value:g} ± {error:g} meV (F. Kargl and others, 2012), which "
        f"tells neither from the other, and {_MEASURED_DIFFUSION:g} · 10⁻⁹ m²/s at 1020 K, of "
        f"which the base alone is {apart['without']:+.0f} % and the correction "
        f"{apart['mean']:+.0f} % away: {nearer} is nearer."
    )
    return [text]


def _activation(
    cold: dict[str, float], hot: dict[str, float], keys: tuple[str, str]
) -> tuple[float, float]:
    """Return the activation energy of diffusion in meV and its error, from two temperatures."""
    value, error = keys
    span = _MEV_PER_KELVIN / (1.0 / min(STATES) - 1.0 / max(STATES))
    relative = np.hypot(cold[error] / cold[value], hot[error] / hot[value])
    return float(span * np.log(hot[value] / cold[value])), float(span * relative)


def _pressure(state: dict[str, float]) -> str:
    return concise(state["pressure"], state["pressure_error"])


def _of_broad(case: dict[str, Any]) -> str:
    cold, hot = (case["states"][str(kelvin)]["corrected"] for kelvin in STATES)
    return (
        f"With tables that may be broadened, {case['rounds']} rounds end {case['outcome']}: 1323 K "
        f"is left with {hot['broadened']:.3f} by a Gaussian of {hot['width']:.2f} Å, at "
        f"{_pressure(hot)} MPa, 1023 K with {cold['broadened']:.3f} by {cold['width']:.2f} Å, at "
        f"{_pressure(cold)} MPa; the last round was predicted with χ² {case['predicted']:.2f}."
    )


def _of_ibi(case: dict[str, Any]) -> str:
    hot = case["states"]["1323"]["corrected"]
    return (
        "Iterative Boltzmann inversion at 1323 K alone believes every digit and gets to "
        f"{hot['rms']:.3f} in {case['rounds']} rounds: there is a pair correction with the printed "
        f"curve, at {_pressure(hot)} MPa, which is not the liquid's pressure."
    )


def _of_poor(case: dict[str, Any]) -> str:
    cold, hot = (case["states"][str(kelvin)] for kelvin in STATES)
    base, ended = ([each[when] for each in (cold, hot)] for when in ("base", "corrected"))
    return (
        f"The poor base is at {_pressure(base[0])} and {_pressure(base[1])} MPa. After "
        f"{case['rounds']} rounds its correction leaves {ended[0]['rms']:.3f} and "
        f"{ended[1]['rms']:.3f}, at {_pressure(ended[0])} and {_pressure(ended[1])} MPa, and is "
        f"{case['outcome']} (k̂ {case['k_hat']:.2f}, last round predicted with χ² "
        f"{case['predicted']:.1f}); the log Bayes factor of corrections that differ between the "
        f"temperatures is {case['state_evidence']:+.0f}."
    )


def fill() -> None:
    """Fill the README from what is stored."""
    readme = HERE / "README.md"
    blocks = {
        "fits": fits(), "peak": first_peak(), "predicted": predicted(), "carried": carried(),
        "ibi": baseline(), "twins": twins(), "said": said(),
        "moves": moves(),
    }  # fmt: skip
    readme.write_text(filled(readme.read_text(encoding="utf-8"), blocks), encoding="utf-8")
