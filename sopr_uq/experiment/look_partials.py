"""What stands beside each other in a file with several curves: partials, by the pairs they name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sopr_uq.experiment.formats import Table
from sopr_uq.experiment.pick import Picked

_ATOM = r"[A-Z][a-z]?[0-9]*"
_PAIR = re.compile(
    rf"(?:(?:g|s|h|f|rdf|gofr)[_ (]*)?(?P<first>{_ATOM})\s*[-–_.]?\s*(?P<second>{_ATOM})"
    r"\)?(?:\(.*\))?"
)


def pair_of(name: str) -> tuple[str, str] | None:
    """Return the sites that a column's name stands for, as K-Cl and g_ArKr do; None of others."""
    found = _PAIR.fullmatch(name.strip())
    return None if found is None else (found["first"], found["second"])


def keys_of(table: Table, curves: Sequence[Picked]) -> list[tuple[list[int], str]]:
    """Return the columns of each curve, counted from one, and the key that says what it is of."""
    found = []
    for curve in curves:
        places = [curve.abscissa, curve.value, *([] if curve.error is None else [curve.error])]
        pair = pair_of(table.columns[curve.value].name)
        said = '# sites = ["A", "B"]' if pair is None else f'sites = ["{pair[0]}", "{pair[1]}"]'
        found.append(([i + 1 for i in places], said))
    return found
