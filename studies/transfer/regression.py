"""Whether few simulated draws speak for all: the regression, against draws that it has not seen.

    python studies/transfer/regression.py            # instant simulations, fill the README
    python studies/transfer/regression.py --stored   # from the stored numbers

Two tests. By an instant engine, the integral equation, with noise as of counting: the draws that
`sopr-uq simulate` would choose, against 32 others at random; and many times over, random ones for
all the rest. By molecular dynamics, the runs that `run.py` stored: three of twelve by the others.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import xarray as xr
from run import HERE, PROPERTIES, SOURCE
from run import RESULTS as DYNAMICS
from scipy.stats import norm

from sopr_uq.derived.directions import Directions
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.inference.shrinkage import Regression
from sopr_uq.observables.property import PROPERTIES as PROPERTY
from sopr_uq.posterior import store
from sopr_uq.potentials import Tabulated
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.result import load_result

RESULTS = HERE / "results" / "regression.nc"
STATES = ((85.0, 0.02125), (150.0, 0.02125))
CHOSEN, FRESH, REPEATS = 16, 32, 25
ERROR = 0.01
SIZES = (0.5, 0.95)


def draws() -> tuple[FloatArray, FloatArray]:
    """Return r in Å, shape (n,), and all draws of argon's posterior in kcal/mol, shape (d, n)."""
    potential = load_result(SOURCE)["posterior"].to_dataset()["potential"]
    values = potential.transpose("chain", "draw", "r").values
    return potential["r"].values, values.reshape(-1, values.shape[-1]).astype(float)


def directions(state: StatePoint) -> Directions:
    """Return all draws in the coordinates that the liquid feels at a state."""
    return Directions.of(*draws(), state)


def instant() -> xr.Dataset:
    """Return ``value`` and ``noise`` (state, property, run) and ``draw`` (run)."""
    r, potentials = draws()
    first = StatePoint(*STATES[0], 39.948)
    chosen = directions(first).spread(CHOSEN)
    rest = np.setdiff1d(np.arange(len(potentials)), chosen)
    number = np.concatenate([chosen, stream(1, "fresh").choice(rest, FRESH, replace=False)])
    engine = IntegralEquationEngine(EngineSettings(cutoff=float(r[-1])), sampling_error=ERROR)
    value, noise = (np.empty((len(STATES), 2, number.size)) for _ in range(2))
    for s, (temperature, density) in enumerate(STATES):
        state = StatePoint(temperature, density, 39.948)
        for i, draw in enumerate(number):
            table = Tabulated(r, potentials[draw])
            found = engine.run(Setup.of(table, state, seed=1000 * s + i))
            for k, name in enumerate(("pressure", "energy")):
                value[s, k, i], noise[s, k, i] = found[name].mean[0], found[name].error[0] ** 2
    dims = ("state", "property", "run")
    return xr.Dataset(
        {"value": (dims, value), "noise": (dims, noise), "draw": ("run", number)},
        {"property": ["pressure", "energy"], "temperature": ("state", [t for t, _ in STATES])},
    )


def scores(
    at: Directions, draw: IntArray, y: FloatArray, noise: float, seen: IntArray
) -> FloatArray:
    """Return by how many standard deviations the draws that were not seen are missed."""
    fresh = np.setdiff1d(np.arange(draw.size), seen)
    x, bent = at.scores[draw], at.bent[draw]
    regression = Regression(x[seen], bent[seen], y[seen, None], np.array([noise]))
    mean, variance = regression.predict(x[fresh], bent[fresh])
    sd = np.sqrt(variance[:, 0] + regression.residual[0])
    return np.asarray((y[fresh] - mean[:, 0]) / sd)


def by_instant(found: xr.Dataset) -> Iterator[tuple[str, float, float, FloatArray]]:
    """Yield property, temperature, χ² of the fresh draws, and scores of many repeats."""
    draw = found["draw"].values
    for s, (temperature, density) in enumerate(STATES):
        at = directions(StatePoint(temperature, density, 39.948))
        for name in found["property"].values:
            row = found.isel(state=s).sel(property=name)
            y, noise = row["value"].values, float(row["noise"].mean())
            fresh = scores(at, draw, y, noise, np.arange(CHOSEN))
            rng = stream(2, "repeats", str(name), s)
            seen = (rng.choice(draw.size, CHOSEN, replace=False) for _ in range(REPEATS))
            many = np.concatenate([scores(at, draw, y, noise, each) for each in seen])
            yield str(name), temperature, float(np.mean(fresh**2)), many


def by_dynamics() -> Iterator[tuple[str, float, FloatArray]]:
    """Yield property, temperature, and scores of three stored runs by nine, many times."""
    runs = store.read(DYNAMICS)["runs"].to_dataset()
    potential = load_result(SOURCE)["posterior"].to_dataset()["potential"]
    labels = potential["draw"].values.tolist()
    place = np.array([labels.index(each) for each in runs["draw_of_run"].values])
    draw = runs["chain_of_run"].values * len(labels) + place
    for s, temperature in enumerate(runs["temperature"].values):
        at = directions(StatePoint(float(temperature), float(runs["density"][s]), 39.948))
        for name in PROPERTIES:
            y, noise = runs[name].values[:, s].astype(float), float(runs[f"{name}_error"][s]) ** 2
            if PROPERTY[name].logarithmic:
                y, noise = np.log(y), noise / y.mean() ** 2
            rng = stream(3, "repeats", name, s)
            seen = (rng.choice(draw.size, 9, replace=False) for _ in range(REPEATS))
            many = np.concatenate([scores(at, draw, y, noise, each) for each in seen])
            yield name, float(temperature), many


def covered(z: FloatArray) -> tuple[str, ...]:
    """Return which per cent of scores lie within central intervals."""
    ends = [norm.ppf(0.5 + 0.5 * size) for size in SIZES]
    return tuple(f"{100 * np.mean(np.abs(z) < end):.0f}" for end in ends)


def table(found: xr.Dataset) -> list[str]:
    """Return the lines of the table."""
    instant = [
        ("integral equation", name, f"{t:g}", f"{chi2:.2f}", f"{np.mean(z**2):.2f}", *covered(z))
        for name, t, chi2, z in by_instant(found)
    ]
    dynamics = [
        ("molecular dynamics", name, f"{t:g}", "–", f"{np.mean(z**2):.2f}", *covered(z))
        for name, t, z in by_dynamics()
    ]
    head = ("simulated by", "property", "T / K", f"χ² of {FRESH} fresh draws")
    head = (*head, f"χ² of {REPEATS} repeats", *(f"within {s:.0%}" for s in SIZES))
    return markdown_table(head, [*instant, *dynamics])


def main() -> None:
    """Simulate unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        store.write(xr.DataTree(instant()), RESULTS)
    found = store.read(RESULTS).to_dataset()
    readme = HERE / "README.md"
    tables = {"regression": table(found)}
    readme.write_text(filled(readme.read_text(encoding="utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
