"""Results on disk: an xarray DataTree in one netCDF-4 file."""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError

SCHEMA = 1
ENGINE: Final = "netcdf4"
_COMPRESSION = {"zlib": True, "complevel": 4}


def write(tree: xr.DataTree, path: Path) -> None:
    """Write a result whole or not at all.

    Parameters
    ----------
    tree : xarray.DataTree
        The result; its root gets the attribute ``schema``.
    path : Path
        The netCDF-4 file.
    """
    tree = tree.copy()
    tree.attrs["schema"] = SCHEMA
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    encoding = {
        node.path: {
            name: _COMPRESSION
            for name, variable in node.data_vars.items()
            if np.issubdtype(variable.dtype, np.number) and variable.ndim
        }
        for node in tree.subtree
    }
    try:
        tree.to_netcdf(temporary, engine=ENGINE, encoding=encoding)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: Path) -> xr.DataTree:
    """Read a result into memory.

    Raises
    ------
    InputError
        If there is none, or it is not one of this package's, or too new.
    """
    if not path.is_file():
        raise InputError(str(path), "a result file", "nothing", "name the folder of a finished run")
    try:
        tree = xr.open_datatree(path, engine=ENGINE).load()
    except (OSError, ValueError, KeyError) as error:
        raise InputError(str(path), "a netCDF-4 file", f"{type(error).__name__}: {error}") from None
    tree.close()
    schema = tree.attrs.get("schema")
    if not isinstance(schema, Integral):
        raise InputError(
            str(path), "a result of sopr_uq", f"a netCDF-4 file of something else, schema {schema}"
        )
    if int(schema) > SCHEMA:
        raise InputError(
            str(path),
            f"a result of sopr_uq with schema {SCHEMA} or older",
            f"schema {schema}",
            "a newer version of sopr_uq",
        )
    return tree
