"""How easily a slab takes one particle more at its surfaces: test particles.

What is in equilibrium has everywhere the same ρ/⟨exp(−βψ)⟩, ψ being the energy of a particle that
is put there without disturbing the others. So where a liquid ends it tells the density of its
vapour: deeper inside hardly any place is free, and farther out are the few particles of the vapour
itself, which come and go slowly.

References
----------
B. Widom, J. Chem. Phys. 39, 2808 (1963); J. Stat. Phys. 19, 563 (1978), for what varies in space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.spatial import cKDTree

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.slab import Profile, SlabShape
from sopr_uq.engine.slab_tail import SlabTail
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray

_HARD = 25.0
"""Energy of a pair in k_B T at which a place is taken: e⁻²⁵ of any other counts there."""

_POINTS = 4000
"""Test particles a snapshot: more tell little, as they share its gaps."""

_WINDOW = (0.65, 1.35)
"""Where they are put, in half the thickness of the liquid at the start: around its surfaces, which
draw back by up to a fifth where the vapour is dense."""

_SCAN = np.arange(0.5, 20.0, 0.005)


@dataclass(frozen=True)
class Insertion:
    """Test particles at both surfaces of a slab of liquid that is layered along z.

    Parameters
    ----------
    potential : Potential
    beta : float
        In mol/kcal.
    tail : SlabTail
        What lies beyond its cut-off counts as planes.
    shape : SlabShape
    window : tuple of float
        From where to where they are put, in Å from the middle of the liquid.
    """

    potential: Potential
    beta: float
    tail: SlabTail
    shape: SlabShape
    window: tuple[float, float]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return those of the slab of a plan."""
        (potential,), shape = plan.potentials, SlabShape.of(plan)
        begin, end = (share * 0.5 * shape.liquid for share in _WINDOW)
        return cls(potential, plan.state.beta, SlabTail.of(plan), shape, (begin, end))

    @property
    def core(self) -> float:
        """Distance in Å within which no particle takes another."""
        hard = np.flatnonzero(self.beta * self.potential.energy(_SCAN) > _HARD)
        return float(_SCAN[hard[-1]]) if hard.size else 0.0

    def likelihood(self, positions: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return the mean of exp(−βψ) over places of one snapshot, by distance from its middle.

        Parameters
        ----------
        positions : array, shape (N, 3)
            In Å, z from the middle of the liquid.
        rng : numpy.random.Generator

        Returns
        -------
        array, shape (n,)
            In the bins :attr:`z`.
        """
        points = self._points(rng)
        factor = self._pairs(points, positions)
        factor *= np.exp(-self.beta * self.tail.energies(positions[:, 2], points[:, 2]))
        away, edges = np.abs(points[:, 2]), self._edges
        count = np.histogram(away, edges)[0]
        return np.asarray(np.histogram(away, edges, weights=factor)[0] / np.maximum(count, 1))

    @property
    def z(self) -> FloatArray:
        """Middles of those bins of the profile that lie in the window, in Å, shape (n,)."""
        return np.asarray(0.5 * (self._edges[1:] + self._edges[:-1]))

    @property
    def _edges(self) -> FloatArray:
        edges = Profile(self.shape).edges
        return edges[(edges >= self.window[0]) & (edges <= self.window[1])]

    def _points(self, rng: np.random.Generator) -> FloatArray:
        """Return places at random in both windows, shape (n, 3)."""
        across = self.shape.across * rng.random((_POINTS, 2))
        away = rng.uniform(*self.window, _POINTS) * rng.choice([-1.0, 1.0], _POINTS)
        return np.column_stack([across, away])

    def _pairs(self, points: FloatArray, positions: FloatArray) -> FloatArray:
        """Return exp(−βψ) at these points, of all particles within the cut-off."""
        cutoff = self.tail.cutoff
        # so long that nothing is seen across its ends
        room = 2.0 * (self.window[1] + 2.0 * cutoff)
        box = np.array([self.shape.across, self.shape.across, room])
        lift = np.array([0.0, 0.0, 0.5 * room])
        seen = positions[np.abs(positions[:, 2]) < self.window[1] + cutoff]
        others = cKDTree(np.mod(seen + lift, box), boxsize=box)
        points = np.mod(points + lift, box)
        free = np.isinf(others.query(points, distance_upper_bound=self.core)[0])
        tree = cKDTree(points[free], boxsize=box)
        pairs = tree.sparse_distance_matrix(others, cutoff, output_type="ndarray")
        energy = np.bincount(pairs["i"], self.potential.energy(pairs["v"]), tree.n)
        found = np.zeros(len(points))
        found[free] = np.exp(-self.beta * energy)
        return found
