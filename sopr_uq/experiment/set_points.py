"""Points of a curve that were set and not measured: a core of zeros, a filled-in low-Q end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray

_RUN = 3
"""Equal values in a row that no measurement gives."""

_SMOOTH = 0.1
"""A filled-in end scatters less than this part of what the measured points scatter."""

_SHORTEST = 8


class SetPoints(NamedTuple):
    """The points at the beginning of a curve that are no data.

    Parameters
    ----------
    count : int
        How many.
    reason : str
        What they are; empty for none.
    """

    count: int
    reason: str


def set_points(kind: str, x: ArrayLike, value: ArrayLike) -> SetPoints:
    """Find the points at the beginning of a curve that were set.

    Parameters
    ----------
    kind : {"g", "s"}
        Whether it is a g(r) or an S(Q).
    x, value : array, shape (n,)
        The curve, x increasing.

    Returns
    -------
    SetPoints
        A run of at least three equal values in the core of a g(r), or at the low-Q
        end of an S(Q); or, for S(Q), a stretch so smooth, where the points after
        it scatter, that it was drawn. White noise is taken for such a stretch
        once in 1 000 curves or less.
    """
    x, value = np.asarray(x, dtype=float), np.asarray(value, dtype=float)
    run = _equal(value)
    if run >= _RUN:
        what = f"{run} equal values, {value[0]:g}"
        return SetPoints(run, f"{what}, where no pair can be" if kind == "g" else what)
    if kind == "s":
        drawn = _drawn(x, value)
        if drawn:
            return SetPoints(drawn, f"{drawn} points without the scatter of the others")
    return SetPoints(0, "")


def _equal(value: FloatArray) -> int:
    """Return the length of the run of equal values at the beginning, unless it is everything."""
    other = np.flatnonzero(value != value[0])
    return int(other[0]) if other.size else 0


def _drawn(x: FloatArray, value: FloatArray) -> int:
    """Return how many points at the beginning lie on a smooth line, unlike the others."""
    if x.size < 6 * _SHORTEST:
        return 0
    third = np.diff(value, 3)
    rest = third[x.size // 4 : x.size]
    scatter = float(np.sqrt(np.mean(rest**2)))
    if scatter == 0.0 or float(np.mean(rest[1:] * rest[:-1])) > -0.4 * scatter**2:
        # white noise would give -0.75; a smooth curve gives a positive number
        return 0
    rough = np.flatnonzero(np.abs(third) > 2.0 * _SMOOTH * scatter)
    length = int(rough[0]) + 3 if rough.size else 0
    inside = third[: max(length - 3, 0)]
    smooth = length >= _SHORTEST and float(np.sqrt(np.mean(inside**2))) < _SMOOTH * scatter
    return length - 1 if smooth and x[length - 1] < 0.5 * x[np.argmax(value)] else 0
