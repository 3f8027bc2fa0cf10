"""What a slab of liquid between its vapour tells: both densities, pressure, surface tension."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi
from typing import NamedTuple

import numpy as np
from scipy import constants
from scipy.optimize import brentq

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.slab import Surface
from sopr_uq.errors import SimulationFailed
from sopr_uq.potentials import Potential
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_AT_SURFACE = (-0.5, 1.5)
"""From where to where test particles tell most, in widths w of tanh(z/w) off the surface."""

_GRID = RadialGrid.covering(80.0, 0.02)
_G_CM3: float = constants.atomic_mass * 1e3 / (constants.angstrom / constants.centi) ** 3
"""g/cm³ in one u/Å³."""

_MN_M_PER_MPA_A: float = constants.mega * constants.angstrom / constants.milli


def liquid_density(setup: Setup, simulation: Simulation) -> Series:
    """Return the density of the liquid well inside of the slab, in g/cm³."""
    profile, surface = _surface(simulation)
    return _mean(profile, surface.inside(profile.x), setup, "liquid-density")


def vapour_density(setup: Setup, simulation: Simulation) -> Series:
    """Return the density of the vapour that is in equilibrium with the liquid, in g/cm³.

    By test particles at the surfaces, ρ(z)/⟨exp(−βψ(z))⟩ = ρ_v exp(2B₂ρ_v + 3B₃ρ_v²/2). Counting
    the particles of the vapour tells the same much later: they are few, and exchanged slowly.
    """
    found = told_vapour(setup, simulation).density * setup.state.mass * _G_CM3
    return Series.of_blocks("vapour-density", np.zeros(1), found, "g/cm^3")


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


def virial_vapour_pressure(setup: Setup, simulation: Simulation) -> Series:
    """Return the pressure of the vapour by its density, ρk_BT(1 + B₂ρ + B₃ρ²), in MPa."""
    rho = told_vapour(setup, simulation).density
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
    virial_vapour_pressure,
)
"""Two ways to the same number, of independent errors: averaged by those."""


class Vapour(NamedTuple):
    """The vapour that is in equilibrium with a liquid."""

    density: FloatArray
    """In Å⁻³, of every block, shape (b, 1)."""
    doubt: float
    """What the end of its virial series may change, relative: as much as its last term does."""


def told_vapour(setup: Setup, simulation: Simulation) -> Vapour:
    """Return the vapour that test particles at the surfaces of the liquid tell.

    Raises
    ------
    SimulationFailed
        If the surfaces are not where they were put, or the vapour is too dense for a virial series.
    """
    value = _activity(simulation)
    (potential,) = setup.in_order
    second, third = virials(potential, setup.state.beta)
    mean = float(value.mean())
    rho = density_of_activity(mean, second, third)
    steep = 1.0 / (1.0 + 2.0 * second * rho + 3.0 * third * rho**2)
    # to first order: the mean over blocks is then that of the mean
    blocks = rho * (1.0 + steep * (value / mean - 1.0))
    return Vapour(blocks[:, None], steep * 1.5 * abs(third) * rho**2)


def _activity(simulation: Simulation) -> FloatArray:
    """Return ρ/⟨exp(−βψ)⟩ at the surfaces in Å⁻³, of every block, shape (b,)."""
    profile, surface = _surface(simulation)
    told = simulation["insertion"]
    begin, end = (surface.place + share * surface.width for share in _AT_SURFACE)
    use = (told.x > begin) & (told.x < end)
    if not (told.x[0] < begin and end < told.x[-1]):
        raise SimulationFailed(
            f"the vapour is not told: the surfaces moved to {surface.place:.1f} Å, where no test "
            "particles were put. Try: a lower temperature, or more particles."
        )
    # what n + 1 particles have about the middle of n: it shifts by z/n, and the liquid grows
    liquid = surface.liquid * surface.place / float(profile.mean.sum() * np.diff(profile.x[:2])[0])
    before = told.x[use] / (1.0 + (1.0 + 1.0 / liquid) / sum(simulation.counts))
    rows = np.array([np.interp(before, profile.x, row) for row in profile.blocks])
    # every layer counts alike
    density, likelihood = (
        (each / surface.density(told.x[use])).mean(axis=1) for each in (rows, told.blocks[:, use])
    )
    relative = density / density.mean() - likelihood / likelihood.mean()
    return np.asarray(density.mean() / likelihood.mean() * (1.0 + relative))


def activity(rho: float, second: float, third: float) -> float:
    """Return ρ exp(2B₂ρ + 3B₃ρ²/2) of a gas, in the unit of its density.

    References
    ----------
    Hansen and McDonald, Theory of Simple Liquids, 4th ed., section 3.9.
    """
    return float(rho * np.exp(2.0 * second * rho + 1.5 * third * rho**2))


def density_of_activity(value: float, second: float, third: float) -> float:
    """Return the density at which a gas has an activity, in its unit.

    Raises
    ------
    SimulationFailed
        If a gas with these B₂ and B₃ would condense before.
    """
    ends = np.roots([3.0 * third, 2.0 * second, 1.0])
    real = ends[(np.abs(ends.imag) < 1e-12) & (ends.real > 0.0)].real
    end = float(real.min()) if real.size else 1.0 / abs(second)
    if activity(end, second, third) <= value:
        raise SimulationFailed(
            "its vapour is too dense for a virial series: the critical temperature is near. "
            "Try: a lower temperature."
        )
    return float(brentq(lambda rho: activity(rho, second, third) - value, 0.0, end))


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
