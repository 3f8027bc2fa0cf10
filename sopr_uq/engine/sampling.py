"""The course of a molecular-dynamics run, the same for every MD engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from sopr_uq.engine.blocks import independent_blocks
from sopr_uq.engine.dynamics import RECORDERS, long_enough
from sopr_uq.engine.fluctuations import FluctuationRecorder
from sopr_uq.engine.levers import LeverRecorder
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Configuration, Progress, Simulation, named
from sopr_uq.engine.rdf import RdfRecorder
from sopr_uq.engine.recorder import Between, Frame, Recorder, Thermo, ThermoRecorder
from sopr_uq.engine.series import Series
from sopr_uq.engine.traits import FLUCTUATIONS
from sopr_uq.engine.trouble import Trajectory, check_core, check_finite, check_trajectory
from sopr_uq.typing import FloatArray

_CHUNK = 200


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
        """Positions in Å inside [0, L), shape (N, 3), in the order of the plan's types."""
        ...

    def velocities(self) -> FloatArray:
        """Velocities in Å/fs, shape (N, 3), in the order of the positions."""
        ...


@runtime_checkable
class FineDynamics(Dynamics, Protocol):
    """One whose motion and fluctuations can be followed."""

    def virial(self) -> float:
        """Virial part of the pressure of the present positions, in MPa."""
        ...

    def sample_finely(self, every: int) -> tuple[Thermo, Between]:
        """Make ``sample_every`` time steps, look every so many, and average over all."""
        ...


type OpenDynamics = Callable[[Plan], AbstractContextManager[Dynamics]]


@dataclass
class Clock:
    """Counts steps and tells the caller."""

    total: int
    progress: Progress | None
    done: int = 0

    def tick(self, steps: int) -> None:
        """Take note of steps that were made."""
        self.done += steps
        if self.progress is not None:
            self.progress(self.done / self.total)


def sample_trajectory(
    open_dynamics: OpenDynamics, plan: Plan, progress: Progress | None
) -> Simulation:
    """Run a plan: melt and compress if need be, equilibrate, sample, check.

    It samples for as long as the plan says, or longer where motion takes that.

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
    started, plan = time.perf_counter(), long_enough(plan)
    s = plan.settings
    rdf = _rdf(plan)
    trajectory = Trajectory(plan.box_length, plan.topology, plan.samples)
    asked: list[Recorder] = [RECORDERS[name](plan) for name in _fine(plan)]
    if FLUCTUATIONS in plan.setup.record:
        asked.append(FluctuationRecorder(plan, rdf))
        if not plan.setup.substance.atomic:
            asked.append(LeverRecorder(plan, rdf.bins))
    recorders: tuple[Recorder, ...] = (trajectory, rdf, ThermoRecorder(plan), *asked)
    clock = Clock(plan.steps, progress)
    with open_dynamics(plan) as dynamics:
        equilibrate(dynamics, plan, clock)
        _sample(dynamics, plan, recorders, clock)
        last = Configuration(dynamics.positions(), dynamics.velocities(), plan.box_length)
        version = dynamics.version
    check_trajectory(trajectory, plan)
    series = _series(recorders, s.blocks)
    simulation = Simulation(
        series=named(series),
        configuration=last,
        counts=plan.counts,
        steps=plan.steps,
        seconds=time.perf_counter() - started,
        rdf_seconds=rdf.seconds,
        engine=version,
        cutoff=plan.cutoff,
        sampled=plan.sampled,
    )
    check_core(tuple(simulation.rdfs.values()), plan)
    return simulation


def _rdf(plan: Plan) -> RdfRecorder:
    s, substance = plan.settings, plan.setup.substance
    inner = () if substance.atomic else plan.topology.inner
    return RdfRecorder(substance.pairs, plan.counts, plan.box_length, s.bin_width, s.r_max, inner)


def equilibrate(dynamics: Dynamics, plan: Plan, clock: Clock) -> None:
    """Melt and compress a lattice, and let what came of it settle."""
    s = plan.settings
    if plan.from_lattice:
        advance(dynamics, s.thermalisation_steps, clock)
        with dynamics.ramp(s.ramp_steps):
            advance(dynamics, s.ramp_steps, clock)
    advance(dynamics, s.equilibration_steps, clock)


def advance(dynamics: Dynamics, steps: int, clock: Clock) -> None:
    """Advance in chunks, so that an interrupt is heard between them."""
    for done in range(0, steps, _CHUNK):
        chunk = min(_CHUNK, steps - done)
        dynamics.advance(chunk)
        clock.tick(chunk)


def _sample(dynamics: Dynamics, plan: Plan, recorders: Sequence[Recorder], clock: Clock) -> None:
    for _ in range(plan.samples):
        thermo, between = _seen(dynamics, plan)
        check_finite(thermo)
        frame = Frame(dynamics.positions(), thermo, between, _virial(dynamics, plan))
        for recorder in recorders:
            recorder.add(frame)
        clock.tick(plan.settings.sample_every)


def _fine(plan: Plan) -> list[str]:
    """Return what is recorded of the way from frame to frame."""
    return [name for name in plan.setup.record if name in RECORDERS]


def _virial(dynamics: Dynamics, plan: Plan) -> float | None:
    if FLUCTUATIONS not in plan.setup.record:
        return None
    assert isinstance(dynamics, FineDynamics)
    return dynamics.virial()


def _seen(dynamics: Dynamics, plan: Plan) -> tuple[Thermo, Between | None]:
    if not _fine(plan):
        return dynamics.sample(), None
    assert isinstance(dynamics, FineDynamics)
    return dynamics.sample_finely(plan.fine_every)


def _series(recorders: Sequence[Recorder], most: int) -> list[Series]:
    """Return all series over blocks that outlast the slowest memory."""
    slow = np.concatenate([recorder.slow() for recorder in recorders], axis=1)
    blocks = independent_blocks(slow, most=most)
    return [series for recorder in recorders for series in recorder.series(blocks)]
