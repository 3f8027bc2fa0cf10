"""The low-Q end of a curve whose points scatter by much more than their errors say."""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np

from sopr_uq.typing import FloatArray

_LOW = 1.0
"""In Å⁻¹: up to here the S(Q) of a liquid of atoms or molecules is smooth from point to point."""

_MOST = 15.0
"""In standard errors of a fourth difference. Careful neutron totals of water reach 12 at first
points: errors of counting alone are often stated too small."""

_ORDER = 4
_ROOT = float(np.sqrt(comb(2 * _ORDER, _ORDER)))
"""Standard error of a fourth difference in that of the points."""


class Scattered(NamedTuple):
    """The points at the beginning of a curve that contradict their errors.

    Parameters
    ----------
    number : int
        How many.
    times : float
        The largest fourth difference in its standard errors.
    """

    number: int
    times: float

    def text(self, x: FloatArray) -> str:
        """Return what is seen, as a sentence without its end; x in Å⁻¹, shape (n,)."""
        return (
            f"Below {x[self.number]:g} Å⁻¹ neighbouring points scatter by up to "
            f"{self.times:.0f} times their stated errors"
        )


def scattered_begin(x: FloatArray, value: FloatArray, error: FloatArray | None) -> Scattered:
    """Find points at low Q whose neighbours contradict their stated errors.

    A few of them that are believed would be followed by any potential that they allow. A fourth
    difference of a curve that is smooth over five points is the noise of these.

    Parameters
    ----------
    x, value : array, shape (n,)
        An S(Q) or F(Q), x increasing, in Å⁻¹.
    error : array, shape (n,), or None
        Stated standard errors; without them nothing is found.

    Returns
    -------
    Scattered
        0 points where nothing contradicts them.
    """
    if error is None or x.size <= _ORDER:
        return Scattered(0, 0.0)
    known = np.where(error > 0.0, error, np.inf)[_ORDER // 2 : -(_ORDER // 2)]
    each = np.diff(value, _ORDER) / (_ROOT * known)
    odd = np.flatnonzero((np.abs(each) > _MOST) & (x[_ORDER:] <= _LOW))
    if not odd.size:
        return Scattered(0, 0.0)
    # the differences are about the third of five points; the odd one is at most next to it
    return Scattered(int(odd[-1]) + _ORDER // 2 + 2, float(np.abs(each[odd]).max()))
