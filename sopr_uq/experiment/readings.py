"""Curves that were read off a figure: their abscissae betray them, and have errors too."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray

_UNEVEN = 0.05
"""Median change from one step to the next, in steps: readings have 0.1 to 0.6, tables none, even
where their step changes here and there."""

_ROUNDED = 0.75
"""In the last decimal: no farther from a line are rounded numbers, whose own errors are 0.5."""

_OF_THE_AXIS = 0.001
"""Reading error of an axis, in its length. The shipped readings have 0.0007 to 0.0012 of it."""


def reading_error(x: ArrayLike) -> float:
    """Return the likely standard error of abscissae, shape (n,); 0 for those of a table.

    What is inferred from it is a size that may be some times smaller or larger.
    """
    x = np.asarray(x, dtype=float)
    steps = np.diff(x)
    if steps.size < 8 or _equal_but_for_rounding(x):
        return 0.0
    uneven = float(np.median(np.abs(np.diff(steps))) / np.median(steps))
    return _OF_THE_AXIS * float(np.sum(steps)) if uneven > _UNEVEN else 0.0


def _equal_but_for_rounding(x: FloatArray) -> bool:
    """Whether equal steps, printed to as many decimals as there are, would look like this."""
    decimals = next((d for d in range(8) if np.allclose(x, np.round(x, d), rtol=0, atol=1e-9)), 8)
    number = np.arange(x.size)
    line = np.polynomial.Polynomial.fit(number, x, 1)
    return bool(np.max(np.abs(x - line(number))) < _ROUNDED * 10.0**-decimals)
