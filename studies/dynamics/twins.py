"""Twins with a g(r) and a diffusion that is right, or wrong by a fifth, which is to be noticed.

python studies/dynamics/twins.py            # simulate, refine, fill the README
python studies/dynamics/twins.py --stored   # from the stored numbers
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import concise
from sopr_uq.engine.lammps import LammpsEngine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.posterior import store
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow.markdown import filled, markdown_table
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "twins.nc"
STATE = StatePoint(94.4, 0.02071, 39.948)
TRUTH = Mie(3.40, 0.235, 13.0)
R = np.arange(2.9, 11.0, 0.08)
FACTORS = (1.0, 1.2, 0.8)
SEED = 1
_SHOWN = ["sigma", "epsilon", "d_hp"]


def engine(problem: Problem, particles: int, steps: int) -> LammpsEngine:
    """Return what simulates."""
    settings = EngineSettings(
        name="lammps", particles=particles, production_steps=steps, threads=1, cutoff=problem.r_cut
    )
    return LammpsEngine(settings)


def twin() -> Twin:
    """Return g(r) with noise of 0.02 and D to 2 %, of 864 particles over 20 000 steps."""
    d = Observation("diffusion", np.zeros(1), np.array([2.4]), error=np.array([0.05]))
    settings = RefineSettings(rule="newton", max_iterations=6, chains=2, tune=300, draws=300)
    liquid = Liquid(STATE, (Observation("g", R, np.ones(R.size)), d))
    problem = Problem((liquid,), lennard_jones(3.36, 0.26), settings, seed=SEED)
    truth = TRUTH.energy(problem.r)
    big = engine(problem, 864, 20000)
    return make_twin(problem, truth, big, Measurement(noise=0.02), seed=SEED)


def refined(made: Twin, factor: float) -> xr.Dataset:
    """Return what a refinement says of a diffusion that is wrong by a factor."""
    (liquid,) = made.problem.liquids
    g, d = liquid.observations
    wrong = replace(d, value=d.value * factor, error=np.asarray(d.error) * factor)
    rule = Newton(replace(made.problem, liquids=(replace(liquid, observations=(g, wrong)),)))
    refinement = refine(rule, engine(rule.problem, 500, 6000))
    posterior = rule.posterior(refinement.past)
    found = rule.conclude(refinement.past, posterior)["agreement"].isel(datum=0, drop=True)
    v = posterior["potential"].values.reshape(-1, rule.problem.field.size)
    numbers = np.array(rule.problem.field.descriptors(v, STATE.beta))[..., 0]
    true = np.array(rule.problem.field.descriptors(made.truth, STATE.beta))[..., 0]
    return found.assign(
        score=("descriptor", (numbers.mean(axis=1) - true) / numbers.std(axis=1)),
        rounds=len(refinement.iterations),
    ).assign_attrs({})


def table(found: xr.Dataset) -> list[str]:
    """Return the lines of the table."""
    rows = []
    for factor in found["factor"].values:
        row = found.sel(factor=factor)
        narrows = 100 * (1 - row["sd"] / row["sd_without"])
        rows.append(
            (
                f"{factor:g}", f"{float(row['measured']):.3g}",
                concise(float(row["expected"]), float(row["expected_sd"])),
                f"{float(row['z']):+.1f}",
                ", ".join(f"{float(row['score'].sel(descriptor=k)):+.1f}" for k in _SHOWN),
                ", ".join(f"{float(narrows.sel(descriptor=k)):.0f}" for k in _SHOWN),
            )
        )  # fmt: skip
    head = ("D wrong by", "measured", "expected without it", "z")
    return markdown_table((*head, "σ, ε, d_hp off by / sd", "narrowed by / %"), rows)


def main() -> None:
    """Refine unless told otherwise, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--stored", action="store_true", help="from the stored numbers")
    if not parser.parse_args().stored:
        made = twin()
        each = [refined(made, factor) for factor in FACTORS]
        joined = xr.concat(each, xr.DataArray(list(FACTORS), dims="factor", name="factor"))
        store.write(xr.DataTree(joined), RESULTS)
    found = store.read(RESULTS).to_dataset()
    readme = HERE / "README.md"
    readme.write_text(filled(readme.read_text(encoding="utf-8"), {"twins": table(found)}), "utf-8")


if __name__ == "__main__":
    main()
