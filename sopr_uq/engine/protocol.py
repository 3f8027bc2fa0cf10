"""What every engine takes and gives.

An engine turns the pair potentials of a substance at a state point into
radial distribution functions and their sampling errors. The engines of this package are molecular
dynamics (``lammps``, ``hoomd``) and two instant ones that know the truth for
what they claim (``dilute``, ``integral_equation``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, Self

import numpy as np

from sopr_uq.engine.series import Series
from sopr_uq.engine.traits import COEXISTENCE, Traits
from sopr_uq.errors import InputError
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import ATOM, Substance
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray

type Progress = Callable[[float], None]
"""Called with the fraction of the run that is done."""


@dataclass(frozen=True)
class Configuration:
    """Where a simulation ended, to go on from.

    Parameters
    ----------
    positions : array, shape (N, 3)
        In Å, inside the periodic box, whose corner is the origin.
    velocities : array, shape (N, 3)
        In Å/fs.
    box_length : float
        Edge of the cubic box, in Å.
    """

    positions: FloatArray
    velocities: FloatArray
    box_length: float


@dataclass(frozen=True)
class Setup:
    """One simulation to make.

    Parameters
    ----------
    substance : Substance
    state : StatePoint
    potentials : mapping of Pair to Potential
        Energies in kcal/mol, distances in Å; one for each pair of types.
    seed : int
        Positive seed of velocities and thermostat.
    start : Configuration, optional
        Go on from here, types in the order of the substance's; without it
        start from a lattice.
    record : tuple of str, optional
        What to record beside g(r), pressure and energy; see
        :attr:`~sopr_uq.engine.traits.Traits.records`.

    Raises
    ------
    InputError
        If a pair has no potential, a potential has no pair, or the composition
        is another substance's.
    """

    substance: Substance
    state: StatePoint
    potentials: Mapping[Pair, Potential]
    seed: int
    start: Configuration | None = None
    record: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wanted, given = set(self.substance.pairs), set(self.potentials)
        if wanted != given:
            raise InputError(
                "potentials",
                f"one for each of {_listed(self.substance.pairs)}",
                f"none for {_listed(wanted - given)}"
                if wanted - given
                else f"one for {_listed(given - wanted)} as well",
            )
        self.substance.densities(self.state)

    @classmethod
    def of(
        cls,
        potential: Potential,
        state: StatePoint,
        seed: int,
        start: Configuration | None = None,
    ) -> Self:
        """Return the setup of an element whose particles have the mass of the state point."""
        substance = Substance.atom(ATOM, state.mass)
        return cls(substance, state, {substance.pairs[0]: potential}, seed, start)

    @property
    def in_order(self) -> tuple[Potential, ...]:
        """The potentials in the order of the substance's pairs."""
        return tuple(self.potentials[pair] for pair in self.substance.pairs)

    @property
    def densities(self) -> FloatArray:
        """Number density of each type in Å⁻³, shape (t,)."""
        return self.substance.densities(self.state)

    def molecules(self, atoms: int) -> int:
        """Return how many molecules so many atoms of this liquid are."""
        return round(atoms * self.state.density / float(self.densities.sum()))

    def counts(self, particles: int) -> tuple[int, ...]:
        """Return how many atoms of each type so many molecules have."""
        return tuple(int(n) for n in self.substance.counts(self.state, particles))


def rdf_name(pair: Pair) -> str:
    """Return the name of the series of g(r) of a pair."""
    return f"{_RDF}{pair.label}"


_RDF = "g "


@dataclass(frozen=True)
class Simulation:
    """The outcome of one engine run: named series, and what it took.

    Its g(r) are series of the bin averages over the centres of the bins, in Å,
    equally spaced; its ``pressure`` is the virial pressure in MPa and its
    ``energy`` the potential energy between molecules, in kcal/mol a molecule, both
    with tail corrections.

    Parameters
    ----------
    series : mapping of str to Series
    configuration : Configuration or None
        The last configuration; None for an engine that has none.
    counts : tuple of int
        Atoms of each type; empty in the thermodynamic limit.
    steps : int
        Time steps made, equilibration included.
    seconds : float
        Wall time of the whole run.
    rdf_seconds : float
        The share of it spent on g(r).
    engine : str
        Name and version.
    trouble : str
        Why a first attempt failed, if this is a second one with a safer set-up.
    cutoff : float
        Distance in Å at which the forces between pairs ended; infinite where they do not.
    sampled : float
        Time in ps over which was averaged; 0 where none is told.
    """

    series: Mapping[str, Series]
    configuration: Configuration | None
    counts: tuple[int, ...]
    steps: int
    seconds: float
    rdf_seconds: float
    engine: str
    trouble: str = ""
    cutoff: float = np.inf
    sampled: float = 0.0

    def __getitem__(self, name: str) -> Series:
        """Return a series by its name."""
        return self.series[name]

    @cached_property
    def rdfs(self) -> Mapping[Pair, Series]:
        """g(r) of each pair, in the order of the substance's pairs."""
        found = [s for name, s in self.series.items() if name.startswith(_RDF)]
        return {Pair.of(s.name.removeprefix(_RDF)): s for s in found}

    @property
    def particles(self) -> int:
        """Number of atoms; 0 stands for the thermodynamic limit."""
        return sum(self.counts)

    @property
    def r(self) -> FloatArray:
        """Centres of the bins of g(r) in Å, shape (m,); the same for all pairs."""
        return next(iter(self.rdfs.values())).x

    @property
    def bin_width(self) -> float:
        """Width of the bins of g(r), in Å."""
        return float(self.r[1] - self.r[0])

    @property
    def only(self) -> Series:
        """g(r) of the only pair."""
        if len(self.rdfs) != 1:
            raise InputError(
                "simulation.g",
                "one pair of types",
                _listed(self.rdfs),
                "simulation.rdfs[pair]",
            )
        return next(iter(self.rdfs.values()))

    @property
    def g(self) -> FloatArray:
        """g(r) of the only pair, shape (m,)."""
        return self.only.mean

    @property
    def g_blocks(self) -> FloatArray:
        """Block averages of ``g``, shape (b, m)."""
        return self.only.blocks

    @property
    def g_error(self) -> FloatArray:
        """Standard error of ``g``, shape (m,)."""
        return self.only.error

    @property
    def pressure(self) -> float:
        """Virial pressure in MPa."""
        return float(self["pressure"].mean[0])

    @property
    def pressure_blocks(self) -> FloatArray:
        """Block averages of the pressure in MPa, shape (b,)."""
        return np.asarray(self["pressure"].blocks[:, 0])

    @property
    def pressure_error(self) -> float:
        """Standard error of the pressure, in MPa."""
        return float(self["pressure"].error[0])

    @property
    def energy(self) -> float:
        """Potential energy per particle in kcal/mol."""
        return float(self["energy"].mean[0])

    @property
    def energy_blocks(self) -> FloatArray:
        """Block averages of the energy in kcal/mol, shape (b,)."""
        return np.asarray(self["energy"].blocks[:, 0])

    @property
    def energy_error(self) -> float:
        """Standard error of the energy, in kcal/mol."""
        return float(self["energy"].error[0])


def named(series: Sequence[Series]) -> dict[str, Series]:
    """Return series by their names."""
    return {each.name: each for each in series}


class Engine(Protocol):
    """:class:`Setup` → :class:`Simulation`.

    The length and size of the run are settings of the engine, given when it is
    made (:class:`~sopr_uq.engine.settings.EngineSettings`).
    """

    @property
    def name(self) -> str:
        """The engine's name in configurations."""
        ...

    @property
    def traits(self) -> Traits:
        """How it works: see :class:`~sopr_uq.engine.traits.Traits`."""
        ...

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Simulate.

        Parameters
        ----------
        setup : Setup
        progress : callable, optional
            Called with the fraction done.

        Raises
        ------
        InputError
            If it is asked to record what it cannot.
        SimulationFailed
            If the trajectory must not be averaged: lost particles, a
            temperature that ran away, a frozen, demixed or phase-separated box; where
            coexistence is recorded, a slab that does not stay one.
        """
        ...


def check_able(engine: Engine, setup: Setup) -> None:
    """Check that an engine knows what a setup holds, and records what it asks for.

    Raises
    ------
    InputError
        If it does not.
    """
    substance = setup.substance
    _check_molecules(engine, substance)
    base = substance.base
    check_based(engine.name, engine.traits, base)
    if base is not None and not substance.simple:
        raise InputError("base", "atoms without charges", "molecules or charges")
    check_records(engine.name, engine.traits, setup.record)
    _check_coexistence(setup)


def _check_molecules(engine: Engine, substance: Substance) -> None:
    if not substance.simple and not engine.traits.molecules:
        raise InputError(
            f"engine {engine.name}",
            "an engine that moves molecules and knows charges",
            "one of atoms without charges",
            "the engine lammps",
        )
    for molecule in substance.molecules:
        if len(molecule.sites) > 1 and not molecule.shaped:
            raise InputError(
                f"molecule {molecule.name}", "positions of its sites", "sites without positions"
            )
        if molecule.bonded is not None and not engine.traits.flexible:
            raise InputError(
                f"engine {engine.name}",
                f"an engine that moves flexible molecules, as {molecule.name} is",
                "one of rigid molecules alone",
                "the engine lammps",
            )


def _check_coexistence(setup: Setup) -> None:
    if COEXISTENCE not in setup.record:
        return
    if len(setup.record) > 1:
        raise InputError("record", "coexistence alone", ", ".join(setup.record), "two simulations")
    substance = setup.substance
    single = substance.simple and len(substance.sites) == 1
    if not single or substance.base is not None:
        raise InputError(COEXISTENCE, "an element by one pair potential", "another liquid")


def check_based(name: str, traits: Traits, base: Base | None) -> None:
    """Check that an engine of a name and traits knows bases, where there is one.

    Raises
    ------
    InputError
        If it does not.
    """
    if base is not None and not traits.based:
        raise InputError(
            f"engine {name}",
            f"an engine that knows the base {base.style}",
            "one of pair potentials alone",
            "the engine lammps",
        )


def check_records(name: str, traits: Traits, record: Iterable[str]) -> None:
    """Check that an engine of a name and traits records what it is asked for.

    Raises
    ------
    InputError
        If it does not.
    """
    missing = sorted(set(record) - traits.records)
    if missing:
        raise InputError(
            f"engine {name}",
            f"an engine that records {', '.join(missing)}",
            f"one that records {', '.join(sorted(traits.records)) or 'no dynamics'}",
            "the engine lammps",
        )


def _listed(pairs: Iterable[Pair]) -> str:
    return ", ".join(sorted(pair.label for pair in pairs))
