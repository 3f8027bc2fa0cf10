"""The linear response of a simulated liquid against differences of simulations.

    python studies/jacobian/run.py            # simulate, compare, draw, fill the README
    python studies/jacobian/run.py --stored   # from the stored comparison

At two states and in three directions of v(r) it compares the Jacobian that the
newton rule takes from one simulation with [F(v + hu) − F(v − hu)]/2h, F = g(r),
S(Q) and pressure of long runs that begin from one configuration.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import SimulationOutcome, run_tasks
from sopr_uq.engine.protocol import Engine, Setup, Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineName, EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.figures.sheet import save
from sopr_uq.figures.style import MEASURED, MODEL, style
from sopr_uq.potentials import Mie, Tabulated
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.markdown import filled

HERE = Path(__file__).parent
RESULTS = HERE / "results.nc"
_SEED = 20


@dataclass(frozen=True)
class Case:
    """A liquid, and where its g(r) and S(Q) are looked at (Å, Å⁻¹)."""

    title: str
    state: StatePoint
    potential: Mie
    particles: int

    @property
    def problem(self) -> Problem:
        """The comparison as the newton rule sees it: a g(r), an S(Q) and a pressure."""
        sigma = self.potential.sigma
        r = np.arange(0.9 * sigma, 3.2 * sigma, 0.1)
        q = np.arange(1.0, 8.0, 0.1)
        blank = [Observation("g", r, np.ones(r.size)), Observation("s", q, np.ones(q.size))]
        pressure = Observation("pressure", np.zeros(1), np.zeros(1))
        liquid = Liquid(self.state, (*blank, pressure))
        return Problem((liquid,), self.potential, RefineSettings(rule="newton"))


CASES = {
    "argon": Case(
        "argon, 85 K, 0.02125 Å⁻³ (dense)",
        StatePoint(85.0, 0.02125, 39.948), Mie(3.40, 0.238, 12.0), 864,
    ),
    "xenon": Case(
        "xenon, 274 K, 0.00881 Å⁻³ (near-critical)",
        StatePoint(274.0, 0.00881, 131.293), Mie(3.90, 0.42, 12.0), 864,
    ),
}  # fmt: skip


class Direction(NamedTuple):
    """A change u of v(r) in kcal/mol, shape (n,), and the half-width h of the difference."""

    title: str
    change: FloatArray
    step: float


def directions(case: Case) -> dict[str, Direction]:
    """Return three directions: size, depth, and a bump in the flank of the well."""
    p, r = case.potential, case.problem.r

    def logarithmic(name: str) -> FloatArray:
        step = 1e-4
        ends = []
        for sign in (1, -1):
            values = {"sigma": p.sigma, "epsilon": p.epsilon, "n": p.n}
            values[name] *= np.exp(sign * step)
            ends.append(Mie(**values).energy(r))
        return np.asarray((ends[0] - ends[1]) / (2 * step))

    bump = p.epsilon * np.exp(-0.5 * ((r - 1.45 * p.sigma) / (0.12 * p.sigma)) ** 2)
    return {
        "sigma": Direction("∂/∂ ln σ", logarithmic("sigma"), 0.01),
        "epsilon": Direction("∂/∂ ln ε", logarithmic("epsilon"), 0.04),
        "bump": Direction("bump of height ε at 1.45 σ", bump, 0.1),
    }


def engine_for(case: Case, name: EngineName, steps: int) -> Engine:
    """Return the engine of long runs."""
    return make_engine(
        EngineSettings(
            name=name, particles=case.particles, cutoff=case.problem.r_cut,
            equilibration_steps=4_000, production_steps=steps, blocks=40,
        )
    )  # fmt: skip


def simulate(case: Case, name: EngineName, steps: int) -> dict[str, Simulation]:
    """Run the liquid at v, then at v ± hu for every direction, from where that run ended."""
    engine, r = engine_for(case, name, steps), case.problem.r
    v = case.potential.energy(r)
    first = _good(run_tasks(engine, [_task(case, v, "v", None)])[0])
    keys = {
        (key, sign): v + sign * u.step * u.change
        for key, u in directions(case).items()
        for sign in (1, -1)
    }
    tasks = [_task(case, value, f"{k}{s:+d}", first) for (k, s), value in keys.items()]
    outcomes = zip(keys, run_tasks(engine, tasks), strict=True)
    return {"v": first, **{f"{k}{s:+d}": _good(o) for (k, s), o in outcomes}}


def _task(case: Case, v: FloatArray, label: str, first: Simulation | None) -> Setup:
    start = None if first is None else first.configuration
    seed = integer_seed(_SEED, case.title, label)
    return Setup.of(Tabulated(case.problem.r, v), case.state, seed, start)


def _good(outcome: SimulationOutcome) -> Simulation:
    if not isinstance(outcome, Simulation):
        raise outcome
    return outcome


def compare(case: Case, runs: dict[str, Simulation]) -> xr.Dataset:
    """Set differences of simulations beside the linear response of the first."""
    p, v = case.problem, case.potential.energy(case.problem.r)
    model = linearise(p, v, [runs["v"]])
    half = _halves(case, runs["v"])
    columns = []
    for key, u in directions(case).items():
        shown = [_shown(p, v + s * u.step * u.change, runs[f"{key}{s:+d}"]) for s in (1, -1)]
        difference = (shown[0][0] - shown[1][0]) / (2 * u.step)
        covariance = (shown[0][1] + shown[1][1]) / (4 * u.step**2)
        own = 0.5 * np.abs((half[0] - half[1]) @ u.change)
        columns.append((model.jacobian @ u.change, own, difference, covariance))
    response, own, difference, covariance = (np.array(c) for c in zip(*columns, strict=True))
    g, s, _ = p.liquids[0].observations
    kind = np.array([o.kind for o in p.liquids[0].observations for _ in o.x])
    dims = ("direction", "datum")
    return xr.Dataset(
        {
            "response": (dims, response),
            "response_error": (dims, own),
            "difference": (dims, difference),
            "covariance": ((*dims, "other"), covariance.astype(np.float32)),
        },
        coords={
            "direction": list(directions(case)),
            "kind": ("datum", kind),
            "x": ("datum", np.concatenate([g.x, s.x, [0.0]])),
        },
        attrs={"title": case.title, "engine": runs["v"].engine, "steps": runs["v"].steps},
    )


def _halves(case: Case, run: Simulation) -> list[FloatArray]:
    """Jacobians of the two halves of a run: half their difference is the error of the whole."""
    blocks = len(run.g_blocks) // 2
    v = case.potential.energy(case.problem.r)
    if blocks < 2:
        # an engine without sampling error
        return [linearise(case.problem, v, [run]).jacobian] * 2
    found = []
    for part in (slice(None, blocks), slice(blocks, 2 * blocks)):
        halves = (
            Series.of_blocks(s.name, s.x, s.blocks[part], s.unit) for s in run.series.values()
        )
        half = replace(run, series=named(list(halves)))
        found.append(linearise(case.problem, v, [half]).jacobian)
    return found


def _shown(p: Problem, v: FloatArray, run: Simulation) -> tuple[FloatArray, FloatArray]:
    model = linearise(p, v, [run])
    return model.prediction, model.covariance


class Agreement(NamedTuple):
    """How two curves agree; numbers of :func:`agreement`."""

    size: float
    error: float
    missed: float
    slope: float
    slope_error: float


def agreement(ds: xr.Dataset, direction: str, kind: str) -> Agreement:
    """Compare a direction's curve: what the response misses beyond the noise of the runs.

    Returns
    -------
    Agreement
        Root mean square of the difference of simulations; its standard error
        and what the response misses beyond it, both as shares of that; and the
        factor by which the response is best multiplied.
    """
    one = ds.sel(direction=direction)
    mine = np.flatnonzero(one["kind"].values == kind)
    d, j = one["difference"].values[mine], one["response"].values[mine]
    own = one["response_error"].values[mine]
    covariance = one["covariance"].values[np.ix_(mine, mine)] + np.diag(own**2)
    size, noise = np.sqrt(np.mean(d**2)), np.sqrt(np.mean(np.diag(covariance)))
    missed = np.sqrt(max(np.mean((d - j) ** 2) - noise**2, 0.0))
    slope = float(j @ d / (j @ j))
    error = float(np.sqrt(j @ covariance @ j) / (j @ j))
    return Agreement(float(size), float(noise / size), float(missed / size), slope, error)


def table(comparisons: dict[str, xr.Dataset]) -> str:
    """Return the agreement of all curves as a Markdown table."""
    lines = [
        "| state | direction | of | noise of the runs | missed beyond it | best factor |",
        "|---|---|---|---|---|---|",
    ]
    for name, ds in comparisons.items():
        for direction in ds["direction"].values:
            for kind, label in (("g", "g(r)"), ("s", "S(Q)"), ("pressure", "P")):
                a = agreement(ds, direction, kind)
                factor = f"{a.slope:.3f} ± {a.slope_error:.3f}"
                lines.append(
                    f"| {name} | {direction} | {label} | {100 * a.error:.1f} % | "
                    f"{100 * a.missed:.1f} % | {factor} |"
                )
    return "\n".join(lines)


def draw(comparisons: dict[str, xr.Dataset], kind: str, label: str) -> list[Path]:
    """Draw differences of simulations as points, linear response as lines."""
    with style():
        figure, axes = plt.subplots(2, 3, figsize=(11.5, 5.6), sharex="row")
        for row, (name, ds) in zip(axes, comparisons.items(), strict=True):
            mine = ds.isel(datum=np.flatnonzero(ds["kind"].values == kind))
            titles = directions(CASES[name])
            for ax, direction in zip(row, ds["direction"].values, strict=True):
                one = mine.sel(direction=direction)
                place = np.flatnonzero(ds["kind"].values == kind)
                error = np.sqrt(np.diag(one["covariance"].values[:, place]))
                points = {"fmt": "o", "ms": 3, "color": MEASURED, "lw": 0.8, "mfc": "none"}
                ax.errorbar(one["x"], one["difference"], error, label="simulations", **points)
                ax.plot(one["x"], one["response"], color=MODEL, label="linear response")
                ax.axhline(0.0, color="0.6", lw=0.8, zorder=0)
                ax.set(title=f"{name}: {titles[str(direction)].title}", xlabel=label[0])
            row[0].set_ylabel(label[1])
        axes[0, 0].legend()
    return save(figure, HERE / "figures", f"jacobian_{kind}")


def fill(readme: Path, text: str, name: str = "table") -> None:
    """Put a table between the markers of the README."""
    whole = filled(readme.read_text(encoding="utf-8"), {name: [text]})
    readme.write_text(whole, encoding="utf-8")


def main() -> None:
    """Simulate or load, then compare, draw and fill."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--stored", action="store_true", help="take the stored comparison")
    parser.add_argument("--engine", default="lammps")
    parser.add_argument("--steps", type=int, default=40_000, help="of sampling, a run")
    options = parser.parse_args()
    if options.stored:
        tree = xr.open_datatree(RESULTS).load()
        comparisons = {name: tree[name].to_dataset() for name in CASES}
    else:
        comparisons = {
            name: compare(case, simulate(case, options.engine, options.steps))
            for name, case in CASES.items()
        }
        xr.DataTree.from_dict(comparisons).to_netcdf(RESULTS)
    text = table(comparisons)
    print(text)
    draw(comparisons, "g", ("r / Å", "∂g"))
    draw(comparisons, "s", ("Q / Å⁻¹", "∂S"))
    fill(HERE / "README.md", text)


if __name__ == "__main__":
    main()
