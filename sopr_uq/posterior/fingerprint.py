"""A hash of what a result says, whatever way a file lays it out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr


def fingerprint(tree: xr.DataTree, without: str = "") -> str:
    """Return the SHA-256 of all groups, variables, numbers and attributes of a tree.

    Parameters
    ----------
    tree : xarray.DataTree
    without : str, optional
        An attribute of the root that is left out: where the hash itself goes.
    """
    digest = hashlib.sha256()
    for node in sorted(tree.subtree, key=lambda node: node.path):
        attributes = {k: v for k, v in node.attrs.items() if node.path != "/" or k != without}
        digest.update(_text([node.path, _plain(attributes)]))
        variables = node.to_dataset(inherit=False).variables
        for name in sorted(variables, key=str):
            for part in _variable(name, variables[name]):
                digest.update(part)
    return digest.hexdigest()


def _variable(name: Hashable, variable: xr.Variable) -> Iterator[bytes]:
    values = np.asarray(variable.values)
    yield _text([str(name), list(map(str, variable.dims)), values.shape, _plain(variable.attrs)])
    if values.dtype.kind in "OUS":
        yield _text([str(value) for value in values.ravel().tolist()])
    else:
        # A file may turn the byte order of numbers, but not what they are.
        straight = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
        yield straight.dtype.str.encode()
        yield straight.tobytes()


def _plain(attributes: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Attributes as a file gives them back: a list of one number is that number."""
    plain = []
    for name in sorted(attributes, key=str):
        value = np.asarray(attributes[name])
        plain.append((str(name), [_number(each) for each in value.ravel().tolist()]))
    return plain


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) else str(value)


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()
