"""Physical constants and conversions for the package's units.

Lengths are in Å, energies in kcal/mol, temperatures in K, masses in u,
pressures in MPa, times in fs. The values derive from the CODATA constants in
:mod:`scipy.constants`.
"""

from __future__ import annotations

from scipy import constants

_KCAL = 1000.0 * constants.calorie

BOLTZMANN: float = constants.R / _KCAL
"""Boltzmann (gas) constant in kcal/(mol K)."""

MPA_PER_KCAL_MOL_A3: float = _KCAL / constants.N_A / constants.angstrom**3 / constants.mega
"""MPa in one kcal/(mol Å³)."""

KCAL_MOL_PER_EV: float = constants.e * constants.N_A / _KCAL
"""kcal/mol in one eV."""

FS_PER_TIME: float = (
    constants.angstrom * (constants.atomic_mass * constants.N_A / _KCAL) ** 0.5 / constants.femto
)
"""fs in one natural time unit Å (u mol/kcal)^(1/2)."""

FS_PER_PS = 1000.0
"""fs in one ps."""

JOULE_PER_KCAL: float = _KCAL
"""J in one kcal."""

COULOMB: float = (
    constants.elementary_charge**2
    / (4.0 * constants.pi * constants.epsilon_0)
    * constants.N_A
    / _KCAL
    / constants.angstrom
)
"""Energy of two elementary charges at 1 Å, in kcal/mol."""

POLARIZABILITY_AU: float = 0.529177210544**3
"""Å³ in one atomic unit of polarizability, a₀³."""

DISPERSION_POWER = 6.0
"""Of 1/r, with which the leading term of London's dispersion falls."""


def thermal_energy(temperature: float) -> float:
    """Return k_B T in kcal/mol for a temperature in K."""
    return BOLTZMANN * temperature


def inverse_temperature(temperature: float) -> float:
    """Return β = 1/(k_B T) in mol/kcal for a temperature in K."""
    return 1.0 / thermal_energy(temperature)
