"""What holds a flexible molecule together: bonds, angles, dihedrals."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, shortest_path

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray

_FEWEST = 5
_REACH = 1.8
"""Of a bond's length: farther nothing is thought to stretch."""

_NEAREST = 0.4


class Stretching(Protocol):
    """The energy of a bond."""

    @property
    def length(self) -> float:
        """Where it is least, in Å."""
        ...

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return U(r) in kcal/mol."""
        ...

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dU/dr in kcal/(mol Å)."""
        ...

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where in Å it is known."""
        ...

    @property
    def curvature(self) -> float:
        """d²U/dr² where it is least, in kcal/(mol Å²)."""
        ...


@dataclass(frozen=True)
class Harmonic:
    """U(r) = k (r − r₀)².

    Parameters
    ----------
    length : float
        r₀ in Å.
    stiffness : float
        k in kcal/(mol Å²), without the half.
    """

    length: float
    stiffness: float

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return U(r) in kcal/mol."""
        return np.asarray(self.stiffness * (np.asarray(r, dtype=float) - self.length) ** 2)

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dU/dr in kcal/(mol Å)."""
        return np.asarray(-2.0 * self.stiffness * (np.asarray(r, dtype=float) - self.length))

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where in Å a molecule may stretch."""
        return _NEAREST * self.length, _REACH * self.length

    @property
    def curvature(self) -> float:
        """d²U/dr² in kcal/(mol Å²)."""
        return 2.0 * self.stiffness


@dataclass(frozen=True)
class Tabled:
    """A cubic spline through a table of U(r).

    Parameters
    ----------
    r : tuple of float
        In Å, increasing, five at least.
    u : tuple of float
        In kcal/mol, least in between.

    Raises
    ------
    InputError
        If it is no such table.
    """

    r: tuple[float, ...]
    u: tuple[float, ...]
    length: float = field(init=False)

    def __post_init__(self) -> None:
        r, u = np.array(self.r), np.array(self.u)
        if r.shape != u.shape or r.size < _FEWEST or not np.all(np.diff(r) > 0.0) or r[0] <= 0.0:
            expected = f"r and energy alike long, {_FEWEST} at least, r positive and increasing"
            raise InputError("bonds", expected, f"{r.size} of r, {u.size} of energy")
        fine = np.linspace(r[0], r[-1], 2001)
        least = int(np.argmin(self._spline(fine)))
        if not 0 < least < fine.size - 1:
            expected = "an energy that is least between its ends"
            raise InputError("bonds", expected, f"least at {fine[least]:g} Å")
        object.__setattr__(self, "length", float(fine[least]))

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.r, self.u)

    def energy(self, r: ArrayLike) -> FloatArray:
        """Return U(r) in kcal/mol."""
        return np.asarray(self._spline(r))

    def force(self, r: ArrayLike) -> FloatArray:
        """Return −dU/dr in kcal/(mol Å)."""
        return np.asarray(-self._spline(r, 1))

    @property
    def ends(self) -> tuple[float, float]:
        """From where to where in Å it is known."""
        return self.r[0], self.r[-1]

    @property
    def curvature(self) -> float:
        """d²U/dr² where it is least, in kcal/(mol Å²)."""
        return float(self._spline(self.length, 2))


@dataclass(frozen=True)
class Bond:
    """A bond between two atoms of a molecule, by their indices."""

    atoms: tuple[int, int]
    stretching: Stretching


@dataclass(frozen=True)
class Angle:
    """U(θ) = k (θ − θ₀)² of the angle at the second of three atoms, by their indices.

    θ₀ is in degrees, k in kcal/(mol rad²), without the half.
    """

    atoms: tuple[int, int, int]
    angle: float
    stiffness: float


@dataclass(frozen=True)
class Dihedral:
    """½ Σ_n K_n [1 − (−1)ⁿ cos nφ], n = 1 to 4, of four atoms in a row, by their indices.

    K_n are in kcal/mol (Jorgensen, Maxwell and Tirado-Rives, J. Am. Chem. Soc. 118, 11225 (1996)).
    """

    atoms: tuple[int, int, int, int]
    opls: tuple[float, float, float, float]


@dataclass(frozen=True)
class Bonded:
    """All that acts within a molecule, besides what the mesh of charges must not count.

    Parameters
    ----------
    bonds : tuple of Bond
        They join all its atoms.
    angles : tuple of Angle
    dihedrals : tuple of Dihedral
    """

    bonds: tuple[Bond, ...]
    angles: tuple[Angle, ...] = ()
    dihedrals: tuple[Dihedral, ...] = ()

    def check(self, name: str, places: FloatArray) -> None:
        """Check that it fits the shape of a molecule, positions in Å of shape (s, 3).

        Raises
        ------
        InputError
            If atoms are not joined, are joined twice, or lie where their bonds do not let them.
        """
        pairs = [frozenset(bond.atoms) for bond in self.bonds]
        if len(set(pairs)) < len(pairs):
            raise InputError(f"molecule {name}, bonds", "one between two sites", "two")
        pieces = connected_components(self._graph(len(places)), directed=False)[0]
        if pieces > 1:
            expected = "bonds that join all its sites"
            raise InputError(f"molecule {name}, bonds", expected, f"{pieces} pieces")
        for bond in self.bonds:
            i, j = bond.atoms
            distance, length = float(np.linalg.norm(places[j] - places[i])), bond.stretching.length
            low, high = bond.stretching.ends
            if not low < distance < high or abs(distance - length) > 0.2 * length:
                raise InputError(
                    f"molecule {name}, positions",
                    f"sites {i + 1} and {j + 1} about {length:.3g} Å apart, as their bond is long",
                    f"{distance:.3g} Å",
                )

    def reach(self, atoms: int) -> FloatArray:
        """Return how far apart in Å two of so many atoms may get along their bonds, (s, s)."""
        return np.asarray(shortest_path(self._graph(atoms), directed=False))

    def _graph(self, atoms: int) -> csr_array:
        i, j = np.array([bond.atoms for bond in self.bonds]).T
        lengths = [bond.stretching.ends[1] for bond in self.bonds]
        return coo_array((lengths, (i, j)), shape=(atoms, atoms)).tocsr()
