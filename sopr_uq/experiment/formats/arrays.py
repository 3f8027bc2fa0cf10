"""``.npz`` and ``.npy`` of NumPy: two arrays of one length, or the columns of one."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import warnings
import zipfile
import zlib

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.names import column_of
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.typing import FloatArray

_LARGEST = 100e6
_ZIP, _NPY = b"PK\x03\x04", b"\x93NUMPY"
_DAMAGED = (
    *(ValueError, OSError, EOFError, KeyError, RuntimeError, OverflowError, SyntaxError),
    *(zipfile.BadZipFile, zlib.error, UnicodeDecodeError, struct.error, MemoryError, TypeError),
    tokenize.TokenError,
)


def is_arrays(content: bytes) -> bool:
    """Whether the first bytes are those of a zip archive or of an array."""
    return content.startswith((_ZIP, _NPY))


def read_arrays(name: str, content: bytes) -> Table:
    """Read the arrays of a file as columns.

    Raises
    ------
    InputError
        If it is damaged, holds objects, or its arrays differ in length.
    """
    try:
        members = _members(content) if content.startswith(_ZIP) else {"": content}
        arrays = {key: _array(member) for key, member in members.items()}
    except _DAMAGED as error:
        expected = "arrays of numbers, as numpy.savez writes them"
        raise InputError(name, expected, str(error)[:120] or "a damaged file") from None
    return _table(name, arrays)


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _LARGEST:
            raise ValueError("more than 100 MB when unpacked")
        return {entry.filename.removesuffix(".npy"): archive.read(entry) for entry in entries}


def _array(content: bytes) -> FloatArray:
    """Return an array after its head was seen to promise no more than there is."""
    with warnings.catch_warnings():
        # of a head that Python 2 wrote, which is no harm, or that is damaged
        warnings.simplefilter("ignore")
        return _checked_array(content)


def _checked_array(content: bytes) -> FloatArray:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    if version not in readers:
        raise ValueError(f"an array of version {version}")
    shape, _, dtype = readers[version](stream)
    if dtype.kind not in "fiu" or math.prod(shape) * dtype.itemsize > len(content):
        raise ValueError(f"an array of {dtype} with shape {str(shape)[:60]}")
    return np.asarray(np.load(io.BytesIO(content), allow_pickle=False), dtype=float)


def _table(name: str, arrays: dict[str, FloatArray]) -> Table:
    if len(arrays) == 1:
        ((key, array),) = arrays.items()
        if array.ndim == 2:
            array = array if array.shape[0] > array.shape[1] else array.T
            return _of(array, [Column()] * array.shape[1])
        arrays = {key: array}
    columns = {key: array for key, array in arrays.items() if array.ndim == 1}
    sizes = {array.size for array in columns.values()}
    if len(columns) < 2 or len(sizes) != 1:
        shapes = ", ".join(f"{key} {array.shape}" for key, array in arrays.items())
        raise InputError(name, "two arrays of one length, r and g", shapes[:120] or "none")
    ordered = sorted(columns, key=lambda key: column_of(key).quantity not in ("r", "q"))
    return _of(np.stack([columns[key] for key in ordered], axis=1), [column_of(k) for k in ordered])


def _of(values: FloatArray, columns: list[Column]) -> Table:
    lines = tuple(range(1, len(values) + 1))
    return Table("NumPy arrays", tuple(columns), values, lines)
