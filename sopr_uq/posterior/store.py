"""Results on disk: an xarray DataTree in one netCDF-4 file."""

from __future__ import annotations

import hashlib
from numbers import Integral
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from sopr_uq.disk import atomic
from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.posterior.fingerprint import fingerprint

RESULT = "result.nc"
"""The file of a refinement's result, in its folder."""

SCHEMA = 3
"""Of what is written. 2 adds the fingerprint, and counts the steps of all state points; 3 has
the groups of ArviZ, with the numbers that were learnt from in ``observed_data``."""

OLDEST = 1
"""Of what can be read. A result of schema 1 has no fingerprint to check."""

ENGINE: Final = "netcdf4"
FINGERPRINT: Final = "sha256"
_COMPRESSION = {"zlib": True, "complevel": 4}
_LARGEST = 4e9
_SEAL = b"\nsopr_uq, SHA-256 of all before: "
_HEX = 64


def write(tree: xr.DataTree, path: Path) -> None:
    """Write a result whole or not at all, and wait until it is on the disk.

    Parameters
    ----------
    tree : xarray.DataTree
        The result; its root gets the attributes ``schema`` and ``sha256``.
    path : Path
        The netCDF-4 file.

    Raises
    ------
    CheckpointError
        If the disk does not take it; what was there before stays.
    """
    tree = tree.copy()
    tree.attrs.pop(FINGERPRINT, None)
    tree.attrs["schema"] = SCHEMA
    tree.attrs[FINGERPRINT] = fingerprint(tree, FINGERPRINT)
    encoding = {
        node.path: {
            name: _COMPRESSION
            for name, variable in node.data_vars.items()
            if np.issubdtype(variable.dtype, np.number) and variable.ndim
        }
        for node in tree.subtree
    }
    with atomic(path) as temporary:
        try:
            tree.to_netcdf(temporary, engine=ENGINE, encoding=encoding)
            _seal(temporary)
        except RuntimeError as error:
            # The netCDF library tells its own errors, a full disk among them, like this.
            raise CheckpointError(
                f"{path} could not be written: {error}. What was written before is intact; "
                "free some disk space and resume."
            ) from error


def read(path: Path) -> xr.DataTree:
    """Read a result into memory.

    Raises
    ------
    InputError
        If there is none, or it is not one of this package's, of a schema that
        cannot be read, or not as it was written.
    """
    if not path.is_file():
        raise InputError(str(path), "a result file", "nothing", "name the folder of a finished run")
    tree = _load(path)
    _check_schema(tree, path)
    if int(tree.attrs["schema"]) > OLDEST:
        _check_fingerprint(tree, path)
    return tree


def _seal(path: Path) -> None:
    """Put behind a file what its bytes must sum up to; the netCDF library does not look there."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with path.open("ab") as file:
        file.write(_SEAL + digest.encode("ascii"))


def _check_seal(path: Path) -> None:
    """Check the bytes of a file that has a seal: some damage ends the netCDF library's process."""
    content = path.read_bytes()
    body, seal, stated = content.rpartition(_SEAL)
    if seal and len(stated) == _HEX and hashlib.sha256(body).hexdigest().encode("ascii") != stated:
        raise InputError(
            str(path),
            "the bytes that were written",
            "others",
            "the file was damaged or altered: take a copy of it from elsewhere",
        )


def _load(path: Path) -> xr.DataTree:
    _check_seal(path)
    try:
        with xr.open_datatree(path, engine=ENGINE) as tree:
            size = sum(variable.nbytes for node in tree.subtree for variable in _variables(node))
            if size > _LARGEST:
                largest = f"at most {_LARGEST / 1e9:g} GB of numbers"
                raise InputError(str(path), largest, f"{size / 1e9:.1f} GB")
            return tree.load()
    except InputError:
        raise
    except (
        OSError, ValueError, KeyError, TypeError, IndexError,
        RuntimeError, AttributeError, OverflowError, MemoryError,
    ) as error:  # fmt: skip
        said = f"{type(error).__name__}: {error}"
        found = "a file of another kind" if "Unknown file format" in said else said
        raise InputError(str(path), "a netCDF-4 file", found) from None


def _variables(node: xr.DataTree) -> list[xr.DataArray]:
    return list(node.to_dataset(inherit=False).variables.values())  # type: ignore[arg-type]


def _check_schema(tree: xr.DataTree, path: Path) -> None:
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
    if int(schema) < OLDEST:
        raise InputError(
            str(path),
            f"a result of sopr_uq with schema {OLDEST} to {SCHEMA}",
            f"schema {schema}, which no version has written",
            "refining again",
        )


def _check_fingerprint(tree: xr.DataTree, path: Path) -> None:
    stated, found = tree.attrs.get(FINGERPRINT), fingerprint(tree, FINGERPRINT)
    if stated != found:
        raise InputError(
            f"{path}, SHA-256 of its content",
            str(stated),
            found,
            "the file was altered after it was written: take a copy of it from elsewhere",
        )
