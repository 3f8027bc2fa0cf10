"""Where a simulation starts: a lattice and thermal velocities."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_TIME, thermal_energy

_FCC = np.array([(0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0)])

DILUTION = 1.5
"""Edge of the box of a lattice start over that of the liquid.

A lattice expanded to 0.3 times the density of the liquid melts within the
thermalisation at any temperature at which there is a liquid.
"""


def fcc_positions(particles: int, box_length: float, rng: np.random.Generator) -> FloatArray:
    """Spread N particles over the sites of a face-centred cubic lattice.

    The lattice is the smallest that holds N; sites left over are vacancies at
    random, so that any N can be used.

    Parameters
    ----------
    particles : int
        N.
    box_length : float
        Edge of the cubic box, in Å.
    rng : numpy.random.Generator
        Chooses the vacancies.

    Returns
    -------
    array, shape (N, 3)
        In Å, inside [0, L).

    Raises
    ------
    InputError
        If N < 1.
    """
    if particles < 1:
        raise InputError("particles", "at least one particle", str(particles))
    cells = int(np.ceil((particles / 4) ** (1 / 3) - 1e-9))
    corner = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = (corner[:, None, :] + _FCC + 0.25).reshape(-1, 3)
    kept = np.sort(rng.permutation(len(sites))[:particles])
    return np.asarray(sites[kept] * (box_length / cells))


def thermal_velocities(
    masses: FloatArray, temperature: float, rng: np.random.Generator
) -> FloatArray:
    """Draw Maxwell–Boltzmann velocities at rest and at exactly the temperature.

    Parameters
    ----------
    masses : array, shape (N,)
        In u; at least 2.
    temperature : float
        In K; that of 3N − 3 degrees of freedom.
    rng : numpy.random.Generator

    Returns
    -------
    array, shape (N, 3)
        In Å/fs, with zero total momentum.
    """
    m = masses[:, None]
    v = rng.standard_normal((masses.size, 3)) / np.sqrt(m)
    v -= (m * v).sum(axis=0) / m.sum()
    v *= np.sqrt((3 * masses.size - 3) / np.sum(m * v**2))
    return np.asarray(v * np.sqrt(thermal_energy(temperature)) / FS_PER_TIME)


def wrapped(positions: FloatArray, box_length: float) -> FloatArray:
    """Bring positions in Å, any shape, into [0, L)."""
    inside = positions % box_length
    # A small negative number modulo L rounds to L itself.
    return np.where(inside < box_length, inside, 0.0)


def kinetic_temperature(velocities: FloatArray, masses: FloatArray) -> float:
    """Temperature in K of velocities in Å/fs, shape (N, 3), and masses in u, shape (N,).

    With 3N − 3 degrees of freedom.
    """
    kinetic = float(np.sum(masses[:, None] * (velocities * FS_PER_TIME) ** 2))
    return kinetic / (3 * len(velocities) - 3) / thermal_energy(1.0)
