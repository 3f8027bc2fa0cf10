"""Thermodynamics from g(r): virial pressure, energy, compressibility.

All integrals run over a :class:`RadialGrid`; beyond its end g = 1 and v is
continued from its last value with a power, r⁻⁶ (the leading dispersion term) unless another
is given. Functions of r have the shape (n, ...) for an element and (n, p, ...)
for the p pairs of a mixture, ordered as in :mod:`.mixture`; densities are
numbers or arrays of shape (t,) then, and powers numbers or arrays of shape (p,).
"""

from __future__ import annotations

import numpy as np
from scipy.integrate import cumulative_simpson

from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray
from sopr_uq.units import DISPERSION_POWER, MPA_PER_KCAL_MOL_A3


def virial_pressure(
    grid: RadialGrid,
    g: ArrayLike,
    energy: ArrayLike,
    force: ArrayLike,
    density: ArrayLike,
    beta: float,
    power: ArrayLike = DISPERSION_POWER,
) -> float:
    """Return P = ρ/β − (2π/3) Σ_ab ρ_a ρ_b ∫ r³ v′ g dr in MPa.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,) or (n, p)
        Radial distribution functions on ``grid.r``.
    energy, force : array, of the same shape
        v in kcal/mol and −v′ in kcal/(mol Å).
    density : float or array of shape (t,)
        Number density, of each type, in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    power : float or array of shape (p,)
        Exponent of the tail beyond the grid, above 3.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.5.22.
    """
    mixture = Mixture.of(density)
    excess = mixture.total(_virial(grid, force, g) + _pressure_tail(grid, energy, power))
    ideal = mixture.density / beta
    return float((ideal + mixture.density**2 * excess) * MPA_PER_KCAL_MOL_A3)


def pressure_change(
    grid: RadialGrid,
    g: ArrayLike,
    force: ArrayLike,
    density: ArrayLike | Mixture,
    change_energy: ArrayLike,
    change_force: ArrayLike,
    change_g: ArrayLike,
) -> FloatArray:
    """Return the change of the virial pressure, to first order, in MPa.

    Parameters
    ----------
    grid : RadialGrid
    g, force : array, shape (n,) or (n, p)
        As in :func:`virial_pressure`.
    density : float or array of shape (t,)
        Number density, of each type, in Å⁻³.
    change_energy, change_force, change_g : array, shape (n, m) or (n, p, m)
        Changes δv in kcal/mol, −δv′ in kcal/(mol Å), and δg. Beyond the grid δv dies as r⁻⁶.

    Returns
    -------
    array, shape (m,)
    """
    mixture = Mixture.of(density)
    explicit = _virial(grid, change_force, g) + _pressure_tail(
        grid, change_energy, DISPERSION_POWER
    )
    change = mixture.total(explicit + _virial(grid, force, change_g))
    return np.asarray(mixture.density**2 * change * MPA_PER_KCAL_MOL_A3)


def internal_energy(
    grid: RadialGrid,
    g: ArrayLike,
    energy: ArrayLike,
    density: ArrayLike,
    power: ArrayLike = DISPERSION_POWER,
) -> float:
    """Return the potential energy per particle, 2πρ Σ_ab c_a c_b ∫ r² v g dr, in kcal/mol.

    Parameters
    ----------
    grid : RadialGrid
    g, energy : array, shape (n,) or (n, p)
        g on ``grid.r``, and v there in kcal/mol.
    density : float or array of shape (t,)
        Number density, of each type, in Å⁻³.
    power : float or array of shape (p,)
        Exponent of the tail beyond the grid, above 3.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eq. 2.5.20.
    """
    mixture, product = Mixture.of(density), _masked_product(energy, g)
    inner = grid.integrate((product.T * grid.r**2).T)
    last = np.asarray(energy, dtype=float)[-1]
    tail = grid.r_max**3 * last / (np.asarray(power, dtype=float) - 3.0)
    return float(2.0 * np.pi * mixture.density * mixture.total(inner + tail))


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
    return 2.0 * np.pi / 3.0 * grid.integrate((product.T * grid.r**3).T)


def _pressure_tail(grid: RadialGrid, energy: ArrayLike, power: ArrayLike) -> FloatArray:
    """−(2π/3) ∫ r³ v′ dr beyond the grid."""
    end = grid.r_max**3 * np.asarray(energy, dtype=float)[-1]
    m = np.asarray(power, dtype=float)
    return np.asarray(2.0 * np.pi / 3.0 * (end.T * m / (m - 3.0)).T)


def _masked_product(a: ArrayLike, g: ArrayLike) -> FloatArray:
    """Multiply, zero where g is (the core, where v may be infinite or meaningless)."""
    left, right = np.asarray(a, dtype=float), np.asarray(g, dtype=float)
    axes = max(left.ndim, right.ndim)
    left, right = (x.reshape(x.shape + (1,) * (axes - x.ndim)) for x in (left, right))
    product = np.zeros(np.broadcast_shapes(left.shape, right.shape))
    np.multiply(left, right, out=product, where=right != 0.0)
    return product
