"""What a file holds: numbers, and a guess of what its columns are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import BoolArray, FloatArray

FEWEST_ROWS = 5
"""Rows of numbers that a file must have, to be one of a curve or of a potential."""


_BEHIND = re.compile(r"\s*[(\[/].*")
"""A unit or an argument behind a name."""


@dataclass(frozen=True)
class Column:
    """What a column is.

    Parameters
    ----------
    name : str
        As the file calls it; empty where it does not.
    quantity : str
        ``r`` or ``q``; a form of a curve (``g``, ``h``, ``G``, ``rdf``, ``t``,
        ``s``, ``s-1``, ``q(s-1)``, ``f``); ``error``, ``potential``, ``force``;
        ``other``; empty where the file does not say.
    unit : str
        Such as ``angstrom``, ``nm``, ``1/angstrom``, ``1/nm``, ``kcal/mol``,
        ``kJ/mol``, ``K``; empty where the file does not say.
    """

    name: str = ""
    quantity: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers of a file.

    Parameters
    ----------
    format : str
        The name of the layout, for people.
    columns : tuple of Column
        One for each column of ``values``.
    values : array, shape (rows, columns)
        The numbers; NaN where the file has none.
    lines : tuple of int
        Line of the file, counted from one, of every row.
    facts : mapping of str to str
        What the head of the file says, such as ``qmax``.
    left_edges : bool
        Whether the first column holds the left edges of cells.
    simulated : bool
        Whether it is of a program that analyses simulations.
    remarks : tuple of str
        What was decided while reading, as sentences.
    """

    format: str
    columns: tuple[Column, ...]
    values: FloatArray
    lines: tuple[int, ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    left_edges: bool = False
    simulated: bool = False
    remarks: tuple[str, ...] = ()

    def column(self, index: int) -> FloatArray:
        """Return one column, shape (rows,)."""
        return self.values[:, index]

    def find(self, quantity: str) -> int | None:
        """Return the place of the first column of a quantity, or None."""
        found = (i for i, column in enumerate(self.columns) if column.quantity == quantity)
        return next(found, None)

    def rows(self, keep: BoolArray) -> Self:
        """Return the table with some of its rows; ``keep`` has shape (rows,)."""
        index = np.flatnonzero(keep)
        lines = tuple(self.lines[i] for i in index)
        return replace(self, values=self.values[index], lines=lines)

    def call(self, index: int) -> str:
        """Return how a message calls a column: its name, or its number from one."""
        return self.columns[index].name or f"column {index + 1}"

    def place(self, name: str | int, where: str) -> int:
        """Return the place of a column that a person names, with its unit or not, or numbers.

        Numbers count from one.

        Raises
        ------
        InputError
            If there is none, or there are two, of that name.
        """
        names = [column.name for column in self.columns]
        if isinstance(name, int):
            if 1 <= name <= len(names):
                return name - 1
        elif names.count(name) == 1:
            return names.index(name)
        elif (bare := [_BEHIND.sub("", each) for each in names]).count(name) == 1:
            return bare.index(name)
        known = ", ".join(self.call(i) for i in range(len(names)))
        expected = f"a name among {known[:200]}, or a number from 1 to {len(names)}"
        raise InputError(f"{where}, columns", expected, repr(name)[:80])
