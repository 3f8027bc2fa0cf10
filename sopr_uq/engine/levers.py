"""By what lever the force between two sites moves their molecules apart.

The pressure of rigid molecules is that of forces on their centres,

    P = ρ k_B T + ⟨Σ f(r) r̂·R⟩/(3V),

f being the force between two sites of different molecules, r̂ the direction from one to the
other, and R the way from centre to centre: what a force does across a molecule is taken up by
the molecule. The mean of r̂·R at each r is all that the pressure's response needs beside g(r).

References
----------
G. Ciccotti, J. P. Ryckaert, Comput. Phys. Rep. 4, 346 (1986), sec. 5.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.recorder import Frame
from sopr_uq.engine.series import Series
from sopr_uq.typing import FloatArray

_FRAMES = 12
"""Each tells the levers of all pairs of a box at once; they are means, and few suffice."""


def lever_name(label: str) -> str:
    """Return the name of the series of a pair of types."""
    return f"lever {label}"


class LeverRecorder:
    """Averages r̂·R of pairs of sites by their distance, over a few snapshots.

    Parameters
    ----------
    plan : Plan
        Of rigid molecules.
    bins : int
        Number of bins m.
    """

    def __init__(self, plan: Plan, bins: int) -> None:
        self._plan = plan
        self._every = max(1, plan.samples // _FRAMES)
        self._frames = 0
        self._bins = bins
        pairs = len(plan.setup.substance.pairs)
        self._sums, self._counts = np.zeros((2, pairs, bins))

    def add(self, frame: Frame) -> None:
        """Take note of one frame in so many."""
        self._frames += 1
        if (self._frames - 1) % self._every:
            return
        plan, topology = self._plan, self._plan.topology
        way = topology.offsets(frame.positions, plan.box_length)
        # from the centre of each molecule to its atoms
        arm = way - topology.means(way)[topology.molecule]
        kinds = np.split(np.arange(len(way)), np.cumsum(plan.counts)[:-1])
        for number, (a, b) in enumerate(combinations_with_replacement(kinds, 2)):
            for i in a:
                j = b[topology.molecule[b] != topology.molecule[i]]
                self._of_one(number, frame.positions[j] - frame.positions[i], arm[j] - arm[i])

    def _of_one(self, number: int, way: FloatArray, arms: FloatArray) -> None:
        """Add the pairs of one atom: ways and differences of arms in Å, shape (k, 3)."""
        edge, width = self._plan.box_length, self._plan.settings.bin_width
        way = way - edge * np.rint(way / edge)
        r = np.sqrt(np.einsum("ij,ij->i", way, way))
        cell = (r / width).astype(int)
        seen = cell < self._bins
        lever = r - np.einsum("ij,ij->i", way, arms) / r
        self._sums[number] += np.bincount(cell[seen], lever[seen], self._bins)
        self._counts[number] += np.bincount(cell[seen], minlength=self._bins)

    def slow(self) -> FloatArray:
        """Return nothing, shape (n, 0): of few snapshots no memory shows."""
        return np.empty((self._frames, 0))

    def series(self, blocks: int) -> tuple[Series, ...]:  # noqa: ARG002
        """Return the levers of each pair in Å; r where no pair was seen."""
        r = np.asarray(self._plan.settings.bin_width * (np.arange(self._bins) + 0.5))
        mean = self._sums / np.maximum(self._counts, 1.0)
        found = np.where(self._counts > 0, mean, r)
        labels = [pair.label for pair in self._plan.setup.substance.pairs]
        return tuple(
            Series(lever_name(label), r, lever, np.zeros((0, r.size)), "angstrom")
            for label, lever in zip(labels, found, strict=True)
        )
