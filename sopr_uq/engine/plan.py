"""A molecular-dynamics run with every number settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.lattice import DILUTION, fcc_positions, thermal_velocities
from sopr_uq.engine.protocol import Configuration, Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.table import Capped, cap
from sopr_uq.engine.timestep import default_timestep, length_scale
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential, Zero
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.units import FS_PER_PS, FS_PER_TIME, thermal_energy

SIGMAS_OF_CUTOFF = 3.0
_CUTOFF_WITHOUT_CORE = 10.0
_THERMO_EVERY = 10
_FINE = 0.02


@dataclass(frozen=True)
class Plan:
    """What an MD engine is told.

    Parameters
    ----------
    settings : EngineSettings
    setup : Setup
        What is simulated.
    counts : tuple of int
        Particles of each type; those of one type follow each other.
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
    counts: tuple[int, ...]
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

    @property
    def types(self) -> IntArray:
        """Type of each particle, from 0, shape (N,)."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @property
    def masses(self) -> FloatArray:
        """Mass of each particle in u, shape (N,)."""
        return np.asarray(self.setup.substance.masses[self.types])

    @property
    def from_lattice(self) -> bool:
        """Whether the run must first melt a lattice and compress it."""
        return self.first.box_length != self.box_length

    @property
    def samples(self) -> int:
        """Number of snapshots."""
        return self.settings.production_steps // self.settings.sample_every

    @property
    def thermo_every(self) -> int:
        """Steps between readings of energy and pressure; divides ``sample_every``."""
        every = self.settings.sample_every
        return next(k for k in range(min(_THERMO_EVERY, every), 0, -1) if every % k == 0)

    @property
    def fine_every(self) -> int:
        """Steps between readings of what dynamics needs; divides ``sample_every``.

        A fiftieth of :func:`flight_time` at most: nothing in a liquid is faster than a
        tenth of it, so that sums over readings are integrals.
        """
        every = self.settings.sample_every
        most = max(1, int(_FINE * FS_PER_PS * flight_time(self.setup) / self.timestep))
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
        core, a type has no particle, or ``start`` is of another size.
    """
    state, particles = setup.state, settings.particles
    counts = setup.counts(particles)
    box_length = (particles / state.density) ** (1 / 3)
    cutoff = settings.cutoff or max(default_cutoff(p, state.temperature) for p in setup.in_order)
    check_cutoff(cutoff, particles, state.density)
    if setup.start is not None:
        _check_start(setup.start, particles, box_length)
    heat = thermal_energy(state.temperature)
    return Plan(
        settings=settings,
        setup=setup,
        counts=counts,
        potentials=tuple(cap(p, heat, cutoff, setup.substance.bare) for p in setup.in_order),
        cutoff=cutoff,
        timestep=settings.timestep or usual_timestep(setup),
        box_length=box_length,
        first=setup.start or _lattice(setup, counts, box_length * DILUTION),
        seed=integer_seed(setup.seed, "thermostat"),
    )


def flight_time(setup: Setup) -> float:
    """Return the time of free flight over a mean distance, ρ^(−1/3) (m/k_B T)^(1/2), in ps."""
    shares = setup.densities / setup.densities.sum()
    mass = float(shares @ setup.substance.masses)
    time = np.sqrt(mass / thermal_energy(setup.state.temperature)) * FS_PER_TIME / FS_PER_PS
    return float(setup.densities.sum() ** (-1 / 3) * time)


def usual_timestep(setup: Setup) -> float:
    """Return the shortest time step, in fs, that a pair asks for by its lighter particle.

    On top of a base it is that of thermal motion: corrections are weak beside it.
    """
    masses = {site.name: site.mass for site in setup.substance.sites}
    if setup.substance.base is not None:
        return default_timestep(Zero(), setup.state.temperature, min(masses.values()))
    return min(
        default_timestep(v, setup.state.temperature, min(masses[pair.first], masses[pair.second]))
        for pair, v in setup.potentials.items()
    )


def default_cutoff(potential: Potential, temperature: float) -> float:
    """3 σ in Å; 10 Å for a potential without a core."""
    sigma = length_scale(potential, temperature)
    return SIGMAS_OF_CUTOFF * sigma if sigma else _CUTOFF_WITHOUT_CORE


def _lattice(setup: Setup, counts: tuple[int, ...], box_length: float) -> Configuration:
    n, seed = sum(counts), setup.seed
    positions = fcc_positions(n, box_length, stream(seed, "lattice"))
    if len(counts) > 1:
        positions = stream(seed, "types").permutation(positions)
    masses = np.repeat(setup.substance.masses, counts)
    rng = stream(seed, "velocities")
    velocities = thermal_velocities(masses, setup.state.temperature, rng)
    return Configuration(positions, velocities, box_length)


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


def _check_start(start: Configuration, particles: int, box_length: float) -> None:
    n = len(start.positions)
    if n != particles or abs(start.box_length - box_length) > 1e-9 * box_length:
        raise InputError(
            "start",
            f"{particles} particles in a box of {box_length:.4f} Å",
            f"{n} particles in {start.box_length:.4f} Å",
            "start from a lattice, or keep particles and density",
        )
