"""Does a nonlinear forward model earn its place? Linear response against a kept bridge function.

    python studies/jacobian/bridge.py RUN...   # folders of the newton rule

The bridge function B = ln g + βv − h + c that a simulation implies, put back into the
Ornstein–Zernike equation, is a forward model that is exact at the simulated potential and
costs no simulation. It is tried, with B held and with B riding on the core
(:mod:`sopr_uq.structure.moving_bridge`), where the rule trusts linear response: from the
first simulation to the second potential, and from the last simulations to posterior draws.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from run import fill

from sopr_uq.engine.series import Series
from sopr_uq.experiment.observation import Observation
from sopr_uq.observables.observed import curve_of
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.newton.implied import Implied, implied
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run, good
from sopr_uq.structure.moving_bridge import bridge_motion, diameter_change
from sopr_uq.structure.ornstein_zernike import implied_bridge, solve
from sopr_uq.structure.transforms import structure_factor
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config

HERE = Path(__file__).parent
RESULTS = HERE / "bridge.json"
MODELS = ("linear", "held", "moving")

_HEADINGS = (
    *("first step: before", "linear", "B held", "B moving"),
    *("draws: noise", "linear", "B held", "B moving"),
)

type Forward = Callable[[FloatArray], FloatArray]


def forward(problem: Problem, fluid: Implied, potential: FloatArray, *, moving: bool) -> FloatArray:
    """Return g(r) of a potential on the fluid's grid from the bridge function of its simulation."""
    liquid = fluid.at
    grid, state, g, energy_here = (
        liquid.grid,
        liquid.setup.state,
        liquid.g[:, 0],
        liquid.energy[:, 0],
    )
    bridge = implied_bridge(grid, g, energy_here, state.density, state.beta)
    energy = np.where(liquid.seen, Tabulated(problem.r, potential).energy(grid.r), 0.0)
    if moving:
        nothing = np.zeros((grid.n, 0))
        before, _ = diameter_change(grid, energy_here, state.beta, nothing)
        after, _ = diameter_change(grid, energy, state.beta, nothing)
        motion = bridge_motion(grid, bridge, g, state.density, before)
        bridge = bridge + motion * np.log(after / before)
    s = structure_factor(grid, g, state.density)
    gamma = g - 1.0 - grid.backward((s - 1.0) / (state.density * s))
    found = solve(grid, energy, state.density, state.beta, bridge=bridge, start=gamma)
    if not found.converged:
        raise SystemExit(f"bridge.py: {found.message}")
    return found.g


def models(problem: Problem, iteration: Iteration, data: Observation) -> dict[str, Forward]:
    """Return the three forward models of a curve around one simulation."""
    fluid = implied(problem, 0, iteration.potential, iteration.simulations[0])
    curve = curve_of(data, problem.substance)
    rows, at_k = curve.rows(fluid.at, data.x), curve.predict(fluid.at).mean
    jacobian = fluid.on_grid(curve.jacobian(fluid.change))

    def linear(v: FloatArray) -> FloatArray:
        return np.asarray(at_k + jacobian @ (v - iteration.potential))

    def nonlinear(*, moving: bool) -> Forward:
        return lambda v: 1.0 + rows @ (forward(problem, fluid, v, moving=moving) - 1.0)

    return {
        "linear": linear,
        "held": nonlinear(moving=False),
        "moving": nonlinear(moving=True),
    }


def _seen(problem: Problem, run: Iteration | Run, data: Observation) -> Series:
    """Return a curve as a simulation shows it, with its blocks."""
    fluid = implied(problem, 0, run.potential, run.simulations[0])
    return curve_of(data, problem.substance).predict(fluid.at)


def first_step(rule: Newton, iterations: list[Iteration], data: Observation) -> dict[str, float]:
    """Root mean square error of g at the second potential, predicted from the first simulation."""
    p, (a, b) = rule.problem, iterations[:2]
    truth, before = _seen(p, b, data).mean, _seen(p, a, data).mean
    errors = {name: f(b.potential) - truth for name, f in models(p, a, data).items()}
    return {"nothing": _rms(before - truth), **{name: _rms(e) for name, e in errors.items()}}


def draws(rule: Newton, iterations: list[Iteration], data: Observation) -> dict[str, float]:
    """Root mean square of simulated minus predicted g over the posterior draws of the last round.

    The mean over draws is left out: it is the shared sampling error of its first simulation.
    """
    p, runs = rule.problem, good(iterations[-1].runs)[1:]
    potentials, errors = [run.potential for run in runs], {}
    truth = np.array([_seen(p, run, data).mean for run in runs])
    for name, f in models(rule.problem, iterations[-1], data).items():
        error = np.array([f(v) for v in potentials]) - truth
        errors[name] = _rms(error - error.mean(axis=0))
    sd = np.sqrt(np.mean([np.diagonal(c) for c in _sampling(rule, iterations, data)], axis=0))
    return {"noise": _rms(sd), **errors}


def _sampling(rule: Newton, iterations: list[Iteration], data: Observation) -> list[FloatArray]:
    """Sampling covariance of one simulated curve."""
    blocks = _seen(rule.problem, iterations[-1], data).blocks
    return [np.asarray(np.cov(blocks.T) / len(blocks))]


def _rms(x: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Compare the forward models on one refinement."""
    rule = build_rule(load_config(folder / "config.toml"))
    if not isinstance(rule, Newton):
        raise SystemExit(f"bridge.py: {folder} was not refined by the newton rule")
    iterations = list(Folder(folder / "iterations").load())
    data = independent(rule.problem.liquids[0].observations[0])
    return {
        "step": first_step(rule, iterations, data),
        "draws": draws(rule, iterations, data),
    }


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Return the comparison as a Markdown table."""
    lines = [
        f"| liquid | {' | '.join(_HEADINGS)} |",
        "|" + "---|" * (1 + len(_HEADINGS)),
    ]
    for name, found in results.items():
        step, there = found["step"], found["draws"]
        numbers = [step["nothing"], *(step[m] for m in MODELS)]
        numbers += [there["noise"], *(there[m] for m in MODELS)]
        lines.append(f"| {name} | " + " | ".join(f"{x:.4f}" for x in numbers) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure, store, fill the README."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path, help="none: from the stored comparison")
    runs = parser.parse_args().runs
    if runs:
        results = {folder.name.removesuffix("-newton"): measure(folder) for folder in runs}
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = table(json.loads(RESULTS.read_text(encoding="utf-8")))
    print(text)
    fill(HERE / "README.md", text, "bridge")


if __name__ == "__main__":
    main()
