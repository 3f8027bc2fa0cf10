"""Linear models as arrays that a rule's state can keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

import numpy as np

from sopr_uq.errors import CheckpointError
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import FloatArray

_ROWS = ("blocks", "waves")


def pack(models: Sequence[LinearModel]) -> dict[str, FloatArray]:
    """Return linear models as arrays with a leading model axis.

    Rows of zeros fill up blocks and waves where simulations have different numbers of them.
    """
    most = {name: max(len(getattr(m, name)) for m in models) for name in _ROWS}
    filled = [replace(m, **{n: _filled(getattr(m, n), most[n]) for n in _ROWS}) for m in models]
    return {
        f"model_{f.name}": np.array([getattr(m, f.name) for m in filled])
        for f in fields(LinearModel)
    }


def _filled(rows: FloatArray, most: int) -> FloatArray:
    return np.pad(rows, ((0, most - len(rows)), (0, 0)))


def unpack(memory: Mapping[str, FloatArray]) -> list[LinearModel]:
    """Return the linear models of a rule's state.

    Raises
    ------
    CheckpointError
        If another version kept it, whose models say less.
    """
    names = [f.name for f in fields(LinearModel)]
    if f"model_{names[0]}" not in memory:
        return []
    if missing := [name for name in names if f"model_{name}" not in memory]:
        raise CheckpointError(
            f"The rounds were made by a version of sopr_uq whose models lack {', '.join(missing)}: "
            "refine anew, or go on with that version."
        )
    count = len(memory[f"model_{names[0]}"])
    return [LinearModel(**{n: memory[f"model_{n}"][i] for n in names}) for i in range(count)]
