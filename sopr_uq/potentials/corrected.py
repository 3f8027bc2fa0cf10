"""A potential with a tabulated correction."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.interpolate import CubicSpline

from sopr_uq.potentials.protocol import Potential
from sopr_uq.potentials.tabulated import table_columns
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Corrected:
    """v(r) + δ(r), δ a cubic spline through a table.

    δ is what the table begins with inside it, where v or a base keeps all pairs away,
    and zero beyond it.

    Parameters
    ----------
    potential : Potential
        v.
    r : array, shape (n,)
        Distances in Å, strictly increasing, n ≥ 4.
    delta : array, shape (n,)
        δ in kcal/mol; it should end at zero.

    Raises
    ------
    InputError
        If the table is too short, unsorted or not finite.
    """

    potential: Potential
    r: FloatArray
    delta: FloatArray
    _spline: CubicSpline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        r, delta = table_columns("Corrected", self.r, self.delta)
        for name, value in (("r", r), ("delta", delta)):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_spline", CubicSpline(r, delta, bc_type="natural"))

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) + δ(r) in kcal/mol."""
        r = np.asarray(r, dtype=float)
        delta = self._spline(np.clip(r, self.r[0], self.r[-1]))
        return self.potential.energy(r) + np.where(r > self.r[-1], 0.0, delta)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return its negative derivative in kcal/(mol Å)."""
        r = np.asarray(r, dtype=float)
        inside = (r >= self.r[0]) & (r <= self.r[-1])
        slope = self._spline(np.clip(r, self.r[0], self.r[-1]), 1)
        return self.potential.force(r) - np.where(inside, slope, 0.0)
