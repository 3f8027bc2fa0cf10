"""Measured curves and tables from CSV files: one door for shipped and for own data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sopr_uq.disk import read_bytes
from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import verify
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.experiment.observation import Kind, Observation
from sopr_uq.typing import FloatArray

COLUMNS: dict[str, tuple[str, str]] = {
    "g": ("r_angstrom", "g"),
    "s": ("q_inverse_angstrom", "s"),
}
_MIN_POINTS = 5
_LARGEST = 1e9


@dataclass(frozen=True)
class Table:
    """Numbers of a CSV file.

    Parameters
    ----------
    path : Path
        The file.
    columns : tuple of str
        Names from its header; empty where a file has none.
    values : array, shape (rows, columns)
        The numbers.
    lines : tuple of int
        Line of the file, counted from one, of every row.
    """

    path: Path
    columns: tuple[str, ...]
    values: FloatArray
    lines: tuple[int, ...]

    def __getitem__(self, name: str) -> FloatArray:
        """Return the column of that name, shape (rows,)."""
        return self.values[:, self.columns.index(name)]


def read_curve(
    path: Path | str,
    kind: Kind,
    *,
    name: str = "",
    source: str = "",
    window: tuple[float, float] | None = None,
    abscissa_error: float = 0.0,
    q_max: float | None = None,
    spacing: float | None = None,
    covariance: Path | str | None = None,
    sha256: str | None = None,
) -> Observation:
    """Read a measured g(r) or S(Q).

    Parameters
    ----------
    path : Path or str
        CSV in UTF-8: a header ``r_angstrom,g`` or ``q_inverse_angstrom,s``,
        each with an optional third column ``error``; ``#`` begins a comment.
    kind : {"g", "s"}
        What was measured.
    name, source : str, optional
        For tables and figures; the name of the file by default.
    window : tuple of float, optional
        Closed interval of the abscissa that inferences may use.
    abscissa_error : float, optional
        Standard reading error of the abscissa, in Å or Å⁻¹.
    q_max : float, optional
        End in Å⁻¹ of the Fourier integral that gave a g(r).
    spacing : float, optional
        Distance in Å or Å⁻¹ below which points are not independent.
    covariance : Path or str, optional
        CSV with the covariance matrix of the values, without a header.
    sha256 : str, optional
        Hash that the file must have.

    Returns
    -------
    Observation

    Raises
    ------
    InputError
        If the file cannot be read or is not such a curve; names file and line.
    """
    path = Path(path)
    if kind not in COLUMNS:
        raise InputError("kind of a curve", " or ".join(COLUMNS), repr(kind))
    abscissa, ordinate = COLUMNS[kind]
    table = read_table(path, (abscissa, ordinate), optional=("error",))
    verify(path, sha256)
    _check_abscissae(table, abscissa)
    _check_errors(table)
    return Observation(
        kind=kind,
        x=table[abscissa],
        value=table[ordinate],
        name=name or path.name,
        error=table["error"] if "error" in table.columns else None,
        covariance=None if covariance is None else read_matrix(covariance, len(table.lines)),
        abscissa_error=abscissa_error,
        q_max=np.inf if q_max is None else q_max,
        spacing=spacing or 0.0,
        window=(0.0, np.inf) if window is None else window,
        source=source or path.name,
    )


def read_table(path: Path | str, required: Sequence[str], *, optional: Sequence[str] = ()) -> Table:
    """Read a CSV file with a header of known names and finite numbers below it.

    Raises
    ------
    InputError
        If it cannot be read, lacks a column, has an unknown one, or holds
        something that is no number; names file and line.
    """
    path = Path(path)
    rows = _content(path)
    expected = ",".join(required) + "".join(f"[,{name}]" for name in optional)
    if not rows:
        raise InputError(str(path), f"a header {expected} and rows of numbers", "an empty file")
    (header_line, header), body = rows[0], rows[1:]
    columns = tuple(cell.strip() for cell in header.split(","))
    _check_columns(path, header_line, columns, required, optional, expected)
    if len(body) < _MIN_POINTS:
        raise InputError(str(path), f"at least {_MIN_POINTS} rows of numbers", str(len(body)))
    values = np.array([_numbers(path, line, text, columns) for line, text in body])
    return Table(path, columns, values, tuple(line for line, _ in body))


def read_matrix(path: Path | str, n: int) -> FloatArray:
    """Read a matrix of shape (n, n) from a CSV file without a header.

    Raises
    ------
    InputError
        If it cannot be read or has another shape.
    """
    path = Path(path)
    names = tuple(f"column {i + 1}" for i in range(n))
    rows = [_numbers(path, line, text, names) for line, text in _content(path)]
    if len(rows) != n:
        raise InputError(str(path), f"{n} rows, one for each point", f"{len(rows)} rows")
    return np.array(rows)


def _content(path: Path) -> list[tuple[int, str]]:
    """Return the lines that are neither empty nor a comment, with their numbers."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {line}",
            "text in UTF-8",
            f"byte 0x{error.object[error.start]:02x}",
            "save the file as UTF-8, or as plain text when it is a spreadsheet",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(str(path), "a readable file", reason) from None
    lines = enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1)
    stripped = ((number, line.partition("#")[0].strip()) for number, line in lines)
    return [(number, line) for number, line in stripped if line]


def _check_columns(
    path: Path,
    line: int,
    columns: tuple[str, ...],
    required: Sequence[str],
    optional: Sequence[str],
    expected: str,
) -> None:
    known = {*required, *optional}
    if set(required) <= set(columns) <= known and len(set(columns)) == len(columns):
        return
    unknown = [name for name in columns if name not in known]
    separated = any(mark in "".join(columns) for mark in ";\t")
    hints = [suggestion(name, known) for name in unknown]
    advice = "separate the columns by commas" if separated else next(filter(None, hints), "")
    found = ",".join(columns)
    raise InputError(f"{path}, line {line}", f"columns {expected}", f"{found[:80]!r}", advice)


def _numbers(path: Path, line: int, text: str, columns: Sequence[str]) -> list[float]:
    cells = text.split(",")
    if len(cells) != len(columns):
        raise InputError(
            f"{path}, line {line}", f"{len(columns)} numbers", f"{len(cells)} cells: {text[:60]!r}"
        )
    named = zip(cells, columns, strict=True)
    return [_number(path, line, cell.strip(), column) for cell, column in named]


def _number(path: Path, line: int, cell: str, column: str) -> float:
    try:
        if "_" in cell:
            raise ValueError
        value = float(cell)
    except ValueError:
        where = f"{path}, line {line}, {column}"
        raise InputError(where, "a number", f"{cell[:40]!r}") from None
    if not math.isfinite(value) or abs(value) > _LARGEST:
        where = f"{path}, line {line}, {column}"
        raise InputError(where, "a finite number of ordinary size", f"{cell[:40]!r}")
    return value


def _check_abscissae(table: Table, name: str) -> None:
    x = table[name]
    below = np.flatnonzero(x < 0)
    if below.size:
        raise InputError(
            f"{table.path}, line {table.lines[below[0]]}, {name}",
            "a number that is not negative",
            f"{x[below[0]]:g}",
        )
    back = np.flatnonzero(np.diff(x) <= 0)
    if back.size:
        raise InputError(
            f"{table.path}, line {table.lines[back[0] + 1]}, {name}",
            f"more than {x[back[0]]:g}, the row before",
            f"{x[back[0] + 1]:g}",
            "sort the rows and remove repeated ones",
        )


def _check_errors(table: Table) -> None:
    if "error" not in table.columns:
        return
    error = table["error"]
    bad = np.flatnonzero(error <= 0)
    if bad.size:
        where = f"{table.path}, line {table.lines[bad[0]]}, error"
        raise InputError(where, "a positive number", f"{error[bad[0]]:g}")
