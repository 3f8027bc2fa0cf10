"""Charges: the part of Coulomb's law that goes into tables, and what is left to a mesh.

Ewald's split, q_i q_j/r = q_i q_j erfc(αr)/r + q_i q_j erf(αr)/r: the first is
short-ranged and joins the pair potentials, the second is summed in Fourier space
(Frenkel & Smit, Understanding Molecular Simulation, 2nd ed., section 12.1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf, erfc

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


def inner_energy(molecule: Molecule, alpha: float) -> float:
    """Return what the mesh counts between the charges of one molecule, in kcal/mol.

    Σ_{i<j} q_i q_j erf(αr)/r: no energy between molecules, and constant in a rigid one.
    """
    q = np.array([site.charge for site in molecule.sites])
    i, j = np.triu_indices(q.size, 1)
    shape = molecule.shape
    r = np.linalg.norm(shape[j] - shape[i], axis=1)
    return float(COULOMB * np.sum(q[i] * q[j] * erf(alpha * r) / r))
