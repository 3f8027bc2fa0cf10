"""Points of a curve that were set and not measured: a core of zeros, a filled-in low-Q end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray

_RUN = 3
"""Equal values in a row that no measurement gives."""

_FILLED = 10
"""The same at the end, where curves are flat."""

_SMOOTH = 0.1
"""A filled-in end scatters less than this part of what the measured points scatter."""

_SHORTEST = 12

_STILL = 1e-4
"""Scatter of an S(Q) from point to point that no measurement near the beam comes below."""

GAP = 0.2
"""No liquid's g is below this between its first neighbours and the next ones."""

_QUIET = 0.05
"""Root mean square of g in a core that holds one thing and nothing else."""

_FLAT = 0.01
"""Root mean square of g in a core that does not ripple."""


class SetPoints(NamedTuple):
    """The points at the beginning of a curve that are no data.

    Parameters
    ----------
    number : int
        How many.
    reason : str
        What they are; empty for none.
    """

    number: int
    reason: str


def set_points(kind: str, x: ArrayLike, value: ArrayLike) -> SetPoints:
    """Find the points at the beginning of a curve that were set.

    Parameters
    ----------
    kind : {"g", "s", "f"}
        Whether it is a g(r), an S(Q) or an F(Q).
    x, value : array, shape (n,)
        The curve, x increasing.

    Returns
    -------
    SetPoints
        What ripples in the core of a g(r), or is as good as zero there, where no pair can be; a
        run of at least three equal values there, or at the low-Q end of an S(Q); or, for S(Q), a
        stretch so smooth, where the points after it scatter, that it was drawn; or its low
        half, up to the first peak, where it has no scatter and begins one step from zero:
        no instrument counts in the beam, so such an end was extrapolated.
        White noise was taken for such a stretch in none of the tests' 900 curves.
        The point behind the run of a g(r) counts too where it is below what the next ones
        say: whoever put a curve on other abscissae after it was set made that point of both.
    """
    x, value = np.asarray(x, dtype=float), np.asarray(value, dtype=float)
    return _BEGINNING[kind](x, value)


def _core(r: FloatArray, g: FloatArray) -> SetPoints:
    run = _equal(g)
    rise = _rise(r, g, run)
    core, behind = g[:rise], g[run:rise]
    if behind.size >= _RUN and _size(behind) > _FLAT and not _lone(behind):
        return SetPoints(rise, f"ripples of up to {np.max(np.abs(behind)):.2g} in the core")
    if behind.size >= _RUN and _size(core) <= _FLAT:
        # printed to few decimals as another form, zeros are not equal any more
        return SetPoints(rise, f"no more than {np.max(np.abs(core)):.2g}, where no pair can be")
    found = _equal_values(r, g)
    if not found.number:
        return found
    number = found.number + _half_set(g[found.number :])
    return SetPoints(number, f"{found.reason}, where no pair can be")


def _low_q(q: FloatArray, s: FloatArray) -> SetPoints:
    found = _equal_values(q, s)
    if found.number:
        return found
    if drawn := _drawn(q, s):
        return SetPoints(drawn, f"{drawn} points without the scatter of the others")
    if extrapolated := _extrapolated(q, s):
        return SetPoints(extrapolated, f"{extrapolated} points without scatter, from Q = 0 on")
    return found


def _equal_values(_x: FloatArray, value: FloatArray) -> SetPoints:
    run = _equal(value)
    found = SetPoints(run, f"{run} equal values, {value[0]:g}")
    return found if run >= _RUN else SetPoints(0, "")


_BEGINNING = {"g": _core, "s": _low_q, "f": _equal_values}


def _half_set(value: FloatArray) -> int:
    """Return 1 where the first of these points is below the parabola through the next three."""
    if value.size <= _RUN:
        return 0
    return int(value[0] < 3.0 * value[1] - 3.0 * value[2] + value[3])


def liquid_begin(x: FloatArray, g: FloatArray) -> int:
    """Return how many points lie in front of the liquid: the longest stretch without a gap.

    Parameters
    ----------
    x, g : array, shape (n,)
    """
    high = np.concatenate([[False], g >= GAP, [False]])
    begins = np.flatnonzero(high[1:] & ~high[:-1])
    ends = np.flatnonzero(~high[1:] & high[:-1]) - 1
    if begins.size == 0:
        return 0
    return int(begins[np.argmax(x[ends] - x[begins])])


def _size(value: FloatArray) -> float:
    return float(np.sqrt(np.mean(value**2)))


def _rise(x: FloatArray, g: FloatArray, first: int) -> int:
    """Return the number of points in front of the rise to the first peak, at least so many."""
    rise = liquid_begin(x, g)
    while rise > first and 0.0 < g[rise - 1] < g[rise]:
        rise -= 1
    return rise


def _lone(core: FloatArray) -> bool:
    """Whether one high stretch stands in a quiet core: a bond or the particles themselves."""
    return float(np.max(core)) > 0.5 and stands_alone(core)


def stands_alone(core: FloatArray) -> bool:
    """Whether the highest stretch of a core, shape (n,), is its only one and the rest is quiet.

    A transform whose noise was not removed rises like 1/r towards r = 0 too, but
    it ripples all the way.
    """
    above = np.abs(core) > 0.5 * float(np.max(np.abs(core)))
    stretches = int(above[0]) + int(np.sum(above[1:] & ~above[:-1]))
    behind = core[int(np.flatnonzero(above)[-1]) :]
    # its flank, of whatever width, belongs to it
    outer = behind[int(np.argmax(np.abs(behind) < _QUIET)) :]
    quiet = float(np.sqrt(np.mean(outer**2))) < _QUIET
    return stretches == 1 and (quiet or not np.any(np.abs(behind) < _QUIET))


def filled_end(value: ArrayLike) -> int:
    """Return how many points at the end of a g(r) or S(Q), shape (n,), were filled in.

    They are a run of equal values. Rounding may make a short one; where it makes a
    long one, hardly anything is lost with it.
    """
    run = _equal(np.asarray(value, dtype=float)[::-1])
    return run if run >= _FILLED else 0


def _equal(value: FloatArray) -> int:
    """Return the length of the run of equal values at the beginning, unless it is everything."""
    other = np.flatnonzero(value != value[0])
    return int(other[0]) if other.size else 0


def _extrapolated(q: FloatArray, s: FloatArray) -> int:
    """Return how many points lie below half the place of the peak, if they begin at zero."""
    low = int(np.searchsorted(q, 0.5 * q[np.argmax(s)]))
    if low < _SHORTEST or q[0] > 1.5 * (q[1] - q[0]):
        return 0
    # of white noise of size 1 third differences have a variance of 20; the median, since such
    # tables may change the number of their decimals on the way
    scatter = float(np.median(np.abs(np.diff(s[:low], 3)))) / (0.6745 * np.sqrt(20.0))
    return low if scatter < _STILL else 0


def _drawn(x: FloatArray, value: FloatArray) -> int:
    """Return how many points at the beginning lie on a smooth line, unlike the others."""
    if x.size < 4 * _SHORTEST:
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
