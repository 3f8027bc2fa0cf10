"""No potential."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Zero:
    """v(r) = 0: of a pair on which only a base, or nothing, acts."""

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return zeros, in kcal/mol."""
        return np.zeros(np.shape(r))

    def force(self, r: ArrayLike) -> FloatArray:
        """Return zeros, in kcal/(mol Å)."""
        return np.zeros(np.shape(r))
