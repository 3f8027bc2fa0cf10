"""One number, as programs and people write it."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"(?P<mantissa>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))"
    r"(?:[eEdDqQ](?P<exponent>[+-]?[0-9]{1,6})|(?P<bare>[+-][0-9]{3}))?"
)
_MISSING = {"nan", "-nan", "+nan", "nan(ind)", "-nan(ind)", "na", "n/a"}
_INFINITE = {"inf": 1, "+inf": 1, "-inf": -1, "infinity": 1, "+infinity": 1, "-infinity": -1}


def parse_number(cell: str, decimal: str = ".") -> float | None:
    """Return the number in a cell, or None if it is none.

    Parameters
    ----------
    cell : str
        Without blanks around it. Fortran's exponents (``1.5D-3``, ``1.5-103``)
        are read too.
    decimal : {".", ","}
        The decimal mark.

    Returns
    -------
    float or None
        NaN where the cell says so.
    """
    if decimal != ".":
        if "." in cell:
            return None
        cell = cell.replace(decimal, ".")
    found = _NUMBER.fullmatch(cell)
    if found is None:
        word = cell.casefold()
        if word in _MISSING:
            return float("nan")
        return _INFINITE[word] * float("inf") if word in _INFINITE else None
    exponent = found["exponent"] or found["bare"] or "0"
    return float(f"{found['mantissa']}e{exponent}")
