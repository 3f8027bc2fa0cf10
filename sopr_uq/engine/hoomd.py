"""Molecular dynamics with HOOMD-blue, on a GPU where there is one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np

from sopr_uq.engine.hoomd_bodies import Bodies
from sopr_uq.engine.hoomd_mesh import mesh_force
from sopr_uq.engine.lattice import wrapped
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Configuration, Progress, Setup, Simulation, check_able
from sopr_uq.engine.recorder import Between, Thermo, within
from sopr_uq.engine.retry import with_retry
from sopr_uq.engine.sampling import sample_trajectory
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import TRAITS
from sopr_uq.engine.trouble import BLOWN_UP
from sopr_uq.errors import EngineUnavailable, InputError, SimulationFailed
from sopr_uq.typing import FloatArray
from sopr_uq.units import COULOMB, FS_PER_TIME, MPA_PER_KCAL_MOL_A3, thermal_energy

_TABLE_POINTS = 20_000
_BUFFER = 1.5
_LEAST_BUFFER = 0.05
_RESIZE_EVERY = 10
_SEEDS = 2**16
_VOIGT = [0, 3, 5, 1, 2, 4]
"""Where xx, yy, zz, xy, xz, yz are in HOOMD-blue's xx, xy, xz, yy, yz, zz."""
_ADVICE = "Try: the conda-forge environment of environment.yml, or engine.name = 'lammps'."


class HoomdEngine:
    """Molecular dynamics with HOOMD-blue 4.7 or later.

    Velocity Verlet with the stochastic velocity-rescaling thermostat (Bussi,
    Donadio & Parrinello, J. Chem. Phys. 126, 014101 (2007)), of translation and of
    rotation apart; rigid molecules turn as of Miller et al., J. Chem. Phys. 116, 8649
    (2002). Potentials are tables, and charges have a mesh besides (PPPM). On a processor
    equal seeds give equal trajectories; on a GPU sums are not always made in the same order.

    Parameters
    ----------
    settings : EngineSettings

    Raises
    ------
    EngineUnavailable
        If HOOMD-blue is not installed, or was built for single precision.
    """

    name = "hoomd"
    traits = TRAITS["hoomd"]

    def __init__(self, settings: EngineSettings) -> None:
        reason = unavailable()
        if reason:
            raise EngineUnavailable(reason)
        self.settings = settings
        self.traits = replace(self.traits, repeats=not has_gpu())

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Simulate; see :meth:`sopr_uq.engine.protocol.Engine.run`."""
        check_able(self, setup)
        return with_retry(partial(carry_out, progress=progress), self.settings, setup)


def carry_out(plan: Plan, progress: Progress | None = None) -> Simulation:
    """Simulate once, as a plan says.

    Raises
    ------
    SimulationFailed
        If the trajectory must not be averaged.
    """
    try:
        return sample_trajectory(HoomdDynamics, plan, progress)
    except RuntimeError as error:
        lost = "lost atoms: " if "simulation box" in str(error) else ""
        words = str(error).splitlines()[0]
        raise SimulationFailed(f"{lost}HOOMD-blue stopped: {words} {BLOWN_UP}") from error


def unavailable() -> str | None:
    """Say why HOOMD-blue cannot be used here, or None if it can."""
    try:
        import hoomd
        import hoomd.md
    except ImportError as error:
        return f"HOOMD-blue cannot be imported ({error}). {_ADVICE}"
    return refusal(hoomd.version.version, tuple(hoomd.version.floating_point_precision))


def refusal(version: str, precision: tuple[int, int]) -> str | None:
    """Say why a build of HOOMD-blue will not do, or None if it will.

    Parameters
    ----------
    version : str
        Such as ``"4.8.2"``.
    precision : tuple of int
        Bits of the high and of the reduced precision.
    """
    if tuple(int(part) for part in version.split(".")[:2]) < (4, 7):
        return f"HOOMD-blue {version} is too old: 4.7 or later is needed. {_ADVICE}"
    if precision[0] < 64:
        return (
            f"this HOOMD-blue computes in single precision ({precision[0]} bits): mixed or double "
            f"is needed. {_ADVICE}"
        )
    return None


def has_gpu() -> bool:
    """Whether HOOMD-blue is installed and finds a GPU."""
    if unavailable():
        return False
    import hoomd

    return bool(hoomd.version.gpu_enabled and hoomd.device.GPU.get_available_devices())


def buffer(plan: Plan) -> float:
    """Return how far beyond the cut-off neighbours are listed, in Å.

    Raises
    ------
    InputError
        If the cut-off leaves no room for it: HOOMD-blue wants both together
        below half the box.
    """
    room = plan.box_length / 2 - plan.cutoff
    if room < _LEAST_BUFFER:
        raise InputError(
            "engine.cutoff",
            f"at least {_LEAST_BUFFER} Å below half the box, {plan.box_length / 2:.3f} Å",
            f"{plan.cutoff:.3f} Å",
            "more particles, a smaller cut-off, or the engine lammps",
        )
    return min(_BUFFER, 0.99 * room)


class HoomdDynamics:
    """A HOOMD-blue simulation that follows a plan."""

    def __init__(self, plan: Plan) -> None:
        import hoomd

        self._hoomd, self._plan, self._bodies = hoomd, plan, Bodies(plan)
        self._moved = hoomd.filter.Rigid(("center", "free"))
        # HOOMD-blue leaves out what the mesh counts within molecules, which recorders take off
        self._within = within(plan, plan.first.positions)
        self._sampler: Any = None
        self._simulation = hoomd.Simulation(device=_device(plan), seed=plan.seed % _SEEDS)
        self._simulation.create_state_from_snapshot(self._snapshot(plan.first))
        self._thermo = hoomd.md.compute.ThermodynamicQuantities(filter=self._moved)
        self._simulation.operations.computes.append(self._thermo)
        self._simulation.operations.integrator = self._integrator()
        # otherwise it is known at the steps of the sampler alone
        self._simulation.always_compute_pressure = bool(plan.setup.record)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Operations and the simulation refer to each other.
        del self._simulation, self._thermo, self._sampler

    @property
    def version(self) -> str:
        """Name, version and device."""
        kind = type(self._simulation.device).__name__
        return f"hoomd {self._hoomd.version.version} ({kind})"

    def advance(self, steps: int) -> None:
        """Make time steps."""
        self._simulation.run(steps)

    @contextlib.contextmanager
    def ramp(self, steps: int) -> Iterator[None]:
        """Within the context, shrink the box to that of the liquid over so many steps."""
        hoomd, simulation = self._hoomd, self._simulation
        final = hoomd.Box.cube(self._plan.box_length)
        box = hoomd.variant.box.Interpolate(
            initial_box=simulation.state.box,
            final_box=final,
            variant=hoomd.variant.Ramp(0.0, 1.0, simulation.timestep, max(steps, 1)),
        )
        trigger = hoomd.trigger.Periodic(_RESIZE_EVERY)
        resize = hoomd.update.BoxResize(trigger=trigger, box=box, filter=self._moved)
        simulation.operations.updaters.append(resize)
        yield
        simulation.operations.updaters.remove(resize)
        hoomd.update.BoxResize.update(simulation.state, final, self._moved)

    def sample(self) -> Thermo:
        """Make ``sample_every`` time steps and average over them."""
        sampler = self._sampling()
        self._simulation.run(self._plan.settings.sample_every)
        return Thermo(*sampler.average())

    def sample_finely(self, every: int) -> tuple[Thermo, Between]:
        """Make ``sample_every`` time steps, look every so many, and average over all."""
        sampler, thermo = self._sampling(), self._thermo
        velocities, stress, energy = [], [], []
        for _ in range(self._plan.settings.sample_every // every):
            self._simulation.run(every)
            velocities.append(self.velocities())
            stress.append(np.array(thermo.pressure_tensor)[_VOIGT] * MPA_PER_KCAL_MOL_A3)
            energy.append(thermo.potential_energy + self._within)
        between = Between(np.stack(velocities), np.stack(stress), np.array(energy))
        return Thermo(*sampler.average()), between

    def virial(self) -> float:
        """Virial part of the pressure of the present positions, in MPa."""
        return _virial(self._thermo) * MPA_PER_KCAL_MOL_A3

    def positions(self) -> FloatArray:
        """Positions in Å inside [0, L), shape (N, 3), in the order of the particles' tags."""
        found = self._simulation.state.get_snapshot().particles.position
        x = np.array(found[self._bodies.number :], dtype=float)
        return wrapped(x + self._plan.box_length / 2, self._plan.box_length)

    def velocities(self) -> FloatArray:
        """Velocities in Å/fs, shape (N, 3)."""
        return self._bodies.velocities(self._simulation.state.get_snapshot().particles)

    def _sampling(self) -> Any:
        """Return what reads on the fly, from the first call on."""
        if self._sampler is None:
            self._sampler = _sampler(self._hoomd, self._thermo, self._within)
            trigger = self._hoomd.trigger.Periodic(self._plan.thermo_every)
            writer = self._hoomd.write.CustomWriter(action=self._sampler, trigger=trigger)
            self._simulation.operations.writers.append(writer)
        return self._sampler

    @property
    def _names(self) -> list[str]:
        return [site.name for site in self._plan.setup.substance.sites]

    def _snapshot(self, first: Configuration) -> Any:
        snapshot, bodies = self._hoomd.Snapshot(), self._bodies
        snapshot.configuration.box = [*[first.box_length] * 3, 0, 0, 0]
        particles, atoms = snapshot.particles, slice(bodies.number, None)
        particles.N = bodies.number + len(first.positions)
        particles.types = self._names + bodies.names
        particles.typeid[atoms] = self._plan.types
        particles.position[atoms] = first.positions - first.box_length / 2
        particles.velocity[atoms] = first.velocities * FS_PER_TIME
        particles.mass[atoms] = self._plan.masses
        particles.charge[atoms] = self._plan.topology.charges * np.sqrt(COULOMB)
        bodies.fill(particles, first)
        return snapshot

    def _integrator(self) -> Any:
        md, plan = self._hoomd.md, self._plan
        bath = md.methods.thermostats.Bussi(
            kT=thermal_energy(plan.state.temperature),
            tau=plan.settings.thermostat_time * plan.timestep / FS_PER_TIME,
        )
        move = md.methods.ConstantVolume(filter=self._moved, thermostat=bath)
        return md.Integrator(
            dt=plan.timestep / FS_PER_TIME,
            methods=[move],
            forces=self._forces(),
            rigid=self._bodies.constraint(md),
            integrate_rotational_dof=self._bodies.number > 0,
        )

    def _forces(self) -> list[Any]:
        md, plan = self._hoomd.md, self._plan
        apart = ("body",) if self._bodies.number else ()
        neighbours = md.nlist.Cell(buffer=buffer(plan), exclusions=apart)
        table = md.pair.Table(nlist=neighbours, default_r_cut=0.0)
        nothing = {"r_min": 0.0, "U": np.zeros(1), "F": np.zeros(1)}
        for name in self._bodies.names:
            table.params[name, self._names + self._bodies.names] = nothing
        r = np.linspace(0.0, plan.cutoff, _TABLE_POINTS, endpoint=False)
        for pair, v in zip(plan.setup.substance.pairs, plan.tabulated, strict=True):
            values = {"r_min": 0.0, "U": v.energy(r), "F": v.force(r)}
            table.params[pair.first, pair.second] = values
            table.r_cut[pair.first, pair.second] = plan.cutoff
        return [table] if plan.alpha is None else [table, mesh_force(self._hoomd, plan, neighbours)]


def _device(plan: Plan) -> Any:
    import hoomd

    kind = hoomd.device.GPU if has_gpu() else hoomd.device.CPU
    # in the wide box of a lattice the mesh is coarser than HOOMD-blue likes; errors are raised
    unheard = plan.alpha is not None and plan.from_lattice
    return kind(notice_level=0, message_filename=os.devnull if unheard else None)


def _virial(thermo: Any) -> float:
    """Virial part of the pressure in kcal/(mol Å³).

    HOOMD-blue's is of forces on the centres of molecules; less the kinetic energy of rotation it
    is that of all forces on atoms, those that keep molecules rigid among them.
    """
    return float(thermo.pressure - 2.0 / 3.0 * thermo.kinetic_energy / thermo.volume)


def _sampler(hoomd: Any, thermo: Any, within_molecules: float) -> Any:
    """Make the action that reads energy, virial and temperature on the fly."""

    class Sampler(hoomd.custom.Action):  # type: ignore[misc]
        flags = (hoomd.custom.Action.Flags.PRESSURE_TENSOR,)

        def __init__(self) -> None:
            self._rows: list[tuple[float, float, float]] = []

        def act(self, timestep: int) -> None:  # noqa: ARG002
            row = thermo.potential_energy, _virial(thermo), thermo.kinetic_temperature
            self._rows.append(row)

        def average(self) -> tuple[float, float, float]:
            energy, virial, temperature = np.mean(self._rows, axis=0)
            self._rows.clear()
            kelvin = float(temperature) / thermal_energy(1.0)
            whole = float(energy) + within_molecules
            return whole, float(virial) * MPA_PER_KCAL_MOL_A3, kelvin

    return Sampler()
