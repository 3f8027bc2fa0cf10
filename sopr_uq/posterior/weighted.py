"""Draws that stand for the posterior after the end check has weighed them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from sopr_uq.rng import stream

LARGEST_K = 0.7
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
    if _CHECK not in result.children or "log_weight" not in result[_CHECK]:
        return None
    check = result[_CHECK].to_dataset()
    if float(check["k_hat"]) > LARGEST_K:
        return None
    log_weight = np.asarray(check["log_weight"].values, dtype=float).ravel()
    weight = np.exp(log_weight - log_weight.max())
    edges = np.cumsum(weight) / weight.sum()
    start = stream(int(result.attrs.get("seed", 0)), "resample").random()
    places = (start + np.arange(weight.size)) / weight.size
    # the last edge may fall short of one by rounding
    found = np.searchsorted(edges, places, side="right")
    return np.asarray(np.minimum(found, weight.size - 1))
