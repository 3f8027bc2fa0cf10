"""The infinite liquid that a simulation of a finite box implies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.errors import SimulationFailed
from sopr_uq.experiment.substance import Pair
from sopr_uq.structure.cavity import CavitySmoother
from sopr_uq.structure.ornstein_zernike import extend
from sopr_uq.structure.response import LinearResponse, linear_response
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class InfiniteLiquid:
    """Radial distribution functions at all distances, with their sampling errors.

    Parameters
    ----------
    setup : Setup
        What was simulated.
    simulation : Simulation
    grid : RadialGrid
        n distances.
    g : array, shape (n, p)
        g(r) of the pairs of the substance, in their order.
    blocks : array, shape (b, n, p)
        Block averages of g; zero where it was not simulated.
    force : array, shape (n, p)
        −v′ in kcal/(mol Å), zero beyond the cut-off.
    """

    setup: Setup
    simulation: Simulation
    grid: RadialGrid
    g: FloatArray
    blocks: FloatArray
    force: FloatArray

    @cached_property
    def response(self) -> LinearResponse:
        """The linear response of g to the potentials, bridge functions held."""
        return linear_response(self.grid, self.g, self.setup.densities, self.setup.state.beta)

    def column(self, pair: Pair) -> int:
        """Return which column a pair has."""
        return self.setup.substance.pairs.index(pair)


def continued(
    setup: Setup, simulation: Simulation, grid: RadialGrid, cutoff: float = np.inf
) -> InfiniteLiquid:
    """Smooth the g(r) of a simulation, take its finite-size error out, and continue it.

    Parameters
    ----------
    setup : Setup
        What was simulated.
    simulation : Simulation
    grid : RadialGrid
        It reaches beyond the simulated distances.
    cutoff : float
        Distance in Å beyond which the engine ignored the potentials.

    Raises
    ------
    SimulationFailed
        If no homogeneous liquid has these g(r).
    """
    beta, r = setup.state.beta, simulation.r
    radius = float(r[-1])
    inside, seen = grid.r < radius, (grid.r <= cutoff)[:, None]
    g, blocks = [], []
    for pair, series in simulation.rdfs.items():
        smoother = CavitySmoother(r, simulation.bin_width, setup.potentials[pair].energy, beta)
        rows = np.zeros((grid.n, r.size))
        rows[inside] = smoother.predict(grid.r[inside])
        g.append(rows @ series.mean)
        blocks.append(series.blocks @ rows.T)
    energy, force = (
        np.where(seen, np.stack([f(grid.r) for f in functions], axis=1), 0.0)
        for functions in (
            [v.energy for v in setup.in_order],
            [v.force for v in setup.in_order],
        )
    )
    counts = np.array(simulation.counts) if simulation.counts else 0
    whole = extend(
        grid, np.stack(g, axis=1), radius, energy, setup.densities, beta, particles=counts
    )
    if not whole.converged:
        raise SimulationFailed(whole.message)
    return InfiniteLiquid(setup, simulation, grid, whole.g, np.stack(blocks, axis=-1), force)
