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
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.state import StatePoint
from sopr_uq.typing import FloatArray, IntArray

ATOM = "A"
"""The name of the particles of an element where nobody has given them one."""

_A_PAIR = 2
_ROUNDING = 1e-6
_NEAREST = 0.6
_NEUTRAL = 1e-6


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
        return self.base is None and self.simple

    @property
    def simple(self) -> bool:
        """Whether it is of atoms without charges, on a base or not."""
        return self.atomic and not self.charged

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
        return np.asarray(self.molecule_densities(state) @ self.sites_a_molecule)

    def mean_mass(self, state: StatePoint) -> float:
        """Return the mean mass of a molecule in u; errors as of :meth:`densities`."""
        return float(self.densities(state) @ self.masses / state.density)

    def molecule_densities(self, state: StatePoint) -> FloatArray:
        """Return the number density of each molecule in Å⁻³, shape (k,); errors likewise."""
        return np.asarray(state.density * self._fractions(state))

    def counts(self, state: StatePoint, molecules: int) -> IntArray:
        """Return the sites of each type among a number of molecules, shape (t,).

        Parameters and errors are those of :meth:`shared_out`.
        """
        shares = self.shared_out(state, molecules)
        return np.asarray(shares @ self.sites_a_molecule.astype(int))

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
            If there are fewer than two of a kind, which have no g(r), or all of them together
            are charged.
        """
        fractions = self._fractions(state)
        exact = fractions * molecules
        whole = np.floor(exact + _ROUNDING).astype(int)
        missing = molecules - int(whole.sum())
        whole[np.argsort(whole - exact, kind="stable")[:missing]] += 1
        if np.any(whole < _A_PAIR):
            rare = int(np.argmin(whole))
            raise InputError(
                "composition",
                "at least two molecules of each kind in the box",
                f"{whole[rare] or 'none'} of {self.molecules[rare].name} among {molecules}",
                f"at least {int(np.ceil(_A_PAIR / fractions[rare]))} particles, "
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
    def sites_a_molecule(self) -> FloatArray:
        """How many sites of each type a molecule has, shape (k, t)."""
        found = [Counter(molecule.sites) for molecule in self.molecules]
        return np.array([[float(count[site]) for site in self.sites] for count in found])
