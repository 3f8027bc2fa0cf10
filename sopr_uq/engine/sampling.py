"""The course of a molecular-dynamics run, the same for every MD engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np

from sopr_uq.engine.blocks import block_means, independent_blocks
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Configuration, Progress, Simulation
from sopr_uq.engine.rdf import RdfSampler
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.engine.trouble import Trajectory, check_core, check_finite, check_trajectory
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_CHUNK = 200
_SHELLS = 4


class Thermo(NamedTuple):
    """Averages over a stretch of trajectory."""

    energy: float
    """Potential energy of all pairs within the cut-off, in kcal/mol."""
    virial: float
    """Virial part of the pressure, (1/3V) Σ r·f, in MPa."""
    temperature: float
    """Kinetic temperature in K."""


class Dynamics(Protocol):
    """A box of particles that an MD program moves."""

    @property
    def version(self) -> str:
        """Name and version of the program."""
        ...

    def advance(self, steps: int) -> None:
        """Make time steps at constant volume and temperature."""
        ...

    def ramp(self, steps: int) -> AbstractContextManager[None]:
        """Within the context, shrink the box to that of the liquid over so many steps."""
        ...

    def sample(self) -> Thermo:
        """Make ``sample_every`` time steps and average over them."""
        ...

    def positions(self) -> FloatArray:
        """Positions in Å inside [0, L), shape (N, 3), in constant order."""
        ...

    def velocities(self) -> FloatArray:
        """Velocities in Å/fs, shape (N, 3), in the order of the positions."""
        ...


type OpenDynamics = Callable[[Plan], AbstractContextManager[Dynamics]]


@dataclass
class _Clock:
    """Counts steps and tells the caller."""

    total: int
    progress: Progress | None
    done: int = 0

    def tick(self, steps: int) -> None:
        self.done += steps
        if self.progress is not None:
            self.progress(self.done / self.total)


def simulate(open_dynamics: OpenDynamics, plan: Plan, progress: Progress | None) -> Simulation:
    """Run a plan: melt and compress if need be, equilibrate, sample, check.

    Parameters
    ----------
    open_dynamics : callable
        Gives the box of an MD program, to be closed at the end.
    plan : Plan
    progress : callable or None
        Called with the fraction done.

    Raises
    ------
    SimulationFailed
        If the trajectory must not be averaged.
    """
    started = time.perf_counter()
    s = plan.settings
    rdf = RdfSampler(s.particles, plan.box_length, s.bin_width, s.r_max)
    clock = _Clock(plan.steps, progress)
    with open_dynamics(plan) as dynamics:
        _prepare(dynamics, plan, clock)
        trajectory, thermo = _sample(dynamics, plan, rdf, clock)
        last = Configuration(dynamics.positions(), dynamics.velocities(), plan.box_length)
        version = dynamics.version
    check_trajectory(trajectory, plan)
    check_core(rdf.r, rdf.g.mean(axis=0), plan)
    return _assemble(plan, rdf, thermo, last, version, time.perf_counter() - started)


def _prepare(dynamics: Dynamics, plan: Plan, clock: _Clock) -> None:
    s = plan.settings
    if plan.from_lattice:
        _advance(dynamics, s.thermalisation_steps, clock)
        with dynamics.ramp(s.ramp_steps):
            _advance(dynamics, s.ramp_steps, clock)
    _advance(dynamics, s.equilibration_steps, clock)


def _advance(dynamics: Dynamics, steps: int, clock: _Clock) -> None:
    """Advance in chunks, so that an interrupt is heard between them."""
    for done in range(0, steps, _CHUNK):
        chunk = min(_CHUNK, steps - done)
        dynamics.advance(chunk)
        clock.tick(chunk)


def _sample(
    dynamics: Dynamics, plan: Plan, rdf: RdfSampler, clock: _Clock
) -> tuple[Trajectory, FloatArray]:
    trajectory, thermo = Trajectory(plan.box_length, plan.samples), []
    for _ in range(plan.samples):
        thermo.append(dynamics.sample())
        check_finite(thermo[-1])
        positions = dynamics.positions()
        rdf.add(positions)
        trajectory.add(positions, thermo[-1].temperature)
        clock.tick(plan.settings.sample_every)
    return trajectory, np.array(thermo)


def _assemble(
    plan: Plan,
    rdf: RdfSampler,
    thermo: FloatArray,
    last: Configuration,
    version: str,
    seconds: float,
) -> Simulation:
    state, n = plan.state, plan.settings.particles
    g = rdf.g
    kinetic = state.density / state.beta * MPA_PER_KCAL_MOL_A3
    tail = plan.potential, state.density, plan.cutoff
    energy = thermo[:, :1] / n + tail_energy(*tail)
    pressure = thermo[:, 1:2] + kinetic + tail_pressure(*tail)
    slow = np.concatenate([energy, pressure, _shells(rdf.r, g)], axis=1)
    blocks = independent_blocks(slow, most=plan.settings.blocks)
    g_blocks, p_blocks, u_blocks = (block_means(x, blocks) for x in (g, pressure, energy))
    return Simulation(
        r=rdf.r,
        g=g_blocks.mean(axis=0),
        g_blocks=g_blocks,
        pressure=float(p_blocks.mean()),
        pressure_blocks=p_blocks[:, 0],
        energy=float(u_blocks.mean()),
        energy_blocks=u_blocks[:, 0],
        configuration=last,
        particles=n,
        steps=plan.steps,
        seconds=seconds,
        rdf_seconds=rdf.seconds,
        engine=version,
    )


def _shells(r: FloatArray, g: FloatArray) -> FloatArray:
    """Average g over the sides of its first two peaks, shape (n, m) → (n, 4).

    Differences of neighbouring narrow bins forget within a few steps; coarse
    shells show how long the structure remembers.
    """
    mean = g.mean(axis=0)
    first = int(np.argmax(mean > 0.5))
    top = first + int(np.argmax(mean[first : 2 * first + 2]))
    edges = np.unique(
        np.linspace(first, min(2 * top - first // 2, len(r)), _SHELLS + 1).astype(int)
    )
    return np.stack([g[:, a:b].mean(axis=1) for a, b in pairwise(edges)], axis=1)
