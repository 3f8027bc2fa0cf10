"""A covariance matrix from a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats import read_file
from sopr_uq.typing import FloatArray

_LARGEST = 1e9


def read_matrix(path: Path | str, n: int) -> FloatArray:
    """Read a matrix of shape (n, n) from columns of numbers.

    Raises
    ------
    InputError
        If it cannot be read or has another shape.
    """
    table = read_file(path)
    if table.values.shape != (n, n):
        rows, columns = table.values.shape
        expected = f"{n} rows and columns, one for each point"
        raise InputError(str(path), expected, f"{rows} rows, {columns} columns")
    bad = np.flatnonzero(~(np.abs(table.values) <= _LARGEST).all(axis=1))
    if bad.size:
        where = f"{path}, line {table.lines[bad[0]]}"
        raise InputError(where, "finite numbers of ordinary size", "others")
    return table.values
