"""A mixture's result, pair by pair."""

from __future__ import annotations

import xarray as xr

from sopr_uq.errors import InputError

PAIR = "pair"


def pairs(result: xr.DataTree) -> tuple[str, ...]:
    """Return the labels of the pairs of a result; none for an element."""
    for name in result.children:
        group = result.children[name].to_dataset()
        if PAIR in group.dims:
            return tuple(str(label) for label in group[PAIR].values)
    return ()


def of_pair(result: xr.DataTree, label: str) -> xr.DataTree:
    """Return what a mixture's result says of one pair, in the form of an element's result.

    Parameters
    ----------
    result : DataTree
        A refinement's result.
    label : str
        Such as ``"Ar-Kr"``.

    Raises
    ------
    InputError
        If there is no such pair.
    """
    known = pairs(result)
    if label not in known:
        raise InputError("pair", f"one of {', '.join(known)}", repr(label))
    groups = {}
    for name, group in result.children.items():
        ds = group.to_dataset()
        groups[name] = ds.sel({PAIR: label}, drop=True) if PAIR in ds.dims else ds
    if "observed_data" in groups:
        groups["observed_data"] = _measured(groups["observed_data"], label)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs |= result.attrs
    return tree


def each_pair(result: xr.DataTree) -> list[tuple[str, xr.DataTree]]:
    """Return labels with what a result says of each pair; of an element itself, without a label."""
    return [(label, of_pair(result, label)) for label in pairs(result)] or [("", result)]


def _measured(observed: xr.Dataset, label: str) -> xr.Dataset:
    """Return the partial curves of a pair under the names that an element's have."""
    found: dict[str, xr.DataArray] = {}
    for name, values in observed.data_vars.items():
        kind = str(name).partition("_")[0]
        if values.attrs.get(PAIR) != label or kind in found:
            continue
        (dim,) = values.dims
        plain = {dim: str(dim).removesuffix(str(name).removeprefix(kind))}
        found[kind] = values.rename(plain)
        found[f"{kind}_used"] = observed[f"{name}_used"].rename(plain)
    return xr.Dataset(found)
