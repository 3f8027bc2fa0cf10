"""GROMACS' ``.xvg``: columns of numbers, with what they are in lines of Grace (``@``)."""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.names import column_of
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Text

_TABULATED = 7
_TABLE = (
    Column("r", "r", "nm"),
    *(Column(name, "other") for name in ("f", "-f'", "g", "-g'")),
    Column("h", "potential", "kJ/mol"),
    Column("-h'", "force", "kJ/mol/nm"),
)
"""Coulomb, dispersion and repulsion with their forces; a potential of one's own is in h."""

_LABEL = re.compile(r'@\s*(?P<axis>[xy])axis\s+label\s+"(?P<label>[^"]*)"')
_LEGEND = re.compile(r'@\s*s(?P<set>[0-9]+)\s+legend\s+"(?P<legend>[^"]*)"')
_GRACE = re.compile(r"\\(?:[sSNn0-9+-]|f\{[^}]*\})")


def is_xvg(name: str, text: Text) -> bool:
    """Whether a file says that it is one: by its suffix or by its lines of Grace."""
    return name.endswith(".xvg") or any(c.text.startswith("@") for c in text.comments)


def read_xvg(text: Text) -> Table:
    r"""Read the first data set of a file of ``gmx rdf``, ``gmx saxs`` or a table.

    Parameters
    ----------
    text : Text
        Where no axis has a unit, distances are in nm: GROMACS has no other.

    Raises
    ------
    InputError
        If it holds no columns of numbers.
    """
    table = read_delimited(_first_set(text))
    labels = {m["axis"]: _GRACE.sub("", m["label"]) for m in _matches(_LABEL, text)}
    legends = {int(m["set"]) + 1: m["legend"] for m in _matches(_LEGEND, text)}
    first = column_of(labels.get("x", "r"))
    unit = first.unit or {"r": "nm", "q": "1/nm"}.get(first.quantity, "")
    ordinate = column_of(labels.get("y", ""))
    if len(table.columns) == _TABULATED and not legends and not labels:
        return replace(table, format="GROMACS table", columns=_TABLE)
    columns = [replace(first, name=first.name or "r", unit=unit)]
    for i in range(1, len(table.columns)):
        legend = column_of(legends.get(i, ""))
        # O and H are atoms here before they are functions
        quantity = ordinate.quantity or legend.quantity
        columns.append(Column(legend.name or ordinate.name, quantity, ordinate.unit))
    return replace(table, format="GROMACS .xvg", columns=tuple(columns), simulated=True)


def _matches(pattern: re.Pattern[str], text: Text) -> list[re.Match[str]]:
    found = (pattern.match(comment.text) for comment in text.comments)
    return [match for match in found if match is not None]


def _first_set(text: Text) -> Text:
    ends = [c.number for c in text.comments if c.text == "&"]
    begun = text.lines[0].number if text.lines else 0
    end = next((number for number in ends if number > begun), None)
    if end is None:
        return text
    return replace(text, lines=tuple(line for line in text.lines if line.number < end))
