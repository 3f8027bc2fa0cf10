"""Twins of the melt: base and a known correction, found again; or no correction at all.

python studies/aluminium/twins.py            # simulate and refine what is missing, an hour
python studies/aluminium/twins.py 3 4        # these only, where they are missing
python studies/aluminium/twins.py --world copper   # on a machine-learnt base, slow
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import csv
import io
import time
from dataclasses import replace

import numpy as np
from worlds import WORLDS, World

from sopr_uq.disk import write_atomic
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import single_threaded
from sopr_uq.engine.protocol import Engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.rng import integer_seed
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

_NOISE = Measurement(noise=0.02, reading=0.0, scale=0.005, level=0.003)
_PRESSURE = 50.0
_SETTINGS = RefineSettings(max_iterations=6, chains=2, tune=200, draws=200)
_PROBABILITIES = (0.5, 0.8, 0.95)


def engine(settings: EngineSettings) -> Engine:
    """Return what simulates."""
    return single_threaded(make_engine(settings))


def twin(world: World, number: int) -> Twin:
    """Return a twin; it depends on its world and its number alone."""
    style, files = world.base
    base = Base.of(style, files, {world.element: world.element})
    substance = Substance.atom(world.element, world.state.mass, base)
    (pair,) = substance.pairs
    g = Observation("g", world.measured, np.ones(world.measured.size), name="g")
    pressure = Observation("pressure", np.zeros(1), np.zeros(1), error=np.array([_PRESSURE]))
    problem = Problem(
        (Liquid(world.state, (g, pressure), substance),),
        {pair: Zero()},
        _SETTINGS,
        cutoff=world.short.cutoff,
        seed=integer_seed(1, world.name, number),
        corrected=frozenset({pair}),
    )
    truth = world.correction(number, problem.r)
    return make_twin(problem, truth, engine(world.long), _NOISE, seed=integer_seed(2, number))


def refined(world: World, number: int) -> dict[str, float | int | str]:
    """Return what a refinement says of a twin, beside the truth."""
    made, started = twin(world, number), time.perf_counter()
    rule = Newton(replace(made.problem))
    refinement = refine(rule, engine(world.short))
    posterior = rule.posterior(refinement.past)
    groups = rule.conclude(refinement.past, posterior)
    r, at = made.problem.r, world.judged
    v = posterior["potential"].values.reshape(-1, r.size)
    drawn = np.array([np.interp(at, r, each) for each in v])
    true = np.interp(at, r, made.truth)
    rank = (drawn < true).mean(axis=0)
    seen = (r > at[0]) & (r < at[-1])
    low, high = np.quantile(v[:, seen], [0.025, 0.975], axis=0)
    misfits = [float(np.sqrt(each.info.misfit)) for each in refinement.iterations]
    return {
        "twin": number,
        "outcome": refinement.outcome,
        "rounds": len(misfits),
        "simulations": sum(len(each.runs) for each in refinement.iterations),
        "seconds": round(time.perf_counter() - started),
        "largest": round(float(np.abs(made.truth).max()), 3),
        "rms_first": round(misfits[0], 4),
        "rms_last": round(misfits[-1], 4),
        **{f"in_{p:g}": round(float(np.mean(np.abs(rank - 0.5) <= 0.5 * p)), 3)
           for p in _PROBABILITIES},
        "z2": round(float(np.mean(((drawn.mean(axis=0) - true) / drawn.std(axis=0)) ** 2)), 3),
        "zero_in_95": round(float(np.mean((low <= 0.0) & (high >= 0.0))), 3),
        "log_bayes_factor": round(float(groups["correction_evidence"]["log_bayes_factor"]), 2),
        "k_hat": round(float(posterior.attrs.get("k_hat", np.nan)), 2),
    }  # fmt: skip


def stored(world: World) -> list[dict[str, str]]:
    """Return the twins that were made."""
    if not world.file.is_file():
        return []
    with world.file.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Make the twins that are missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--world", choices=list(WORLDS), default="aluminium")
    parser.add_argument("numbers", nargs="*", type=int)
    options = parser.parse_args()
    world = WORLDS[options.world]
    rows: list[dict[str, float | int | str]] = [dict(row) for row in stored(world)]
    there = {int(row["twin"]) for row in rows}
    for number in options.numbers or range(world.twins):
        if number in there:
            continue
        rows.append(refined(world, number))
        print(rows[-1], flush=True)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[-1]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: int(row["twin"])))
        write_atomic(world.file, text.getvalue().encode())


if __name__ == "__main__":
    main()
