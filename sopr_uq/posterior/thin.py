"""Results small enough to keep under version control."""

from __future__ import annotations

from math import ceil

import numpy as np
import xarray as xr

_SAMPLE = ("chain", "draw")
_CURVES = (
    "posterior", "sample_stats", "structure", "log_likelihood", "log_prior", "posterior_predictive",
)  # fmt: skip


def thin(result: xr.DataTree, draws: int = 200) -> xr.DataTree:
    """Return a result with fewer draws of its curves, in single precision.

    Descriptors keep all their draws: they are small, and laws need them; beside
    corrections, which are curves, they do not. The
    draws that remain keep their labels, so curves and descriptors stay paired.

    Parameters
    ----------
    result : DataTree
        A refinement's result.
    draws : int
        Draws of the potential, over all chains, at most.

    Returns
    -------
    DataTree
        The same groups; the attribute ``thinned`` says what was left out.
    """
    groups = single_precision(result).to_dict()
    before = _count(result["posterior"].to_dataset())
    curves = (*_CURVES, *(("derived",) if "r" in groups["/derived"].dims else ()))
    for name in curves:
        if f"/{name}" in groups:
            groups[f"/{name}"] = _every(groups[f"/{name}"], draws)
    after = _count(groups["/posterior"])
    small = xr.DataTree.from_dict(groups, name=result.name)
    small.attrs |= {"thinned": f"{after} of {before} draws of the potential, single precision"}
    return small


def single_precision(tree: xr.DataTree) -> xr.DataTree:
    """Return a tree whose variables, but not its coordinates, are in single precision."""
    groups = {node.path: _single(node.to_dataset(inherit=False)) for node in tree.subtree}
    return xr.DataTree.from_dict(groups, name=tree.name)


def _every(ds: xr.Dataset, draws: int) -> xr.Dataset:
    step = max(ceil(_count(ds) / draws), 1)
    return ds.isel(draw=slice(None, None, step), missing_dims="ignore")


def _count(ds: xr.Dataset) -> int:
    return int(np.prod([ds.sizes[d] for d in _SAMPLE if d in ds.sizes]))


def _single(ds: xr.Dataset) -> xr.Dataset:
    wide = [name for name, x in ds.data_vars.items() if x.dtype == np.float64]
    return ds.assign({name: ds[name].astype(np.float32) for name in wide})
