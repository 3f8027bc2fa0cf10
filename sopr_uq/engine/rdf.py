"""g(r) from snapshots, normalised for finite N."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sopr_uq.engine.pairs import PairCounter, pair_counter
from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray


@dataclass
class RdfSampler:
    """Collects g(r) of snapshots of N particles in a cubic box.

    Parameters
    ----------
    particles : int
        N.
    box_length : float
        In Å.
    bin_width : float
        In Å.
    r_max : float, optional
        Largest r in Å, rounded down to a whole bin; default half the box.

    Raises
    ------
    InputError
        If ``r_max`` exceeds half the box or holds fewer than two bins.
    """

    particles: int
    box_length: float
    bin_width: float
    r_max: float | None = None
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
        """g(r) of every snapshot, shape (n_samples, m)."""
        counts = np.array(self._samples, dtype=float).reshape(-1, self.bins)
        return np.asarray(counts / self._ideal)

    @property
    def _ideal(self) -> FloatArray:
        """Ordered pairs expected of N particles placed at random, shape (m,).

        Each of N particles has N − 1 others spread over the volume, so that an
        ideal gas has g = 1 at any N.
        """
        edge = self.bin_width * np.arange(self.bins + 1)
        shell = 4.0 / 3.0 * np.pi * np.diff(edge**3)
        return np.asarray(self.particles * (self.particles - 1) * shell / self.box_length**3)

    @cached_property
    def _count(self) -> PairCounter:
        return pair_counter(self.box_length, self.bins, self.bin_width)

    def add(self, positions: FloatArray) -> None:
        """Count the pairs of a snapshot, shape (N, 3), in Å inside [0, L)."""
        started = time.perf_counter()
        self._samples.append(self._count(positions))
        self.seconds += time.perf_counter() - started
