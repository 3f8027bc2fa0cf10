"""Draws that stand for the posterior after the end check has weighed them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

LARGEST_K = 0.7
"""Of the Pareto shape: beyond it importance weights have no useful mean."""

_CHECK = "posterior_check"


def resampled_index(result: xr.DataTree) -> NDArray[np.intp] | None:
    """Return flat (chain, draw) indices of equally weighted draws.

    Systematic resampling of the Pareto-smoothed importance weights: a draw of
    weight w comes ⌊Sw⌋ or ⌈Sw⌉ times among S.

    Parameters
    ----------
    result : DataTree
        A refinement's result.

    Returns
    -------
    array of int, shape (S,), or None
        None where there are no weights, or none that can be used (k̂ above 0.7):
        then the draws stand as they are.

    References
    ----------
    R. Douc, O. Cappé, E. Moulines, Proc. ISPA 64 (2005), section 2.2 (systematic resampling).
    A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, J. Mach. Learn. Res. 25, 72 (2024).
    """
    weights = _log_weights(result)
    return None if weights is None else _systematic(weights.values, result)


def weighed(result: xr.DataTree, group: str) -> xr.Dataset:
    """Return a group whose draws all count the same, as the end check has weighed them.

    Parameters
    ----------
    result : DataTree
        A refinement's result, perhaps thinned.
    group : str
        One with dimensions chain and draw, such as ``derived``.

    Returns
    -------
    Dataset
        With draws repeated and left out as in :func:`resampled_index`; as it
        is where there are no weights that can be used.
    """
    ds, weights = result[group].to_dataset(), _log_weights(result)
    if weights is None:
        return ds
    index = _systematic(weights.sel(chain=ds["chain"], draw=ds["draw"]).values, result)
    places = np.unravel_index(index, (ds.sizes["chain"], ds.sizes["draw"]))
    found = {}
    for name, values in ds.data_vars.items():
        if {"chain", "draw"} <= set(values.dims):
            ordered = values.transpose("chain", "draw", ...)
            again = ordered.values[places].reshape(ordered.shape)
            found[name] = ordered.copy(data=again).transpose(*values.dims)
    return ds.assign(found)


def _log_weights(result: xr.DataTree) -> xr.DataArray | None:
    """Pareto-smoothed log weights (chain, draw), if there are any and k̂ lets them be used."""
    if _CHECK not in result.children or "log_weight" not in result[_CHECK]:
        return None
    check = result[_CHECK].to_dataset()
    return None if float(check["k_hat"]) > LARGEST_K else check["log_weight"]


def _systematic(log_weight: FloatArray, result: xr.DataTree) -> NDArray[np.intp]:
    """Flat indices of equally weighted draws, shape (S,)."""
    flat = np.asarray(log_weight, dtype=float).ravel()
    weight = np.exp(flat - flat.max())
    edges = np.cumsum(weight) / weight.sum()
    start = stream(int(result.attrs.get("seed", 0)), "resample").random()
    places = (start + np.arange(weight.size)) / weight.size
    # the last edge may fall short of one by rounding
    found = np.searchsorted(edges, places, side="right")
    return np.asarray(np.minimum(found, weight.size - 1))
