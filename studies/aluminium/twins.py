"""Twins of the melt: base and a known correction, found again; or no correction at all.

python studies/aluminium/twins.py            # simulate and refine what is missing, an hour
python studies/aluminium/twins.py 3 4        # these only, where they are missing
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
from pathlib import Path

import numpy as np
from plan import GOOD, STATES

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
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

RESULTS = Path(__file__).parent / "results" / "twins.csv"
TWINS = 10
EXACT = (0, 5)
"""Numbers of the twins whose base is exact."""

STATE = STATES[1023]
AT = np.arange(2.5, 6.6, 0.4)
"""Distances in Å at which a band is judged."""

_R = np.arange(2.2, 8.4, 0.1)
_CUTOFF = 7.4
_NOISE = Measurement(noise=0.02, reading=0.0, scale=0.005, level=0.003)
_PRESSURE = 50.0
_SETTINGS = RefineSettings(max_iterations=6, chains=2, tune=200, draws=200)
_SHORT = EngineSettings(
    name="lammps", particles=256, cutoff=_CUTOFF, thermalisation_steps=200, ramp_steps=500,
    equilibration_steps=800, production_steps=3000, sample_every=20, blocks=10, threads=1,
)  # fmt: skip
_LONG = _SHORT.model_copy(update={"particles": 500, "production_steps": 8000, "blocks": 20})
_PROBABILITIES = (0.5, 0.8, 0.95)


def correction(number: int, r: FloatArray) -> FloatArray:
    """Return the correction of a twin in kcal/mol at r in Å: two bumps, or none."""
    if number in EXACT:
        return np.zeros_like(r)
    rng = stream(1, "aluminium", number)
    height, place = 0.3 * rng.standard_normal(2), rng.uniform(2.6, 5.0, 2)
    width = rng.uniform(0.3, 0.7, 2)
    bumps = height[:, None] * np.exp(-(((r - place[:, None]) / width[:, None]) ** 2))
    return np.asarray(bumps.sum(axis=0))


def engine(settings: EngineSettings) -> Engine:
    """Return what simulates."""
    return single_threaded(make_engine(settings))


def twin(number: int) -> Twin:
    """Return a twin; it depends on its number alone."""
    style, file = GOOD
    substance = Substance.atom("Al", STATE.mass, Base.of(style, [file], {"Al": "Al"}))
    (pair,) = substance.pairs
    g = Observation("g", _R, np.ones(_R.size), name="g")
    pressure = Observation("pressure", np.zeros(1), np.zeros(1), error=np.array([_PRESSURE]))
    problem = Problem(
        (Liquid(STATE, (g, pressure), substance),),
        {pair: Zero()},
        _SETTINGS,
        cutoff=_CUTOFF,
        seed=integer_seed(1, "aluminium", number),
        corrected=frozenset({pair}),
    )
    truth = correction(number, problem.r)
    return make_twin(problem, truth, engine(_LONG), _NOISE, seed=integer_seed(2, number))


def refined(number: int) -> dict[str, float | int | str]:
    """Return what a refinement says of a twin, beside the truth."""
    made, started = twin(number), time.perf_counter()
    rule = Newton(replace(made.problem))
    refinement = refine(rule, engine(_SHORT))
    posterior = rule.posterior(refinement.past)
    groups = rule.conclude(refinement.past, posterior)
    r = made.problem.r
    v = posterior["potential"].values.reshape(-1, r.size)
    drawn = np.array([np.interp(AT, r, each) for each in v])
    true = np.interp(AT, r, made.truth)
    rank = (drawn < true).mean(axis=0)
    seen = (r > AT[0]) & (r < AT[-1])
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


def stored() -> list[dict[str, str]]:
    """Return the twins that were made."""
    if not RESULTS.is_file():
        return []
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Make the twins that are missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("numbers", nargs="*", type=int, default=range(TWINS))
    rows: list[dict[str, float | int | str]] = [dict(row) for row in stored()]
    there = {int(row["twin"]) for row in rows}
    for number in parser.parse_args().numbers:
        if number in there:
            continue
        rows.append(refined(number))
        print(rows[-1], flush=True)
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[-1]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: int(row["twin"])))
        write_atomic(RESULTS, text.getvalue().encode())


if __name__ == "__main__":
    main()
