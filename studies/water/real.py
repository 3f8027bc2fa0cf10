"""Correct SPC/E by water's four neutron contrasts at 295 K, and compare with what others know.

``--refine DIR --data FOLDER`` refines (or goes on), ``--collect DIR --data FOLDER`` stores what
the table needs; FOLDER holds the measured curves, named as in ``room.toml``.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from tables import HERE, RESULTS, fill

from sopr_uq.posterior.store import write
from sopr_uq.posterior.thin import thin
from sopr_uq.refine.checkpoint import decode
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.rule import Newton
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.run import resume, run

CONFIG = "room.toml"
FROM = 1.5
"""Å⁻¹ from which curves are scored: below, their levels are not known."""

_DRAWS = 100

BEYOND = (3.0, 7.5)
"""Å between which g_OO is compared with x-rays: beyond the first peak's flank, inside the box."""


def refine(folder: Path, data: Path) -> None:
    """Refine, or go on."""
    config = folder.with_suffix(".d") / CONFIG
    if folder.exists():
        resume(folder)
        return
    config.parent.mkdir(parents=True, exist_ok=True)
    for file in sorted(data.glob("water_295K_*_fq.csv")):
        shutil.copy(file, config.parent / file.name)
    shutil.copy(HERE / CONFIG, config)
    run(load_config(config), folder)


def collect(folder: Path, data: Path) -> None:
    """Store the numbers of a refinement."""
    config = folder.with_suffix(".d") / CONFIG
    rule, result = build_rule(load_config(config)), load_result(folder)
    assert isinstance(rule, Newton)
    rounds = [
        unpack(decode(file.read_bytes()).state.memory)
        for file in sorted((folder / "iterations").glob("*.iteration"))
    ]
    models = [model for each in rounds for model in each]
    nearest = rounds[-1][0]
    fit = rule.answer([decode(f.read_bytes()).state for f in _files(folder)]).fit
    curves = {}
    for number, name in enumerate(rule.conditioner.stacked.names):
        before, after = (_scored(rule, fit, m, number) for m in (models[0], nearest))
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


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "iterations").glob("*.iteration"))


def _scored(rule: Newton, fit: Fit, model: LinearModel, curve: int) -> dict[str, float]:
    """Return rms and χ² of a simulated liquid, with the best scale, level and smooth errors."""
    s, theta = rule.conditioner.stacked, fit.theta
    variance = s.stated_variance + theta.noise[s.curve] ** 2 * s.noisy
    root = np.sqrt(variance + np.diagonal(model.covariance))
    mine = np.flatnonzero(s.of_curve(curve))
    columns = rule.conditioner.nuisances(model)[mine] / root[mine, None]
    y = (s.value - model.prediction)[mine] / root[mine]
    inner = np.eye(columns.shape[1]) + columns.T @ columns
    left = y - columns @ np.linalg.solve(inner, columns.T @ y)
    high = _abscissae(rule)[mine] >= FROM
    rms = float(np.sqrt(np.mean((left * root[mine])[high] ** 2)))
    return {"rms": rms, "chi2": float(np.mean(left[high] ** 2))}


def _abscissae(rule: Newton) -> FloatArray:
    observations = rule.problem.liquids[0].observations
    return np.concatenate([rule.points(o).x for o in observations])


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
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    options = parser.parse_args()
    if options.refine:
        refine(options.refine, options.data)
    if options.collect:
        collect(options.collect, options.data)
    fill(HERE / "README.md")


if __name__ == "__main__":
    main()
