"""What simulated draws say, as text and as data for programs."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import concise, interval_text
from sopr_uq.posterior.status import interval_name, reserve_of
from sopr_uq.workflow.simulated_parts import part
from sopr_uq.workflow.without import WITHOUT

_PARTS = ("posterior", "sampling", "common")
UNITS = {"1e-9 m^2/s": "10⁻⁹ m²/s", "g/cm^3": "g/cm³"}
"""How units of properties are printed; others as they are."""

_STATISTICS = (
    "mean", "sd", "posterior_sd", "sampling_sd", "common_sd", "lower", "upper", "left_out",
)  # fmt: skip


def head(tree: xr.DataTree) -> tuple[str, ...]:
    """Return the head of :func:`table`."""
    prob = float(tree["summary"].to_dataset().attrs["ci_prob"])
    word = reserve_of(tree.attrs["outcome"])
    doubt = f", {word}" if word else ""
    return (
        "property", f"value (sd){doubt}", interval_name(tree.attrs["band"], prob),
        "sd: posterior, sampling, common", _beside(tree), "unit",
    )  # fmt: skip


def _beside(tree: xr.DataTree) -> str:
    """Return what stands beside each value."""
    return "without correction" if WITHOUT in tree.children else "CoolProp"


def title(tree: xr.DataTree, state: int) -> str:
    """Return the name of a state; where slabs alone were simulated it is a temperature."""
    here = tree["runs"].to_dataset().isel(state=state)
    kelvin = f"{float(here['temperature']):g} K"
    if "seconds" not in here:
        return f"{kelvin}, liquid beside its vapour"
    return ", ".join([kelvin, f"{float(here['density']):.5g} Å⁻³", *_shares(here)])


def _shares(here: xr.Dataset) -> list[str]:
    """Return the mole fractions of a mixture as text."""
    if "fraction" not in here:
        return []
    names, fractions = here["molecule"].values, here["fraction"].values
    return [f"{name} {x:.4g}" for name, x in zip(names, fractions, strict=True)]


def table(tree: xr.DataTree, state: int) -> list[tuple[str, ...]]:
    """Return a row for each property at a state.

    The standard deviation of the value is split into that of the posterior, that of
    sampling (noise of the simulations and of the regression over them), and what all
    simulations have in common (finite size, end of a sum).
    """
    rows: list[tuple[str, ...]] = []
    found = tree["summary"].to_dataset().isel(state=state)
    control = tree[WITHOUT].to_dataset().isel(state=state) if WITHOUT in tree.children else None
    for p in found["property"].values:
        row = found.sel(property=p)
        unit = str(row["unit"].item())
        rows.append(
            (
                str(p), concise(float(row["mean"]), float(row["sd"])),
                interval_text(float(row["lower"]), float(row["upper"])),
                ", ".join(f"{float(row[f'{k}_sd']):.2g}" for k in _PARTS),
                _told_beside(row, control), UNITS.get(unit, unit),
            )
        )  # fmt: skip
    return rows


def notice(tree: xr.DataTree) -> str:
    """Return where pressure and energy rest on regression alone, though there is a theory.

    "" where they do not, and of molecules, charges and corrections, of which there is none.
    """
    runs = tree["runs"].to_dataset()
    of_pairs = [name for name in ("pressure", "energy") if name in runs]
    if not of_pairs or not int(tree.attrs.get("theory", 1)) or WITHOUT in tree.children:
        return ""
    unknown = np.ones(runs.sizes["state"], dtype=bool)
    if (found := runs.get(f"{of_pairs[0]}_expected")) is not None:
        unknown = found.isnull().all("run").values
    if not unknown.any():
        return ""
    where = ", ".join(f"{t:g}" for t in runs["temperature"].values[unknown])
    return (
        f"At {where} K some draws have no homogeneous liquid by the Ornstein–Zernike equation: "
        f"{' and '.join(of_pairs)} rest on regression alone, and their sampling error is told "
        "too small. Try: a denser or colder state."
    )


def _told_beside(row: xr.Dataset, control: xr.Dataset | None) -> str:
    if control is None:
        known = float(row["reference"])
        return f"{known:.4g}" if np.isfinite(known) else "–"
    value, error = _value_without(control, str(row["property"].item()))
    return concise(value, error) if np.isfinite(value) else "–"


BOILING = "boiling"
_OF_LINE = ("vapour-pressure", "liquid-density", "vapour-density", "surface-tension")


def boiling_head(tree: xr.DataTree) -> tuple[str, ...]:
    """Return the head of :func:`boiling_rows`: a property a column, with its interval."""
    line = tree[BOILING].to_dataset()
    names = (f"{n} / {UNITS.get(u := str(line[n].units), u)}" for n in _OF_LINE)
    return ("T / K", *names)


def boiling_rows(tree: xr.DataTree) -> list[tuple[str, ...]]:
    """Return the boiling line of a predicted element, a row a temperature, and what is known."""
    line, rows = tree[BOILING].to_dataset(), []
    for t in line["temperature"].values:
        here, cells = line.sel(temperature=t), []
        for n in _OF_LINE:
            mean, _, lower, upper = (float(x) for x in here[n].values)
            known = float(here[f"{n}_reference"])
            beside = f"; CoolProp {known:.3g}" if np.isfinite(known) else ""
            cells.append(f"{mean:.3g} {interval_text(lower, upper)}{beside}")
        rows.append((f"{float(t):.1f}", *cells))
    return rows


def boiling_point(tree: xr.DataTree) -> str:
    """Return where a predicted element boils at 1 atm, in words."""
    line = tree[BOILING].to_dataset()
    mean, sd, lower, upper = (float(x) for x in line["boiling_point"].values)
    what = interval_name(tree.attrs["band"], float(line.attrs["ci_prob"]))
    return f"boils at {concise(mean, sd)} K under 1 atm, {what} {interval_text(lower, upper)} K"


def as_dict(tree: xr.DataTree) -> dict[str, Any]:
    """Return the numbers of simulated draws for programs; what is not known is None."""
    a = tree.attrs
    keys = ("system", "rule", "band", "outcome", "fluid", "draws", "failed", "seed", "engine")
    found = {**{key: _plain(a[key]) for key in keys}, "states": _states(tree)}
    return found | ({BOILING: _line(tree)} if BOILING in tree.children else {})


def _line(tree: xr.DataTree) -> dict[str, Any]:
    line = tree[BOILING].to_dataset()
    statistics = [str(s) for s in line["statistic"].values]

    def numbers(values: xr.DataArray) -> dict[str, float]:
        return dict(zip(statistics, values.values.tolist(), strict=True))

    return {
        "element": str(line.attrs["element"]),
        "prob": float(line.attrs["ci_prob"]),
        "boiling_point_K": numbers(line["boiling_point"]),
        "line": [
            {"temperature_K": float(t)} | {n: numbers(line[n].sel(temperature=t)) for n in _OF_LINE}
            for t in line["temperature"].values
        ],
    }


def _states(tree: xr.DataTree) -> list[dict[str, Any]]:
    if "summary" not in tree.children:
        return []
    found = tree["summary"].to_dataset()
    control = tree[WITHOUT].to_dataset() if WITHOUT in tree.children else None
    states = []
    for s in range(found.sizes["state"]):
        here = found.isel(state=s)
        states.append(
            {
                "temperature_K": float(here["temperature"]),
                "density_per_angstrom3": float(here["density"]),
                **_fractions(here),
                "properties": {
                    str(p): _numbers(here, str(p))
                    | ({} if control is None else _control(control.isel(state=s), str(p)))
                    for p in found["property"].values
                },
            }
        )
    return states


def _fractions(here: xr.Dataset) -> dict[str, Any]:
    if "fraction" not in here:
        return {}
    names = (str(name) for name in here["molecule"].values)
    return {"composition": dict(zip(names, here["fraction"].values.tolist(), strict=True))}


def _numbers(here: xr.Dataset, name: str) -> dict[str, Any]:
    row = here.sel(property=name)
    known = float(row["reference"])
    return {
        **{k: float(row[k]) for k in _STATISTICS},
        "prob": float(here.attrs["ci_prob"]),
        "unit": str(row["unit"].item()),
        "reference": known if np.isfinite(known) else None,
    }


def _control(here: xr.Dataset, name: str) -> dict[str, Any]:
    """Return a property without the correction, and its standard error."""
    value, error = _value_without(here, name)
    known = bool(np.isfinite(value))
    return {"without": value if known else None, "without_error": error if known else None}


def _value_without(control: xr.Dataset, title: str) -> tuple[float, float]:
    return float(part(control, title)), float(part(control, title, "_error"))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
