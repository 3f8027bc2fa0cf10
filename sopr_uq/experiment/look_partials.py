"""Partials beside each other in a file, by the pairs that their columns name."""

from __future__ import annotations

import re

from sopr_uq.experiment.formats import Table
from sopr_uq.experiment.pick import abscissa_of, values_of

type NamedPair = tuple[str, str]

_ATOM = r"[A-Z][a-z]?[0-9]*"
_PAIR = re.compile(
    rf"(?:(?:g|s|h|f|rdf|gofr)[_ (]*)?(?P<first>{_ATOM})\s*[-–_.]?\s*(?P<second>{_ATOM})"
    r"\)?(?:\(.*\))?"
)


def pair_of(name: str) -> NamedPair | None:
    """Return the sites that a column's name stands for, as K-Cl and g_ArKr do; None of others."""
    found = _PAIR.fullmatch(name.strip())
    return None if found is None else (found["first"], found["second"])


def partials(table: Table, name: str, kind: str) -> list[tuple[NamedPair, list[str | int]]]:
    """Return pairs and the columns of their curves, counted from one; none unless there are two.

    Parameters
    ----------
    table : Table
    name : str
        Of the file, for messages.
    kind : {"g", "s", "f"}

    Raises
    ------
    InputError
        If there is no abscissa of such a curve.
    """
    abscissa = abscissa_of(table, name, kind)
    known, nameless = values_of(table, kind, abscissa)
    found: dict[NamedPair, list[str | int]] = {}
    for place in known or nameless:
        pair = pair_of(table.columns[place].name)
        # a curve told twice, as g and as h, is one measurement
        if pair is not None and pair not in found and pair[::-1] not in found:
            found[pair] = [abscissa + 1, place + 1, *_error_behind(table, place)]
    return list(found.items()) if len(found) > 1 else []


def _error_behind(table: Table, value: int) -> list[str | int]:
    """Return the column of errors that follows a curve, counted from one."""
    behind = value + 1
    is_error = behind < len(table.columns) and table.columns[behind].quantity == "error"
    return [behind + 1] if is_error else []
