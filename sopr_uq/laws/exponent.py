"""The repulsive exponent of a predicted potential, from how wide measured wells are."""

from __future__ import annotations

from functools import cache

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.potentials import Mie
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

RANGE = (8.0, 18.0)
"""Exponents n of Mie potentials with m = 6 that rare gases may have."""

_NODES = 201


def exponents(laws: xr.DataTree) -> FloatArray:
    """Return the exponent n of the Mie potential with each element's r_vdW/σ, shape (e,).

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit_laws`.

    Raises
    ------
    InputError
        If there is no law of both sizes, or of fewer than three elements.
    """
    known = laws["elements"].to_dataset()["mean"]
    if not {"sigma", "r_vdw"} <= set(known["quantity"].values):
        raise InputError("laws", "laws of sigma and r_vdw", ", ".join(known["quantity"].values))
    ratio = known.sel(quantity="r_vdw").values / known.sel(quantity="sigma").values
    if ratio.size < 3:
        raise InputError("laws", "at least three elements, for an exponent", f"{ratio.size}")
    n, place = _table()
    return np.asarray(np.interp(ratio, place[::-1], n[::-1]))


def exponent_draws(laws: xr.DataTree, name: str, shape: tuple[int, ...]) -> FloatArray:
    """Draw exponents for another element, scattered as those of the measured ones are.

    log n of a new element, those of k measured ones being normal of unknown mean and variance,
    has a t distribution of k − 1 degrees of freedom (Gelman et al., Bayesian Data Analysis, 3rd
    ed., eq 3.8); it is held within :data:`RANGE`.

    Parameters
    ----------
    laws : DataTree
    name : str
        Of the element; it chooses the random numbers.
    shape : tuple of int
    """
    logs = np.log(exponents(laws))
    count = logs.size
    t = stream(int(laws.attrs["seed"]), "predict", name, "exponent").standard_t(count - 1, shape)
    drawn = logs.mean() + logs.std(ddof=1) * np.sqrt(1.0 + 1.0 / count) * t
    return np.asarray(np.clip(np.exp(drawn), *RANGE))


@cache
def _table() -> tuple[FloatArray, FloatArray]:
    n = np.linspace(*RANGE, _NODES)
    return n, np.array([Mie(1.0, 1.0, each).r_vdw for each in n])
