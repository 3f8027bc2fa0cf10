"""Named random streams, so that a result does not depend on who ran first."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """Return the generator of one task.

    Parameters
    ----------
    seed : int
        The seed of the whole run.
    *path : str or int
        The name of the task inside the run, such as ``("md", 3)``. Equal
        paths give equal streams; different paths give independent ones.

    Returns
    -------
    numpy.random.Generator
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=_key(path)))


def integer_seed(seed: int, *path: str | int) -> int:
    """Return a positive 31-bit seed for programs that want an integer."""
    return int(stream(seed, *path).integers(1, 2**31 - 1))


def _key(path: tuple[str | int, ...]) -> tuple[int, ...]:
    return tuple(p if isinstance(p, int) else zlib.crc32(p.encode()) for p in path)
