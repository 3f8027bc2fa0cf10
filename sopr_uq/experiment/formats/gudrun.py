"""Gudrun's merged files (``.mint01``, ``.mdcs01`` …): left edges of cells, rows of zero error."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Text

_Q_SPACE = re.compile(r".*\.(m?(int|dcs|sub|soq)|msubw)[0-9]{2}")
_R_SPACE = re.compile(r".*\.(m?(gor|dor)|msgor)[0-9]{2}")
_Q = (Column("Q", "q", "1/angstrom"), Column("value"), Column("error", "error"))
_R = (Column("r", "r", "angstrom"), Column("value"), Column("error", "error"))


def is_gudrun(name: str) -> bool:
    """Whether the suffix is one of Gudrun's."""
    return bool(_Q_SPACE.fullmatch(name) or _R_SPACE.fullmatch(name))


def read_gudrun(name: str, text: Text) -> Table:
    """Read a merged interference function, cross section or its transform.

    The Q of a row is the left edge of its cell, and the last row only closes
    the last cell. Rows of zero error hold no measurement and are left out.

    Raises
    ------
    InputError
        If it holds no columns of numbers.
    """
    table = read_delimited(text)
    histogram = _Q_SPACE.fullmatch(name) is not None
    columns = (_Q if histogram else _R) + (Column("", "other"),) * len(table.columns)
    table = replace(table, format="Gudrun", columns=columns[: len(table.columns)])
    if len(table.columns) < 3:
        return replace(table, left_edges=histogram)
    centred = _centred(table) if histogram else table
    error = centred.column(2)
    empty = error == 0.0
    if empty.all() or not empty.any():
        return centred
    remark = f"{int(empty.sum())} rows with an error of zero hold no measurement: left out."
    return replace(centred.rows(~empty), remarks=(*centred.remarks, remark))


def _centred(table: Table) -> Table:
    """Move left edges to the centres of their cells; the last edge closes the last cell."""
    edges = table.column(0)
    values = table.values[:-1].copy()
    values[:, 0] = 0.5 * (edges[:-1] + edges[1:])
    remark = "Q of the file is the left edge of a cell: taken to its centre."
    keep = np.arange(len(edges)) < len(edges) - 1
    return replace(table.rows(keep), values=values, remarks=(*table.remarks, remark))
