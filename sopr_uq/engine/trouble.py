"""Trajectories that must not be averaged, and how they are recognised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sopr_uq.engine.plan import Plan
from sopr_uq.engine.recorder import Frame
from sopr_uq.engine.series import Series
from sopr_uq.engine.topology import Topology
from sopr_uq.engine.waves import check_one_phase, wave_shells
from sopr_uq.errors import SimulationFailed
from sopr_uq.typing import FloatArray
from sopr_uq.units import FS_PER_TIME, thermal_energy

TEMPERATURE_TOLERANCE = 0.05
"""Relative deviation of the mean temperature that is no fluctuation."""

FROZEN = 0.005
"""Diffusion coefficient in units of ρ^(−1/3) (k_B T/m)^(1/2) below which nothing flows.

Simple liquids have 0.03 where they freeze (Rosenfeld, Phys. Rev. A 15, 2545 (1977)).
"""

OVERLAP = 30.0
"""Energy of a pair in k_B T that no pair of a fluid in equilibrium has: e⁻³⁰ is 10⁻¹³."""

TORN = 1e-3
"""Change of a distance within a rigid molecule in Å beyond any rounding."""

BLOWN_UP = "Try: a smaller time step, or a potential with a harder or less steep core."
"""Advice for a program that lost its particles."""

_FLIGHTS = 5.0


@dataclass
class Trajectory:
    """A recorder of what the checks must remember of a trajectory.

    Parameters
    ----------
    box_length : float
        In Å.
    topology : Topology
        Looked at are the centres of its molecules.
    samples : int
        Number of snapshots to come.
    """

    box_length: float
    topology: Topology
    samples: int
    temperatures: list[float] = field(default_factory=list)
    waves: list[FloatArray] = field(default_factory=list)
    torn: float = 0.0
    _last: FloatArray | None = None
    _late_walk: FloatArray | None = None

    def add(self, frame: Frame) -> None:
        """Take note of a frame."""
        positions = self.topology.centres(frame.positions, self.box_length)
        self.torn = max(self.torn, self.topology.spread(frame.positions, self.box_length))
        self.temperatures.append(frame.thermo.temperature)
        self.waves.append(wave_shells(positions, self.box_length, self.topology.numbers))
        if (
            self._last is None
            or self._late_walk is None
            or len(self.waves) <= self.samples - self.samples // 2
        ):
            self._late_walk = np.zeros_like(positions)
        else:
            step = positions - self._last
            self._late_walk += step - self.box_length * np.rint(step / self.box_length)
        self._last = positions

    def slow(self) -> FloatArray:
        """Return nothing, shape (n, 0): long waves may take their time."""
        return np.empty((len(self.waves), 0))

    def series(self, blocks: int) -> tuple[Series, ...]:  # noqa: ARG002
        """Return nothing: a trajectory is good or it is not."""
        return ()

    @property
    def late_displacement(self) -> float:
        """Root mean square displacement over the second half, in Å."""
        if self._late_walk is None:
            return 0.0
        return float(np.sqrt(np.mean(np.sum(self._late_walk**2, axis=1))))


def check_finite(thermo: tuple[float, ...]) -> None:
    """Raise SimulationFailed at the first energy, pressure or temperature that is no number."""
    if not np.isfinite(thermo).all():
        raise SimulationFailed(
            "overlap: energy, pressure or temperature is not finite any more, as after a "
            f"collision too hard for the time step. {BLOWN_UP}"
        )


def check_trajectory(trajectory: Trajectory, plan: Plan) -> None:
    """Raise SimulationFailed if the trajectory is not one of a fluid at its temperature.

    Raises
    ------
    SimulationFailed
        If a rigid molecule lost its shape, the temperature ran away, the box
        holds two phases, or it froze.
    """
    if trajectory.torn > TORN:
        raise SimulationFailed(
            f"torn: a distance within a rigid molecule changed by {trajectory.torn:.3g} Å. "
            f"{BLOWN_UP}"
        )
    check_mean_temperature(trajectory.temperatures, plan)
    check_one_phase(np.array(trajectory.waves), plan.topology.numbers)
    _check_flow(trajectory, plan)


def check_mean_temperature(temperatures: Sequence[float], plan: Plan) -> None:
    """Raise SimulationFailed if a mean temperature in K is not that of the plan."""
    expected, found = plan.state.temperature, float(np.mean(temperatures))
    # A small box fluctuates by more than the tolerance in a single sample.
    noise = np.sqrt(2.0 / (3.0 * plan.settings.particles * plan.samples))
    if abs(found / expected - 1.0) > max(TEMPERATURE_TOLERANCE, 10.0 * noise):
        raise SimulationFailed(
            f"temperature run-away: the mean temperature was {found:.1f} K instead of "
            f"{expected:.1f} K. Try: a smaller time step, below "
            f"{plan.timestep:.2f} fs, or more equilibration_steps."
        )


def check_core(rdfs: Sequence[Series], plan: Plan) -> None:
    """Raise SimulationFailed if particles overlapped while g(r) was sampled.

    Parameters
    ----------
    rdfs : sequence of Series
        g(r) of each pair, in the order of the plan's potentials.
    plan : Plan
    """
    for g, potential in zip(rdfs, plan.potentials, strict=True):
        outer = g.x + 0.5 * plan.settings.bin_width
        inside = plan.state.beta * potential.energy(outer) > OVERLAP
        if g.mean[inside].any():
            nearest = float(g.x[np.flatnonzero(g.mean)[0]])
            raise SimulationFailed(
                f"overlap: pairs of particles at {nearest:.2f} Å, where the potential exceeds "
                f"{OVERLAP:g} k_B T. {BLOWN_UP}"
            )


def _check_flow(trajectory: Trajectory, plan: Plan) -> None:
    state, spacing = plan.state, plan.state.density ** (-1 / 3)
    mass = plan.masses.sum() / plan.molecules
    speed = np.sqrt(thermal_energy(state.temperature) / mass) / FS_PER_TIME
    time = plan.samples // 2 * plan.settings.sample_every * plan.timestep
    flights = time * speed / spacing
    if flights < _FLIGHTS:
        return
    diffusion = (trajectory.late_displacement / spacing) ** 2 / (6.0 * flights)
    if diffusion < FROZEN:
        raise SimulationFailed(
            f"frozen: in {time / 1000.0:.1f} ps particles moved by only "
            f"{trajectory.late_displacement:.2f} Å (diffusion coefficient {diffusion:.4f} in units "
            f"of ρ^(−1/3) (k_B T/m)^(1/2); above {FROZEN} expected). Try: a shallower or smaller "
            "potential, a smaller step of the update, or a state point above the freezing line."
        )
