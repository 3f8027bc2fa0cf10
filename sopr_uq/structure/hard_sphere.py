"""Hard spheres: the Percus–Yevick solution and the Carnahan–Starling equation of state.

References
----------
M. S. Wertheim, Phys. Rev. Lett. 10, 321 (1963); N. W. Ashcroft and J. Lekner,
Phys. Rev. 145, 83 (1966); N. F. Carnahan and K. E. Starling, J. Chem. Phys.
51, 635 (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray

# Below this qd the closed form cancels; a power series is exact there.
_SERIES_BELOW = 1.0
_SERIES_TERMS = 10


@dataclass(frozen=True)
class HardSpheres:
    """A fluid of hard spheres.

    Parameters
    ----------
    diameter : float
        d in Å.
    density : float
        Number density ρ in Å⁻³.

    Raises
    ------
    InputError
        If the packing fraction π ρ d³/6 is not between 0 and 1.
    """

    diameter: float
    density: float

    def __post_init__(self) -> None:
        if not (self.diameter > 0 and 0 < self.packing < 1):
            raise InputError(
                "HardSpheres",
                "a positive diameter and a packing fraction between 0 and 1",
                f"diameter {self.diameter:g} Å, packing fraction {self.packing:.3g}",
            )

    @property
    def packing(self) -> float:
        """Packing fraction η = π ρ d³/6."""
        return float(np.pi / 6.0 * self.density * self.diameter**3)

    @property
    def _coefficients(self) -> tuple[float, float, float]:
        """The coefficients of 1, x and x³ in −c(x), x = r/d < 1."""
        eta = self.packing
        first = (1.0 + 2.0 * eta) ** 2 / (1.0 - eta) ** 4
        second = -6.0 * eta * (1.0 + eta / 2.0) ** 2 / (1.0 - eta) ** 4
        return first, second, eta * first / 2.0

    def direct_correlation(self, r: ArrayLike) -> FloatArray:
        """Return the Percus–Yevick c(r) at r in Å; zero beyond contact."""
        x = np.asarray(r, dtype=float) / self.diameter
        a, b, d = self._coefficients
        return np.where(x < 1.0, -(a + b * x + d * x**3), 0.0)

    def structure_factor(self, q: ArrayLike) -> FloatArray:
        """Return the Percus–Yevick S(q) at q in Å⁻¹, q ≥ 0."""
        x = np.asarray(q, dtype=float) * self.diameter
        integral = np.where(x < _SERIES_BELOW, self._series(x), self._closed(x))
        return 1.0 / (1.0 + 24.0 * self.packing * integral)

    def _series(self, x: FloatArray) -> FloatArray:
        """Return −∫₀¹ c(t) t² sin(xt)/(xt) dt as a power series in x."""
        a, b, d = self._coefficients
        x2 = np.minimum(x, _SERIES_BELOW) ** 2
        total = np.zeros_like(x2)
        for k in range(_SERIES_TERMS):
            moment = a / (2 * k + 3) + b / (2 * k + 4) + d / (2 * k + 6)
            total += moment * (-x2) ** k / factorial(2 * k + 1)
        return total

    def _closed(self, x: FloatArray) -> FloatArray:
        """Return the same integral in closed form."""
        a, b, d = self._coefficients
        x = np.maximum(x, _SERIES_BELOW)
        sin, cos = np.sin(x), np.cos(x)
        one = (sin - x * cos) / x**3
        two = (2.0 * x * sin - (x**2 - 2.0) * cos - 2.0) / x**4
        four = (4.0 * x * (x**2 - 6.0) * sin - (x**4 - 12.0 * x**2 + 24.0) * cos + 24.0) / x**6
        return np.asarray(a * one + b * two + d * four)

    @property
    def contact(self) -> float:
        """Percus–Yevick g(d⁺)."""
        return (1.0 + self.packing / 2.0) / (1.0 - self.packing) ** 2

    @property
    def py_virial(self) -> float:
        """Percus–Yevick compressibility factor βP/ρ, virial route."""
        eta = self.packing
        return (1.0 + 2.0 * eta + 3.0 * eta**2) / (1.0 - eta) ** 2

    @property
    def py_compressibility(self) -> float:
        """Percus–Yevick compressibility factor βP/ρ, compressibility route."""
        eta = self.packing
        return (1.0 + eta + eta**2) / (1.0 - eta) ** 3

    @property
    def carnahan_starling(self) -> float:
        """Compressibility factor βP/ρ of Carnahan and Starling."""
        eta = self.packing
        return (1.0 + eta + eta**2 - eta**3) / (1.0 - eta) ** 3
