"""Whether few simulated draws speak for all: `simulate`, against draws that it has not seen.

    python studies/transfer/regression.py            # simulate (15 minutes), fill the README
    python studies/transfer/regression.py --stored   # from the stored numbers

The draws that `sopr-uq simulate` would choose predict others at random, by instant engines with
noise as of counting and by molecular dynamics; and, many times over, random ones all the rest.
The hypernetted chain has no bridge function; that of Percus and Yevick's equation follows the
potential, so that what is taken as the same for all draws is wrong there. Each test is also made
without what is known of pressure and energy beforehand.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from shutil import copyfile
from typing import NamedTuple

import numpy as np
import xarray as xr
from plan import HERE, LIQUID, Gas
from scipy.stats import norm

from sopr_uq.derived.directions import Directions, Felt
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.equation_of_state import reference_pressure
from sopr_uq.experiment.state import StatePoint
from sopr_uq.inference.shrinkage import Regression
from sopr_uq.observables.property import PROPERTIES as PROPERTY
from sopr_uq.observables.property import properties_of
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.posterior import store
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import BoolArray, FloatArray, IntArray
from sopr_uq.units import inverse_temperature
from sopr_uq.workflow.beforehand import expected
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.order import Order, measured_state
from sopr_uq.workflow.result import load_result

ARGON = Gas("Ar")
RESULTS = HERE / "results" / "regression.nc"
POSTERIOR = RESULTS.with_name("regression-posterior.nc")
BOILING = RESULTS.with_name("regression-boiling.nc")
"""The posterior that all this is of, and its runs along the boiling line, as they were then."""

CHOSEN, REPEATS, WORLDS = 16, 25, 400
NAMES = {"hnc": "hypernetted chain", "py": "Percus–Yevick", "md": "molecular dynamics"}
BOTH = ("pressure", "energy")
TEMPERATURES = (85.0, 150.0)
ERROR = 0.01
STRAYED = 20.0
"""MPa from what was measured, to 2.5, beyond which a draw is none of the liquid that it was drawn
for: the refinement took it for one. They are told, and left out. Set with the runs at hand: two
are off by 25 and 52, the next by 11.
"""

SIZES = (0.5, 0.95)


class Kind(NamedTuple):
    """Simulations of one kind."""

    engine: Engine
    properties: tuple[str, ...]
    temperatures: tuple[float, ...]
    fresh: int


def kinds(cutoff: float) -> dict[str, Kind]:
    """Return what is simulated, the potentials ending at a distance in Å."""
    instant = EngineSettings(particles=864, cutoff=cutoff)
    box = EngineSettings(
        particles=500, equilibration_steps=1500, production_steps=8000, cutoff=cutoff
    )
    return {
        "hnc": Kind(IntegralEquationEngine(instant, "hnc", ERROR), BOTH, TEMPERATURES, 128),
        "py": Kind(IntegralEquationEngine(instant, "py", ERROR), BOTH, TEMPERATURES, 128),
        "md": Kind(make_engine(box), (*BOTH, "diffusion"), TEMPERATURES[:1], 32),
    }


def simulated(kind: Kind) -> xr.Dataset:
    """Return ``value``, ``noise`` and ``expected`` (state, property, run) and ``draw`` (run).

    Of the draws that are liquids at every state; ``designed`` says which `simulate` would choose.
    """
    result = posterior()
    measured = measured_state(result)
    states = [replace(measured, temperature=t) for t in kind.temperatures]
    order = Order(result, tuple(states), properties_of(kind.properties), CHOSEN, 1, kind.engine)
    rest = np.setdiff1d(np.arange(len(order.potentials)), order.chosen)
    fresh = stream(1, "fresh").choice(rest, kind.fresh, replace=False)
    draw = np.concatenate([order.chosen, fresh])
    runs = [_runs(order, state, draw) for state in states]
    good = [i for i in range(draw.size) if all(i in each for each in runs)]
    found = [_told(order, [each[i] for i in good], draw[good]) for each in runs]
    dims = ("state", "property", "run")
    return xr.Dataset(
        {key: (dims, np.stack([each[key] for each in found])) for key in found[0]}
        | {"draw": ("run", draw[good]), "designed": ("run", np.isin(draw[good], order.chosen))},
        {
            "property": list(kind.properties),
            "temperature": ("state", list(kind.temperatures)),
            "density": ("state", [state.density for state in states]),
        },
    )


def _runs(order: Order, state: StatePoint, draw: IntArray) -> dict[int, SimulatedLiquid]:
    """Return the liquids of draws at a state by their place, those that are one."""
    setups = [
        Setup(
            order.liquid.substance,
            state,
            order.tables[d],
            integer_seed(7, "fresh", i),
            record=order.record,
        )
        for i, d in enumerate(draw.tolist())
    ]
    outcomes = enumerate(run_tasks(order.engine, setups))
    return {
        i: SimulatedLiquid(setups[i], each) for i, each in outcomes if isinstance(each, Simulation)
    }


def _told(order: Order, runs: Sequence[SimulatedLiquid], draw: IntArray) -> dict[str, FloatArray]:
    """Return what liquids say; theory knows those that `simulate` would choose."""
    chosen = np.flatnonzero(np.isin(draw, order.chosen)).tolist()
    theory = expected(order, {i: runs[i] for i in chosen}).values
    readings = [which.tell(runs) for which in order.properties]
    unknown = np.full(len(order.potentials), np.nan)
    return {
        "value": np.stack([each.values[:, 0] for each in readings]),
        "noise": np.stack([np.full(draw.size, each.noise[0]) for each in readings]),
        "expected": np.stack([theory.get(p.name, unknown)[draw] for p in order.properties]),
    }


class Case(NamedTuple):
    """A property at a state, simulated for some draws."""

    engine: str
    name: str
    temperature: float
    at: Directions
    draw: IntArray
    value: FloatArray
    expected: FloatArray
    """NaN where nothing is known beforehand."""
    noise: float
    design: IntArray
    """Places of those that `simulate` would choose; empty where they are all the same to it."""

    def missed(self, seen: IntArray, *, alone: bool) -> tuple[FloatArray, FloatArray]:
        """Return by what, and by how many standard deviations, those not seen are missed."""
        known = alone or not np.isfinite(self.expected).all()
        y = self.value - (np.zeros(self.draw.size) if known else self.expected)
        fresh = np.setdiff1d(np.arange(self.draw.size), seen)
        x, bent = self.at.scores[self.draw], self.at.bent[self.draw]
        regression = Regression(x[seen], bent[seen], y[seen, None], np.array([self.noise]))
        mean, variance = regression.predict(x[fresh], bent[fresh])
        gap = np.asarray(y[fresh] - mean[:, 0])
        return gap, np.asarray(gap / np.sqrt(variance[:, 0] + regression.residual[0]))

    @property
    def repeats(self) -> list[IntArray]:
        """Random draws that predict all others; of so few that three are left, nine."""
        size = CHOSEN if self.draw.size > CHOSEN else self.draw.size - 3
        rng = stream(2, "repeats", self.engine, self.name, round(self.temperature))
        return [rng.choice(self.draw.size, size, replace=False) for _ in range(REPEATS)]


def cases(found: xr.DataTree, *, whole: bool = False) -> Iterator[Case]:
    """Yield all that is stored: of the engines, and of the runs along the boiling line.

    Strayed draws are left out, unless the ``whole`` is asked for.
    """
    potential = posterior()["posterior"].to_dataset()["potential"]
    r = potential["r"].values
    values = potential.transpose("chain", "draw", "r").values
    draws = values.reshape(-1, r.size).astype(float)
    for name, each in found.children.items():
        data = each.to_dataset()
        if name == "md" and not whole:
            data = data.isel(run=~strayed(data))
        for s, t in enumerate(data["temperature"].values):
            at = _directions(r, draws, float(t), float(data["density"][s]))
            for p in data["property"].values:
                row, draw = data.isel(state=s).sel(property=p), data["draw"].values
                design = np.flatnonzero(data["designed"].values)
                yield _case(NAMES[name], str(p), at, row, draw, design)
    yield from _along(r, draws, potential["draw"].values.tolist())


def _directions(r: FloatArray, draws: FloatArray, kelvin: float, density: float) -> Directions:
    return Directions.of(r, [Felt(draws, density)], inverse_temperature(kelvin))


def strayed(data: xr.Dataset) -> BoolArray:
    """Return which draws, simulated where the liquid was measured, have another pressure."""
    measured = reference_pressure("Argon", measured_state(posterior()))
    pressure = data["value"].sel(property="pressure").isel(state=0).values
    return np.asarray(np.abs(pressure - measured) > STRAYED)


def _along(r: FloatArray, draws: FloatArray, labels: Sequence[int]) -> Iterator[Case]:
    runs = store.read(BOILING)["runs"].to_dataset()
    place = np.array([labels.index(each) for each in runs["draw_of_run"].values])
    draw = runs["chain_of_run"].values * len(labels) + place
    for s, t in enumerate(runs["temperature"].values):
        at = _directions(r, draws, float(t), float(runs["density"][s]))
        for p in LIQUID:
            here = runs.isel(state=s)
            row = xr.Dataset(
                {"value": here[p], "noise": here[f"{p}_error"] ** 2,
                 "expected": here.get(f"{p}_expected", here[p] * np.nan),
                 "temperature": t}
            )  # fmt: skip
            good = np.flatnonzero(row["value"].notnull())
            none = np.empty(0, dtype=int)
            yield _case(f"{NAMES['md']}, boiling", p, at, row.isel(run=good), draw[good], none)


def _case(
    engine: str, name: str, at: Directions, row: xr.Dataset, draw: IntArray, design: IntArray
) -> Case:
    y, noise = row["value"].values.astype(float), float(row["noise"].mean())
    if PROPERTY[name].logarithmic:
        y, noise = np.log(y), noise / y.mean() ** 2
    theory = row["expected"].values.astype(float)
    return Case(engine, name, float(row["temperature"]), at, draw, y, theory, noise, design)


def chance(case: Case) -> list[str]:
    """Return what χ² would be where numbers are noise, as the regression takes them to be."""
    worlds = stream(4, "chance").standard_normal((case.draw.size, WORLDS))
    x, bent = case.at.scores[case.draw], case.at.bent[case.draw]

    def chi2(seen: IntArray) -> FloatArray:
        fresh = np.setdiff1d(np.arange(case.draw.size), seen)
        regression = Regression(x[seen], bent[seen], worlds[seen], np.ones(WORLDS))
        mean, variance = regression.predict(x[fresh], bent[fresh])
        scores = (worlds[fresh] - mean) ** 2 / (variance + regression.residual)
        return np.asarray(scores.mean(axis=0))

    many = np.quantile(np.mean([chi2(seen) for seen in case.repeats], axis=0), (0.005, 0.995))
    one = np.quantile(chi2(case.design), (0.025, 0.975))
    said = (
        f"- Were all numbers noise, 99 % of {WORLDS} worlds would have a χ² of the repeats between "
        f"{many[0]:.2f} and {many[1]:.2f} (of {case.draw.size} draws). χ² of one design says "
        f"less: 95 % would lie between {one[0]:.2f} and {one[1]:.2f}, since all its misses share "
        f"the {case.design.size} runs."
    )
    return [said]


def told_strayed(found: xr.DataTree) -> list[str]:
    """Return how many draws strayed."""
    data = found["md"].to_dataset()
    which = strayed(data)
    pressure = data["value"].sel(property="pressure").isel(state=0).values[which]
    asked = CHOSEN + kinds(1.0)["md"].fresh
    said = (
        f"- Of {asked} draws, simulated where argon was measured, {asked - which.size} are no "
        f"liquid (frozen, or two phases), and {int(which.sum())} have a pressure that argon has "
        f"not: {', '.join(f'{x:.0f}' for x in pressure)} MPa. So far out the refinement takes "
        "draws for what they are not; they are left out. With them χ² of the repeats would be "
        f"{_with_strayed(found)}: a draw that few others resemble is not foreseen by them."
    )
    return [said]


def _with_strayed(found: xr.DataTree) -> str:
    of = [each for each in cases(found, whole=True) if each.engine == NAMES["md"]]
    scores = ((each.name, np.mean(_repeated(each, alone=False)[1] ** 2)) for each in of)
    return ", ".join(f"{value:.0f} of the {name}" for name, value in scores)


def row(case: Case) -> tuple[str, ...]:
    """Return a line of the table."""
    first = case.missed(case.design, alone=False)[1] if case.design.size else np.empty(0)
    gap, z = _repeated(case, alone=False)
    known, spread = np.isfinite(case.expected).all(), case.value.std()
    by_alone = ("–", "–")
    if known:
        gap_alone, z_alone = _repeated(case, alone=True)
        by_alone = (f"{np.mean(z_alone**2):.2f}", f"{_rms(gap_alone) / spread:.3f}")
    return (
        case.engine, case.name, f"{case.temperature:g}",
        f"{np.mean(first**2):.2f} ({first.size})" if case.design.size else "–",
        f"{np.mean(z**2):.2f}", *covered(z), f"{_rms(gap) / spread:.3f}", *by_alone,
    )  # fmt: skip


def _repeated(case: Case, *, alone: bool) -> tuple[FloatArray, FloatArray]:
    each = [case.missed(seen, alone=alone) for seen in case.repeats]
    gaps, scores = zip(*each, strict=True)
    return np.concatenate(gaps), np.concatenate(scores)


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def covered(z: FloatArray) -> tuple[str, ...]:
    """Return which per cent of scores lie within central intervals."""
    ends = [norm.ppf(0.5 + 0.5 * size) for size in SIZES]
    return tuple(f"{100 * np.mean(np.abs(z) < end):.0f}" for end in ends)


def table(found: xr.DataTree) -> list[str]:
    """Return the lines of the table."""
    head = (
        "simulated by",
        "property",
        "T / K",
        "χ² of fresh draws (how many)",
        f"χ² of {REPEATS} repeats",
    )
    head = (*head, *(f"within {s:.0%}" for s in SIZES), "missed by")
    head = (*head, "χ² by regression alone", "missed by then")
    return markdown_table(head, [row(each) for each in cases(found)])


@cache
def posterior() -> xr.DataTree:
    """Return the posterior whose draws are simulated."""
    return load_result(POSTERIOR)


def made() -> Mapping[str, xr.Dataset]:
    """Simulate all."""
    cutoff = float(posterior()["posterior"].to_dataset()["r"][-1])
    return {name: simulated(kind) for name, kind in kinds(cutoff).items()}


def main() -> None:
    """Simulate unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        copyfile(ARGON.source, POSTERIOR)
        copyfile(ARGON.liquid, BOILING)
        store.write(xr.DataTree.from_dict(dict(made())), RESULTS)
    found, readme = store.read(RESULTS), HERE / "README.md"
    of_dynamics = next(each for each in cases(found) if each.engine == NAMES["md"])
    tables = {
        "regression": table(found), "chance": chance(of_dynamics) + told_strayed(found)
    }  # fmt: skip
    readme.write_text(filled(readme.read_text(encoding="utf-8"), tables), "utf-8")


if __name__ == "__main__":
    main()
