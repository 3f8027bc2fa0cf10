"""What fluctuates together in a trajectory, frame by frame.

∂⟨A⟩/∂λ = ⟨∂A/∂λ⟩ − β (⟨A ∂U/∂λ⟩ − ⟨A⟩⟨∂U/∂λ⟩): how anything responds to a change of
the potentials is in the trajectory itself, whatever holds the liquid together. A change
of pair potentials has the energy of the pairs that a histogram counts.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.rdf import RdfRecorder
from sopr_uq.engine.recorder import Frame
from sopr_uq.engine.series import Series
from sopr_uq.typing import FloatArray

FRAMES = "frames "
"""How the names of series begin whose rows are snapshots, one after the other."""


class FluctuationRecorder:
    """Keeps the pairs and the virial of every snapshot.

    Parameters
    ----------
    plan : Plan
    rdf : RdfRecorder
        Of the same trajectory.
    """

    def __init__(self, plan: Plan, rdf: RdfRecorder) -> None:
        self._plan = plan
        self._rdf = rdf
        self._virials: list[float] = []

    def add(self, frame: Frame) -> None:
        """Take note of a frame."""
        assert frame.virial is not None
        self._virials.append(frame.virial)

    def slow(self) -> FloatArray:
        """Return nothing, shape (n, 0): rows of snapshots are what they are."""
        return np.empty((len(self._virials), 0))

    def series(self, blocks: int) -> tuple[Series, ...]:  # noqa: ARG002
        """Return how many pairs each bin of g(r) holds, and the virial in MPa, by snapshot."""
        counted, virial = self._rdf.pairs_counted, np.array(self._virials)[:, None]
        curves = [
            Series.of_blocks(f"{FRAMES}{pair.label}", self._rdf.r, counted[:, i], "1")
            for i, pair in enumerate(self._rdf.pairs)
        ]
        return (*curves, Series.of_blocks(f"{FRAMES}virial", np.zeros(1), virial, "MPa"))
