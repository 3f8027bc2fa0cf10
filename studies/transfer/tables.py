"""Tables and sentences of the study, from what is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from plan import EXPONENTS, GASES, Gas

from sopr_uq.derived.summary import concise
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.simulated import load_simulated
from sopr_uq.workflow.simulated_report import UNITS


class Told(NamedTuple):
    """A property of a gas at a temperature: ours, a force field's by exponent, and CoolProp's."""

    gas: Gas
    temperature: float
    name: str
    unit: str
    mean: float
    sd: float
    parts: tuple[float, ...]
    """Of the standard deviation: posterior, sampling, common."""
    known: float
    """NaN where CoolProp knows nothing."""
    forces: dict[int, tuple[float, float]]

    @property
    def share(self) -> float:
        """Of the critical temperature."""
        return self.temperature / self.gas.critical

    @property
    def off(self) -> float:
        """By how many per cent ours is off."""
        return 100.0 * (self.mean / self.known - 1.0)

    @property
    def z(self) -> float:
        """By how many standard deviations."""
        return (self.mean - self.known) / self.sd


def told(gas: Gas) -> Iterator[Told]:
    """Yield what is stored of a gas."""
    if not gas.forces.is_file():
        return
    forces = json.loads(gas.forces.read_text(encoding="utf-8"))
    for file in (gas.liquid, gas.slabs) if gas.slab_shares else (gas.liquid,):
        found = load_simulated(file)["summary"].to_dataset()
        for name in found["property"].values:
            for s, t in enumerate(found["temperature"].values):
                row = found.isel(state=s).sel(property=name)
                unit = str(row["unit"].item())
                beside = {
                    each["exponent"]: (each["value"], each["error"])
                    for each in forces
                    if each["property"] == name and abs(each["temperature"] - t) < 0.05
                }
                yield Told(
                    gas, float(t), str(name), UNITS.get(unit, unit),
                    float(row["mean"]), float(row["sd"]),
                    tuple(float(row[f"{k}_sd"]) for k in ("posterior", "sampling", "common")),
                    float(row["reference"]), beside,
                )  # fmt: skip


def table(gas: Gas) -> list[str]:
    """Return the table of a gas."""
    rows = [
        (
            f"{each.temperature:.1f}", each.name, concise(each.mean, each.sd),
            ", ".join(f"{part:.2g}" for part in each.parts), *_beside(each),
            *(concise(*each.forces[n]) if n in each.forces else "–" for n in EXPONENTS), each.unit,
        )
        for each in told(gas)
    ]  # fmt: skip
    head = ("T / K", "property", "value (sd)", "posterior, sampling, common", "CoolProp", "off by")
    fields = (f"force field, n = {n}" for n in EXPONENTS)
    return markdown_table((*head, "in sd", *fields, "unit"), rows)


def _beside(each: Told) -> tuple[str, str, str]:
    if not np.isfinite(each.known):
        return "–", "–", "–"
    share = "–" if each.name == "pressure" else f"{each.off:+.1f} %"
    return f"{each.known:.4g}", share, f"{each.z:+.1f}"


_SAID = {
    "energy": "energy", "liquid-density": "density of the boiling liquid",
    "vapour-density": "density of the vapour", "vapour-pressure": "vapour pressure",
    "surface-tension": "surface tension", "viscosity": "viscosity", "pressure": "pressure",
}  # fmt: skip
_LIMIT = 2.0


def said() -> list[str]:
    """Return a sentence for each property that CoolProp knows."""
    lines = []
    rows = [each for gas in GASES for each in told(gas) if np.isfinite(each.known)]
    for name, words in _SAID.items():
        of = [each for each in rows if each.name == name]
        if not of:
            continue
        wide = [each for each in of if abs(each.z) > _LIMIT]
        apart = ""
        if name != "pressure":
            apart = f" off by {_by_gas(of, [each.off for each in of])};"
        z = np.sqrt(np.mean([each.z**2 for each in of]))
        lines.append(
            f"- The {words}:{apart} {len(wide)} of {len(of)} by more than {_LIMIT:g} sd, "
            f"{z:.1f} sd in the root mean square."
        )
    return [*lines, *(_of_force_field(rows, n) for n in EXPONENTS), _of_left_out()]


FORESEEN = (0.5, 1.5)
"""Of the χ² per run of some 140 runs left out: four standard deviations about 1."""


def missed(gas: Gas) -> float:
    """Return χ² per run and property of the runs of the liquid, each left out in turn."""
    found = load_simulated(gas.liquid)["summary"].to_dataset()["left_out"]
    return float(found.mean())


def _of_left_out() -> str:
    """Return whether the runs of a gas predict each other: where they do not, it is said."""
    parts = []
    for gas in (gas for gas in GASES if gas.forces.is_file()):
        chi2 = missed(gas)
        fails = "" if FORESEEN[0] < chi2 < FORESEEN[1] else " (**fails**)"
        parts.append(f"{gas.name} {chi2:.1f}{fails}")
    low, high = FORESEEN
    lost = ", ".join(f"{n} of {of} of {name}" for name, n, of in _lost() if n) or "none"
    return (
        f"- Each run left out, the others miss it with χ² per number: {', '.join(parts)}; "
        f"{low} to {high} is right. Draws, chosen far apart, that are no liquid at any of these "
        f"temperatures: {lost}."
    )


def _lost() -> Iterator[tuple[str, int, int]]:
    """Yield of each gas how many of its simulated draws are a liquid nowhere, and of how many."""
    for gas in (gas for gas in GASES if gas.forces.is_file()):
        energy = load_simulated(gas.liquid)["runs"].to_dataset()["energy"]
        nowhere = energy.isnull().all("state")
        yield gas.name, int(nowhere.sum()), int(nowhere.size)


def _of_force_field(rows: list[Told], n: int) -> str:
    parts = []
    for name in ("energy", "liquid-density", "vapour-density", "vapour-pressure"):
        of = [each for each in rows if each.name == name]
        off = [100.0 * (each.forces[n][0] / each.known - 1.0) for each in of]
        parts.append(f"{_SAID[name]} {_by_gas(of, off)}")
    return f"- The force field with n = {n} is off by: {'; '.join(parts)}."


def _by_gas(of: list[Told], off: list[float]) -> str:
    told_of = {gas.name: [x for e, x in zip(of, off, strict=True) if e.gas is gas] for gas in GASES}
    return ", ".join(f"{name} {_range(each)} %" for name, each in told_of.items() if each)


def _range(values: list[float]) -> str:
    low, high = min(values), max(values)
    return f"{low:+.1f}" if high - low < 0.05 else f"{low:+.1f} to {high:+.1f}"


def fill(readme: Path) -> None:
    """Fill the marked places of a README."""
    tables = {gas.name: table(gas) for gas in GASES} | {"said": said()}
    readme.write_text(filled(readme.read_text(encoding="utf-8"), tables), "utf-8")
