"""Histograms of pair distances in a periodic cubic box."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sopr_uq.typing import FloatArray, IntArray

type PairCounter = Callable[[FloatArray, FloatArray | None], NDArray[np.float32]]
"""Counts of ordered pairs of particles of one kind, or of pairs of two kinds."""

_TURN = 2**32

FREUD_BELOW = 0.01
"""Share of the box within r_max below which a neighbour search pays.

Measured at one thread: freud takes 31 ns for each ordered pair that it finds,
the direct count 0.3 ns for each that there is.
"""


def pair_counter(box_length: float, bins: int, bin_width: float) -> PairCounter:
    """Return what counts pairs by distance, in the cheaper of two ways.

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
        Positions in Å inside [0, L), shape (N, 3), and those of another kind or
        None, to counts, shape (m,). Of one kind pairs are ordered, so that each
        counts twice.
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

    def counts(positions: FloatArray, others: FloatArray | None) -> NDArray[np.float32]:
        around = None if others is None else others - box_length / 2
        counter.compute((box, positions - box_length / 2), around)
        return np.asarray(counter.bin_counts, dtype=np.float32)

    return counts


def direct_counter(box_length: float, bins: int, bin_width: float) -> PairCounter:
    """Return a :func:`pair_counter` that goes through all pairs."""
    return partial(direct_counts, box_length=box_length, bins=bins, bin_width=bin_width)


def direct_counts(
    positions: FloatArray,
    others: FloatArray | None,
    box_length: float,
    bins: int,
    bin_width: float,
) -> NDArray[np.float32]:
    """Count pairs by distance, going through all of them.

    Positions become 32-bit fractions of the box, whose differences overflow to
    the nearest image by themselves.
    """
    first = _turns(positions, box_length)
    second = first if others is None else _turns(others, box_length)
    unit = np.float32(box_length / _TURN / bin_width)
    longest = int(np.sqrt(3.0) / 2.0 * box_length / bin_width) + 2
    counts = compiled_histogram()(first, second, others is None, unit, longest)
    twice = 2 if others is None else 1
    return np.asarray(twice * counts[:bins], dtype=np.float32)


def counts_of_pairs(
    positions: FloatArray, pairs: IntArray, box_length: float, bins: int, bin_width: float
) -> NDArray[np.float32]:
    """Count given pairs by distance, each in the bin in which :func:`direct_counts` finds it.

    Parameters
    ----------
    positions : array, shape (N, 3)
        In Å inside [0, L).
    pairs : array, shape (2, k)
        Indices of particles.

    Returns
    -------
    array, shape (bins,)
    """
    turns = _turns(positions, box_length)
    unit = np.float32(box_length / _TURN / bin_width)
    # of the second from the first, and with the very roundings of the histogram
    dx, dy, dz = (turns[:, pairs[1]] - turns[:, pairs[0]]).astype(np.float32) * unit
    row = np.sqrt(dx * dx + dy * dy + dz * dz).astype(np.int32)
    return np.bincount(row, minlength=bins)[:bins].astype(np.float32)


def _turns(positions: FloatArray, box_length: float) -> NDArray[np.int32]:
    turns = (positions.T * (_TURN / box_length)).astype(np.int64).astype(np.uint32).view(np.int32)
    return np.ascontiguousarray(turns)


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


def histogram(
    first: NDArray[np.int32],
    second: NDArray[np.int32],
    alike: bool,
    unit: np.float32,
    longest: int,
) -> NDArray[np.int64]:
    """Histogram of the distances of all pairs.

    Written for numba: first the distances of one particle to all others (of
    its own kind, to all later ones), several at a time, then their counts,
    spread over four rows so that one increment need not wait for the one before.

    Parameters
    ----------
    first, second : array, shape (3, N) and (3, M)
        Positions in turns of the box, 2³² to one.
    alike : bool
        Whether both are the same particles, each pair of which counts once.
    unit : float
        Bins a turn's 2³²nd part.
    longest : int
        Number of bins; more than any distance has.
    """
    counts = np.zeros((4, longest), np.int64)
    row = np.empty(second.shape[1], np.uint32)
    x, y, z = second[0], second[1], second[2]
    for i in range(first.shape[1]):
        begin = i + 1 if alike else 0
        # slices, and bins without a sign: no index of the inner loops can mean one from the end
        u, v, w = x[begin:], y[begin:], z[begin:]
        a, b, c = first[0, i], first[1, i], first[2, i]
        for j in range(u.size):
            dx = np.float32(np.int32(u[j] - a)) * unit
            dy = np.float32(np.int32(v[j] - b)) * unit
            dz = np.float32(np.int32(w[j] - c)) * unit
            row[j] = np.uint32(np.int32(np.sqrt(dx * dx + dy * dy + dz * dz)))
        for j in range(u.size):
            counts[j & 3, row[j]] += 1
    return counts.sum(axis=0)
