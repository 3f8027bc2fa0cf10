"""Refinements of measured water in folders: asked for, made, gone on with, read, and scored."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import numpy as np

from sopr_uq.inference.low_rank import LowRank
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.rule import Newton
from sopr_uq.refine.rule import RuleState
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.run import ITERATIONS, resume, run

FROM = 1.5
"""Å⁻¹ from which curves are scored: below, their levels are not known."""


def asked(description: str | None, flag: str = "", meaning: str = "") -> argparse.Namespace:
    """Read the arguments that these studies share: refine, collect, data, and a flag."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--refine", type=Path, metavar="DIR")
    parser.add_argument("--collect", type=Path, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    if flag:
        parser.add_argument(f"--{flag}", action="store_true", help=meaning)
    return parser.parse_args()


def refined(folder: Path, data: Path, name: str) -> None:
    """Refine by a configuration of this study into a folder, or go on there.

    Parameters
    ----------
    folder : Path
    data : Path
        Where the measured curves are; they are copied beside the configuration.
    name : str
        File name of the configuration.
    """
    if folder.exists():
        resume(folder)
        return
    config = folder.with_suffix(".d") / name
    config.parent.mkdir(parents=True, exist_ok=True)
    for file in sorted(data.glob("water_295K_*.csv")):
        shutil.copy(file, config.parent / file.name)
    shutil.copy(Path(__file__).parent / name, config)
    run(load_config(config), folder)


def states_of(folder: Path) -> list[RuleState]:
    """Return the state after every round."""
    return [each.state for each in Folder(folder / ITERATIONS).load()]


def models_of(rule: Newton, folder: Path) -> list[list[LinearModel]]:
    """Return the linear models of every round."""
    return [unpack(rule.problem, state.memory) for state in states_of(folder)]


def scored(rule: Newton, fit: Fit, model: LinearModel, curve: int) -> dict[str, float]:
    """Return rms and reduced χ² of a simulated liquid, its errors of measurement at their best.

    χ² is divided by the number of data less what scale, level and smooth
    errors, believed as they are, take of it.
    """
    s, theta = rule.conditioner.stacked, fit.theta
    variance = s.stated_variance + theta.noise[s.level] ** 2 * s.noisy
    root = np.sqrt(variance + np.diagonal(model.covariance))
    mine = np.flatnonzero(s.of_curve(curve))
    nuisances = LowRank(rule.conditioner.nuisances(model)[mine] / root[mine, None])
    y = (s.value - model.prediction)[mine] / root[mine]
    left = nuisances.solve(y)
    free = 1.0 - np.sum(nuisances.columns * nuisances.gain.T, axis=1)
    high = abscissae(rule)[mine] >= FROM
    rms = float(np.sqrt(np.mean((left * root[mine])[high] ** 2)))
    return {"rms": rms, "chi2": float(np.sum(left[high] ** 2) / np.sum(free[high]))}


def abscissae(rule: Newton) -> FloatArray:
    """Return where every datum lies, shape (d,)."""
    liquids = rule.problem.liquids
    return np.concatenate([rule.points(o).x for liquid in liquids for o in liquid.observations])
