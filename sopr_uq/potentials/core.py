"""A repulsive core where nothing was measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from sopr_uq.typing import FloatArray

POWER_RANGE = (8.0, 40.0)
"""Exponents that a continued core may have."""


REPULSIVE_TO = 0.95
"""In σ: up to here a potential must fall."""


def repulsive(r: FloatArray, v: FloatArray, sigma: float) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether potentials are positive and fall all the way from the first distance to 0.95 σ.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.
    sigma : float
        In Å.

    Returns
    -------
    array of bool, shape (...)
    """
    core = v[..., r < REPULSIVE_TO * sigma]
    return np.asarray((core[..., 0] > 0) & np.all(np.diff(core, axis=-1) < 0, axis=-1))


def continue_core(r: FloatArray, v: FloatArray, height: float) -> FloatArray:
    """Replace v inside the core by the inverse power that continues it.

    Going inward from the well, the continuation begins where v reaches a
    height at which pairs are no longer seen, or where v stops rising.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.
    height : float
        In kcal/mol; a few k_B T.

    Returns
    -------
    array, shape (..., n)
        Unchanged from there outward; inside v₀ (r₀/r)ᵖ with p from the
        logarithmic slope at r₀, held between 8 and 40. Rows that are not
        repulsive at r₀ stay as they are.
    """
    flat = v.reshape(-1, r.size)
    index = np.arange(r.size)
    # the well lies outside the outermost point of that height, whatever is inside it
    outermost = np.where(flat >= height, index, 0).max(axis=1)[:, None]
    well = np.where(index >= outermost, flat, np.inf).argmin(axis=1)[:, None]
    falling = np.zeros(flat.shape, dtype=bool)
    falling[:, 1:] = flat[:, :-1] <= flat[:, 1:]
    first = np.where((index < well) & (falling | (index <= outermost)), index, 0).max(axis=1)
    rows = np.arange(len(flat))
    head, ahead = flat[rows, first], flat[rows, np.minimum(first + 1, r.size - 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log(head / ahead) / np.log(r[np.minimum(first + 1, r.size - 1)] / r[first])
    power = np.clip(np.nan_to_num(slope, nan=POWER_RANGE[0]), *POWER_RANGE)
    with np.errstate(over="ignore"):
        core = head[:, None] * (r[first][:, None] / r) ** power[:, None]
    replace = (index < first[:, None]) & (head > 0)[:, None]
    return np.asarray(np.where(replace, core, flat).reshape(v.shape))
