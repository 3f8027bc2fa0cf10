"""What every engine takes and gives.

An engine turns a pair potential at a state point into the radial distribution
function and its sampling error. The engines of this package are molecular
dynamics (``lammps``, ``hoomd``) and two instant ones that know the truth for
what they claim (``dilute``, ``integral_equation``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sopr_uq.engine.blocks import mean_covariance, standard_error
from sopr_uq.engine.traits import Traits
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray

type Progress = Callable[[float], None]
"""Called with the fraction of the run that is done."""


@dataclass(frozen=True)
class Configuration:
    """Where a simulation ended, to go on from.

    Parameters
    ----------
    positions : array, shape (N, 3)
        In Å, inside the periodic box, whose corner is the origin.
    velocities : array, shape (N, 3)
        In Å/fs.
    box_length : float
        Edge of the cubic box, in Å.
    """

    positions: FloatArray
    velocities: FloatArray
    box_length: float


@dataclass(frozen=True)
class Simulation:
    """The outcome of one engine run.

    Parameters
    ----------
    r : array, shape (m,)
        Centres of the bins of g(r), in Å, equally spaced.
    g : array, shape (m,)
        Bin averages of g(r).
    g_blocks : array, shape (b, m)
        Averages of g over b consecutive blocks of the trajectory; b = 0 for an
        engine without sampling error.
    pressure, pressure_blocks : float and array of shape (b,)
        Virial pressure with tail correction, in MPa.
    energy, energy_blocks : float and array of shape (b,)
        Potential energy per particle with tail correction, in kcal/mol.
    configuration : Configuration or None
        The last configuration; None for an engine that has none.
    particles : int
        N; 0 stands for the thermodynamic limit.
    steps : int
        Time steps made, equilibration included.
    seconds : float
        Wall time of the whole run.
    rdf_seconds : float
        The share of it spent on g(r).
    engine : str
        Name and version.
    trouble : str
        Why a first attempt failed, if this is a second one with a safer set-up.
    """

    r: FloatArray
    g: FloatArray
    g_blocks: FloatArray
    pressure: float
    pressure_blocks: FloatArray
    energy: float
    energy_blocks: FloatArray
    configuration: Configuration | None
    particles: int
    steps: int
    seconds: float
    rdf_seconds: float
    engine: str
    trouble: str = ""

    @property
    def bin_width(self) -> float:
        """Width of the bins of g(r), in Å."""
        return float(self.r[1] - self.r[0])

    @property
    def g_covariance(self) -> FloatArray:
        """Covariance of ``g`` from the blocks, shape (m, m); see :mod:`.blocks`."""
        return mean_covariance(self.g_blocks)

    @property
    def g_error(self) -> FloatArray:
        """Standard error of ``g`` from the blocks, shape (m,)."""
        return standard_error(self.g_blocks)

    @property
    def pressure_error(self) -> float:
        """Standard error of the pressure, in MPa."""
        return float(standard_error(self.pressure_blocks[:, None])[0])

    @property
    def energy_error(self) -> float:
        """Standard error of the energy, in kcal/mol."""
        return float(standard_error(self.energy_blocks[:, None])[0])


class Engine(Protocol):
    """Potential + state point + random seed → :class:`Simulation`.

    The length and size of the run are settings of the engine, given when it is
    made (:class:`~sopr_uq.engine.settings.EngineSettings`).
    """

    @property
    def name(self) -> str:
        """The engine's name in configurations."""
        ...

    @property
    def traits(self) -> Traits:
        """How it works: see :class:`~sopr_uq.engine.traits.Traits`."""
        ...

    def run(
        self,
        potential: Potential,
        state: StatePoint,
        *,
        seed: int,
        start: Configuration | None = None,
        progress: Progress | None = None,
    ) -> Simulation:
        """Simulate.

        Parameters
        ----------
        potential : Potential
            Energies in kcal/mol, distances in Å.
        state : StatePoint
            Temperature, density and mass.
        seed : int
            Positive seed of velocities and thermostat.
        start : Configuration, optional
            Go on from here; without it start from a lattice.
        progress : callable, optional
            Called with the fraction done.

        Raises
        ------
        SimulationFailed
            If the trajectory must not be averaged: lost particles, a
            temperature that ran away, a frozen or phase-separated box.
        """
        ...
