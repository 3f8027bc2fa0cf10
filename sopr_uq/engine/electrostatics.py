"""Charges: the part of Coulomb's law that goes into tables, and what is left to a mesh.

Ewald's split, q_i q_j/r = q_i q_j erfc(αr)/r + q_i q_j erf(αr)/r: the first is
short-ranged and joins the pair potentials, the second is summed in Fourier space
(Frenkel & Smit, Understanding Molecular Simulation, 2nd ed., section 12.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, erfc

from sopr_uq.experiment.bonded import Stretching
from sopr_uq.experiment.molecule import Molecule
from sopr_uq.potentials import Potential
from sopr_uq.typing import ArrayLike, FloatArray
from sopr_uq.units import COULOMB

SCREENED = 3.0
"""α times the cut-off: there erfc leaves 2·10⁻⁵ of Coulomb's law."""

MESH_ACCURACY = 1e-4
"""Error of a force on the mesh over that of two unit charges at 1 Å."""

_INNERMOST = 0.4


def splitting(cutoff: float) -> float:
    """Return Ewald's α in Å⁻¹ for a cut-off in Å."""
    return SCREENED / cutoff


@dataclass(frozen=True)
class Screened:
    """A potential with the short-ranged part of Coulomb's law.

    Constant inside 0.4 Å, where no repulsion may be to keep opposite charges apart
    and no pair of a liquid gets.

    Parameters
    ----------
    potential : Potential
    charges : float
        Product of both charges, in e².
    alpha : float
        Ewald's α, in Å⁻¹.
    """

    potential: Potential
    charges: float
    alpha: float

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return v(r) in kcal/mol."""
        x = np.maximum(np.asarray(r, dtype=float), _INNERMOST)
        coulomb = COULOMB * self.charges * erfc(self.alpha * x) / x
        return np.asarray(self.potential.energy(r) + coulomb)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dv/dr in kcal/(mol Å)."""
        r = np.asarray(r, dtype=float)
        x = np.maximum(r, _INNERMOST)
        screened = erfc(self.alpha * x) / x
        slope = 2.0 * self.alpha / np.sqrt(np.pi) * np.exp(-((self.alpha * x) ** 2))
        coulomb = COULOMB * self.charges * (screened + slope) / x
        return np.asarray(self.potential.force(r) + np.where(r < _INNERMOST, 0.0, coulomb))


@dataclass(frozen=True)
class Within:
    """The energy of two atoms of one flexible molecule: of their bond, less what the mesh counts.

    Parameters
    ----------
    stretching : Stretching or None
        Of their bond, where they have one.
    charges : float
        Product of both charges, in e².
    alpha : float
        Ewald's α, in Å⁻¹.
    ends : tuple of float
        From where to where they may be apart, in Å.
    """

    stretching: Stretching | None
    charges: float
    alpha: float
    ends: tuple[float, float]

    @property
    def least(self) -> float:
        """The length of the bond in Å; of other pairs halfway between their ends."""
        return sum(self.ends) / 2.0 if self.stretching is None else self.stretching.length

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return U(r) in kcal/mol."""
        x = np.asarray(r, dtype=float)
        bond = 0.0 if self.stretching is None else self.stretching.energy(x)
        return np.asarray(bond - COULOMB * self.charges * erf(self.alpha * x) / x)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dU/dr in kcal/(mol Å)."""
        x = np.asarray(r, dtype=float)
        bond = 0.0 if self.stretching is None else self.stretching.force(x)
        slope = 2.0 * self.alpha / np.sqrt(np.pi) * np.exp(-((self.alpha * x) ** 2))
        return np.asarray(bond - COULOMB * self.charges * (erf(self.alpha * x) / x - slope) / x)


def inner_energy(molecule: Molecule, places: FloatArray, alpha: float) -> FloatArray:
    """Return what the mesh counts between the charges of one molecule, in kcal/mol.

    Σ_{i<j} q_i q_j erf(αr)/r: no energy between molecules.

    Parameters
    ----------
    molecule : Molecule
    places : array, shape (..., s, 3)
        Of its atoms in Å, side by side.
    alpha : float
        Ewald's α, in Å⁻¹.

    Returns
    -------
    array, shape (...)
    """
    q = np.array([site.charge for site in molecule.sites])
    i, j = np.triu_indices(q.size, 1)
    r = np.linalg.norm(places[..., j, :] - places[..., i, :], axis=-1)
    return np.asarray(COULOMB * np.sum(q[i] * q[j] * erf(alpha * r) / r, axis=-1))
