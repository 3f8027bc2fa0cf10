"""What a liquid is made of: sites, molecules, and the pairs of site types between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, combinations_with_replacement
from typing import Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.state import StatePoint
from sopr_uq.typing import FloatArray, IntArray

ATOM = "A"
"""The name of the particles of an element where nobody has given them one."""

_ROUNDING = 1e-6
_NEAREST = 0.6
_COINCIDENT = 0.01
_STRAIGHT = 1e-4
_NEUTRAL = 1e-6
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
        Where the atoms of a rigid molecule are, in Å, from any origin; kept as
        tuples. None for an atom, and for a molecule without a shape.

    Raises
    ------
    InputError
        If there is no site, positions are not one finite triple an atom, or
        two atoms coincide.
    """

    name: str
    sites: tuple[Site, ...]
    positions: tuple[tuple[float, ...], ...] | FloatArray | None = None

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

    @property
    def rigid(self) -> bool:
        """Whether it has several atoms and a shape."""
        return len(self.sites) > 1 and self.positions is not None

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
        if not self.rigid:
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
        """Degrees of freedom of its motion as a rigid body: 3 of an atom, 5 on a line, or 6."""
        if not self.rigid:
            return 3
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
        If there is none, if two have one name, if sites of one name differ, or
        if no mixture of them is neutral.
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
                "one mass and one charge for each name of a site",
                ", ".join(f"{s.name} {s.mass:g} u {s.charge:+g} e" for s in self.sites),
                "two names for sites that differ",
            )
        if self.base is not None:
            self.base.of_sites(site.name for site in self.sites)
        charges = self._charges
        if charges.any() and charges.min() * charges.max() >= 0:
            raise InputError(
                "Substance",
                "molecules whose charges sum to zero",
                ", ".join(f"{m.name} {m.charge:+g} e" for m in self.molecules),
                "charges of its sites that cancel, or a counter-ion",
            )

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

    @property
    def charged(self) -> bool:
        """Whether any site has a charge."""
        return any(site.charge for site in self.sites)

    def contact(self, pair: Pair, state: StatePoint) -> float:
        """Return about how near in Å two sites come: molecules that touch turn them to each other.

        No nearer than 0.6 of the distance of the molecules, as others are in the way.
        """
        away = {name: self._reach(name) for name in (pair.first, pair.second)}
        turned = state.contact - away[pair.first] - away[pair.second]
        return max(turned, _NEAREST * state.contact)

    def _reach(self, name: str) -> float:
        """Largest distance in Å of a type of site from the centre of its molecule."""
        ways = [np.linalg.norm(m.shape[i]) for m in self.molecules for i in m.indices(name)]
        return float(max(ways, default=0.0))

    def densities(self, state: StatePoint) -> FloatArray:
        """Return the number density of each type of site in Å⁻³, shape (t,).

        Raises
        ------
        InputError
            If the composition names other molecules than there are, or is not
            neutral.
        """
        return np.asarray(self.molecule_densities(state) @ self._sites_a_molecule)

    def molecule_densities(self, state: StatePoint) -> FloatArray:
        """Return the number density of each molecule in Å⁻³, shape (k,); errors likewise."""
        return np.asarray(state.density * self._fractions(state))

    def counts(self, state: StatePoint, molecules: int) -> IntArray:
        """Return the sites of each type among a number of molecules, shape (t,).

        Parameters and errors are those of :meth:`shared_out`.
        """
        shares = self.shared_out(state, molecules)
        return np.asarray(shares @ self._sites_a_molecule.astype(int))

    def shared_out(self, state: StatePoint, molecules: int) -> IntArray:
        """Share out a number of molecules by mole fractions.

        By largest remainders, so that the sum is kept.

        Parameters
        ----------
        state : StatePoint
        molecules : int
            N.

        Returns
        -------
        array, shape (k,)
            How many of each molecule.

        Raises
        ------
        InputError
            If a molecule gets none, or all of them together are charged.
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
        charge = float(whole @ self._charges)
        if abs(charge) > _NEUTRAL * molecules:
            raise InputError(
                "composition",
                "a box without a charge",
                f"{charge:+.3g} e on {molecules} molecules",
                "a number of particles that the mole fractions divide",
            )
        return np.asarray(whole)

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
        fractions = np.array([state.composition[name] for name in names])
        charge = float(fractions @ self._charges)
        if abs(charge) > _NEUTRAL:
            raise InputError("composition", "a neutral mixture", f"{charge:+.3g} e a molecule")
        return fractions

    @property
    def _charges(self) -> FloatArray:
        """Of each molecule in e, shape (k,); exactly zero where they cancel."""
        charges = np.array([molecule.charge for molecule in self.molecules])
        return np.where(np.abs(charges) < _NEUTRAL, 0.0, charges)

    @property
    def _sites_a_molecule(self) -> FloatArray:
        """How many sites of each type a molecule has, shape (k, t)."""
        found = [Counter(molecule.sites) for molecule in self.molecules]
        return np.array([[float(count[site]) for site in self.sites] for count in found])
