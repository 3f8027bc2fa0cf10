"""What a slab of liquid between its vapour tells: both densities, pressure, surface tension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi

import numpy as np
from scipy import constants

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.slab import Surface
from sopr_uq.potentials import Potential
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_GRID = RadialGrid.covering(80.0, 0.02)
_G_CM3: float = constants.atomic_mass * 1e3 / (constants.angstrom / constants.centi) ** 3
"""g/cm³ in one u/Å³."""

_MN_M_PER_MPA_A: float = constants.mega * constants.angstrom / constants.milli


def liquid_density(setup: Setup, simulation: Simulation) -> Series:
    """Return the density of the liquid well inside of the slab, in g/cm³."""
    profile, surface = _surface(simulation)
    return _mean(profile, surface.inside(profile.x), setup, "liquid-density")


def vapour_density(setup: Setup, simulation: Simulation) -> Series:
    """Return the density of the vapour well outside of the slab, in g/cm³."""
    profile, surface = _surface(simulation)
    return _mean(profile, surface.outside(profile.x), setup, "vapour-density")


def surface_tension(setup: Setup, simulation: Simulation) -> Series:  # noqa: ARG001
    """Return γ = (L_z/2)(P_N − P_T) in mN/m, of two surfaces.

    References
    ----------
    J. G. Kirkwood, F. P. Buff, J. Chem. Phys. 17, 338 (1949).
    """
    x = simulation["profile"].x
    half = float(x[-1] + 0.5 * (x[1] - x[0]))
    normal, tangential = simulation["normal pressure"], simulation["tangential pressure"]
    blocks = half * _MN_M_PER_MPA_A * (normal.blocks - tangential.blocks)
    return Series.of_blocks("surface-tension", np.zeros(1), blocks, "mN/m")


def normal_pressure(setup: Setup, simulation: Simulation) -> Series:  # noqa: ARG001
    """Return the pressure along z in MPa, the same in both phases: that of the vapour."""
    return simulation["normal pressure"]


def virial_pressure(setup: Setup, simulation: Simulation) -> Series:
    """Return the pressure of the vapour by its density, ρk_BT(1 + B₂ρ + B₃ρ²), in MPa."""
    profile, surface = _surface(simulation)
    rho = profile.blocks[:, surface.outside(profile.x)].mean(axis=1, keepdims=True)
    (potential,) = setup.in_order
    second, third = virials(potential, setup.state.beta)
    mean = rho.mean()
    # by its slope: the mean over blocks is then that of the mean density
    slope = 1.0 + 2.0 * second * mean + 3.0 * third * mean**2
    value = mean * (1.0 + second * mean + third * mean**2) + slope * (rho - mean)
    unit = MPA_PER_KCAL_MOL_A3 / setup.state.beta
    return Series.of_blocks("vapour-pressure", np.zeros(1), unit * value, "MPa")


VAPOUR_PRESSURES: Sequence[Callable[[Setup, Simulation], Series]] = (
    normal_pressure,
    virial_pressure,
)
"""Two ways to the same number, of independent errors: averaged by those."""


def virials(potential: Potential, beta: float) -> tuple[float, float]:
    """Return B₂ in Å³ and B₃ in Å⁶ of a potential, β in mol/kcal.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., eqs 3.9.9 and 3.9.10.
    """
    f = np.expm1(-beta * potential.energy(_GRID.r))
    f_q = _GRID.forward(f)
    shell = 4.0 * pi * _GRID.r**2
    second = -0.5 * float(_GRID.integrate(shell * f))
    third = -float(_GRID.integrate(shell * f * _GRID.backward(f_q**2))) / 3.0
    return second, third


def _surface(simulation: Simulation) -> tuple[Series, Surface]:
    profile = simulation["profile"]
    return profile, Surface.of(profile.x, profile.mean)


def _mean(
    profile: Series, where: np.ndarray[tuple[int], np.dtype[np.bool_]], setup: Setup, name: str
) -> Series:
    blocks: FloatArray = profile.blocks[:, where].mean(axis=1, keepdims=True)
    return Series.of_blocks(name, np.zeros(1), blocks * setup.state.mass * _G_CM3, "g/cm^3")
