"""How well a simulated liquid meets measured totals, and the rounds of a stored refinement."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.rule import Newton
from sopr_uq.refine.rule import RuleState
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.run import ITERATIONS

FROM = 1.5
"""Å⁻¹ from which curves are scored: below, their levels are not known."""


def states_of(folder: Path) -> list[RuleState]:
    """Return the state after every round."""
    return [each.state for each in Folder(folder / ITERATIONS).load()]


def models_of(folder: Path) -> list[list[LinearModel]]:
    """Return the linear models of every round."""
    return [unpack(state.memory) for state in states_of(folder)]


def scored(rule: Newton, fit: Fit, model: LinearModel, curve: int) -> dict[str, float]:
    """Return rms and reduced χ² of a simulated liquid, its errors of measurement at their best.

    χ² is divided by the number of data less what scale, level and smooth
    errors, believed as they are, take of it.
    """
    s, theta = rule.conditioner.stacked, fit.theta
    variance = s.stated_variance + theta.noise[s.curve] ** 2 * s.noisy
    root = np.sqrt(variance + np.diagonal(model.covariance))
    mine = np.flatnonzero(s.of_curve(curve))
    columns = rule.conditioner.nuisances(model)[mine] / root[mine, None]
    y = (s.value - model.prediction)[mine] / root[mine]
    inner = np.eye(columns.shape[1]) + columns.T @ columns
    taken = columns @ np.linalg.solve(inner, columns.T)
    left, free = y - taken @ y, 1.0 - np.diagonal(taken)
    high = abscissae(rule)[mine] >= FROM
    rms = float(np.sqrt(np.mean((left * root[mine])[high] ** 2)))
    return {"rms": rms, "chi2": float(np.sum(left[high] ** 2) / np.sum(free[high]))}


def abscissae(rule: Newton) -> FloatArray:
    """Return where every datum lies, shape (d,)."""
    liquids = rule.problem.liquids
    return np.concatenate([rule.points(o).x for liquid in liquids for o in liquid.observations])
