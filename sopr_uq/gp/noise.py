"""Noise as an object: diagonal, dense, or a sum of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray


class Noise(Protocol):
    """The covariance of measurement errors at n points."""

    def diagonal(self) -> FloatArray:
        """Return the variances, shape (n,)."""
        ...

    def matrix(self) -> FloatArray:
        """Return the whole covariance, shape (n, n)."""
        ...

    def __add__(self, other: Noise) -> Noise:
        """Add noise of an independent source."""
        ...


@dataclass(frozen=True)
class Diagonal:
    """Independent errors with the given variances, shape (n,)."""

    variance: FloatArray

    def __post_init__(self) -> None:
        if np.ndim(self.variance) != 1 or not np.all(np.asarray(self.variance) >= 0):
            raise InputError(
                "Diagonal.variance", "non-negative variances of shape (n,)", "something else"
            )

    def diagonal(self) -> FloatArray:
        """Return the variances, shape (n,)."""
        return self.variance

    def matrix(self) -> FloatArray:
        """Return the whole covariance, shape (n, n)."""
        return np.diag(self.variance)

    def __add__(self, other: Noise) -> Noise:
        """Add noise of an independent source."""
        if isinstance(other, Diagonal):
            return Diagonal(self.variance + other.variance)
        return Dense(self.matrix() + other.matrix())


@dataclass(frozen=True)
class Dense:
    """Correlated errors with the given covariance, shape (n, n)."""

    covariance: FloatArray

    def __post_init__(self) -> None:
        c = np.asarray(self.covariance)
        if c.ndim != 2 or c.shape[0] != c.shape[1] or not np.allclose(c, c.T):
            raise InputError("Dense.covariance", "a symmetric matrix (n, n)", f"shape {c.shape}")

    def diagonal(self) -> FloatArray:
        """Return the variances, shape (n,)."""
        return np.diagonal(self.covariance).copy()

    def matrix(self) -> FloatArray:
        """Return the whole covariance, shape (n, n)."""
        return self.covariance

    def __add__(self, other: Noise) -> Noise:
        """Add noise of an independent source."""
        return Dense(self.covariance + other.matrix())
