"""Thermodynamics from g(r): virial pressure, energy, compressibility.

All integrals run over a :class:`RadialGrid`; beyond its end g = 1 and v is
continued from its last value with a power, r⁻⁶ (the leading dispersion term) unless another
is given.
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import cumulative_simpson

from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

DISPERSION = 6.0


def virial_pressure(
    grid: RadialGrid,
    g: ArrayLike,
    energy: ArrayLike,
    force: ArrayLike,
    density: float,
    beta: float,
    power: float = DISPERSION,
) -> float:
    """Return P = ρ/β − (2π/3) ρ² ∫ r³ v′ g dr in MPa.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,)
        Radial distribution function on ``grid.r``.
    energy, force : array, shape (n,)
        v in kcal/mol and −v′ in kcal/(mol Å).
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    power : float
        Exponent of the tail beyond the grid, above 3.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.5.22.
    """
    ideal = density / beta
    excess = density**2 * (_virial(grid, force, g) + _pressure_tail(grid, energy, power))
    return float((ideal + excess) * MPA_PER_KCAL_MOL_A3)


def pressure_change(
    grid: RadialGrid,
    g: ArrayLike,
    force: ArrayLike,
    density: float,
    change_energy: ArrayLike,
    change_force: ArrayLike,
    change_g: ArrayLike,
    power: float = DISPERSION,
) -> FloatArray:
    """Return the change of the virial pressure, to first order, in MPa.

    Parameters
    ----------
    grid : RadialGrid
    g, force : array, shape (n,)
        As in :func:`virial_pressure`.
    density : float
        Number density ρ in Å⁻³.
    change_energy, change_force, change_g : array, shape (n, m)
        Changes δv in kcal/mol, −δv′ in kcal/(mol Å), and δg.
    power : float
        Exponent of the tails of δv beyond the grid, above 3.

    Returns
    -------
    array, shape (m,)
    """
    explicit = _virial(grid, change_force, g) + _pressure_tail(grid, change_energy, power)
    through_g = _virial(grid, force, change_g)
    return np.asarray(density**2 * (explicit + through_g) * MPA_PER_KCAL_MOL_A3)


def internal_energy(
    grid: RadialGrid, g: ArrayLike, energy: ArrayLike, density: float, power: float = DISPERSION
) -> float:
    """Return the potential energy per particle, 2πρ ∫ r² v g dr, in kcal/mol.

    Parameters
    ----------
    grid : RadialGrid
    g, energy : array, shape (n,)
        g on ``grid.r``, and v there in kcal/mol.
    density : float
        Number density ρ in Å⁻³.
    power : float
        Exponent of the tail beyond the grid, above 3.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.5.20.
    """
    inner = grid.integrate(grid.r**2 * _masked_product(energy, g))
    tail = np.asarray(energy, dtype=float)[-1] * grid.r_max**3 / (power - 3.0)
    return float(2.0 * np.pi * density * (inner + tail))


def compressibility_pressure(density: ArrayLike, s_zero: ArrayLike, beta: float) -> FloatArray:
    """Return P(ρ) = ∫ dρ / (β S(0)) in MPa, the compressibility route.

    Parameters
    ----------
    density : array, shape (k,)
        Number densities in Å⁻³, increasing from 0, k ≥ 3.
    s_zero : array, shape (k,)
        S(0) at each; 1 at zero density.
    beta : float
        1/(k_B T) in mol/kcal.

    Returns
    -------
    array, shape (k,)

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.6.12.
    """
    slope = 1.0 / (beta * np.asarray(s_zero, dtype=float))
    pressure = cumulative_simpson(slope, x=np.asarray(density, dtype=float), initial=0.0)
    return np.asarray(pressure * MPA_PER_KCAL_MOL_A3)


def _virial(grid: RadialGrid, force: ArrayLike, g: ArrayLike) -> FloatArray:
    product = _masked_product(force, g)
    r_cubed = grid.r.reshape((-1,) + (1,) * (product.ndim - 1)) ** 3
    return 2.0 * np.pi / 3.0 * grid.integrate(r_cubed * product)


def _pressure_tail(grid: RadialGrid, energy: ArrayLike, power: float) -> FloatArray:
    """−(2π/3) ∫ r³ v′ dr beyond the grid."""
    end = grid.r_max**3 * np.asarray(energy, dtype=float)[-1]
    return np.asarray(2.0 * np.pi / 3.0 * power / (power - 3.0) * end)


def _masked_product(a: ArrayLike, g: ArrayLike) -> FloatArray:
    """Multiply, zero where g is (the core, where v may be infinite or meaningless)."""
    left, right = np.asarray(a, dtype=float), np.asarray(g, dtype=float)
    if left.ndim != right.ndim:
        left, right = left.reshape(left.shape[0], -1), right.reshape(right.shape[0], -1)
    product = np.zeros(np.broadcast_shapes(left.shape, right.shape))
    np.multiply(left, right, out=product, where=right != 0.0)
    return product
