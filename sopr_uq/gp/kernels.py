"""Covariance functions of potentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray


class Kernel(Protocol):
    """A covariance function with a width (kcal/mol) and a length scale (Å); hashable."""

    @property
    def width(self) -> float:
        """Standard deviation at the reference distance, in kcal/mol."""
        ...

    def __call__(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return k(x, y) in (kcal/mol)²; shapes (n,), (m,) in Å → (n, m)."""
        ...

    def __hash__(self) -> int:
        """Return the same number for equal kernels."""
        ...


def _positive(owner: str, **values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{owner}.{name}", "a positive finite number", str(value))


@dataclass(frozen=True)
class SquaredExponential:
    """k(r, r') = w² exp(−(r − r')² / 2ℓ²), the kernel of the published SOPR.

    Parameters
    ----------
    width : float
        w in kcal/mol.
    length : float
        ℓ in Å.

    References
    ----------
    Rasmussen & Williams, Gaussian Processes for Machine Learning (2006), eq 4.9.
    """

    width: float
    length: float

    def __post_init__(self) -> None:
        _positive("SquaredExponential", width=self.width, length=self.length)

    def __call__(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the covariance matrix."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        d = (x[:, None] - y[None, :]) / self.length
        return np.asarray(self.width**2 * np.exp(-0.5 * d**2))


@dataclass(frozen=True)
class Dispersion:
    """A kernel for corrections to a pair potential.

    k(r, r') = w² a(r) a(r') exp(−σ² (ln r − ln r')² / 2ℓ²), a(r) = (σ/r)ᵐ.

    Corrections are large and short-ranged in the core, small and smooth in the
    tail: the amplitude dies like the leading dispersion term (m = 6), or more
    slowly where the forces are others, and the local length scale ℓ r/σ grows
    with distance. It is the squared exponential in the coordinate σ ln r, hence
    positive definite.

    Parameters
    ----------
    width : float
        Standard deviation of the correction at r = σ, in kcal/mol.
    length : float
        Length scale at r = σ, in Å.
    sigma : float
        The reference distance σ, in Å.
    decay : float
        m.
    """

    width: float
    length: float
    sigma: float
    decay: float = 6.0

    def __post_init__(self) -> None:
        given = {"width": self.width, "length": self.length, "sigma": self.sigma}
        _positive("Dispersion", **given)
        if not self.decay >= 0.0:
            raise InputError("Dispersion.decay", "a number from 0 on", str(self.decay))

    def __call__(self, x: ArrayLike, y: ArrayLike) -> FloatArray:
        """Return the covariance matrix."""
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        d = self.sigma * (np.log(x)[:, None] - np.log(y)[None, :]) / self.length
        along_x, along_y = ((self.sigma / each) ** self.decay for each in (x, y))
        amplitude = along_x[:, None] * along_y[None, :]
        return np.asarray(self.width**2 * amplitude * np.exp(-0.5 * d**2))
