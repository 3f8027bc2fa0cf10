"""How potentials go on beyond their last point.

A table goes on as dispersion does, v = a (r_N/r)⁶ + b (r_N/r)⁸, its two leading terms, from
its energies at its end and at nine tenths of the way there. That is linear in the table, so
that the pressure and the energy of what lies beyond are, too: an exponent taken from the
slope would change them by as much again wherever a table comes near zero at its end.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray
from sopr_uq.units import DISPERSION_POWER

POWERS = np.array([DISPERSION_POWER, 8.0])
"""Exponents of the two terms."""

TAIL_RANGE = (4.0, 12.0)
"""Exponents that :func:`tail_power` gives; energy and virial converge above 3."""

_FROM = 0.9
_ENDED = 1e-9


def tail_rows(r: ArrayLike) -> FloatArray:
    """Return what makes the coefficients a and b of a table's energies, shape (2, n).

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, increasing.
    """
    r = np.asarray(r, dtype=float)
    before = _before(r)
    lower, upper = (r[-1] / r[before]) ** POWERS
    rows = np.zeros((2, r.size))
    rows[1, [before, -1]] = np.array([1.0, -lower]) / (upper - lower)
    rows[0] = -rows[1]
    rows[0, -1] += 1.0
    return rows


def tail_coefficients(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return a and b in kcal/mol, shape (..., 2), of tables v, shape (..., n), in kcal/mol.

    A table whose last value is nothing beside the one before has ended: both are zero.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, increasing.
    v : array, shape (..., n)
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    # of what lies inside, infinite in a hard core, nothing is asked
    ends = [_before(r), -1]
    two = v[..., ends]
    ended = np.abs(two[..., 1]) <= _ENDED * np.abs(two[..., 0])
    return np.where(ended[..., None], 0.0, two @ tail_rows(r)[:, ends].T)


def tail_power(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return the exponent with which potentials die at the end of a range, shape (...).

    It is their logarithmic slope over the last tenth, held between 4 and 12; 6, the leading
    dispersion term, where they change sign there or vanish.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, increasing.
    v : array, shape (..., n)
        Energies in kcal/mol.
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    before = _before(r)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.log(v[..., before] / v[..., -1]) / np.log(r[-1] / r[before])
    return np.where(np.isfinite(slope), np.clip(slope, *TAIL_RANGE), DISPERSION_POWER)


def _before(r: FloatArray) -> int:
    """Index of the distance from which to the last one the slope is taken."""
    return min(int(np.searchsorted(r, _FROM * r[-1])), r.size - 2)
