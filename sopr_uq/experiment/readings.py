"""Curves that were read off a figure: their abscissae betray them, and have errors too."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike

_UNEVEN = 0.05
"""Median change from one step to the next, in steps: readings have 0.1 to 0.6, tables none, even
where their step changes here and there."""

_OF_THE_AXIS = 0.001
"""Reading error of an axis, in its length. The shipped readings have 0.0007 to 0.0012 of it."""


def reading_error(x: ArrayLike) -> float:
    """Return the likely standard error of abscissae, shape (n,); 0 for those of a table.

    What is inferred from it is a size that may be some times smaller or larger.
    """
    steps = np.diff(np.asarray(x, dtype=float))
    if steps.size < 8:
        return 0.0
    uneven = float(np.median(np.abs(np.diff(steps))) / np.median(steps))
    return _OF_THE_AXIS * float(np.sum(steps)) if uneven > _UNEVEN else 0.0
