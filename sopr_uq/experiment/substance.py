"""What a liquid is made of: sites, molecules, and the pairs of site types between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.state import StatePoint
from sopr_uq.typing import FloatArray, IntArray

ATOM = "A"
"""The name of the particles of an element where nobody has given them one."""

_ROUNDING = 1e-6
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

    Raises
    ------
    InputError
        If the name is empty or holds a hyphen, or the mass is not positive.
    """

    name: str
    mass: float

    def __post_init__(self) -> None:
        if not self.name or _JOINT in self.name:
            raise InputError("Site.name", "a name without a hyphen", repr(self.name))
        if not (np.isfinite(self.mass) and self.mass > 0):
            raise InputError(f"Site {self.name}, mass", "a positive finite number", str(self.mass))


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
        One entry for each atom.
    """

    name: str
    sites: tuple[Site, ...]


@dataclass(frozen=True)
class Substance:
    """The molecules of a liquid.

    Parameters
    ----------
    molecules : tuple of Molecule
    base : Base, optional
        What acts besides the potentials of the pairs.

    Raises
    ------
    InputError
        If there is none, if two have one name, or if sites of one name differ.
    """

    molecules: tuple[Molecule, ...]
    base: Base | None = None

    def __post_init__(self) -> None:
        names = [molecule.name for molecule in self.molecules]
        if not names or len(set(names)) < len(names):
            raise InputError("Substance", "molecules, each of its own name", str(names))
        if len({site.name for site in self.sites}) < len(self.sites):
            raise InputError(
                "Substance",
                "one mass for each name of a site",
                ", ".join(f"{site.name} {site.mass:g} u" for site in self.sites),
                "two names for sites that differ",
            )
        if self.base is not None:
            self.base.of_sites(site.name for site in self.sites)

    @classmethod
    def atom(cls, name: str, mass: float, base: Base | None = None) -> Self:
        """Return an element, its mass in u."""
        return cls.atoms({name: mass}, base)

    @classmethod
    def atoms(cls, masses: Mapping[str, float], base: Base | None = None) -> Self:
        """Return a mixture of atoms from names and masses in u."""
        molecules = tuple(Molecule(name, (Site(name, m),)) for name, m in masses.items())
        return cls(molecules, base)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The t types of sites, each once, in order of appearance."""
        return tuple(dict.fromkeys(site for m in self.molecules for site in m.sites))

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The p = t (t + 1)/2 pairs, ordered as columns are in :mod:`sopr_uq.structure.mixture`."""
        names = [site.name for site in self.sites]
        return tuple(Pair(*names) for names in combinations_with_replacement(names, 2))

    @property
    def masses(self) -> FloatArray:
        """Mass of each type in u, shape (t,)."""
        return np.array([site.mass for site in self.sites])

    @property
    def bare(self) -> bool:
        """Whether the potentials of the pairs are all that keeps particles apart."""
        return self.base is None and self.atomic

    @property
    def atomic(self) -> bool:
        """Whether every molecule is a single site."""
        return all(len(molecule.sites) == 1 for molecule in self.molecules)

    def densities(self, state: StatePoint) -> FloatArray:
        """Return the number density of each type of site in Å⁻³, shape (t,).

        Raises
        ------
        InputError
            If the composition names other molecules than there are.
        """
        return np.asarray(state.density * self._fractions(state) @ self._sites_a_molecule)

    def counts(self, state: StatePoint, molecules: int) -> IntArray:
        """Share out a number of molecules by mole fractions, and return the sites of each type.

        By largest remainders, so that the sum is kept.

        Parameters
        ----------
        state : StatePoint
        molecules : int
            N.

        Returns
        -------
        array, shape (t,)

        Raises
        ------
        InputError
            If a molecule gets none.
        """
        fractions = self._fractions(state)
        exact = fractions * molecules
        whole = np.floor(exact + _ROUNDING).astype(int)
        missing = molecules - int(whole.sum())
        whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
        if not whole.all():
            rare = int(np.argmin(whole))
            raise InputError(
                "composition",
                "at least one molecule of each kind in the box",
                f"none of {self.molecules[rare].name} among {molecules}",
                f"at least {int(np.ceil(1.0 / fractions[rare]))} particles, "
                "or a mixture without it",
            )
        return np.asarray(whole @ self._sites_a_molecule.astype(int))

    def _fractions(self, state: StatePoint) -> FloatArray:
        """Mole fractions of the molecules, shape (k,)."""
        names = [molecule.name for molecule in self.molecules]
        if len(names) == 1 and not state.composition:
            return np.ones(1)
        if set(state.composition) != set(names):
            raise InputError(
                "composition",
                f"a fraction of each of {', '.join(names)}",
                ", ".join(state.composition) or "none",
            )
        return np.array([state.composition[name] for name in names])

    @property
    def _sites_a_molecule(self) -> FloatArray:
        """How many sites of each type a molecule has, shape (k, t)."""
        found = [Counter(molecule.sites) for molecule in self.molecules]
        return np.array([[float(count[site]) for site in self.sites] for count in found])
