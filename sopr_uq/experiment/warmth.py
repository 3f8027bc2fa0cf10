"""Can molecules be liquid at a temperature? One in °C betrays itself here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Molecule, Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential
from sopr_uq.units import COULOMB, thermal_energy

STRONGEST_COHESION = 35.0
"""Upper bound of what holds a molecule, in k_B T. By this estimate water at 273 K has 12, nitrogen
at 63 K 9, acetonitrile at 229 K 25; water at 25 K has 130."""

_LONGEST = 1.5
"""Of the radius of a molecule's share of space: charges of longer ones have other neighbours."""

_R = np.arange(0.5, 20.0, 0.02)


def check_warmth(
    substance: Substance, references: Mapping[Pair, Potential], state: StatePoint
) -> None:
    """Check that neutral molecules can be liquid at a temperature.

    Parameters
    ----------
    substance : Substance
        On a base, or with ions, it passes.
    references : mapping of Pair to Potential
        In kcal/mol.
    state : StatePoint
        Temperature in K, number density in Å⁻³.

    Raises
    ------
    InputError
        If they would be frozen solid; a temperature in °C looks like that.
    """
    ions = any(abs(molecule.charge) > 1e-6 for molecule in substance.molecules)
    if substance.atomic or substance.base is not None or ions:
        return
    kelvin = state.temperature
    bound = _attraction(substance, references, state) + _polarity(substance, state)
    found = bound / thermal_energy(kelvin)
    if found > STRONGEST_COHESION:
        raise InputError(
            "system.temperature",
            f"a temperature in K at which these molecules are liquid: about {bound:.2g} kcal/mol "
            f"hold one of them, at most {STRONGEST_COHESION:g} k_B T",
            f"{kelvin:g} K, {found:.0f} k_B T",
            f"if {kelvin:g} is in °C, write {kelvin + 273.15:g}",
        )


def _attraction(
    substance: Substance, references: Mapping[Pair, Potential], state: StatePoint
) -> float:
    """Return what pairs of sites give a molecule where g = 1 outside their cores, in kcal/mol."""
    densities = dict(zip(substance.pairs, _products(substance, state), strict=True))
    wells = {
        pair: float(np.trapezoid(4.0 * np.pi * _R**2 * np.minimum(v.energy(_R), 0.0), _R))
        for pair, v in references.items()
    }
    return -sum(densities[pair] * well for pair, well in wells.items()) / state.density


def _products(substance: Substance, state: StatePoint) -> list[float]:
    """Return ½ Σ ρ_a ρ_b over the orders of each pair: how many pairs there are, in Å⁻⁶."""
    density = dict(zip((s.name for s in substance.sites), substance.densities(state), strict=True))
    both = [(density[pair.first] * density[pair.second], pair.like) for pair in substance.pairs]
    return [float(product * (0.5 if like else 1.0)) for product, like in both]


def _polarity(substance: Substance, state: StatePoint) -> float:
    """Return what its surroundings give the dipole of a molecule, in kcal/mol.

    ½ μ²/a³ in a cavity with the volume of a molecule, in a medium that screens it wholly;
    nothing is said of molecules that are longer than it.

    References
    ----------
    L. Onsager, J. Am. Chem. Soc. 58, 1486 (1936).
    """
    shares = substance.molecule_densities(state) / state.density
    inverse = 4.0 * np.pi / 3.0 * state.density
    compact = [_extent(m) < _LONGEST * inverse ** (-1.0 / 3.0) for m in substance.molecules]
    squares = compact * np.array([np.sum(_dipole(m) ** 2) for m in substance.molecules])
    return float(0.5 * COULOMB * inverse * (shares @ squares))


def _extent(molecule: Molecule) -> float:
    """Return how far the farthest site is from the centre, in Å."""
    return float(np.linalg.norm(molecule.shape, axis=1).max())


def _dipole(molecule: Molecule) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the dipole moment of a neutral molecule in e Å, shape (3,)."""
    charges = np.array([site.charge for site in molecule.sites])
    return np.asarray(charges @ molecule.shape)
