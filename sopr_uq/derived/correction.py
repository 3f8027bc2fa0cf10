"""Corrections to a base or to a reference: how large, and where they are different from zero."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.derived.bands import band
from sopr_uq.errors import InputError

CORRECTION = "correction"

_SEEN = 0.02
"""g(r) below which no pairs are seen to speak of."""


def correction_of(potential: xr.DataArray, reference: xr.DataArray) -> xr.Dataset:
    """Return what draws of a potential have beyond its reference.

    Parameters
    ----------
    potential : DataArray, dims (..., r)
        In kcal/mol.
    reference : DataArray, dims (r) or (pair, r)
        In kcal/mol; NaN of a pair that is refined as a whole.

    Returns
    -------
    Dataset
        ``correction``, of the shape of the potential, in kcal/mol.
    """
    found = (potential - reference).transpose(*potential.dims)
    return xr.Dataset({CORRECTION: found.assign_attrs(units="kcal/mol")})


def is_corrected(result: xr.DataTree) -> bool:
    """Whether a result of an element, or of a pair, is of a correction."""
    if "derived" not in result.children:
        return False
    draws = result["derived"].to_dataset()
    return CORRECTION in draws and bool(np.isfinite(draws[CORRECTION].values).any())


def correction_band(result: xr.DataTree, prob: float = 0.95) -> xr.Dataset:
    """Return the band of a correction.

    Parameters
    ----------
    result : DataTree
        Of an element, or of a pair (:func:`~sopr_uq.derived.pairs.of_pair`).
    prob : float
        Probability of the band at each distance.

    Returns
    -------
    Dataset
        ``mean``, ``median``, ``lower``, ``upper`` (r) in kcal/mol, ``excludes_zero`` (r), and
        ``seen`` (r): where the last round's first simulation has pairs. Nearer, inside a core, a
        correction may be as large as the core itself, and tells nothing.

    Raises
    ------
    InputError
        If nothing was corrected.
    """
    if not is_corrected(result):
        raise InputError("result", "one of a correction", "one of whole potentials")
    found = band(result["derived"].to_dataset()[CORRECTION], prob)
    last = result["iterations"].to_dataset().isel(iteration=-1)
    r = found["r"].values
    seen = np.interp(r, last["r_g"].values, last["g"].values) > _SEEN
    return found.assign(
        excludes_zero=(found["lower"] > 0.0) | (found["upper"] < 0.0),
        seen=("r", (r >= r[np.argmax(seen)]) & seen.any()),
    )


def intervals_without_zero(bands: xr.Dataset) -> list[tuple[float, float]]:
    """Return from where to where in Å a :func:`correction_band` excludes zero, where pairs are."""
    r, out = bands["r"].values, (bands["excludes_zero"] & bands["seen"]).values.astype(int)
    edges = np.diff(np.concatenate([[0], out, [0]]))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    return [(float(r[a]), float(r[b])) for a, b in zip(first, last, strict=True)]
