"""What lies beyond the cut-off, in a liquid that is layered along z: energy, forces, pressures.

Of the pairs beyond the cut-off c only the planes count, as if g were 1 there. A plane of ρ dz
particles per area at a distance ξ along z pulls with 2πξ v(s) ρ dz, s = max(c, |ξ|), the sum of
−v′(r) ξ/r over its ring r > s, and has the energy 2π∫_s^∞ r v dr ρ dz. What it adds to the
pressure along z is 2πξ² v(s), and to that across π[(s² − ξ²) v(s) + 2∫_s^∞ r v dr], each summed
over pairs of planes; in a uniform liquid both are the tail of the pressure.

References
----------
M. Guo, B. C.-Y. Lu, J. Chem. Phys. 106, 3688 (1997).
J. Janeček, J. Phys. Chem. B 110, 6264 (2006).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import NamedTuple, Self

import numpy as np

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.slab import SlabShape
from sopr_uq.engine.tail import outer_nodes
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_SPACING = 0.3
"""Distance of planes in Å: a tenth of a diameter, over which nothing beyond a cut-off changes."""


class Pressures(NamedTuple):
    """Parts of the pressure in MPa."""

    normal: float
    """Along z."""
    tangential: float
    """Across."""


@dataclass(frozen=True)
class SlabTail:
    """The pairs beyond a cut-off in a box that is periodic along z.

    Parameters
    ----------
    potential : Potential
    cutoff : float
        In Å.
    area : float
        Of the box across z, in Å².
    length : float
        Of the box along z, in Å.
    """

    potential: Potential
    cutoff: float
    area: float
    length: float

    @classmethod
    def of(cls, plan: Plan) -> Self:
        """Return those of the slab of a plan."""
        (potential,), shape = plan.potentials, SlabShape.of(plan)
        return cls(potential, plan.cutoff, shape.across**2, shape.along)

    @property
    def planes(self) -> int:
        """How many there are."""
        return int(np.ceil(self.length / _SPACING))

    def forces(self, z: FloatArray) -> FloatArray:
        """Return the force along z on particles at z in Å, shape (N,), in kcal/(mol Å).

        Their sum is zero to rounding.
        """
        field = self._over(self._kernels[1], self._density(*self._places(z))) * self._step
        return self._at(field, z)

    def energies(self, z: FloatArray, at: FloatArray) -> FloatArray:
        """Return the energy of one particle more with those at z in Å, shape (N,), in kcal/mol.

        Parameters
        ----------
        z : array, shape (N,)
        at : array, shape (n,)
            Where it is put, in Å.

        Returns
        -------
        array, shape (n,)
        """
        field = self._over(self._kernels[0], self._density(*self._places(z))) * self._step
        return self._at(field, at)

    def pressures(self, z: FloatArray) -> Pressures:
        """Return what the pairs beyond the cut-off of particles at z in Å add to the pressure."""
        density = self._density(*self._places(z))
        scale = 0.5 * self._step**2 / self.length * MPA_PER_KCAL_MOL_A3
        each = (scale * float(density @ self._over(k, density)) for k in self._kernels[2:])
        return Pressures(*each)

    @property
    def _step(self) -> float:
        return self.length / self.planes

    def _places(self, z: FloatArray) -> tuple[IntArray, FloatArray]:
        """Return the plane below each particle, and how far it is on the way to the next."""
        at = np.mod(z, self.length) / self._step
        below = np.floor(at).astype(int)
        return below % self.planes, np.asarray(at - below)

    def _at(self, field: FloatArray, z: FloatArray) -> FloatArray:
        """Return what planes have at places between them, shape (n,)."""
        left, share = self._places(z)
        right = (left + 1) % self.planes
        return np.asarray((1.0 - share) * field[left] + share * field[right])

    def _density(self, left: IntArray, share: FloatArray) -> FloatArray:
        """Return the density of every plane in Å⁻³."""
        count = np.bincount(left, 1.0 - share, self.planes)
        count += np.bincount((left + 1) % self.planes, share, self.planes)
        return np.asarray(count / (self.area * self._step))

    def _over(self, kernel: FloatArray, density: FloatArray) -> FloatArray:
        """Sum a kernel over all planes, shape (planes,); kernels are transformed."""
        return np.asarray(np.fft.irfft(kernel * np.fft.rfft(density), self.planes))

    @cached_property
    def _kernels(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Transforms of what a plane at a distance ξ does: energy, force, both pressures."""
        xi = self._step * np.fft.fftfreq(self.planes, 1.0 / self.planes)
        s = np.maximum(np.abs(xi), self.cutoff)
        v = self.potential.energy(s)
        force = 2.0 * pi * xi * v
        if self.planes % 2 == 0:
            # half a box away it is as far to the one side as to the other
            force[self.planes // 2] = 0.0
        node, weight = outer_nodes(1.0)
        beyond = s**2 * np.sum(weight * node * self.potential.energy(s[:, None] * node), axis=1)
        across = pi * ((s**2 - xi**2) * v + 2.0 * beyond)
        each = (2.0 * pi * beyond, force, xi * 2.0 * pi * xi * v, across)
        return tuple(np.fft.rfft(k) for k in each)  # type: ignore[return-value]
