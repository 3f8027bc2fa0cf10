"""Cells of a histogram: left edges for centres, and a last cell of another width."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sopr_uq.experiment.formats import Table
from sopr_uq.typing import FloatArray

_EVEN = 1e-3
_WIDE = 0.02


def shift_edges(x: FloatArray, table: Table, remarks: list[str]) -> tuple[FloatArray, Table]:
    """Return the centres of cells whose left edges are given; the last edge closes the last cell.

    Parameters
    ----------
    x : array, shape (n,)
        Left edges in Å or Å⁻¹.

    Returns
    -------
    array, shape (n - 1,)
        Centres.
    Table
        Without its last row.
    """
    remarks.append("Abscissae are left edges of cells: taken to their centres.")
    keep = np.arange(x.size) < x.size - 1
    return np.asarray(0.5 * (x[:-1] + x[1:])), table.rows(keep)


def check_cells(path: Path | str, table: Table, x: FloatArray, remarks: list[str]) -> None:  # noqa: ARG001
    """Remark on a last cell of another width, and on abscissae that may be left edges."""
    steps = np.diff(x)
    width = float(np.median(steps))
    even = np.abs(steps - width) < _EVEN * width + 1e-6
    if even[:-1].all() and not even[-1] and steps.size > MIN_STEPS:
        remarks.append(
            f"The last cell is {steps[-1]:.4g} wide, the others {width:.4g}: look whether its "
            "value belongs to it."
        )
    if even.all() and abs(x[0]) < 1e-9 and width >= _WIDE and not table.left_edges:
        remarks.append(
            "Abscissae begin at zero in equal steps: if they are left edges of cells, "
            'edges = "left" moves them to the centres.'
        )


MIN_STEPS = 8
