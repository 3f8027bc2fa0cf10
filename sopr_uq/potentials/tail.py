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
    before = int(np.searchsorted(r, _FROM * r[-1]))
    before = min(before, r.size - 2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        slope = np.log(v[..., before] / v[..., -1]) / np.log(r[-1] / r[before])
    return np.where(np.isfinite(slope), np.clip(slope, *TAIL_RANGE), DISPERSION)
