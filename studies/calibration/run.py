"""Refine twins of the four liquids and ask whether the intervals hold.

    python studies/calibration/run.py --out DIR --engine lammps --twins 5
    python studies/calibration/run.py --out DIR --summary

One file a twin, so that the script can be stopped and started again; it skips
what is there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import SoprUqError
from sopr_uq.posterior import calibrate
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.problem import Problem
from sopr_uq.rng import stream
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.twins import Family, Measurement, draw_truth, make_twin, refine_twin

CENTRES = {
    "argon-85K": (3.40, 0.238),
    "neon-42K": (2.78, 0.065),
    "krypton-199K": (3.60, 0.340),
    "xenon-274K": (3.90, 0.440),
}
FAMILIES: tuple[Family, ...] = ("mie", "exp6")
MEASUREMENTS = {
    "argon-85K": Measurement(noise=0.01, scale=0.005),
    "neon-42K": Measurement(noise=0.01, reading=0.01, scale=0.01),
    "krypton-199K": Measurement(noise=0.008, reading=0.01, scale=0.015),
    "xenon-274K": Measurement(noise=0.012, reading=0.015, scale=0.02),
}


def real_problem(system: str, engine: str) -> tuple[Problem, Engine, Engine]:
    """Return the real problem, the engine of the truth and that of the refinement."""
    config = load_config(
        system,
        [
            'refine.rule="newton"',
            f'engine.name="{engine}"',
            "refine.max_iterations=4",
            "engine.threads=1",
        ],
        observe="g,pressure",
    )
    problem = build_rule(config).problem
    settings = config.engine.model_copy(update={"cutoff": problem.r_cut})
    longer = settings.model_copy(
        update={"particles": 2048, "production_steps": 12_000, "equilibration_steps": 3_000}
    )
    return problem, make_engine(longer), make_engine(settings)


def one(system: str, number: int, engine: str, out: Path) -> None:
    """Make and refine one twin, unless its file is there."""
    file = out / f"{system}-{number:03d}.nc"
    if file.exists():
        return
    problem, truth_engine, engine_ = real_problem(system, engine)
    family = FAMILIES[number % len(FAMILIES)]
    rng = stream(number, "truth", system)
    measurement = MEASUREMENTS[system]
    try:
        truth = draw_truth(problem, CENTRES[system], family, rng)
        twin = make_twin(problem, truth, truth_engine, measurement, seed=number, family=family)
        result = refine_twin(twin, Newton, engine_)
    except SoprUqError as error:
        print(f"{system} {number}: {error}", flush=True)
        return
    result.astype(np.float32).to_netcdf(file)
    z = (result["truth"] - result["draws"].mean("sample")) / result["draws"].std("sample")
    print(system, number, family, result.attrs, z.values[:4].round(2), flush=True)


def summary(out: Path) -> None:
    """Print and store coverage, z-scores and tests over all twins in a folder."""
    files = sorted(out.glob("*-[0-9][0-9][0-9].nc"))
    results = [xr.load_dataset(file) for file in files]
    table = {}
    for name in results[0]["quantity"].values:
        truth = np.array([float(r["truth"].sel(quantity=name)) for r in results])
        draws = np.array([r["draws"].sel(quantity=name).values for r in results])
        found = calibrate.summarise(truth, draws)
        control = calibrate.summarise(truth, calibrate.shrunk(draws))
        table[str(name)] = {
            "coverage": dict(
                zip(
                    map(str, calibrate.NOMINAL),
                    found["coverage"].values.round(3).tolist(),
                    strict=True,
                )
            ),
            "coverage_when_shrunk": control["coverage"].values.round(3).tolist(),
            "z_mean": round(float(found["z"].mean()), 3),
            "z_sd": round(float(found["z"].std()), 3),
            "mean_width_95": round(float(found["width"][-1]), 5),
            "rms_error": round(float(found["rms_error"]), 5),
            "rank_p": round(calibrate.rank_test(found["rank"].values).p_value, 4),
        }
    text = json.dumps({"twins": len(results), "quantities": table}, indent=1)
    (out / "summary.json").write_text(text + "\n", encoding="utf-8")
    print(text)


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", default="lammps")
    parser.add_argument("--twins", type=int, default=5)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--summary", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if not options.summary:
        for number in range(options.first, options.first + options.twins):
            for system in CENTRES:
                one(system, number, options.engine, options.out)
    summary(options.out)


if __name__ == "__main__":
    main()
