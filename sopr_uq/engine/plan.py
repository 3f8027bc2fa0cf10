"""A molecular-dynamics run with every number settled."""

from __future__ import annotations

from dataclasses import dataclass

from sopr_uq.engine.lattice import DILUTION, fcc_positions, thermal_velocities
from sopr_uq.engine.protocol import Configuration
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.table import Capped, cap
from sopr_uq.engine.timestep import default_timestep, length_scale
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.rng import integer_seed, stream
from sopr_uq.units import thermal_energy

SIGMAS_OF_CUTOFF = 3.0
_CUTOFF_WITHOUT_CORE = 10.0
_THERMO_EVERY = 10


@dataclass(frozen=True)
class Plan:
    """What an MD engine is told.

    Parameters
    ----------
    settings : EngineSettings
    state : StatePoint
    potential : Capped
        With a core of finite force.
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
    state: StatePoint
    potential: Capped
    cutoff: float
    timestep: float
    box_length: float
    first: Configuration
    seed: int

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
    def steps(self) -> int:
        """Number of time steps of the whole run."""
        s = self.settings
        start = s.thermalisation_steps + s.ramp_steps if self.from_lattice else 0
        return start + s.equilibration_steps + self.samples * s.sample_every


def make_plan(
    settings: EngineSettings,
    potential: Potential,
    state: StatePoint,
    seed: int,
    start: Configuration | None,
) -> Plan:
    """Settle the numbers of a run.

    Raises
    ------
    InputError
        If the cut-off exceeds half the box, the potential has no repulsive
        core, or ``start`` is of another size.
    """
    box_length = (settings.particles / state.density) ** (1 / 3)
    cutoff = settings.cutoff or default_cutoff(potential, state.temperature)
    check_cutoff(cutoff, settings.particles, state.density)
    if start is not None:
        _check_start(start, settings.particles, box_length)
    return Plan(
        settings=settings,
        state=state,
        potential=cap(potential, thermal_energy(state.temperature), cutoff),
        cutoff=cutoff,
        timestep=settings.timestep or default_timestep(potential, state.temperature, state.mass),
        box_length=box_length,
        first=start or _lattice(settings.particles, box_length * DILUTION, state, seed),
        seed=integer_seed(seed, "thermostat"),
    )


def default_cutoff(potential: Potential, temperature: float) -> float:
    """3 σ in Å; 10 Å for a potential without a core."""
    sigma = length_scale(potential, temperature)
    return SIGMAS_OF_CUTOFF * sigma if sigma else _CUTOFF_WITHOUT_CORE


def _lattice(n: int, box_length: float, state: StatePoint, seed: int) -> Configuration:
    positions = fcc_positions(n, box_length, stream(seed, "lattice"))
    velocities = thermal_velocities(n, state.mass, state.temperature, stream(seed, "velocities"))
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
