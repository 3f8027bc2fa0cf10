"""Mie and Lennard-Jones potentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Mie:
    """Mie potential v(r) = C ε [(σ/r)ⁿ − (σ/r)ᵐ], C = n/(n−m) (n/m)^(m/(n−m)).

    Parameters
    ----------
    sigma : float
        First zero of v, in Å.
    epsilon : float
        Well depth, in kcal/mol.
    n, m : float
        Repulsive and attractive exponents; n > m > 3. The default is Lennard-Jones.

    Raises
    ------
    InputError
        If a parameter lies outside its range.

    References
    ----------
    G. Mie, Ann. Phys. 316, 657 (1903).
    """

    sigma: float
    epsilon: float
    n: float = 12.0
    m: float = 6.0

    def __post_init__(self) -> None:
        for name in ("sigma", "epsilon"):
            if not getattr(self, name) > 0:
                raise InputError(f"Mie.{name}", "a positive number", str(getattr(self, name)))
        if not self.n > self.m > 3:
            raise InputError("Mie exponents", "n > m > 3", f"n = {self.n}, m = {self.m}")

    @property
    def prefactor(self) -> float:
        """The constant C that makes the depth of the well equal to ε."""
        return float(self.n / (self.n - self.m) * (self.n / self.m) ** (self.m / (self.n - self.m)))

    @property
    def r_vdw(self) -> float:
        """Position of the minimum, in Å."""
        return float(self.sigma * (self.n / self.m) ** (1.0 / (self.n - self.m)))

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol."""
        x = self.sigma / np.asarray(r, dtype=float)
        return np.asarray(self.prefactor * self.epsilon * (x**self.n - x**self.m))

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        r = np.asarray(r, dtype=float)
        x = self.sigma / r
        slope = self.n * x**self.n - self.m * x**self.m
        return np.asarray(self.prefactor * self.epsilon * slope / r)


def lennard_jones(sigma: float, epsilon: float) -> Mie:
    """Return the 12–6 Mie potential with σ in Å and ε in kcal/mol."""
    return Mie(sigma, epsilon)
