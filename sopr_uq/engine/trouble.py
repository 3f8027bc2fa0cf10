"""Trajectories that must not be averaged, and how they are recognised."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sopr_uq.engine.plan import Plan
from sopr_uq.errors import SimulationFailed
from sopr_uq.typing import FloatArray


@dataclass
class Trajectory:
    """What the checks remember of a trajectory."""

    box_length: float
    temperatures: list[float] = field(default_factory=list)

    def add(self, positions: FloatArray, temperature: float) -> None:
        """Take note of a snapshot."""
        self.temperatures.append(temperature)


def check_finite(thermo: tuple[float, ...]) -> None:
    """Raise SimulationFailed at the first energy, pressure or temperature that is no number."""
    if not np.isfinite(thermo).all():
        raise SimulationFailed(
            "energy, pressure or temperature is not finite any more. Try: a smaller time step, "
            "or a potential with a harder core."
        )


def check_trajectory(trajectory: Trajectory, plan: Plan) -> None:
    """Raise SimulationFailed if the trajectory is not one of a fluid at its temperature."""
