"""How a table is continued beyond its last point."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray

DISPERSION = 6.0
TAIL_RANGE = (4.0, 12.0)
"""Exponents that a continued tail may have; its energy and virial converge above 3."""

_FROM = 0.9


def tail_power(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return the exponent m of the tail v ∝ r⁻ᵐ that continues potentials, shape (...).

    It is their own logarithmic slope over the last tenth of the table, held
    between 4 and 12; 6, the leading dispersion term, where they change sign
    there or vanish.

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
    return np.where(np.isfinite(slope), np.clip(slope, *TAIL_RANGE), DISPERSION)


def tail_power_change(r: ArrayLike, v: ArrayLike) -> FloatArray:
    """Return ∂m/∂v of :func:`tail_power`, shape (n,), per kcal/mol; zero where m is held.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, increasing.
    v : array, shape (n,)
        Energies in kcal/mol.
    """
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    change, before = np.zeros(r.size), _before(r)
    lowest, highest = TAIL_RANGE
    if v[before] * v[-1] > 0.0 and lowest < float(tail_power(r, v)) < highest:
        change[before] = 1.0 / v[before]
        change[-1] = -1.0 / v[-1]
    return np.asarray(change / np.log(r[-1] / r[before]))


def _before(r: FloatArray) -> int:
    """Index of the distance from which to the last one the slope is taken."""
    return min(int(np.searchsorted(r, _FROM * r[-1])), r.size - 2)
