"""Which atom of a box belongs to which molecule, where atoms are ordered by type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.spatial.transform import Rotation

from sopr_uq.experiment.substance import Substance
from sopr_uq.typing import FloatArray, IntArray


@dataclass(frozen=True)
class Topology:
    """The molecules of a box.

    Molecules of one kind follow each other, and so do atoms of one type; among the
    atoms of a type those of one molecule do.

    Parameters
    ----------
    substance : Substance
    numbers : tuple of int
        How many molecules of each kind.
    """

    substance: Substance
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, substance: Substance, numbers: Sequence[int] | IntArray) -> Self:
        """Return that of so many molecules of each kind."""
        return cls(substance, tuple(int(n) for n in numbers))

    @property
    def kinds(self) -> IntArray:
        """Kind of each molecule, shape (M,)."""
        return np.repeat(np.arange(len(self.numbers)), self.numbers)

    @cached_property
    def _table(self) -> IntArray:
        """Type, molecule and place in the molecule of each atom, shape (3, N)."""
        index = {site: i for i, site in enumerate(self.substance.sites)}
        rows = [
            (index[site], number, place)
            for number, kind in enumerate(self.kinds)
            for place, site in enumerate(self.substance.molecules[kind].sites)
        ]
        table = np.array(rows, dtype=int)
        return np.asarray(table[np.lexsort(table.T[::-1])].T)

    @property
    def types(self) -> IntArray:
        """Type of each atom, from 0, shape (N,)."""
        return np.asarray(self._table[0])

    @property
    def molecule(self) -> IntArray:
        """Number of the molecule of each atom, from 0, shape (N,)."""
        return np.asarray(self._table[1])

    @property
    def place(self) -> IntArray:
        """Index of each atom among the sites of its molecule, shape (N,)."""
        return np.asarray(self._table[2])

    @cached_property
    def masses(self) -> FloatArray:
        """Of each atom in u, shape (N,)."""
        return np.asarray(self.substance.masses[self.types])

    @cached_property
    def charges(self) -> FloatArray:
        """Of each atom in e, shape (N,)."""
        return np.array([site.charge for site in self.substance.sites])[self.types]

    @cached_property
    def owners(self) -> IntArray:
        """The first atom of each molecule, shape (M,)."""
        owners = np.empty(sum(self.numbers), dtype=int)
        first = np.flatnonzero(self.place == 0)
        owners[self.molecule[first]] = first
        return owners

    def members(self, kind: int) -> IntArray:
        """Return the atoms of each molecule of a kind in the order of its sites, shape (n, s)."""
        atoms = np.lexsort((self.place, self.molecule))
        sizes = [len(molecule.sites) for molecule in self.substance.molecules]
        begin = int(np.dot(sizes[:kind], self.numbers[:kind]))
        end = begin + sizes[kind] * self.numbers[kind]
        return np.asarray(atoms[begin:end].reshape(-1, sizes[kind]))

    @cached_property
    def rigid(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each atom is part of a rigid molecule, shape (N,)."""
        kinds = np.array([molecule.rigid for molecule in self.substance.molecules])
        return np.asarray(kinds[self.kinds][self.molecule])

    @cached_property
    def bonds(self) -> tuple[IntArray, FloatArray]:
        """Atoms i < j of one molecule, shape (2, m), and their distances in Å, shape (m,)."""
        atoms = np.lexsort((self.place, self.molecule))
        begins = np.searchsorted(self.molecule[atoms], np.arange(sum(self.numbers)))
        pairs, lengths = [], []
        for begin, kind in zip(begins, self.kinds, strict=True):
            molecule = self.substance.molecules[kind]
            i, j = np.triu_indices(len(molecule.sites), 1)
            pairs.append(atoms[begin + np.stack([i, j])])
            shape = molecule.shape
            lengths.append(np.linalg.norm(shape[j] - shape[i], axis=1))
        return np.concatenate(pairs, axis=1), np.concatenate(lengths)

    @property
    def inner(self) -> tuple[IntArray, ...]:
        """Of each pair of types, the pairs of atoms within molecules, each of shape (2, m)."""
        pairs, _ = self.bonds
        a, b = np.sort(self.types[pairs], axis=0)
        first, second = np.triu_indices(len(self.substance.sites))
        return tuple(pairs[:, (a == i) & (b == j)] for i, j in zip(first, second, strict=True))

    def offsets(self, positions: FloatArray, box_length: float) -> FloatArray:
        """Return the way to each atom from the first of its molecule in Å, shape (N, 3)."""
        way = positions - positions[self.owners[self.molecule]]
        return np.asarray(way - box_length * np.rint(way / box_length))

    def centres(self, positions: FloatArray, box_length: float) -> FloatArray:
        """Return centres of mass of positions in Å, shape (N, 3) → (M, 3); some outside the box."""
        if self.substance.atomic:
            return positions[self.owners]
        return positions[self.owners] + self.means(self.offsets(positions, box_length))

    def means(self, values: FloatArray) -> FloatArray:
        """Average over the atoms of each molecule by mass, shape (N, 3) → (M, 3)."""
        total = np.bincount(self.molecule, self.masses)
        columns = [np.bincount(self.molecule, self.masses * column) for column in values.T]
        return np.asarray(np.stack(columns, axis=1) / total[:, None])

    def images(self, positions: FloatArray, box_length: float) -> IntArray:
        """Return the image in which each atom lies beside the first of its molecule, (N, 3)."""
        whole = positions[self.owners[self.molecule]] + self.offsets(positions, box_length)
        return np.rint((whole - positions) / box_length).astype(int)

    def spread(self, positions: FloatArray, box_length: float) -> float:
        """Return the largest deviation of a distance within a rigid molecule, in Å."""
        kept = self.rigid[self.bonds[0][0]]
        if not kept.any():
            return 0.0
        (i, j), lengths = self.bonds[0][:, kept], self.bonds[1][kept]
        way = positions[j] - positions[i]
        way -= box_length * np.rint(way / box_length)
        return float(np.abs(np.linalg.norm(way, axis=1) - lengths).max())

    def placed(self, centres: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Put molecules of random orientation at centres in Å, shape (M, 3) → (N, 3)."""
        if self.substance.atomic:
            return np.asarray(centres[self.molecule])
        turns = Rotation.random(len(centres), rng).as_matrix()
        shapes = [molecule.shape for molecule in self.substance.molecules]
        ways = np.array(
            [shapes[self.kinds[m]][p] for m, p in zip(self.molecule, self.place, strict=True)]
        )
        turned = np.einsum("nij,nj->ni", turns[self.molecule], ways)
        return np.asarray(centres[self.molecule] + turned)


def extent(substance: Substance) -> float:
    """Return the largest distance of an atom from the centre of its molecule, in Å."""
    return max(float(np.linalg.norm(m.shape, axis=1).max()) for m in substance.molecules)
