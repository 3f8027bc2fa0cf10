"""g(r) from snapshots, normalised for finite N."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sopr_uq.engine.blocks import block_means
from sopr_uq.engine.pairs import PairCounter, counts_of_pairs, direct_counter, pair_counter
from sopr_uq.engine.protocol import rdf_name
from sopr_uq.engine.recorder import Frame
from sopr_uq.engine.series import Series
from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.typing import FloatArray, IntArray

_SHELLS = 4


@dataclass
class RdfRecorder:
    """Collects g(r) of each pair of types between molecules, in a cubic box.

    Parameters
    ----------
    pairs : tuple of Pair
        In the order of :attr:`~sopr_uq.experiment.substance.Substance.pairs`.
    counts : tuple of int
        Atoms of each type.
    box_length : float
        In Å.
    bin_width : float
        In Å.
    r_max : float, optional
        Largest r in Å, rounded down to a whole bin; default half the box.
    inner : tuple of array, each of shape (2, k)
        Of each pair of types, the pairs of atoms within molecules, which do not
        count; none for atoms.

    Raises
    ------
    InputError
        If ``r_max`` exceeds half the box or holds fewer than two bins.
    """

    pairs: tuple[Pair, ...]
    counts: tuple[int, ...]
    box_length: float
    bin_width: float
    r_max: float | None = None
    inner: tuple[IntArray, ...] = ()
    seconds: float = 0.0
    _samples: list[NDArray[np.float32]] = field(default_factory=list)

    def __post_init__(self) -> None:
        limit = self.box_length / 2 if self.r_max is None else self.r_max
        self.bins = int(limit / self.bin_width * (1 + 1e-12))
        if limit > self.box_length / 2 * (1 + 1e-12) or self.bins < 2:
            raise InputError(
                "engine.r_max",
                f"between two bins and half the box, {self.box_length / 2:.3f} Å",
                f"{limit:.3f} Å",
            )

    @property
    def r(self) -> FloatArray:
        """Centres of the bins in Å, shape (m,)."""
        return np.asarray(self.bin_width * (np.arange(self.bins) + 0.5))

    @property
    def g(self) -> FloatArray:
        """g(r) of every snapshot, shape (n_samples, p, m)."""
        shape = (-1, len(self.pairs), self.bins)
        return np.array(self._samples, dtype=float).reshape(shape) / self._ideal

    @property
    def pairs_counted(self) -> FloatArray:
        """Number of pairs in every bin of every snapshot, shape (n_samples, p, m)."""
        counted = np.array(self._samples).reshape(-1, len(self.pairs), self.bins)
        # of one type they are counted from both sides
        once = [0.5 if pair.like else 1.0 for pair in self.pairs]
        return np.asarray(counted * np.array(once, dtype=counted.dtype)[:, None])

    @property
    def _ideal(self) -> FloatArray:
        """Pairs expected of particles placed at random, as they are counted, shape (p, m).

        Each of N atoms has N − 1 others of its type spread over the volume,
        and M of another, less those of its molecule, so that an ideal gas has
        g = 1 at any N.
        """
        edge = self.bin_width * np.arange(self.bins + 1)
        shell = 4.0 / 3.0 * np.pi * np.diff(edge**3) / self.box_length**3
        n = np.array(self.counts, dtype=float)
        number = (np.outer(n, n) - np.diag(n))[np.triu_indices(n.size)]
        if self.inner:
            number = number - [k * pairs.shape[1] for k, pairs in self._inner]
        return np.asarray(np.multiply.outer(number, shell))

    @property
    def _inner(self) -> list[tuple[int, IntArray]]:
        """Pairs within molecules, and how often each counts: twice of one type."""
        return [(1 + pair.like, each) for pair, each in zip(self.pairs, self.inner, strict=True)]

    @cached_property
    def _count(self) -> PairCounter:
        # pairs within molecules can only be taken back where they are counted as these are
        make = direct_counter if self.inner else pair_counter
        return make(self.box_length, self.bins, self.bin_width)

    def add(self, frame: Frame) -> None:
        """Count the pairs of a snapshot."""
        started = time.perf_counter()
        kinds = np.split(frame.positions, np.cumsum(self.counts)[:-1])
        counted = [
            self._count(a, None if b is a else b) for i, a in enumerate(kinds) for b in kinds[i:]
        ]
        self._samples.append(np.stack(counted) - self._within(frame.positions))
        self.seconds += time.perf_counter() - started

    def _within(self, positions: FloatArray) -> NDArray[np.float32] | np.float32:
        """Counts of pairs within molecules, shape (p, m)."""
        if not self.inner:
            return np.float32(0.0)
        layout = self.box_length, self.bins, self.bin_width
        return np.stack([k * counts_of_pairs(positions, p, *layout) for k, p in self._inner])

    def slow(self) -> FloatArray:
        """Return averages of each g over the sides of its first two peaks, shape (n, k)."""
        return np.concatenate([_shells(g) for g in self.g.swapaxes(0, 1)], axis=1)

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return g(r) of each pair."""
        return tuple(
            Series.of_blocks(rdf_name(pair), self.r, block_means(g, blocks), "1")
            for pair, g in zip(self.pairs, self.g.swapaxes(0, 1), strict=True)
        )


def _shells(g: FloatArray) -> FloatArray:
    """Average g over the sides of its first two peaks, shape (n, m) → (n, 4).

    Differences of neighbouring narrow bins forget within a few steps; coarse
    shells show how long the structure remembers.
    """
    mean, bins = g.mean(axis=0), g.shape[1]
    first = int(np.argmax(mean > 0.5))
    top = first + max(1, int(np.argmax(mean[first : 2 * first + 2])))
    edges = np.unique(np.linspace(first, min(2 * top - first // 2, bins), _SHELLS + 1).astype(int))
    return np.stack([g[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1)
