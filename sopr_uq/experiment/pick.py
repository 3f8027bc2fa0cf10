"""Which columns of a table are the curve: its abscissa, its values, their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats import Table
from sopr_uq.experiment.forms import FORMS, TOTAL
from sopr_uq.experiment.kinds import CURVES, KINDS
from sopr_uq.typing import FloatArray

_COLUMNS = (2, 3)
"""How many may be named: abscissa and values, or their errors too."""


class Picked(NamedTuple):
    """Places of the columns of a curve, and what was decided, as sentences."""

    abscissa: int
    value: int
    error: int | None
    remarks: tuple[str, ...]


def pick(table: Table, name: str, kind: str, columns: Sequence[str | int] | None) -> Picked:
    """Choose the columns of a curve.

    Parameters
    ----------
    table : Table
    name : str
        Of the file, for messages.
    kind : {"g", "s", "f"}
    columns : sequence of str or int, optional
        Two or three names or numbers from one; by default what the names of
        the columns, or their order, say.

    Raises
    ------
    InputError
        If there are too few columns, neither two nor three are named, or several may be meant.
    """
    if columns is not None:
        if len(columns) not in _COLUMNS:
            expected = f"{CURVES[kind].name}, {KINDS[kind].text} and perhaps its error"
            raise InputError(f"{name}, columns", expected, ", ".join(map(str, columns)) or "none")
        places = [table.place(column, name) for column in columns]
        return Picked(places[0], places[1], places[2] if len(places) > 2 else None, ())
    if len(table.columns) < 2:
        raise InputError(
            name, f"two columns, {CURVES[kind].name} and {KINDS[kind].text}", "one column"
        )
    abscissa = abscissa_of(table, name, kind)
    value = _value(table, name, kind, abscissa)
    error, remarks = _error(table, abscissa, value)
    return Picked(abscissa, value, error, remarks)


def abscissa_of(table: Table, name: str, kind: str) -> int:
    """Return the place of the column of r or Q; arguments and errors as of :func:`pick`."""
    found = table.find(CURVES[kind].name)
    if found is not None:
        return found
    for another, axis in CURVES.items():
        other = table.find(axis.name)
        if other is not None:
            expected = f"a column {CURVES[kind].name}, as kind = {kind!r} has"
            raise InputError(name, expected, f"{table.call(other)!r}", f'kind = "{another}"')
    if table.columns[0].quantity in ("", "other") and table.columns[0].quantity != "other":
        return 0
    rest = [i for i, column in enumerate(table.columns) if column.quantity == ""]
    if not rest:
        raise InputError(name, f"a column {CURVES[kind].name}", _names(table), "columns = [1, 2]")
    return rest[0]


def values_of(table: Table, kind: str, abscissa: int) -> tuple[list[int], list[int]]:
    """Return the columns that are named as forms of a kind, and those that are named as nothing."""
    forms = {form.name for form in (*FORMS.values(), TOTAL) if form.kind == kind}
    others = [i for i in range(len(table.columns)) if i != abscissa]
    known = [i for i in others if table.columns[i].quantity in forms]
    return known, [i for i in others if not table.columns[i].quantity]


def _value(table: Table, name: str, kind: str, abscissa: int) -> int:
    others = [i for i in range(len(table.columns)) if i != abscissa]
    known, nameless = values_of(table, kind, abscissa)
    if len(known) == 1:
        return known[0]
    if not known and len(nameless) == 1:
        return nameless[0]
    if not known and nameless and len(table.columns) <= 3 and not table.columns[others[-1]].name:
        return nameless[0]
    if not known and not nameless:
        expected = f"a column with {KINDS[kind].text}"
        raise InputError(name, expected, _names(table), f"columns = [{abscissa + 1}, 2]")
    advice = f"name it: columns = [{abscissa + 1}, {(known or nameless)[0] + 1}]"
    raise InputError(name, f"one column with {KINDS[kind].text}", _names(table), advice)


def _names(table: Table) -> str:
    return ", ".join(table.call(i) for i in range(len(table.columns)))[:200]


def _error(table: Table, abscissa: int, value: int) -> tuple[int | None, tuple[str, ...]]:
    after = [i for i in range(value + 1, len(table.columns)) if i != abscissa]
    named = [i for i in range(len(table.columns)) if table.columns[i].quantity == "error"]
    if named:
        # EPSR and others write each error behind its value
        return (next((i for i in named if i > value), named[0]), ())
    if len(table.columns) != 3 or not after or table.columns[after[0]].quantity:
        return (None, ())
    third = table.column(after[0])
    if _like_errors(third, table.column(value)):
        return (after[0], ("The third column is taken as standard errors.",))
    return (None, (f"{table.call(after[0])} is not read.",))


def _like_errors(third: FloatArray, value: FloatArray) -> bool:
    """Whether numbers can be standard errors: none negative, small, and not ever growing."""
    finite = np.isfinite(third) & np.isfinite(value)
    if not finite.any() or np.any(third[finite] < 0) or not np.any(third[finite] > 0):
        return False
    small = float(np.median(third[finite])) < 0.3 * float(np.max(np.abs(value[finite])))
    return small and not np.all(np.diff(third[finite]) >= 0)
