"""What moves a stranger's answer: the same simulations, each freedom of the curve taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import xarray as xr
from stripped import QUANTITIES

from sopr_uq.errors import RuleFailed
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.memory import pack
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import good
from sopr_uq.refine.rule import RuleState
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.run import CONFIG

FREEDOMS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "as it is read": {},
        "no window": {"damping": 0.0},
        "no smoothing": {"smoothing": 0.0},
        "no drift": {"drift": 0.0},
        "none of them": {"damping": 0.0, "smoothing": 0.0, "drift": 0.0},
    }
)
"""What is changed of the observation."""


def taken_away(folder: Path) -> xr.Dataset:
    """Return mean and sd (freedom, quantity), and the noise (freedom), of a stored refinement.

    Parameters
    ----------
    folder : Path
        Of a curve that was stripped, with its rounds.
    """
    problem = build_rule(load_config(folder / CONFIG)).problem
    rounds = Folder(folder / "iterations").load()
    rows = [_posterior(_changed(problem, change), rounds) for change in FREEDOMS.values()]
    return xr.concat(rows, xr.Variable("freedom", list(FREEDOMS))).assign_attrs(curve=folder.name)


def _changed(problem: Problem, change: Mapping[str, Any]) -> Problem:
    liquids = tuple(
        replace(liquid, observations=tuple(replace(o, **change) for o in liquid.observations))
        for liquid in problem.liquids
    )
    return replace(problem, liquids=liquids)


def _fluids(problem: Problem, each: Iteration) -> list[LinearModel]:
    """Return the linear models of the runs that are fluids, as the rule does."""
    models = []
    for run in good(each.runs):
        with suppress(RuleFailed):
            models.append(linearise(problem, run.potential, run.simulations))
    return models


def _posterior(problem: Problem, rounds: Sequence[Iteration]) -> xr.Dataset:
    """Condition on runs that are there, as data of this problem."""
    rule = Newton(problem)
    past = [
        RuleState(each.state.iteration, each.state.proposals, pack(problem, _fluids(problem, each)))
        for each in rounds
    ]
    found = rule.posterior(past)
    v = found["potential"].values.reshape(-1, found.sizes["r"])
    numbers = problem.field.descriptors(v, problem.beta)._asdict()
    each = np.array([np.ravel(numbers[q]) for q in QUANTITIES])
    return xr.Dataset(
        {
            "mean": ("quantity", np.nanmean(each, axis=1)),
            "sd": ("quantity", np.nanstd(each, axis=1)),
            "noise": float(found["noise"].mean()),
        },
        coords={"quantity": list(QUANTITIES)},
    )
