"""The sites of a liquid's molecules, as its structure knows them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sopr_uq.experiment.molecule import Molecule
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.structure.intramolecular import Intramolecular
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray
from sopr_uq.units import COULOMB

SAME = 0.02
"""In Å: distances of one pair of types that differ by less are one."""


def site_mixture(substance: Substance, state: StatePoint) -> Mixture:
    """Return the mixture of all types of sites, with the distances within rigid molecules.

    Parameters
    ----------
    substance : Substance
    state : StatePoint

    Raises
    ------
    InputError
        If the composition does not fit the substance.
    """
    charges = np.array([site.charge for site in substance.sites]) * np.sqrt(state.beta * COULOMB)
    return Mixture(
        substance.densities(state),
        within=None if substance.atomic else _within(substance, state),
        charges=charges if substance.charged else None,
    )


def mixing(substance: Substance, state: StatePoint) -> FloatArray:
    """Return what a composition that fluctuates as in an ideal mixture adds to S_ab at Q = 0.

    In the sense of Faber and Ziman; zero for one kind of molecule, and of a salt, whose ions are
    held together by their charges (Stillinger and Lovett). Molecules are taken to need as much
    room as they have sites.

    Parameters
    ----------
    substance : Substance
    state : StatePoint

    Returns
    -------
    array, shape (p,)

    References
    ----------
    A. B. Bhatia and D. E. Thornton, Phys. Rev. B 2, 3004 (1970): S_cc(0) = c_a c_b.
    """
    densities, sites = substance.molecule_densities(state), substance.sites_a_molecule
    # numbers of molecules that fluctuate by themselves, held to the room and to neutrality
    room, charges = sites.sum(axis=1), np.array([m.charge for m in substance.molecules])
    held = np.stack([room, charges], axis=1)
    free = np.diag(densities) - densities[:, None] * held @ np.linalg.pinv(
        held.T @ (densities[:, None] * held), rcond=1e-9, hermitian=True
    ) @ (held.T * densities)
    each = substance.densities(state)
    found = each.sum() * (sites.T @ free @ sites) / np.outer(each, each)
    return np.asarray(found[np.triu_indices(each.size)])


def _within(substance: Substance, state: StatePoint) -> Intramolecular:
    each = substance.molecule_densities(state)
    found = [
        (column, length, density * count)
        for molecule, density in zip(substance.molecules, each.tolist(), strict=True)
        for column, length, count in _distinct(substance, molecule)
    ]
    columns, lengths, densities = zip(*found, strict=True) if found else ((), (), ())
    return Intramolecular(
        np.array(columns, dtype=np.intp),
        np.array(lengths, dtype=float),
        np.array(densities, dtype=float),
        float(each.sum()),
    )


def _distinct(substance: Substance, molecule: Molecule) -> Iterator[tuple[int, float, int]]:
    """Yield the pair, the mean and the number of distances that are one."""
    for column, pair in enumerate(substance.pairs):
        lengths = np.sort([length for each, length in molecule.distances if each == pair])
        gaps = np.flatnonzero(np.diff(lengths) > SAME) + 1
        for group in np.split(lengths, gaps) if lengths.size else ():
            yield column, float(group.mean()), group.size
