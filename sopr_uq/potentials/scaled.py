"""A potential times a number."""

from __future__ import annotations

from dataclasses import dataclass

from sopr_uq.errors import InputError
from sopr_uq.potentials.protocol import Potential
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Scaled:
    """factor × v(r): the same σ and r_vdW, another depth.

    Parameters
    ----------
    potential : Potential
        v.
    factor : float
        A positive number.
    """

    potential: Potential
    factor: float

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise InputError("Scaled.factor", "a positive number", str(self.factor))

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return the energy in kcal/mol."""
        return self.factor * self.potential.energy(r)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        return self.factor * self.potential.force(r)
