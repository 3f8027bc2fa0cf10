"""EPSR's ``.EPSR.g01``, ``.EPSR.f01`` and kin: x, then value and error of every pair."""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Text

_SUFFIX = re.compile(r".*\.epsr\.(?P<letter>[a-z])[0-9]{2}")
_OF_LETTER = {
    "g": ("r", "angstrom", "g"), "y": ("r", "angstrom", "g"),
    "f": ("q", "1/angstrom", "s-1"), "s": ("q", "1/angstrom", "s-1"),
    "u": ("q", "1/angstrom", ""), "t": ("q", "1/angstrom", ""), "v": ("q", "1/angstrom", ""),
    "x": ("r", "angstrom", ""), "w": ("r", "angstrom", ""),
}  # fmt: skip


def is_epsr(name: str) -> bool:
    """Whether the suffix is one of EPSR's."""
    return _SUFFIX.fullmatch(name.casefold()) is not None


def read_epsr(name: str, text: Text) -> Table:
    """Read partial or total functions with their errors.

    Raises
    ------
    InputError
        If it holds no columns of numbers.
    """
    table = read_delimited(text)
    found = _SUFFIX.fullmatch(name.casefold())
    letter = found["letter"] if found else ""
    abscissa, unit, quantity = _OF_LETTER.get(letter, ("", "", ""))
    columns = [Column("r" if abscissa == "r" else "Q", abscissa, unit)]
    for i in range(1, len(table.columns)):
        pair = (i + 1) // 2
        value = Column(f"{letter}{pair}", quantity)
        columns.append(value if i % 2 else Column(f"error{pair}", "error"))
    return replace(table, format="EPSR", columns=tuple(columns))
