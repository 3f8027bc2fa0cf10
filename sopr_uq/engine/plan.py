"""A molecular-dynamics run with every number settled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

from sopr_uq.engine.electrostatics import Screened, splitting
from sopr_uq.engine.lattice import DILUTION, fcc_positions, thermal_velocities, wrapped
from sopr_uq.engine.protocol import Configuration, Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.table import Capped, cap
from sopr_uq.engine.timestep import bond_periods, length_scale, usual_timestep
from sopr_uq.engine.topology import Topology, extent
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.units import FS_PER_PS, FS_PER_TIME, thermal_energy

SIGMAS_OF_CUTOFF = 3.0
_CUTOFF_WITHOUT_CORE = 10.0
_CLEAR = 3.0
_THERMO_EVERY = 10
_FINE, _OF_BOND = 0.02, 0.25


@dataclass(frozen=True)
class Plan:
    """What an MD engine is told.

    Parameters
    ----------
    settings : EngineSettings
    setup : Setup
        What is simulated.
    topology : Topology
        Which atom belongs to which molecule; atoms of one type follow each other.
    potentials : tuple of Capped
        With cores of finite force, in the order of the substance's pairs.
    cutoff : float
        In Å.
    timestep : float
        In fs.
    box_length : float
        Edge of the box of the liquid, in Å.
    first : Configuration
        Where the run begins; its box is larger than ``box_length`` for a
        lattice start.
    seed : int
        Of the thermostat.
    """

    settings: EngineSettings
    setup: Setup
    topology: Topology
    potentials: tuple[Capped, ...]
    cutoff: float
    timestep: float
    box_length: float
    first: Configuration
    seed: int

    @property
    def state(self) -> StatePoint:
        """The state point."""
        return self.setup.state

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Atoms of each type."""
        return self.setup.counts(self.molecules)

    @property
    def molecules(self) -> int:
        """Number of molecules."""
        return self.settings.particles

    @property
    def atoms(self) -> int:
        """Number of atoms N."""
        return self.types.size

    @property
    def types(self) -> IntArray:
        """Type of each atom, from 0, shape (N,)."""
        return self.topology.types

    @property
    def masses(self) -> FloatArray:
        """Mass of each atom in u, shape (N,)."""
        return self.topology.masses

    @property
    def freedom(self) -> float:
        """Mean degrees of freedom of a molecule: 3 of an atom."""
        each = [molecule.freedom for molecule in self.setup.substance.molecules]
        return float(np.dot(each, self.topology.numbers)) / self.molecules

    @property
    def alpha(self) -> float | None:
        """Ewald's α in Å⁻¹; None without charges."""
        return splitting(self.cutoff) if self.setup.substance.charged else None

    @property
    def tabulated(self) -> tuple[Potential, ...]:
        """What is tabulated of each pair: its potential, and Coulomb's law but for its mesh."""
        alpha = self.alpha
        if alpha is None:
            return self.potentials
        charges = [site.charge for site in self.setup.substance.sites]
        products = [a * b for a, b in combinations_with_replacement(charges, 2)]
        return tuple(Screened(v, q, alpha) for v, q in zip(self.potentials, products, strict=True))

    @property
    def from_lattice(self) -> bool:
        """Whether the run must first melt a lattice and compress it."""
        return self.first.box_length != self.box_length

    @property
    def samples(self) -> int:
        """Number of snapshots."""
        return self.settings.production_steps // self.settings.sample_every

    @property
    def sampled(self) -> float:
        """Time over which is sampled, in ps."""
        return self.samples * self.settings.sample_every * self.timestep / FS_PER_PS

    @property
    def thermo_every(self) -> int:
        """Steps between readings of energy and pressure; divides ``sample_every``."""
        every = self.settings.sample_every
        return next(k for k in range(min(_THERMO_EVERY, every), 0, -1) if every % k == 0)

    @property
    def fine_every(self) -> int:
        """Steps between readings of what dynamics needs; divides ``sample_every``.

        A fiftieth of :func:`flight_time` at most, and a quarter of the period of every bond:
        nothing in a liquid but its bonds is faster than a tenth of that time, so that sums over
        readings are integrals. Read once a period, the stress of a bond would not cancel.
        """
        every = self.settings.sample_every
        periods = bond_periods(self.setup.substance)
        longest = min(
            [_FINE * FS_PER_PS * flight_time(self.setup), *(_OF_BOND * p for p in periods)]
        )
        most = max(1, int(longest / self.timestep))
        return next(k for k in range(min(most, every), 0, -1) if every % k == 0)

    @property
    def steps(self) -> int:
        """Number of time steps of the whole run."""
        s = self.settings
        start = s.thermalisation_steps + s.ramp_steps if self.from_lattice else 0
        return start + s.equilibration_steps + self.samples * s.sample_every


def make_plan(settings: EngineSettings, setup: Setup) -> Plan:
    """Settle the numbers of a run.

    Raises
    ------
    InputError
        If the cut-off exceeds half the box, a potential has no repulsive
        core, a type has no particle, a molecule meets its own image, or
        ``start`` is of another size.
    """
    state, particles = setup.state, settings.particles
    topology = Topology.of(setup.substance, setup.substance.shared_out(state, particles))
    box_length = (particles / state.density) ** (1 / 3)
    cutoff = settings.cutoff or usual_cutoff(setup.substance, setup.in_order, state.temperature)
    check_cutoff(cutoff, particles, state.density)
    check_molecules(setup.substance, settings, state.density)
    if setup.start is not None:
        _check_start(setup.start, topology.types.size, box_length)
    heat = thermal_energy(state.temperature)
    return Plan(
        settings=settings,
        setup=setup,
        topology=topology,
        potentials=tuple(cap(p, heat, cutoff, setup.substance.bare) for p in setup.in_order),
        cutoff=cutoff,
        timestep=settings.timestep or usual_timestep(setup),
        box_length=box_length,
        first=setup.start or _lattice(setup, topology, box_length),
        seed=integer_seed(setup.seed, "thermostat"),
    )


def flight_time(setup: Setup) -> float:
    """Return the time of free flight over a mean distance, ρ^(−1/3) (m/k_B T)^(1/2), in ps."""
    density, mass = setup.state.density, setup.substance.mean_mass(setup.state)
    time = np.sqrt(mass / thermal_energy(setup.state.temperature)) * FS_PER_TIME / FS_PER_PS
    return float(density ** (-1 / 3) * time)


def usual_cutoff(
    substance: Substance, potentials: Iterable[Potential], temperature: float
) -> float:
    """Return the cut-off in Å that the largest core asks for; 10 Å where no pair has one.

    Where pairs alone keep particles apart, one without a core asks for 10 Å too.
    """
    if not substance.bare:
        sizes = [length_scale(v, temperature) or 0.0 for v in potentials]
        return SIGMAS_OF_CUTOFF * max(sizes) or _CUTOFF_WITHOUT_CORE
    return max(default_cutoff(v, temperature) for v in potentials)


def default_cutoff(potential: Potential, temperature: float) -> float:
    """3 σ in Å; 10 Å for a potential without a core."""
    sigma = length_scale(potential, temperature)
    return SIGMAS_OF_CUTOFF * sigma if sigma else _CUTOFF_WITHOUT_CORE


def _lattice(setup: Setup, topology: Topology, box_length: float) -> Configuration:
    """Return a lattice of molecules of random orientations, wide enough for any of them."""
    seed, molecules = setup.seed, sum(topology.numbers)
    spacing = (np.sqrt(2.0) / setup.state.density) ** (1 / 3)
    edge = box_length * max(DILUTION, (2.0 * extent(setup.substance) + _CLEAR) / spacing)
    centres = fcc_positions(molecules, edge, stream(seed, "lattice"))
    if len(topology.numbers) > 1:
        centres = stream(seed, "types").permutation(centres)
    positions = topology.placed(centres, stream(seed, "orientations"))
    rng = stream(seed, "velocities")
    velocities = thermal_velocities(topology.masses, setup.state.temperature, rng)
    return Configuration(wrapped(positions, edge), velocities, edge)


def check_cutoff(cutoff: float, particles: int, density: float) -> None:
    """Check that a cut-off in Å fits into the box of N particles at a density in Å⁻³.

    Raises
    ------
    InputError
        If it exceeds half the edge; says how many particles are needed.
    """
    box_length = (particles / density) ** (1 / 3)
    if 2 * cutoff <= box_length:
        return
    needed = int(density * (2 * cutoff) ** 3) + 1
    raise InputError(
        "engine.cutoff",
        f"at most half the box, {box_length / 2:.3f} Å for {particles} particles",
        f"{cutoff:.3f} Å",
        f"at least {needed} particles",
    )


def check_molecules(substance: Substance, settings: EngineSettings, density: float) -> None:
    """Check that molecules fit into the box of so many at a density in Å⁻³, and that it shrinks.

    Raises
    ------
    InputError
        If one would come near its own image, or they have no time to make room for each other.
    """
    longest = max((d for m in substance.molecules for _, d in m.distances), default=0.0)
    box_length = (settings.particles / density) ** (1 / 3)
    if longest and longest + _CLEAR > 0.5 * box_length:
        raise InputError(
            "engine.particles",
            "a box in which no molecule comes near its own image",
            f"molecules {longest:.2f} Å long in a box of {box_length:.2f} Å",
            "more particles",
        )
    if longest and settings.ramp_steps == 0:
        raise InputError("engine.ramp_steps", "at least one step with molecules", "0")


def _check_start(start: Configuration, atoms: int, box_length: float) -> None:
    n = len(start.positions)
    if n != atoms or abs(start.box_length - box_length) > 1e-9 * box_length:
        raise InputError(
            "start",
            f"{atoms} particles in a box of {box_length:.4f} Å",
            f"{n} particles in {start.box_length:.4f} Å",
            "start from a lattice, or keep particles and density",
        )


def rdf_reach(settings: EngineSettings, density: float) -> float:
    """Return the last r in Å of the g(r) of boxes of a density of molecules in Å⁻³."""
    half = 0.5 * (settings.particles / density) ** (1 / 3)
    bins = int(min(half, settings.r_max or half) / settings.bin_width * (1 + 1e-12))
    return (bins - 0.5) * settings.bin_width
