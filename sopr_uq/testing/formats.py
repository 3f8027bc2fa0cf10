"""What every reader of a file format must do."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats import Table
from sopr_uq.testing.require import require, require_same
from sopr_uq.typing import ArrayLike


def check_format(
    read: Callable[[bytes], Table],
    content: bytes,
    values: ArrayLike,
    *,
    damages: int = 300,
    seed: int = 1,
) -> Table:
    """Check a reader: what it reads of a good file, and that it survives bad ones.

    Parameters
    ----------
    read : callable
        Bytes of a file in, its table out.
    content : bytes
        Of a good file.
    values : array, shape (rows, columns)
        The numbers that are in it.
    damages : int
        How many damaged files to try: bytes changed, cut off, repeated.
    seed : int
        Of the damage.

    Returns
    -------
    Table
        Of the good file.

    Raises
    ------
    AssertionError
        With what is not as it must be; another error than InputError is let through.
    """
    table = read(content)
    require(table.format, "a name of the format")
    require_same(table.values, values, "the numbers of the file, bit for bit")
    columns = table.values.shape[1]
    require(len(table.columns) == columns, f"{columns} columns", len(table.columns))
    lines = np.array(table.lines)
    require(lines.size == len(table.values), "one line of the file for each row", lines.size)
    require(np.all(np.diff(lines) > 0) and lines[0] > 0, "lines that rise from one on")
    rng = np.random.default_rng(seed)
    for _ in range(damages):
        try:
            found = read(damaged(content, rng))
        except InputError as error:
            require(error.expected and error.found, "what was expected and what was found")
        else:
            require(found.values.ndim == 2, "a table, or an InputError", found.values.shape)
    return table


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Return bytes some of which are changed, cut off or repeated."""
    bad = bytearray(content)
    for _ in range(int(rng.integers(1, 12))):
        bad[int(rng.integers(len(bad)))] = int(rng.integers(256))
    if rng.random() < 0.2:
        bad = bad[: int(rng.integers(len(bad)))]
    if rng.random() < 0.1:
        bad += bad[: int(rng.integers(len(bad) + 1))]
    return bytes(bad)
