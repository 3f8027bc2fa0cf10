"""LAMMPS' ``pair_style table``: sections of a keyword, ``N … R lo hi``, and numbered rows."""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Text
from sopr_uq.typing import FloatArray

_PARAMETERS = re.compile(r"N\s+(?P<n>[0-9]+)(\s.*)?")
_STYLE = re.compile(r"\bUNITS:\s*(\w+)", re.IGNORECASE)
_ENERGIES = {"real": "kcal/mol", "metal": "eV"}
"""Of LAMMPS' styles of units in which distances are in Å."""


def is_lammps_table(text: Text) -> bool:
    """Whether the second line gives the number of rows."""
    return len(text.lines) > 2 and _PARAMETERS.fullmatch(text.lines[1].text) is not None


def read_lammps_table(text: Text) -> Table:
    """Read the first section, in the units that a comment above it tells (``UNITS: metal``).

    Without such a comment they are LAMMPS' units ``real``.

    Raises
    ------
    InputError
        If it has fewer rows than it says, other columns, or units that are neither ``real`` nor
        ``metal``.
    """
    found = _PARAMETERS.fullmatch(text.lines[1].text)
    n = 0 if found is None else int(found["n"][:9])
    rows = text.lines[2 : 2 + n]
    if len(rows) < max(n, 2):
        raise InputError(text.at(text.lines[1].number), f"{n} rows below", f"{len(rows)} rows")
    table = read_delimited(replace(text, lines=rows))
    columns = _columns(_energy(text))
    if len(table.columns) != len(columns):
        raise InputError(text.at(rows[0].number), "number, r, energy and force", rows[0].text[:60])
    return replace(table, format="LAMMPS pair_style table", columns=columns)


def _columns(energy: str) -> tuple[Column, ...]:
    return (
        Column("row", "other"),
        Column("r", "r", "angstrom"),
        Column("v", "potential", energy),
        Column("force", "force", f"{energy}/angstrom"),
    )


def _energy(text: Text) -> str:
    """Return the unit of energy that the comments above the first section tell."""
    for comment in text.comments:
        style = _STYLE.search(comment.text)
        if style is None or comment.number > text.lines[0].number:
            continue
        known = _ENERGIES.get(style[1].lower())
        if known is None:
            expected = f"UNITS: one of {', '.join(_ENERGIES)}"
            raise InputError(text.at(comment.number), expected, style[1], "a table in one of them")
        return known
    return "kcal/mol"


def write_lammps_table(keyword: str, note: str, r: FloatArray, v: FloatArray, f: FloatArray) -> str:
    """Return a section for ``pair_style table``.

    Parameters
    ----------
    keyword, note : str
        Name of the section; a comment above it, of one line or several.
    r, v, f : array, shape (n,)
        Equally spaced distances in Å, energies in kcal/mol, forces in
        kcal/(mol Å).
    """
    # LAMMPS looks for the units in the first line, and converts them into its script's
    first, *more = note.splitlines()
    comment = "\n".join([f"# {first} UNITS: real", *(f"# {line}".rstrip() for line in more)])
    head = f"{comment}\n\n{keyword}\nN {r.size} R {r[0]:.10g} {r[-1]:.10g}\n\n"
    rows = zip(range(1, r.size + 1), r, v, f, strict=True)
    return head + "".join(f"{i} {a:.10g} {b:.12g} {c:.12g}\n" for i, a, b, c in rows)
