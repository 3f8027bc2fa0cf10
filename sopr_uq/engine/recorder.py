"""What watches a trajectory: a recorder takes frames and gives series."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from sopr_uq.engine.blocks import block_means
from sopr_uq.engine.electrostatics import inner_energy
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.series import Series
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3


class Thermo(NamedTuple):
    """Averages over a stretch of trajectory."""

    energy: float
    """Potential energy of pairs within the cut-off and of charges, not of bonds, in kcal/mol."""
    virial: float
    """Virial part of the pressure, (1/3V) Σ r·f, in MPa."""
    temperature: float
    """Kinetic temperature in K."""


class Between(NamedTuple):
    """What was seen between a snapshot and the one before, at k evenly spaced times."""

    velocities: FloatArray
    """In Å/fs, shape (k, N, 3), in the order of the positions."""
    stress: FloatArray
    """Pressure tensor in MPa, xx, yy, zz, xy, xz, yz, shape (k, 6)."""
    energy: FloatArray
    """Potential energy of all pairs within the cut-off, in kcal/mol, shape (k,)."""


class Frame(NamedTuple):
    """A snapshot."""

    positions: FloatArray
    """In Å inside [0, L), shape (N, 3); particles of one type follow each other."""
    thermo: Thermo
    """Averages over the steps that led here."""
    between: Between | None = None
    """The way here, where a recorder asked to see it."""
    virial: float | None = None
    """Virial part of the pressure of the snapshot itself, in MPa, where it was asked for."""


class Recorder(Protocol):
    """Takes every frame of a trajectory, and gives what it measured."""

    def add(self, frame: Frame) -> None:
        """Take note of a frame."""
        ...

    def slow(self) -> FloatArray:
        """Return values of every frame, shape (n, k): blocks must outlast their memory."""
        ...

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return what was measured, averaged over so many blocks."""
        ...


def within(plan: Plan, positions: FloatArray) -> float:
    """Potential energy in kcal/mol that counts in the box without being between molecules.

    Parameters
    ----------
    plan : Plan
    positions : array, shape (N, 3)
        In Å; only flexible molecules are looked at.
    """
    alpha, topology = plan.alpha, plan.topology
    if alpha is None:
        return 0.0
    total = 0.0
    for kind, molecule in enumerate(plan.setup.substance.molecules):
        if molecule.bonded is None:
            total += float(inner_energy(molecule, molecule.shape, alpha)) * topology.numbers[kind]
        else:
            offsets = topology.offsets(positions, plan.box_length)
            total += float(inner_energy(molecule, offsets[topology.members(kind)], alpha).sum())
    return total


class ThermoRecorder:
    """Pressure and energy with tail corrections.

    Parameters
    ----------
    plan : Plan
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rows: list[Thermo] = []
        self._within: list[float] = []

    def add(self, frame: Frame) -> None:
        """Take note of a frame."""
        self._rows.append(frame.thermo)
        self._within.append(within(self._plan, frame.positions))

    def slow(self) -> FloatArray:
        """Return energy per molecule (kcal/mol) and pressure (MPa) of every frame, shape (n, 2)."""
        plan, rows = self._plan, np.array(self._rows)
        # forces that keep molecules rigid are part of the virial, as their rotation is of this
        motion = plan.freedom / 3.0 * plan.state.density
        kinetic = motion / plan.state.beta * MPA_PER_KCAL_MOL_A3
        tails = plan.potentials, plan.setup.densities, plan.cutoff
        tail = plan.atoms / plan.molecules * tail_energy(*tails)
        energy = (rows[:, 0] - np.array(self._within)) / plan.molecules + tail
        pressure = rows[:, 1] + kinetic + tail_pressure(*tails)
        return np.stack([energy, pressure], axis=1)

    def series(self, blocks: int) -> tuple[Series, ...]:
        """Return the energy and the pressure."""
        means = block_means(self.slow(), blocks)
        return tuple(
            Series.of_blocks(name, np.zeros(1), means[:, i : i + 1], unit)
            for i, (name, unit) in enumerate([("energy", "kcal/mol"), ("pressure", "MPa")])
        )
