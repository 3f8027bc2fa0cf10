"""A simulated g(r) at the abscissae of a measured one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.structure.cavity import CavitySmoother
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.truncation import truncation_rows
from sopr_uq.typing import FloatArray

_SPACING = 0.02


@dataclass(frozen=True)
class Residual:
    """Simulated minus measured g(r).

    Parameters
    ----------
    r : array, shape (n,)
        Measured distances inside the window that the simulation reaches, in Å.
    simulated, measured : array, shape (n,)
        g(r); the measured one divided by its level.
    variance : array, shape (n,)
        Sampling variance of the simulated one.
    level : float
        Factor by which the measured curve exceeds its proper normalisation.
    """

    r: FloatArray
    simulated: FloatArray
    measured: FloatArray
    variance: FloatArray
    level: float

    @property
    def difference(self) -> FloatArray:
        """Δg = simulated − measured, shape (n,)."""
        return self.simulated - self.measured

    @property
    def misfit(self) -> float:
        """Mean squared Δg."""
        return float(np.mean(self.difference**2))


def residual(
    simulation: Simulation,
    potential: Potential,
    state: StatePoint,
    observation: Observation,
    *,
    pair: Pair | None = None,
    level_from: float | None = None,
) -> Residual:
    """Evaluate a simulation at the measured points.

    The simulated g(r) is interpolated through the cavity function
    g exp(βv), which is smooth where g is steep, and cut at the Q at which the
    measurement ended.

    Parameters
    ----------
    simulation : Simulation
        The engine's result for ``potential``.
    potential : Potential
        The potential that was simulated.
    state : StatePoint
        Its state point.
    observation : Observation
        A measured g(r).
    pair : Pair, optional
        Of which g(r) this is; an element needs none.
    level_from : float, optional
        Fit the level of the measured curve by least squares at distances
        beyond this one, in Å; by default the level is one.
    """
    series = simulation.only if pair is None else simulation.rdfs[pair]
    data = observation.windowed()
    inside = data.x <= simulation.r[-1]
    r, measured = data.x[inside], data.value[inside]
    smoother = CavitySmoother(simulation.r, simulation.bin_width, potential.energy, state.beta)
    rows, constant = _rows(smoother, simulation.r[-1], r, data.q_max)
    simulated = constant + rows @ series.mean
    blocks = series.blocks @ rows.T
    b = len(blocks)
    variance = blocks.var(axis=0, ddof=1) / b if b > 1 else np.zeros(r.size)
    level = 1.0
    if level_from is not None and np.count_nonzero(r > level_from) >= 5:
        far = r > level_from
        level = float(measured[far] @ simulated[far] / (simulated[far] @ simulated[far]))
    return Residual(r, simulated, measured / level, variance, level)


def _rows(
    smoother: CavitySmoother, r_max: float, r: FloatArray, q_max: float
) -> tuple[FloatArray, FloatArray]:
    """Return A and b of g(r) = A g_bins + b."""
    if not np.isfinite(q_max):
        return smoother.predict(r), np.zeros(r.size)
    grid = RadialGrid(int(r_max / _SPACING), _SPACING)
    cut = truncation_rows(grid, r, q_max)
    return cut @ smoother.predict(grid.r), 1.0 - cut.sum(axis=1)
