"""A mixture's result, pair by pair."""

from __future__ import annotations

import xarray as xr

from sopr_uq.errors import InputError

PAIR = "pair"
_OF_DATA = frozenset({"observed_data", "constant_data", "posterior_predictive", "prior_predictive"})
_STATES = frozenset({"state"})
_PARTS = ("", "_used", "_table", "_error")


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
    names = _names(groups.get("observed_data", xr.Dataset()), label)
    for part in _OF_DATA & set(groups):
        groups[part] = _renamed(groups[part], names)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs |= result.attrs
    return tree


def each_pair(result: xr.DataTree) -> list[tuple[str, xr.DataTree]]:
    """Return labels with what a result says of each pair; of an element itself, without a label."""
    return [(label, of_pair(result, label)) for label in pairs(result)] or [("", result)]


def _names(observed: xr.Dataset, label: str) -> dict[str, str]:
    """Return the names of a pair's partial curves, and those that an element's have."""
    found: dict[str, str] = {}
    for name, values in observed.data_vars.items():
        kind = str(name).partition("_")[0]
        if values.attrs.get(PAIR) == label and kind not in found.values():
            found[str(name)] = kind
    return found


def _renamed(group: xr.Dataset, names: dict[str, str]) -> xr.Dataset:
    """Return the numbers of some curves under other names; of the rest, those of no curve."""
    found = {name: x for name, x in group.data_vars.items() if set(x.dims) <= _STATES}
    for name, kind in names.items():
        end = name.removeprefix(kind)
        for part in _PARTS:
            if name + part in group:
                values = group[name + part]
                dims = {d: str(d).removesuffix(end) for d in values.dims}
                found[kind + part] = values.rename(dims)
    return xr.Dataset(found, attrs=group.attrs)
