"""Rigid molecules as HOOMD-blue keeps them: a central particle for each, which carries its atoms.

A body has a place, an orientation, a velocity and an angular momentum; its atoms follow, at
places fixed in the frame of its principal axes, and have no velocity of their own. So
configurations, which are of atoms, are taken apart at the start of a run and put together again.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from scipy.spatial.transform import Rotation

from sopr_uq.engine.lattice import wrapped
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Configuration
from sopr_uq.experiment.molecule import Molecule
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.units import FS_PER_TIME


class BodyState(NamedTuple):
    """How n bodies lie and move."""

    centres: FloatArray
    """In Å, shape (n, 3); some outside the box."""
    turns: FloatArray
    """Quaternions from the principal axes to those of the box, scalar first, shape (n, 4)."""
    velocities: FloatArray
    """Of the centres, shape (n, 3)."""
    spins: FloatArray
    """Angular momenta about the principal axes, u Å times the unit of velocity, shape (n, 3)."""


@dataclass(frozen=True)
class RigidKind:
    """A rigid molecule in the frame of its principal axes, and the atoms that are such molecules.

    Parameters
    ----------
    name : str
        Of the molecule.
    sites : tuple of str
        The type of each of its s atoms, in the order of their tags.
    places : array, shape (s, 3)
        From the centre of mass in Å.
    masses : array, shape (s,)
        In u.
    moments : array, shape (3,)
        Moments of inertia in u Å²; exactly zero about a line of atoms.
    atoms : array, shape (n, s)
        Tags of the atoms of each molecule, ascending.
    """

    name: str
    sites: tuple[str, ...]
    places: FloatArray
    masses: FloatArray
    moments: FloatArray
    atoms: IntArray

    @classmethod
    def of(cls, molecule: Molecule, members: IntArray) -> Self:
        """Return that of a molecule and its atoms in the order of its sites, shape (n, s)."""
        order = np.argsort(members[0])
        masses = np.array([molecule.sites[i].mass for i in order])
        shape = molecule.shape[order]
        inertia = np.sum(shape**2 * masses[:, None]) * np.eye(3) - (shape.T * masses) @ shape
        moments, axes = np.linalg.eigh(inertia)
        axes[:, 0] *= np.linalg.det(axes)
        if molecule.freedom == 5:
            moments[0] = 0.0
        names = tuple(molecule.sites[i].name for i in order)
        return cls(molecule.name, names, shape @ axes, masses, moments, members[:, order])

    def taken_apart(self, configuration: Configuration) -> BodyState:
        """Return the bodies nearest to a configuration of atoms.

        What is no motion of a rigid body is left out of the velocities: those drawn at a
        temperature keep it, as each degree of freedom has its own share.
        """
        edge, share = configuration.box_length, self.masses / self.masses.sum()
        x, v = configuration.positions[self.atoms], configuration.velocities[self.atoms]
        way = x - x[:, :1]
        way -= edge * np.rint(way / edge)
        middle = np.einsum("s,nsi->ni", share, way)
        arms, velocities = way - middle[:, None], np.einsum("s,nsi->ni", share, v)
        turns = superposed(self.places, self.masses, arms)
        momenta = np.einsum("s,nsi->ni", self.masses, np.cross(arms, v - velocities[:, None]))
        spins = np.einsum("nji,nj->ni", turns, momenta) * (self.moments > 0)
        quaternions = Rotation.from_matrix(turns).as_quat(scalar_first=True)
        return BodyState(x[:, 0] + middle, quaternions, velocities, spins)

    def swings(self, turns: FloatArray, spins: FloatArray) -> FloatArray:
        """Return the velocities of atoms about the centres of their bodies, shape (n, s, 3)."""
        axes = Rotation.from_quat(turns, scalar_first=True).as_matrix()
        rates = spins / np.where(self.moments > 0, self.moments, np.inf)
        turning = np.cross(rates[:, None], self.places[None])
        return np.asarray(np.einsum("nij,nsj->nsi", axes, turning))


def superposed(places: FloatArray, weights: FloatArray, arms: FloatArray) -> FloatArray:
    """Return the rotations that bring places nearest to arms, by weighted squares.

    W. Kabsch, Acta Cryst. A 32, 922 (1976). Of atoms on a line any of those that do it.

    Parameters
    ----------
    places : array, shape (s, 3)
    weights : array, shape (s,)
    arms : array, shape (n, s, 3)
        From the same centre.

    Returns
    -------
    array, shape (n, 3, 3)
    """
    u, _, vt = np.linalg.svd(np.einsum("s,nsi,sj->nij", weights, arms, places))
    # a reflection would bring some nearer, and is none of the ways a molecule turns
    u[:, :, 2] *= np.linalg.det(u @ vt)[:, None]
    return np.asarray(u @ vt)


def conjugate_momenta(turns: FloatArray, spins: FloatArray) -> FloatArray:
    """Return HOOMD-blue's angular momenta 2 q (0, L), shape (n, 4), of spins L, shape (n, 3)."""
    scalar, vector = turns[:, :1], turns[:, 1:]
    along = -np.sum(vector * spins, axis=1, keepdims=True)
    return 2.0 * np.concatenate([along, scalar * spins + np.cross(vector, spins)], axis=1)


def spins_of(turns: FloatArray, momenta: FloatArray) -> FloatArray:
    """Return the spins L, shape (n, 3), of HOOMD-blue's angular momenta p, shape (n, 4): q* p/2."""
    scalar, vector = turns[:, :1], turns[:, 1:]
    turned = scalar * momenta[:, 1:] - momenta[:, :1] * vector - np.cross(vector, momenta[:, 1:])
    return np.asarray(0.5 * turned)


class Bodies:
    """The central particles of a box, which precede all atoms; those of one kind follow each other.

    Parameters
    ----------
    plan : Plan
        Without rigid molecules there are none.
    """

    def __init__(self, plan: Plan) -> None:
        members = plan.topology.members
        molecules = enumerate(plan.setup.substance.molecules)
        self._kinds = [RigidKind.of(m, members(i)) for i, m in molecules if m.rigid]
        self._types = len(plan.counts)
        ends = np.cumsum([0, *(len(kind.atoms) for kind in self._kinds)]).tolist()
        self._parts = [slice(a, b) for a, b in pairwise(ends)]
        self.number: int = ends[-1]
        """How many there are."""

    @property
    def names(self) -> list[str]:
        """Their types: a hyphen begins no name of a site."""
        return [f"-{kind.name}" for kind in self._kinds]

    def constraint(self, md: Any) -> Any:
        """Return what keeps atoms where their bodies carry them; None without any."""
        if not self._kinds:
            return None
        rigid = md.constrain.Rigid()
        for name, kind in zip(self.names, self._kinds, strict=True):
            rigid.body[name] = {
                "constituent_types": list(kind.sites),
                "positions": kind.places.tolist(),
                "orientations": [(1.0, 0.0, 0.0, 0.0)] * len(kind.sites),
            }
        return rigid

    def fill(self, particles: Any, first: Configuration) -> None:
        """Write the bodies of a configuration before its atoms, which are there already.

        Parameters
        ----------
        particles : particles of a hoomd.Snapshot
        first : Configuration
        """
        for number, (kind, own) in enumerate(zip(self._kinds, self._parts, strict=True)):
            state = kind.taken_apart(first)
            tags = np.arange(own.start, own.stop)
            inside = wrapped(state.centres, first.box_length)
            particles.typeid[own] = self._types + number
            particles.position[own] = inside - first.box_length / 2
            particles.orientation[own] = state.turns
            particles.velocity[own] = state.velocities * FS_PER_TIME
            particles.angmom[own] = conjugate_momenta(state.turns, state.spins * FS_PER_TIME)
            particles.mass[own] = kind.masses.sum()
            particles.moment_inertia[own] = kind.moments
            particles.body[own] = tags
            particles.body[self.number + kind.atoms] = tags[:, None]

    def velocities(self, particles: Any) -> FloatArray:
        """Return the velocities of all atoms of a snapshot in Å/fs, shape (N, 3)."""
        found = np.array(particles.velocity[self.number :], dtype=float)
        for kind, own in zip(self._kinds, self._parts, strict=True):
            turns = np.array(particles.orientation[own], dtype=float)
            spins = spins_of(turns, np.array(particles.angmom[own], dtype=float))
            moved = np.array(particles.velocity[own], dtype=float)
            found[kind.atoms] = moved[:, None] + kind.swings(turns, spins)
        return found / FS_PER_TIME
