"""Columns of numbers: CSV, TSV, semicolons or blanks, with or without a header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.names import column_of
from sopr_uq.experiment.formats.number import parse_number
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Line, Text


class Dialect(NamedTuple):
    """How cells are parted (None: by blanks), and the decimal mark."""

    separator: str | None
    decimal: str

    def cells(self, text: str) -> list[str]:
        """Return the cells of a line; an empty one at its end is none."""
        if self.separator is None:
            return text.split()
        cells = [cell.strip().strip('"') for cell in text.split(self.separator)]
        return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


DIALECTS = tuple(
    Dialect(*pair)
    for pair in (
        *((",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")),
        *((None, "."), (None, ",")),
    )
)
_SAMPLE = 200
_INTEGER = re.compile(r"[+-]?[0-9]+")


def read_delimited(text: Text, *, header: str = "") -> Table:
    """Read columns of numbers.

    Parameters
    ----------
    text : Text
        The file. The names of the columns are its first line that is not all
        numbers, or the last comment before the numbers that has as many words.
    header : str, optional
        Names to use instead, parted by blanks.

    Raises
    ------
    InputError
        If there are no numbers, lines differ in their number of cells, or a
        cell is no number; names file and line.
    """
    if not text.lines:
        raise InputError(text.name, "rows of numbers, with or without a header", "an empty file")
    dialect = _dialect(text)
    first = _first_row(text, dialect)
    rows = [_numbers(line, dialect) for line in text.lines[first:]]
    width = len(rows[0]) if rows else 0
    columns = _columns(text, first, dialect, width, header)
    _check_widths(text, first, dialect, columns, rows)
    _check_ambiguity(text, first, dialect)
    values = np.array([[np.nan if n is None else n for n in row] for row in rows], dtype=float)
    lines = tuple(line.number for line in text.lines[first:])
    return Table("columns of numbers", columns, values.reshape(len(rows), width), lines)


def _dialect(text: Text) -> Dialect:
    """Return the dialect in which most lines are numbers, the first of equals."""
    sample = [line.text for line in text.lines[:_SAMPLE]]
    scores = [sum(_is_row(d, line) for line in sample) for d in DIALECTS]
    if not max(scores):
        line = text.lines[min(1, len(text.lines) - 1)]
        expected = "rows of at least two numbers, parted by commas, semicolons, tabs or blanks"
        raise InputError(text.at(line.number), expected, f"{line.text[:60]!r}")
    return DIALECTS[scores.index(max(scores))]


def _is_row(dialect: Dialect, line: str) -> bool:
    cells = dialect.cells(line)
    numbers = [parse_number(cell, dialect.decimal) for cell in cells]
    return len(cells) > 1 and all(number is not None for number in numbers)


def _first_row(text: Text, dialect: Dialect) -> int:
    for i, line in enumerate(text.lines):
        if _is_row(dialect, line.text):
            # one line of names, not a first row with a cell that is no number
            width = len(dialect.cells(line.text))
            faulty = [j for j in range(i) if _half_row(dialect, text.lines[j].text, width)]
            return faulty[0] if faulty else i
    raise AssertionError


def _half_row(dialect: Dialect, line: str, width: int) -> bool:
    """Whether a line is a row with a cell that is no number, and not a title or a header."""
    cells = dialect.cells(line)
    return len(cells) == width and parse_number(cells[0], dialect.decimal) is not None


def _numbers(line: Line, dialect: Dialect) -> list[float | None]:
    return [parse_number(cell, dialect.decimal) for cell in dialect.cells(line.text)]


def _columns(
    text: Text, first: int, dialect: Dialect, width: int, header: str
) -> tuple[Column, ...]:
    start = text.lines[first].number
    said = [dialect.cells(line.text) for line in text.lines[:first]][-1:]
    said += [dialect.cells(text.lines[first - 1].text)] if first else []
    said += [header.split()] if header else []
    for comment in reversed(text.comments):
        if comment.number < start:
            said += [c for c in _words(comment.text, dialect) if len(c) == width]
    named = next((names for names in said if len(names) == width), None)
    above = text.lines[first - 1] if first else None
    # a line of words above blank-separated numbers may be a title
    if named is None and above and dialect.separator and len(dialect.cells(above.text)) > 1:
        raise InputError(
            text.at(above.number),
            f"{width} names, one for each column",
            f"{above.text[:80]!r}",
            "name every column, or none",
        )
    if named is None:
        return (Column(),) * width
    return tuple(column_of(name) for name in named)


def _words(comment: str, dialect: Dialect) -> list[list[str]]:
    """Return the ways to part a comment into names that are no numbers."""
    body = re.sub(r"^[#%!;@/\s]+(?:L\s)?", "", comment)
    ways = [dialect.cells(body), re.split(r"\s{2,}|\t|\s*[,;]\s*", body.strip()), body.split()]
    return [names for names in ways if any(column_of(name).quantity for name in names)]


def _check_widths(
    text: Text,
    first: int,
    dialect: Dialect,
    columns: Sequence[Column],
    rows: Sequence[Sequence[float | None]],
) -> None:
    for line, row in zip(text.lines[first:], rows, strict=True):
        if len(row) != len(columns):
            found = f"{len(row)} cells: {line.text[:60]!r}"
            raise InputError(text.at(line.number), f"{len(columns)} numbers", found)
        for i, (cell, number) in enumerate(zip(dialect.cells(line.text), row, strict=True)):
            if number is None:
                name = columns[i].name or f"column {i + 1}"
                where = f"{text.at(line.number)}, {name}"
                raise InputError(where, "a number", f"{cell[:40]!r}")


def _check_ambiguity(text: Text, first: int, dialect: Dialect) -> None:
    """Refuse 3,0,1,5: commas that may be decimal marks and separators at once."""
    rows = [dialect.cells(line.text) for line in text.lines[first:]]
    if dialect.separator != "," or len(rows[0]) < 4 or len(rows[0]) % 2:
        return
    if all(_INTEGER.fullmatch(cell) for row in rows for cell in row):
        raise InputError(
            text.at(text.lines[first].number),
            "decimal commas or commas between the columns, not both",
            f"{text.lines[first].text[:60]!r}",
            "part the columns by semicolons or tabs",
        )
