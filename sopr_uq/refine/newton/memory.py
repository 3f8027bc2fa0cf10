"""Linear models as arrays that a rule's state can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from sopr_uq.engine.blocks import shrunk_covariance
from sopr_uq.errors import CheckpointError
from sopr_uq.refine.newton.data import liquid_of
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray, IntArray

_ROWS = ("blocks", "waves")

_OF_POTENTIAL = ("jacobian", "slope_jacobian", "pressure_jacobian")
"""Derivatives with respect to the grid, which are those with respect to fewer splines."""

_FOLLOWS = "covariance"
"""It follows from the blocks, and is the largest of all where curves are long."""


def pack(problem: Problem, models: Sequence[LinearModel]) -> dict[str, FloatArray]:
    """Return linear models of a problem as arrays with a leading model axis.

    Rows of zeros fill up blocks and waves where simulations have different numbers of them.
    """
    most = {name: max(len(getattr(m, name)) for m in models) for name in _ROWS}
    kept = {
        f.name: np.array([getattr(m, f.name) for m in models])
        for f in fields(LinearModel)
        if f.name not in (*_ROWS, *_OF_POTENTIAL, _FOLLOWS)
    }
    for name, count in most.items():
        kept[name] = np.array([_filled(getattr(m, name), count) for m in models])
    for name in _OF_POTENTIAL:
        kept[name] = np.array([problem.field.on_splines(getattr(m, name)) for m in models])
    return {f"model_{name}": values for name, values in kept.items()}


def _filled(rows: FloatArray, most: int) -> FloatArray:
    return np.pad(rows, ((0, most - len(rows)), (0, 0)))


def unpack(problem: Problem, memory: Mapping[str, FloatArray]) -> list[LinearModel]:
    """Return the linear models of a rule's state.

    Raises
    ------
    CheckpointError
        If another version kept it, whose models say less, or say it otherwise.
    """
    names = [f.name for f in fields(LinearModel) if f.name != _FOLLOWS]
    if f"model_{names[0]}" not in memory:
        return []
    missing = [name for name in names if f"model_{name}" not in memory]
    splines = problem.field.splines.shape[1] * len(problem.field.terms)
    if missing or memory["model_jacobian"].shape[-1] != splines:
        lack = f" lack {', '.join(missing)}" if missing else " are told otherwise"
        raise CheckpointError(
            f"The rounds were made by a version of sopr_uq whose models{lack}: "
            "refine anew, or go on with that version."
        )
    liquid = liquid_of(problem)
    return [
        _model(problem, {name: memory[f"model_{name}"][i] for name in names}, liquid)
        for i in range(len(memory[f"model_{names[0]}"]))
    ]


def _model(problem: Problem, kept: dict[str, FloatArray], liquid: IntArray) -> LinearModel:
    grid = {name: problem.field.on_grid(kept[name]) for name in _OF_POTENTIAL}
    return LinearModel(**kept | grid | {_FOLLOWS: _covariance(kept["blocks"], liquid)})


def _covariance(blocks: FloatArray, liquid: IntArray) -> FloatArray:
    """Return what blocks say of the sampling covariance, (b, d) → (d, d).

    Simulations of different liquids are independent.
    """
    found = np.zeros((blocks.shape[1], blocks.shape[1]))
    for number in np.unique(liquid):
        mine = np.flatnonzero(liquid == number)
        own = blocks[:, mine][blocks[:, mine].any(axis=1)]
        if len(own) > 1:
            found[np.ix_(mine, mine)] = shrunk_covariance(own, len(own) - 1.0)
    return found
