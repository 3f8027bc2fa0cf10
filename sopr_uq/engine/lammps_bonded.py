"""How LAMMPS is told of bonds, angles and dihedrals within molecules.

Each of them is a table. The mesh of charges counts the pairs within a molecule, too, which have no
energy between molecules: that is taken out by a bond between any two sites with charges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sopr_uq.engine.electrostatics import Within
from sopr_uq.engine.plan import Plan
from sopr_uq.experiment.bonded import Bonded, Turning
from sopr_uq.experiment.molecule import Molecule
from sopr_uq.typing import FloatArray, IntArray

_POINTS = 2000
_NEAREST = 0.2
_HALF, _WHOLE = np.linspace(0.0, 180.0, 721), np.linspace(-180.0, 180.0, 721)[:-1]
"""Degrees at which an angle and a dihedral are told."""
_STEP = 1e-3

type _Term = tuple[Turning, IntArray]
"""The energy of a kind of angle or dihedral, and its atoms, shape (m, 3 or 4), from 0."""


@dataclass(frozen=True)
class Inner:
    """All that acts within the flexible molecules of a plan.

    Parameters
    ----------
    plan : Plan
    """

    plan: Plan

    def __bool__(self) -> bool:
        return any(self._flexible())

    @property
    def room(self) -> str:
        """What ``create_box`` is told of it, beginning with a space; nothing without any."""
        if not self:
            return ""
        most = max(len(m.sites) for _, m, _ in self._flexible())
        words = [
            f"{name}/types {len(terms)} extra/{name}/per/atom {most**2}"
            for name, terms in (
                ("bond", self._bonds), ("angle", self._angles), ("dihedral", self._dihedrals),
            )
            if terms
        ]  # fmt: skip
        return " " + " ".join(words)

    def commands(self, folder: Path) -> Iterator[str]:
        """Write tables into a folder, and yield what makes bonds and says how they act."""
        if not self:
            return
        yield f"bond_style table spline {_POINTS}"
        for number, (within, _) in enumerate(self._bonds, 1):
            path = folder / f"bond-{number}.table"
            _write(within, path)
            yield f'bond_coeff {number} "{path}" BOND'
        yield from _turnings("angle", self._angles, _HALF, folder)
        yield from _turnings("dihedral", self._dihedrals, _WHOLE, folder)
        every: tuple[tuple[str, list[IntArray]], ...] = (
            ("bond", [atoms for _, atoms in self._bonds]),
            ("angle", [atoms for _, atoms in self._angles]),
            ("dihedral", [atoms for _, atoms in self._dihedrals]),
        )
        for name, groups in every:
            for number, atoms in enumerate(groups, 1):
                for row in (atoms + 1).tolist():
                    joined = " ".join(map(str, row))
                    # no pair within a molecule is a neighbour: there is nothing to make special
                    yield f"create_bonds single/{name} {number} {joined} special no"

    def _flexible(self) -> Iterator[tuple[int, Molecule, Bonded]]:
        for kind, molecule in enumerate(self.plan.setup.substance.molecules):
            if molecule.bonded is not None:
                yield kind, molecule, molecule.bonded

    @cached_property
    def _bonds(self) -> list[tuple[Within, IntArray]]:
        found: dict[Within, list[IntArray]] = {}
        alpha = self.plan.alpha or 0.0
        for kind, molecule, bonded in self._flexible():
            members = self.plan.topology.members(kind)
            charges = [site.charge for site in molecule.sites]
            stretchings = {tuple(sorted(bond.atoms)): bond.stretching for bond in bonded.bonds}
            reach = bonded.reach(len(charges))
            for i, j in zip(*np.triu_indices(len(charges), 1), strict=True):
                stretching, product = stretchings.get((int(i), int(j))), charges[i] * charges[j]
                if stretching is None and product == 0.0:
                    continue
                far = round(float(reach[i, j]), 6)
                ends = (_NEAREST, far) if stretching is None else stretching.ends
                within = Within(stretching, product, alpha, ends)
                found.setdefault(within, []).append(members[:, [i, j]])
        return [(within, np.concatenate(atoms)) for within, atoms in found.items()]

    @cached_property
    def _angles(self) -> list[_Term]:
        return [
            (angle.bend, self.plan.topology.members(kind)[:, list(angle.atoms)])
            for kind, _, bonded in self._flexible()
            for angle in bonded.angles
        ]

    @cached_property
    def _dihedrals(self) -> list[_Term]:
        return [
            (dihedral.turn, self.plan.topology.members(kind)[:, list(dihedral.atoms)])
            for kind, _, bonded in self._flexible()
            for dihedral in bonded.dihedrals
        ]


def _turnings(
    name: str, terms: Sequence[_Term], degrees: FloatArray, folder: Path
) -> Iterator[str]:
    """Write the tables of angles or dihedrals, and yield what says how they act."""
    if terms:
        yield f"{name}_style table spline {degrees.size}"
    for number, (turning, _) in enumerate(terms, 1):
        path = folder / f"{name}-{number}.table"
        _write_turning(turning, degrees, path)
        yield f'{name}_coeff {number} "{path}" TURN'


def _write_turning(turning: Turning, degrees: FloatArray, path: Path) -> None:
    """Write the energy of an angle or a dihedral as a table ``TURN``."""
    energy = turning.energy(degrees)
    force = (turning.energy(degrees - _STEP) - turning.energy(degrees + _STEP)) / (2.0 * _STEP)
    columns = np.column_stack([np.arange(1, degrees.size + 1), degrees, energy, force])
    with path.open("w", encoding="ascii") as file:
        file.write(f"TURN\nN {degrees.size}\n\n")
        np.savetxt(file, columns, fmt="%d %.12g %.12g %.12g")


def _write(within: Within, path: Path) -> None:
    """Write the energy of a pair within a molecule as a table ``BOND``."""
    r = np.linspace(*within.ends, _POINTS)
    columns = np.column_stack([np.arange(1, r.size + 1), r, within.energy(r), within.force(r)])
    # the slope of the force at its ends, for the spline
    first, last = np.gradient(within.force(r), r)[[0, -1]]
    with path.open("w", encoding="ascii") as file:
        file.write(f"BOND\nN {r.size} FP {first:.10g} {last:.10g} EQ {within.least:.10g}\n\n")
        np.savetxt(file, columns, fmt="%d %.12g %.12g %.12g")
