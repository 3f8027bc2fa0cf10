"""Can molecules be as dense as that? Atoms counted for molecules betray themselves here."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Molecule, Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential
from sopr_uq.potentials.descriptors import first_zero
from sopr_uq.typing import FloatArray

TIGHTEST_PACKING = 1.5
"""Upper bound of ρσ³, σ the diameter of a sphere of the volume of a molecule. Water at its normal
density has 1.06, benzene 1.1; hard spheres freeze at 0.94 and cannot be packed above 1.41."""

_POINTS = 40
_SCAN = np.arange(0.5, 15.0, 0.005)


def check_packing(
    substance: Substance, references: Mapping[Pair, Potential], state: StatePoint
) -> None:
    """Check that rigid molecules have cores, and room at a density.

    Parameters
    ----------
    substance : Substance
    references : mapping of Pair to Potential
        Whose like pairs tell the size of each type of site; in kcal/mol.
    state : StatePoint
        Number density in Å⁻³.

    Raises
    ------
    InputError
        If a molecule has no core, or there is no room for so many.
    """
    if substance.atomic:
        return
    sizes = {
        site.name: _diameter(references[Pair(site.name, site.name)]) for site in substance.sites
    }
    volumes = np.array([volume(molecule, sizes) for molecule in substance.molecules])
    for molecule, own in zip(substance.molecules, volumes, strict=True):
        if own == 0.0:
            raise InputError(
                "pair",
                f"a like pair of a site of {molecule.name} whose potential keeps molecules apart",
                "none with a core",
            )
    mean = float(substance.molecule_densities(state) @ volumes) / state.density
    packed = state.density * mean * 6.0 / np.pi
    if packed > TIGHTEST_PACKING:
        atoms = float(substance.densities(state).sum()) / state.density
        most = TIGHTEST_PACKING * state.density / packed
        raise InputError(
            "system.density",
            f"molecules per Å³, of {mean:.0f} Å³ each: at most {most:.3g}",
            f"{state.density:g}",
            f"if it counts atoms, write {state.density / atoms:.4g}; a mass density has its unit, "
            'such as "1.0 g/cm^3"',
        )


def volume(molecule: Molecule, sizes: Mapping[str, float]) -> float:
    """Return the volume in Å³ of the spheres of a molecule together.

    Parameters
    ----------
    molecule : Molecule
    sizes : mapping of str to float
        Diameter in Å of each type of site; 0 of one without a core.
    """
    radii = np.array([0.5 * sizes[site.name] for site in molecule.sites])
    if not radii.any():
        return 0.0
    centres = molecule.shape[radii > 0]
    radii = radii[radii > 0]
    low, high = (centres.T - radii).min(axis=1), (centres.T + radii).max(axis=1)
    inside = np.zeros((_POINTS,) * 3, dtype=bool)
    grid = _grid(low, high)
    for centre, radius in zip(centres, radii, strict=True):
        inside |= np.sum((grid - centre) ** 2, axis=-1) < radius**2
    return float(inside.mean() * np.prod(high - low))


def _grid(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the middles of equal cells that fill a box, shape (n, n, n, 3)."""
    middle = (np.arange(_POINTS) + 0.5) / _POINTS
    axes = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), axis=-1)
    return np.asarray(low + axes * (high - low))


def _diameter(potential: Potential) -> float:
    """Return the first zero of a like pair's potential in Å; 0 where it has none."""
    v = potential.energy(_SCAN)
    zero = float(first_zero(_SCAN, v)) if v.any() else np.nan
    return zero if np.isfinite(zero) else 0.0
