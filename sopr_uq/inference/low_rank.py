"""A covariance that is diagonal and of low rank besides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class LowRank:
    """The covariance 1 + X Xᵀ of numbers that are in units of their own errors.

    That of X c + e with c and e standard normal.

    Parameters
    ----------
    columns : array, shape (d, m)
        X.
    """

    columns: FloatArray

    @cached_property
    def gain(self) -> FloatArray:
        """What the posterior mean of c is to the numbers, (1 + Xᵀ X)⁻¹ Xᵀ, shape (m, d)."""
        x = self.columns
        return np.asarray(np.linalg.solve(np.eye(x.shape[1]) + x.T @ x, x.T))

    def solve(self, y: FloatArray) -> FloatArray:
        """Return (1 + X Xᵀ)⁻¹ y, shapes (d, ...): what X leaves unexplained of y."""
        return np.asarray(y - self.columns @ (self.gain @ y))
