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
_STRAIGHT = 180.0
_SAME = 1e-6


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
        _check_table("bonds", "r", self.r, self.u)
        if self.r[0] <= 0.0:
            raise InputError("bonds", "r above zero", f"{self.r[0]:g} Å")
        fine = np.linspace(*self.ends, 2001)
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


class Turning(Protocol):
    """The energy of an angle or a dihedral."""

    def energy(self, degrees: ArrayLike) -> FloatArray:
        """Return U in kcal/mol."""
        ...


@dataclass(frozen=True)
class HarmonicBend:
    """U(θ) = k (θ − θ₀)².

    Parameters
    ----------
    angle : float
        θ₀ in degrees.
    stiffness : float
        k in kcal/(mol rad²), without the half.
    """

    angle: float
    stiffness: float

    def energy(self, degrees: ArrayLike) -> FloatArray:
        """Return U in kcal/mol."""
        return np.asarray(self.stiffness * np.radians(np.asarray(degrees) - self.angle) ** 2)


@dataclass(frozen=True)
class TabledBend:
    """A cubic spline through a table of U(θ), beyond its ends a straight line.

    Parameters
    ----------
    theta : tuple of float
        In degrees, increasing, from 0 to 180 at most, five at least.
    u : tuple of float
        In kcal/mol.

    Raises
    ------
    InputError
        If it is no such table, or drives an angle out of it.
    """

    theta: tuple[float, ...]
    u: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_table("angles", "theta", self.theta, self.u)
        low, high = self.theta[0], self.theta[-1]
        if low < 0.0 or high > _STRAIGHT:
            raise InputError("angles", "theta from 0 to 180 degrees", f"{low:g} to {high:g}")
        first, last = self._spline((low, high), 1)
        if (low > 0.0 and first > 0.0) or (high < _STRAIGHT and last < 0.0):
            expected = "an energy that rises towards the ends of its table, or one from 0 to 180"
            raise InputError("angles", expected, f"one that falls, at {low:g} or {high:g}")

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.theta, self.u)

    def energy(self, degrees: ArrayLike) -> FloatArray:
        """Return U in kcal/mol."""
        degrees = np.asarray(degrees, dtype=float)
        end = np.clip(degrees, self.theta[0], self.theta[-1])
        return np.asarray(self._spline(end) + self._spline(end, 1) * (degrees - end))


@dataclass(frozen=True)
class Opls:
    """½ Σ_n K_n [1 − (−1)ⁿ cos nφ], n = 1 to 4; φ = 180° where four atoms zigzag.

    K_n are in kcal/mol (Jorgensen, Maxwell and Tirado-Rives, J. Am. Chem. Soc. 118, 11225 (1996)).
    """

    k: tuple[float, float, float, float]

    def energy(self, degrees: ArrayLike) -> FloatArray:
        """Return U in kcal/mol."""
        n = np.arange(1, 5)
        waves = 1.0 - (-1.0) ** n * np.cos(n * np.radians(np.asarray(degrees))[..., None])
        return np.asarray(0.5 * waves @ np.array(self.k))


@dataclass(frozen=True)
class TabledTurn:
    """A periodic cubic spline through a table of U(φ).

    Parameters
    ----------
    phi : tuple of float
        In degrees, increasing, a whole turn, five at least.
    u : tuple of float
        In kcal/mol, the last as the first.

    Raises
    ------
    InputError
        If it is no such table.
    """

    phi: tuple[float, ...]
    u: tuple[float, ...]

    def __post_init__(self) -> None:
        _check_table("dihedrals", "phi", self.phi, self.u)
        turn, gap = self.phi[-1] - self.phi[0], self.u[-1] - self.u[0]
        if abs(turn - 2.0 * _STRAIGHT) > _SAME or abs(gap) > _SAME:
            expected = "a whole turn, such as phi from -180 to 180, and one energy at both its ends"
            raise InputError("dihedrals", expected, f"{turn:g} degrees, {gap:g} kcal/mol apart")

    @cached_property
    def _spline(self) -> CubicSpline:
        return CubicSpline(self.phi, (*self.u[:-1], self.u[0]), bc_type="periodic")

    def energy(self, degrees: ArrayLike) -> FloatArray:
        """Return U in kcal/mol."""
        return np.asarray(self._spline(degrees))


def _check_table(
    key: str, name: str, places: tuple[float, ...], energies: tuple[float, ...]
) -> None:
    enough = len(places) == len(energies) >= _FEWEST
    if not enough or not np.all(np.diff(places) > 0.0):
        expected = f"{name} and energy alike long, {_FEWEST} at least, {name} increasing"
        raise InputError(key, expected, f"{len(places)} of {name}, {len(energies)} of energy")


@dataclass(frozen=True)
class Angle:
    """The angle at the second of three atoms, by their indices."""

    atoms: tuple[int, int, int]
    bend: Turning


@dataclass(frozen=True)
class Dihedral:
    """The dihedral of four atoms in a row, by their indices."""

    atoms: tuple[int, int, int, int]
    turn: Turning


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
