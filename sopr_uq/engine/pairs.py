"""Histograms of pair distances in a periodic cubic box."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sopr_uq.typing import FloatArray

type PairCounter = Callable[[FloatArray], NDArray[np.float32]]

_TURN = 2**32

FREUD_BELOW = 0.01
"""Share of the box within r_max below which a neighbour search pays.

Measured at one thread: freud takes 31 ns for each ordered pair that it finds,
the direct count 0.3 ns for each that there is.
"""


def pair_counter(box_length: float, bins: int, bin_width: float) -> PairCounter:
    """Return what counts ordered pairs by distance, in the cheaper of two ways.

    Parameters
    ----------
    box_length : float
        L, in Å.
    bins : int
        Number of bins m, from r = 0 to at most half the box.
    bin_width : float
        In Å.

    Returns
    -------
    callable
        Positions in Å inside [0, L), shape (N, 3), to counts, shape (m,).
    """
    reach = bins * bin_width / box_length
    if 4.0 / 3.0 * np.pi * reach**3 < FREUD_BELOW:
        return freud_counter(box_length, bins, bin_width)
    return direct_counter(box_length, bins, bin_width)


def freud_counter(box_length: float, bins: int, bin_width: float) -> PairCounter:
    """Return a :func:`pair_counter` that uses freud's search of neighbours.

    Making freud's object takes longer than using it, so that one serves all
    snapshots.
    """
    import freud

    counter = freud.density.RDF(bins, r_max=bins * bin_width)
    box = freud.box.Box.cube(box_length)

    def counts(positions: FloatArray) -> NDArray[np.float32]:
        counter.compute((box, positions - box_length / 2))
        return np.asarray(counter.bin_counts, dtype=np.float32)

    return counts


def direct_counter(box_length: float, bins: int, bin_width: float) -> PairCounter:
    """Return a :func:`pair_counter` that goes through all pairs."""
    return partial(direct_counts, box_length=box_length, bins=bins, bin_width=bin_width)


def direct_counts(
    positions: FloatArray, box_length: float, bins: int, bin_width: float
) -> NDArray[np.float32]:
    """Count ordered pairs by distance, going through all of them.

    Positions become 32-bit fractions of the box, whose differences overflow to
    the nearest image by themselves.
    """
    turns = (positions.T * (_TURN / box_length)).astype(np.int64).astype(np.uint32).view(np.int32)
    unit = np.float32(box_length / _TURN / bin_width)
    longest = int(np.sqrt(3.0) / 2.0 * box_length / bin_width) + 2
    counts = compiled_histogram()(np.ascontiguousarray(turns), unit, longest)
    return np.asarray(2 * counts[:bins], dtype=np.float32)


@lru_cache(maxsize=1)
def compiled_histogram() -> Callable[..., NDArray[np.int64]]:
    """Return :func:`histogram` as machine code, kept on disk where numba finds a place for it."""
    import numba

    try:
        found: Any = numba.njit(cache=True)(histogram)
    except RuntimeError:
        # no folder for it is writable: compiled again in every process
        found = numba.njit(histogram)
    compiled: Callable[..., NDArray[np.int64]] = found
    return compiled


def histogram(turns: NDArray[np.int32], unit: np.float32, longest: int) -> NDArray[np.int64]:
    """Histogram of the distances of all pairs.

    Written for numba: first the distances of one particle to all later ones,
    several at a time, then their counts, spread over four rows so that one
    increment need not wait for the one before.

    Parameters
    ----------
    turns : array, shape (3, N)
        Positions in turns of the box, 2³² to one.
    unit : float
        Bins a turn's 2³²nd part.
    longest : int
        Number of bins; more than any distance has.
    """
    n = turns.shape[1]
    counts = np.zeros((4, longest), np.int64)
    row = np.empty(n, np.uint32)
    x, y, z = turns[0], turns[1], turns[2]
    for i in range(n - 1):
        # slices, and bins without a sign: no index of the inner loops can mean one from the end
        u, v, w = x[i + 1 :], y[i + 1 :], z[i + 1 :]
        for j in range(n - 1 - i):
            dx = np.float32(np.int32(u[j] - x[i])) * unit
            dy = np.float32(np.int32(v[j] - y[i])) * unit
            dz = np.float32(np.int32(w[j] - z[i])) * unit
            row[j] = np.uint32(np.int32(np.sqrt(dx * dx + dy * dy + dz * dz)))
        for j in range(n - 1 - i):
            counts[j & 3, row[j]] += 1
    return counts.sum(axis=0)
