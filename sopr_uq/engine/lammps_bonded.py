"""How LAMMPS is told of bonds, angles and dihedrals within molecules.

Every bond is a table. The mesh of charges counts the pairs within a molecule, too, which have no
energy between molecules: that is taken out by a bond between any two sites with charges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from sopr_uq.engine.electrostatics import Within
from sopr_uq.engine.plan import Plan
from sopr_uq.experiment.bonded import Bonded
from sopr_uq.experiment.molecule import Molecule
from sopr_uq.typing import IntArray

_POINTS = 2000
_NEAREST = 0.2

type _Term = tuple[str, IntArray]
"""What LAMMPS is told of a kind of term, and its atoms, shape (m, 2, 3 or 4), from 0."""


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
        for name, style, terms in (
            ("angle", "harmonic", self._angles), ("dihedral", "opls", self._dihedrals),
        ):  # fmt: skip
            if terms:
                yield f"{name}_style {style}"
                yield from (f"{name}_coeff {i} {said}" for i, (said, _) in enumerate(terms, 1))
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
            (
                f"{a.stiffness:.15g} {a.angle:.15g}",
                self.plan.topology.members(kind)[:, list(a.atoms)],
            )
            for kind, _, bonded in self._flexible()
            for a in bonded.angles
        ]

    @cached_property
    def _dihedrals(self) -> list[_Term]:
        return [
            (
                " ".join(f"{k:.15g}" for k in d.opls),
                self.plan.topology.members(kind)[:, list(d.atoms)],
            )
            for kind, _, bonded in self._flexible()
            for d in bonded.dihedrals
        ]


def _write(within: Within, path: Path) -> None:
    """Write the energy of a pair within a molecule as a table ``BOND``."""
    r = np.linspace(*within.ends, _POINTS)
    columns = np.column_stack([np.arange(1, r.size + 1), r, within.energy(r), within.force(r)])
    # the slope of the force at its ends, for the spline
    first, last = np.gradient(within.force(r), r)[[0, -1]]
    with path.open("w", encoding="ascii") as file:
        file.write(f"BOND\nN {r.size} FP {first:.10g} {last:.10g} EQ {within.least:.10g}\n\n")
        np.savetxt(file, columns, fmt="%d %.12g %.12g %.12g")
