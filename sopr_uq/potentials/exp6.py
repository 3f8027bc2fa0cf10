"""Buckingham exp-6 potential with a repulsive core all the way to r = 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Exp6:
    """Buckingham potential v(r) = ε/(1−6/a) [6/a exp(a(1−r/r_vdW)) − (r_vdW/r)⁶].

    Inside the unphysical maximum of the formula v rises on as an inverse power
    matched in value and slope, so that the core stays repulsive.

    Parameters
    ----------
    r_vdw : float
        Position of the minimum, in Å.
    epsilon : float
        Well depth, in kcal/mol.
    a : float
        Steepness; 10 < a < 25.

    References
    ----------
    R. A. Buckingham, Proc. R. Soc. A 168, 264 (1938).
    """

    r_vdw: float
    epsilon: float
    a: float = 13.5

    def __post_init__(self) -> None:
        if not (self.r_vdw > 0 and self.epsilon > 0):
            raise InputError("Exp6", "positive r_vdw and epsilon", f"{self.r_vdw}, {self.epsilon}")
        if not 10 < self.a < 25:
            raise InputError("Exp6.a", "a steepness between 10 and 25", str(self.a))

    @property
    def _join(self) -> float:
        return 0.6 * self.r_vdw

    @property
    def sigma(self) -> float:
        """First zero of v, in Å."""
        return float(brentq(lambda r: float(self._outer(np.asarray(r))[0]), self._join, self.r_vdw))

    def _outer(self, r: FloatArray) -> tuple[FloatArray, FloatArray]:
        scale = self.epsilon / (1.0 - 6.0 / self.a)
        repulsion = 6.0 / self.a * np.exp(self.a * (1.0 - r / self.r_vdw))
        attraction = (self.r_vdw / r) ** 6
        slope = self.a / self.r_vdw * repulsion - 6.0 / r * attraction
        return scale * (repulsion - attraction), scale * slope

    def _evaluate(self, r: ArrayLike) -> tuple[FloatArray, FloatArray]:
        r = np.asarray(r, dtype=float)
        join = np.asarray(self._join)
        v0, f0 = self._outer(join)
        power = f0 * join / v0
        v, f = self._outer(np.maximum(r, join))
        inner = v0 * (join / np.minimum(r, join)) ** power
        return np.where(r < join, inner, v), np.where(r < join, power * inner / r, f)

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol."""
        return self._evaluate(r)[0]

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        return self._evaluate(r)[1]
