"""Recorders of motion and fluctuation: displacements, velocities, stress, energy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from sopr_uq.engine.blocks import autocorrelation_time, block_means
from sopr_uq.engine.correlation import LagAverage, Stretches, correlate, displacements
from sopr_uq.engine.plan import Plan, flight_time
from sopr_uq.engine.recorder import Frame, Recorder
from sopr_uq.engine.series import Series
from sopr_uq.typing import FloatArray
from sopr_uq.units import (
    BOLTZMANN,
    FS_PER_PS,
    JOULE_PER_KCAL,
    MPA_PER_KCAL_MOL_A3,
    thermal_energy,
)

MOTION_REACH = 3.0
"""Longest lag of velocities and displacements, in times of free flight."""

STRESS_REACH = 5.0
"""Longest lag of the stress, in times of free flight: at the triple point it remembers longer."""

_FOLLOWED = 4000
"""Molecules of a kind whose motion is followed; more would only take memory."""

_FEWEST_ROWS = 4


class DiffusionRecorder:
    """Mean squared displacement and velocity autocorrelation of each kind of molecule's centre.

    Of an atom that is the atom. A site of a molecule goes as far, but turns about the centre on
    its way.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._frames = 0
        self._last: FloatArray | None = None
        self._numbers = plan.topology.numbers
        self._walk = np.zeros((plan.molecules, 3))
        self._fine, self._coarse = (k * plan.timestep / FS_PER_PS for k in _intervals(plan))
        lags = [_lags(plan, MOTION_REACH, k) for k in _intervals(plan)]
        self._velocity = [_stretches(correlate, lags[0]) for _ in self._numbers]
        self._displacement = [_stretches(displacements, lags[1]) for _ in self._numbers]

    def add(self, frame: Frame) -> None:
        """Take note of the way to a frame."""
        assert frame.between is not None
        self._frames += 1
        self._follow(self._plan.topology.centres(frame.positions, self._plan.box_length))
        velocities = [self._of_molecules(each) for each in frame.between.velocities]
        for kind, (velocity, displacement) in enumerate(
            zip(self._velocity, self._displacement, strict=True)
        ):
            displacement.add(self._of(kind, self._walk))
            for each in velocities:
                velocity.add((self._of(kind, each) * FS_PER_PS).astype(np.float32))

    def _of_molecules(self, velocities: FloatArray) -> FloatArray:
        topology = self._plan.topology
        if self._plan.setup.substance.atomic:
            return velocities[topology.owners]
        return topology.means(velocities)

    def _follow(self, centres: FloatArray) -> None:
        if self._last is not None:
            step = centres - self._last
            edge = self._plan.box_length
            self._walk = self._walk + step - edge * np.rint(step / edge)
        self._last = centres

    def _of(self, kind: int, rows: FloatArray) -> FloatArray:
        begin = sum(self._numbers[:kind])
        return rows[begin : begin + min(self._numbers[kind], _FOLLOWED)]

    def slow(self) -> FloatArray:
        """Return nothing, shape (n, 0): a row outlasts its own memory."""
        return np.empty((self._frames, 0))

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return ⟨v(0)·v(t)⟩ in Å²/ps² and ⟨Δr²(t)⟩ in Å² of each molecule, t in ps."""
        found = []
        for kind, molecule in enumerate(self._plan.setup.substance.molecules):
            followed = min(self._numbers[kind], _FOLLOWED)
            for name, unit, each, spacing in (
                ("vacf", "angstrom^2/ps^2", self._velocity[kind], self._fine),
                ("msd", "angstrom^2", self._displacement[kind], self._coarse),
            ):
                found.append(
                    _curve(f"{name} {molecule.name}", each.rows / followed, spacing, blocks, unit)
                )
        return tuple(found)


class ViscosityRecorder:
    """Autocorrelation of the stress.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        lags = _lags(plan, STRESS_REACH, plan.fine_every)
        self._plan = plan
        self._frames = 0
        self._stress = _stretches(correlate, lags)

    def add(self, frame: Frame) -> None:
        """Take note of the way to a frame."""
        assert frame.between is not None
        self._frames += 1
        for each in shear(frame.between.stress):
            self._stress.add(each)

    def slow(self) -> FloatArray:
        """Return nothing, shape (n, 0): a row outlasts its own memory."""
        return np.empty((self._frames, 0))

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return the shear relaxation modulus G(t) = V ⟨σ(0) σ(t)⟩/(k_B T) in MPa, t in ps."""
        plan = self._plan
        heat = thermal_energy(plan.state.temperature) * MPA_PER_KCAL_MOL_A3
        rows = self._stress.rows * plan.box_length**3 / heat
        spacing = plan.fine_every * plan.timestep / FS_PER_PS
        return (_curve("modulus", rows, spacing, blocks, "MPa"),)


class HeatCapacityRecorder:
    """Heat capacity at constant volume from the fluctuation of the energy.

    C_V = (f/2)(1 − 1/N) R + ⟨δU²⟩/(N k_B T²) N_A, of the canonical ensemble (Allen &
    Tildesley, 2nd ed., eq 2.80), f the degrees of freedom of a molecule: 3 of an atom.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._energies: list[FloatArray] = []

    def add(self, frame: Frame) -> None:
        """Take note of the way to a frame."""
        assert frame.between is not None
        self._energies.append(frame.between.energy)

    def slow(self) -> FloatArray:
        """Return the energy of the box at every frame in kcal/mol, shape (n, 1)."""
        return np.array([[each[-1]] for each in self._energies], dtype=float)

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return C_V in J/(mol K)."""
        n = self._plan.settings.particles
        variance = fluctuation(np.concatenate(self._energies), blocks)
        potential = variance / (n * BOLTZMANN * self._plan.state.temperature**2)
        kinetic = 0.5 * self._plan.freedom * BOLTZMANN * (1.0 - 1.0 / n)
        found = (kinetic + potential)[:, None] * JOULE_PER_KCAL
        return (Series.of_blocks("heat-capacity", np.zeros(1), found, "J/(mol K)"),)


RECORDERS: Mapping[str, Callable[[Plan], Recorder]] = {
    "diffusion": DiffusionRecorder,
    "viscosity": ViscosityRecorder,
    "heat-capacity": HeatCapacityRecorder,
}
"""By what a setup asks to record."""

_REACHES = {"diffusion": MOTION_REACH, "viscosity": STRESS_REACH}
"""Longest lags of those that correlate times, in times of free flight."""


def long_enough(plan: Plan) -> Plan:
    """Return the plan with as many steps of sampling as the memory of the liquid needs.

    A potential asks for its own time step: what is enough for one would be too few for another
    whose step is shorter, and a refinement must not end by the draw of such a one.
    """
    reaches = [_REACHES[name] for name in plan.setup.record if name in _REACHES]
    steps = max((_needed(plan, _lags(plan, r, plan.fine_every)) for r in reaches), default=0)
    if steps <= plan.settings.production_steps:
        return plan
    every = plan.settings.sample_every
    changes = {"production_steps": -(-steps // every) * every}
    return replace(plan, settings=plan.settings.model_copy(update=changes))


def _needed(plan: Plan, lags: int) -> int:
    """Steps that fill the fewest rows of a time correlation."""
    return (lags + _FEWEST_ROWS * max(1, lags // 2) + 1) * plan.fine_every


def shear(stress: FloatArray) -> FloatArray:
    """Return the traceless stress so scaled that its square has the mean of one shear component.

    All ten products of the tensor are used (Daivis & Evans, J. Chem. Phys. 100,
    541 (1994), eq 6).

    Parameters
    ----------
    stress : array, shape (k, 6)
        xx, yy, zz, xy, xz, yz.

    Returns
    -------
    array, shape (k, 6)
        In the unit of the stress.
    """
    diagonal = stress[:, :3] - stress[:, :3].mean(axis=1, keepdims=True)
    both = np.concatenate([diagonal, np.sqrt(2.0) * stress[:, 3:]], axis=1)
    return np.asarray(both / np.sqrt(10.0))


def fluctuation(samples: FloatArray, blocks: int) -> FloatArray:
    """Return the variance of a correlated series by blocks, without bias, shape (n,) → (b,).

    Deviations from the mean of n samples fall short by τ/n, the variance of that mean.
    """
    square = (samples - samples.mean()) ** 2
    short = autocorrelation_time(samples) / samples.size
    return np.asarray(block_means(square[:, None], blocks)[:, 0] / (1.0 - min(short, 0.5)))


def _intervals(plan: Plan) -> tuple[int, int]:
    """Steps between velocities, and between positions."""
    return plan.fine_every, plan.settings.sample_every


def _lags(plan: Plan, reach: float, every: int) -> int:
    """Number of lags, from zero on, up to a multiple of the time of free flight."""
    # the same for a run of half the time step and twice the steps, whatever was rounded
    spacing = every * plan.timestep / FS_PER_PS
    return max(4, round(reach * flight_time(plan.setup) / spacing + 1e-6))


def _stretches(average: LagAverage, lags: int) -> Stretches:
    return Stretches(average, lags, max(1, lags // 2))


def _curve(name: str, rows: FloatArray, spacing: float, blocks: int, unit: str) -> Series:
    """Return a correlation function over t in ps, from rows that follow each other."""
    x = np.asarray(spacing * np.arange(rows.shape[1]), dtype=float)
    return Series.of_blocks(name, x, block_means(rows, min(blocks, len(rows))), unit)
