"""Sites, the pairs of their types, and molecules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.bonded import Bonded
from sopr_uq.typing import FloatArray

_COINCIDENT = 0.01
_STRAIGHT = 1e-4
_JOINT = "-"


@dataclass(frozen=True)
class Site:
    """A type of site: an atom of a molecule, or a particle by itself.

    Parameters
    ----------
    name : str
        Without a hyphen, which joins the names of a pair.
    mass : float
        In u.
    charge : float
        In elementary charges.

    Raises
    ------
    InputError
        If the name is empty or holds a hyphen, the mass is not positive, or the
        charge is not finite.
    """

    name: str
    mass: float
    charge: float = 0.0

    def __post_init__(self) -> None:
        if not self.name or _JOINT in self.name:
            raise InputError("Site.name", "a name without a hyphen", repr(self.name))
        if not (np.isfinite(self.mass) and self.mass > 0):
            raise InputError(f"Site {self.name}, mass", "a positive finite number", str(self.mass))
        if not np.isfinite(self.charge):
            raise InputError(f"Site {self.name}, charge", "a finite number", str(self.charge))


@dataclass(frozen=True, eq=False)
class Pair:
    """An unordered pair of site types: that of A and B is that of B and A.

    Parameters
    ----------
    first, second : str
        Names of sites; only the label keeps their order.
    """

    first: str
    second: str

    @classmethod
    def of(cls, label: str) -> Self:
        """Return the pair of a label such as ``"O-H"``.

        Raises
        ------
        InputError
            If it is not two names joined by a hyphen.
        """
        names = label.split(_JOINT)
        if len(names) != 2 or not all(names):
            raise InputError("pair", 'two names joined by a hyphen, such as "O-H"', repr(label))
        return cls(*names)

    @property
    def label(self) -> str:
        """Such as ``"O-H"``."""
        return f"{self.first}{_JOINT}{self.second}"

    @property
    def like(self) -> bool:
        """Whether both are of one type."""
        return self.first == self.second

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pair) and self._names == other._names

    def __hash__(self) -> int:
        return hash(self._names)

    def __str__(self) -> str:
        return self.label

    @property
    def _names(self) -> frozenset[str]:
        return frozenset((self.first, self.second))


@dataclass(frozen=True)
class Molecule:
    """Sites that stay together; an atom is a molecule of one site.

    Parameters
    ----------
    name : str
        As in the composition of a state point.
    sites : tuple of Site
        The type of each atom, s of them.
    positions : array, shape (s, 3), or None
        Where the atoms of a molecule are, in Å, from any origin; kept as tuples. None for an
        atom, and for a molecule without a shape.
    bonded : Bonded, optional
        What holds a flexible molecule together, which starts with these positions; without it
        they are kept.

    Raises
    ------
    InputError
        If there is no site, positions are not one finite triple an atom,
        two atoms coincide, or bonds do not fit them.
    """

    name: str
    sites: tuple[Site, ...]
    positions: tuple[tuple[float, ...], ...] | FloatArray | None = None
    bonded: Bonded | None = None

    def __post_init__(self) -> None:
        if not self.sites:
            raise InputError(f"Molecule {self.name}", "at least one site", "none")
        if self.positions is None:
            return
        places = np.asarray(self.positions, dtype=float)
        if places.shape != (len(self.sites), 3) or not np.isfinite(places).all():
            raise InputError(
                f"Molecule {self.name}, positions",
                f"three finite numbers in Å for each of its {len(self.sites)} sites",
                f"an array of shape {places.shape}",
            )
        # tuples compare and hash, arrays do not
        object.__setattr__(self, "positions", tuple(map(tuple, places.tolist())))
        for pair, distance in self.distances:
            if distance < _COINCIDENT:
                raise InputError(
                    f"Molecule {self.name}, positions",
                    f"sites at least {_COINCIDENT:g} Å apart",
                    f"{pair} at {distance:.3g} Å",
                    "one site with both masses and charges",
                )
        if self.bonded is not None:
            self.bonded.check(self.name, places)

    @property
    def shaped(self) -> bool:
        """Whether it has several atoms and a shape, kept or to begin with."""
        return len(self.sites) > 1 and self.positions is not None

    @property
    def rigid(self) -> bool:
        """Whether it has several atoms and keeps its shape."""
        return self.shaped and self.bonded is None

    def indices(self, name: str) -> list[int]:
        """Return which of its atoms are of a type."""
        return [i for i, site in enumerate(self.sites) if site.name == name]

    @property
    def mass(self) -> float:
        """In u."""
        return sum(site.mass for site in self.sites)

    @property
    def charge(self) -> float:
        """In elementary charges."""
        return sum(site.charge for site in self.sites)

    @cached_property
    def distances(self) -> tuple[tuple[Pair, float], ...]:
        """Pair of types and distance in Å of atoms i < j; empty without a shape."""
        if not self.shaped:
            return ()
        places = self.shape
        return tuple(
            (
                Pair(self.sites[i].name, self.sites[j].name),
                float(np.linalg.norm(places[j] - places[i])),
            )
            for i, j in combinations(range(len(self.sites)), 2)
        )

    @property
    def shape(self) -> FloatArray:
        """Positions from its centre of mass in Å, shape (s, 3); zeros without any."""
        if self.positions is None:
            return np.zeros((len(self.sites), 3))
        places = np.array(self.positions)
        masses = np.array([site.mass for site in self.sites])
        return np.asarray(places - masses @ places / masses.sum())

    @property
    def freedom(self) -> int:
        """Degrees of freedom: 3 of every atom; of a rigid body 5 on a line, or 6."""
        if not self.rigid:
            return 3 * len(self.sites)
        spread = self._spreads
        return 5 if spread[1] < _STRAIGHT**2 * spread[0] else 6

    @property
    def moment(self) -> float:
        """Least moment of inertia in u Å² about an axis through its centre, but that of a line."""
        spread = self._spreads
        return float(spread[0] if self.freedom == 5 else spread[1] + spread[2])

    @property
    def _spreads(self) -> FloatArray:
        """Σ m x² along the principal axes in u Å², largest first, shape (3,)."""
        masses = np.array([site.mass for site in self.sites])
        weighed = np.sqrt(masses)[:, None] * self.shape
        return np.asarray(np.linalg.eigvalsh(weighed.T @ weighed)[::-1])
