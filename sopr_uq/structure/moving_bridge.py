"""How the bridge function changes with the potential: it rides on the repulsive core.

Bridge functions are nearly universal: that of a liquid is close to that of hard
spheres of a suitable diameter (Y. Rosenfeld, N. W. Ashcroft, Phys. Rev. A 20,
1208 (1979)). When the potential changes, the bridge function B(r) that a
simulation implies is therefore stretched with the diameter d, and its depth
grows with the packing fraction η = πρd³/6 as that of hard spheres does,

    ∂B/∂ln d = −r B′ + 3 m(η) B,    m = ∂ln B_c/∂ln η,

with the contact value B_c = ln(1 + γ_c) − γ_c of the Percus–Yevick solution,
1 + γ_c = (1 + η/2)/(1 − η)². d is Barker and Henderson's diameter of the
repulsive part.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray

SMOOTHING = 0.075
"""Of B, in Å: its noise is differentiated."""

REACH = 1.3
"""In d: beyond it B is small, and mostly the noise of the simulation."""

_EDGE = 0.15
_SEEN = 0.05
_DENSEST = 0.55


def bridge_motion(
    grid: RadialGrid, bridge: ArrayLike, g: ArrayLike, density: float, diameter: float
) -> FloatArray:
    """Return ∂B/∂ln d.

    Parameters
    ----------
    grid : RadialGrid
    bridge, g : array, shape (n,)
        B(r) and g(r) of the present potential.
    density : float
        Number density ρ in Å⁻³.
    diameter : float
        d in Å.

    Returns
    -------
    array, shape (n,)
        Dimensionless. Where no pair is seen (g < 0.05) B is held.
    """
    b, r = np.array(bridge, dtype=float), grid.r
    first = int(np.argmax(np.asarray(g) > _SEEN))
    b[:first] = b[first]
    b = gaussian_filter1d(b, SMOOTHING / grid.spacing)
    b /= 1.0 + np.exp((r - REACH * diameter) / _EDGE)
    packing = min(np.pi / 6.0 * density * diameter**3, _DENSEST)
    return np.asarray(-r * np.gradient(b, r) + 3.0 * depth_exponent(packing) * b)


def depth_exponent(packing: float) -> float:
    """Return m = ∂ln B_c/∂ln η of hard spheres; 2 at η → 0, as B is of second order."""
    if packing < 1e-3:
        return 2.0
    cavity = (1.0 + 0.5 * packing) / (1.0 - packing) ** 2
    slope = 0.5 / (1.0 - packing) ** 2 + 2.0 * cavity / (1.0 - packing)
    return float((1.0 / cavity - 1.0) * slope * packing / (np.log(cavity) - (cavity - 1.0)))


def diameter_change(
    grid: RadialGrid, energy: ArrayLike, beta: float, directions: ArrayLike
) -> tuple[float, FloatArray]:
    """Return the Barker–Henderson diameter and its logarithmic change.

    d = ∫ [1 − exp(−βu₀)] dr, u₀ = v − v(r_min) inside the minimum, 0 beyond.

    Parameters
    ----------
    grid : RadialGrid
    energy : array, shape (n,)
        v on ``grid.r`` in kcal/mol.
    beta : float
        1/(k_B T) in mol/kcal.
    directions : array, shape (n, m)
        δv in kcal/mol.

    Returns
    -------
    float
        d in Å.
    array, shape (m,)
        δ ln d.
    """
    v, change = np.asarray(energy, dtype=float), np.asarray(directions, dtype=float)
    lowest = int(np.argmin(v))
    boltzmann = np.exp(-beta * (v[:lowest] - v[lowest]))
    # the integrand is flat at both ends: the sum over the grid is the integral
    diameter = grid.spacing * (np.sum(1.0 - boltzmann) + 0.5)
    moved = change[:lowest] - change[lowest]
    return float(diameter), np.asarray(beta * grid.spacing * (boltzmann @ moved) / diameter)
