"""Length and energy scales of a potential, and the time step that follows from them."""

from __future__ import annotations

import numpy as np

from sopr_uq.engine.protocol import Setup
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential, Zero
from sopr_uq.potentials.descriptors import first_zero
from sopr_uq.units import FS_PER_TIME, thermal_energy

REDUCED_TIMESTEP = 0.004
"""Default time step in units of σ (m / max(ε, k_B T))^(1/2).

A finite step heats the configurations, quadratically in the step: in liquid
argon near its triple point by 0.1 %, which raises the pressure by 0.2 MPa
(0.3 MPa at a step of 0.005), half the sampling error of a run of 8 000 steps
of 1372 particles. Particles are lost from a step of 0.03 on.
"""

VIBRATION = 0.05
"""Time step over the period of a bond: velocity Verlet makes its squared stretch (ωΔt)²/4 too
large, 2.5 %."""

ROTATION = 0.04
"""Default time step in units of (I / k_B T)^(1/2), of the least moment of inertia I.

2.0 fs for water at 298 K, whose librations it follows 25 times a period.
"""

_SCAN = np.arange(0.5, 20.0, 0.005)


def length_scale(potential: Potential, temperature: float) -> float | None:
    """Find the size of a particle.

    Parameters
    ----------
    potential : Potential
    temperature : float
        In K.

    Returns
    -------
    float or None
        The first zero of v in Å; for a potential without one the outermost
        distance at which it exceeds k_B T; None if there is no such distance.
    """
    v = potential.energy(_SCAN)
    if np.isfinite(zero := float(first_zero(_SCAN, v))):
        return zero
    high = np.flatnonzero(v > thermal_energy(temperature))
    return float(_SCAN[high[-1]]) if high.size else None


def default_timestep(potential: Potential, temperature: float, mass: float) -> float:
    """Choose a time step from mass, σ and ε.

    Parameters
    ----------
    potential : Potential
    temperature : float
        In K.
    mass : float
        In u.

    Returns
    -------
    float
        In fs.
    """
    sigma = length_scale(potential, temperature) or 3.0
    v = potential.energy(_SCAN[sigma <= _SCAN])
    energy = max(-float(v.min()), thermal_energy(temperature))
    return REDUCED_TIMESTEP * sigma * float(np.sqrt(mass / energy)) * FS_PER_TIME


def usual_timestep(setup: Setup) -> float:
    """Return the shortest time step, in fs, that a pair, a rotation or a vibration asks for.

    A pair asks by its lighter particle; of an atom of a rigid molecule, half the
    molecule's mass. Among molecules a core of less than half the size of the largest
    is buried in another and asks for nothing: hydrogen would ask for a step
    that nothing in rigid water needs. On top of a base it is that of thermal motion:
    corrections are weak beside it.
    """
    substance, temperature = setup.substance, setup.state.temperature
    if substance.base is not None:
        return default_timestep(Zero(), temperature, float(substance.masses.min()))
    masses = _moved_masses(substance)
    sizes = {p: length_scale(v, temperature) or 0.0 for p, v in setup.potentials.items()}
    felt = 0.0 if substance.atomic else 0.5 * max(sizes.values())
    steps = [
        default_timestep(v, temperature, min(masses[pair.first], masses[pair.second]))
        for pair, v in setup.potentials.items()
        if substance.atomic or sizes[pair] > felt
    ]
    return min([*steps, *_of_rotation(substance, temperature), *_of_vibration(substance)])


def _moved_masses(substance: Substance) -> dict[str, float]:
    """Mass in u that moves with a site of each type."""
    masses: dict[str, float] = {}
    for molecule in substance.molecules:
        for site in molecule.sites:
            mass = max(site.mass, 0.5 * molecule.mass)
            masses[site.name] = min(mass, masses.get(site.name, mass))
    return masses


def _of_rotation(substance: Substance, temperature: float) -> list[float]:
    """A share of the time in which each rigid molecule turns by one, by its least moment."""
    heat = thermal_energy(temperature)
    moments = [molecule.moment for molecule in substance.molecules if molecule.rigid]
    return [ROTATION * float(np.sqrt(m / heat)) * FS_PER_TIME for m in moments]


def _of_vibration(substance: Substance) -> list[float]:
    """A share of the period of each bond of a flexible molecule."""
    return [VIBRATION * period for period in bond_periods(substance)]


def bond_periods(substance: Substance) -> list[float]:
    """Return the period in fs of each bond of the flexible molecules, of its ends alone."""
    periods = []
    for molecule in substance.molecules:
        for bond in () if molecule.bonded is None else molecule.bonded.bonds:
            masses = np.array([molecule.sites[i].mass for i in bond.atoms])
            period = 2.0 * np.pi * np.sqrt(1.0 / np.sum(1.0 / masses) / bond.stretching.curvature)
            periods.append(float(period) * FS_PER_TIME)
    return periods
