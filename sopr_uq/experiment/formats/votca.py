"""VOTCA's three columns: x, y, and a flag (``i`` inside, ``o`` outside, ``u`` undefined)."""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Line, Text

_FLAGGED = re.compile(r"(?P<numbers>\S.*?)\s+(?P<flag>[iou])")
_POTENTIAL = re.compile(r".*\.(pot|pot\.\S+|dpot\S*)")
_GOOD = "i"


def is_votca(text: Text) -> bool:
    """Whether most lines end with a flag."""
    flagged = sum(_FLAGGED.fullmatch(line.text) is not None for line in text.lines)
    return flagged > 0 and flagged >= 0.5 * len(text.lines)


def read_votca(name: str, text: Text) -> Table:
    """Read a table in nm, of a g(r) or, by its suffix, of a potential in kJ/mol.

    Rows that are flagged as outside or undefined are no data and left out.

    Raises
    ------
    InputError
        If a line has no flag, or no row is inside.
    """
    lines, flags = [], []
    for line in text.lines:
        found = _FLAGGED.fullmatch(line.text)
        if found is None:
            expected = "numbers and a flag i, o or u, as VOTCA writes them"
            raise InputError(text.at(line.number), expected, f"{line.text[:60]!r}")
        lines.append(Line(line.number, found["numbers"]))
        flags.append(found["flag"])
    inside = tuple(line for line, flag in zip(lines, flags, strict=True) if flag == _GOOD)
    if not inside:
        raise InputError(text.name, "rows with the flag i", f"{len(flags)} rows without it")
    table = read_delimited(replace(text, lines=inside))
    is_potential = _POTENTIAL.fullmatch(name.casefold()) is not None
    ordinate = Column("U", "potential", "kJ/mol") if is_potential else Column("g", "g")
    columns = (Column("r", "r", "nm"), ordinate, Column("error", "error"))
    out = len(flags) - len(inside)
    remark = f"{out} rows flagged as outside or undefined are left out."
    return replace(
        table,
        format="VOTCA",
        columns=(columns + (Column("", "other"),) * len(table.columns))[: len(table.columns)],
        simulated=True,
        remarks=(remark,) if out else (),
    )
