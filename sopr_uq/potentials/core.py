"""A repulsive core where nothing was measured."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import FloatArray

POWER_RANGE = (8.0, 40.0)
"""Exponents that a continued core may have."""


def continue_core(r: FloatArray, v: FloatArray, start: float) -> FloatArray:
    """Replace v inside a distance by the inverse power that continues it.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.
    start : float
        Distance in Å inside which v is replaced by v₀ (r₀/r)ᵖ, with p from the
        logarithmic slope at r₀, held between 8 and 40.

    Returns
    -------
    array, shape (..., n)
        Unchanged from r₀ outward. Rows that are not repulsive at r₀ stay as
        they are.
    """
    first = int(np.searchsorted(r, start))
    if first == 0 or first + 2 >= r.size:
        return v
    head, ahead = v[..., first], v[..., first + 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = -np.log(ahead / head) / np.log(r[first + 1] / r[first])
    power = np.clip(np.nan_to_num(slope, nan=POWER_RANGE[0]), *POWER_RANGE)
    core = head[..., None] * (r[first] / r[:first]) ** power[..., None]
    repulsive = (head > 0)[..., None]
    return np.concatenate([np.where(repulsive, core, v[..., :first]), v[..., first:]], axis=-1)
