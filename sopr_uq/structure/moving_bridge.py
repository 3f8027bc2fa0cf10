"""How the bridge function changes with the potential: it rides on the repulsive core.

Bridge functions are nearly universal: that of a liquid is close to that of hard
spheres of a suitable diameter (Y. Rosenfeld, N. W. Ashcroft, Phys. Rev. A 20,
1208 (1979)). When the potential changes, the bridge function B(r) that a
simulation implies is therefore stretched with the diameter d, and its depth
grows with the packing fraction η = πρd³/6 as that of hard spheres does,

    ∂B/∂ln d = −r B′ + 3 m(η) B,    m = ∂ln B_c/∂ln η,

with the contact value B_c = ln(1 + γ_c) − γ_c of the Percus–Yevick solution,
1 + γ_c = (1 + η/2)/(1 − η)². d is Barker and Henderson's diameter of the
repulsive part. In a mixture B of a pair is stretched with the diameter of that pair, and
the depth of all grows with the one packing fraction, (π/6) Σ ρ_a d_a³.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from sopr_uq.structure.bridge import implied_bridge
from sopr_uq.structure.mixture import Mixture
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
    b = _smoothed(grid, bridge, g, diameter)
    packing = np.pi / 6.0 * density * diameter**3
    return _stretched(grid, b) + 3.0 * depth_exponent(packing) * b


def bridge_change(
    grid: RadialGrid,
    g: FloatArray,
    energy: FloatArray,
    densities: FloatArray,
    beta: float,
    directions: FloatArray,
) -> FloatArray:
    """Return how the bridge functions of all pairs change with the potentials.

    Parameters
    ----------
    grid : RadialGrid
    g, energy : array, shape (n, p)
        g(r), and v(r) in kcal/mol, of each pair.
    densities : array, shape (t,)
        Of each type, in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    directions : array, shape (n, p, m)
        δv in kcal/mol.

    Returns
    -------
    array, shape (n, p, m)
        δB.
    """
    mixture = Mixture.of(densities)
    bridge = implied_bridge(grid, g, energy, densities, beta)
    sizes, changes = zip(
        *(
            diameter_change(grid, v, beta, each)
            for v, each in zip(energy.T, np.moveaxis(directions, 1, 0), strict=True)
        ),
        strict=True,
    )
    like = mixture.like > 0
    share = densities * np.array(sizes)[like] ** 3
    packing = np.pi / 6.0 * share.sum()
    packed = 3.0 * (share / share.sum()) @ np.array(changes)[like]
    moved = np.empty_like(directions)
    for i, (size, change) in enumerate(zip(sizes, changes, strict=True)):
        b = _smoothed(grid, bridge[:, i], g[:, i], size)
        moved[:, i] = np.outer(_stretched(grid, b), change)
        moved[:, i] += np.outer(depth_exponent(packing) * b, packed)
    return moved


def _smoothed(grid: RadialGrid, bridge: ArrayLike, g: ArrayLike, diameter: float) -> FloatArray:
    b = np.array(bridge, dtype=float)
    first = int(np.argmax(np.asarray(g) > _SEEN))
    b[:first] = b[first]
    b = gaussian_filter1d(b, SMOOTHING / grid.spacing)
    return np.asarray(b / (1.0 + np.exp((grid.r - REACH * diameter) / _EDGE)))


def _stretched(grid: RadialGrid, b: FloatArray) -> FloatArray:
    return np.asarray(-grid.r * np.gradient(b, grid.r))


def depth_exponent(packing: float) -> float:
    """Return m = ∂ln B_c/∂ln η of hard spheres; 2 at η → 0, as B is of second order.

    Of fluids denser than any (η > 0.55) it is that at 0.55.
    """
    packing = min(packing, _DENSEST)
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
