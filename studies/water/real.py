"""Correct SPC/E by water's four neutron contrasts at 295 K, and compare with what others know.

``--refine DIR --data FOLDER`` refines (or goes on), ``--collect DIR --data FOLDER`` stores what
the table needs; FOLDER holds the measured curves, named as in ``room.toml``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
from pathlib import Path

import numpy as np
from scores import asked, models_of, refined, scored, states_of
from tables import HERE, RESULTS, fill

from sopr_uq.posterior.store import write
from sopr_uq.posterior.thin import thin
from sopr_uq.refine.newton.rule import Newton
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.result import load_result

CONFIG = "room.toml"
_DRAWS = 100

BEYOND = (3.0, 7.5)
"""Å between which g_OO is compared with x-rays: beyond the first peak's flank, inside the box."""


def collect(folder: Path, data: Path) -> None:
    """Store the numbers of a refinement."""
    config = folder.with_suffix(".d") / CONFIG
    rule, result = build_rule(load_config(config)), load_result(folder)
    assert isinstance(rule, Newton)
    rounds = models_of(rule, folder)
    models = [model for each in rounds for model in each]
    nearest = rounds[-1][0]
    fit = rule.answer(states_of(folder)).fit
    curves = {}
    for number, name in enumerate(rule.conditioner.stacked.names):
        before, after = (scored(rule, fit, m, number) for m in (models[0], nearest))
        noise = float(result["posterior"]["noise"].isel(curve=number).median())
        curves[name] = {"before": before, "after": after, "noise": noise}
    seen = {
        "curves": curves,
        "outcome": result.attrs["outcome"],
        "rounds": len(rounds),
        "simulations": len(models),
        "seconds": float(result["iterations"]["seconds"].sum()),
        "md_seconds": float(result["iterations"]["md_seconds"].sum()),
        "pressure": [float(models[0].pressure[0]), *_interval(result["posterior"]["pressure"])],
        "evidence": float(result["correction_evidence"]["log_bayes_factor"]),
        **_against_x_rays(result, data),
    }
    RESULTS.mkdir(exist_ok=True)
    write(thin(result, _DRAWS), RESULTS / "room.nc")
    (RESULTS / "room.json").write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")


def _interval(values: object) -> tuple[float, float]:
    flat = np.ravel(np.asarray(values))
    return float(flat.mean()), float(flat.std())


def _against_x_rays(result: object, data: Path) -> dict[str, list[float]]:
    """Return deviations of g_OO from that of x-rays: rms before and after, and in sd."""
    r, measured, error = np.loadtxt(
        data / "water_295K_goo.csv", delimiter=",", comments="#", skiprows=4, unpack=True
    )
    structure, iterations = result["structure"]["g"], result["iterations"]["g"]
    g = structure.sel(pair="O-O")
    flat = g.stack(sample=("chain", "draw")).transpose("sample", "r_g").values
    at = (r >= BEYOND[0]) & (r <= BEYOND[1])
    start = np.interp(r[at], iterations["r_g"], iterations.sel(pair="O-O").isel(iteration=0))
    mean = np.interp(r[at], g["r_g"], flat.mean(axis=0))
    sd = np.hypot(np.interp(r[at], g["r_g"], flat.std(axis=0)), error[at])
    off = [float(np.sqrt(np.mean((x - measured[at]) ** 2))) for x in (start, mean)]
    z = np.abs(mean - measured[at]) / sd
    return {"g_oo": [*off, float(np.sqrt(np.mean(sd**2))), float(np.mean(z < 2.0))]}


def main() -> None:
    """Read the arguments."""
    options = asked(__doc__)
    if options.refine:
        refined(options.refine, options.data, CONFIG)
    if options.collect:
        collect(options.collect, options.data)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
