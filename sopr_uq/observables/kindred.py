"""Liquids of like potentials: what simulations of some say of all others, without one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from sopr_uq.engine.instant import energies, exact_simulation
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.errors import SimulationFailed
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.potentials import Potential
from sopr_uq.structure.bridge import implied_bridge, indirect_correlation
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray

_SEEN = 0.02
"""Of g: closer by, few pairs say what the bridge function is."""

_SHORTEST_STEP = 0.1
"""Of the way to a liquid that the start does not lead to: most have none then."""


@dataclass(frozen=True)
class Kindred:
    """Liquids whose bridge function is that of simulated ones.

    With it the Ornstein–Zernike equation gives g(r) of every potential, ln g = −βv + γ + B. B
    hardly depends on the potential (Y. Rosenfeld, N. W. Ashcroft, Phys. Rev. A 20, 1208
    (1979)): what simulations differ by from such liquids is far smaller, and straighter in
    the potential, than what they differ by from each other.

    Parameters
    ----------
    setup : Setup
        Of one of those simulated.
    grid : RadialGrid
        n distances.
    bridge, gamma : array, shape (n, p)
        B(r), and a γ(r) to begin with.
    """

    setup: Setup
    grid: RadialGrid
    bridge: FloatArray
    gamma: FloatArray

    @classmethod
    def of(cls, liquids: Sequence[InfiniteLiquid]) -> Self:
        """Take the bridge function of most simulated liquids.

        Noise of an S(q → 0) may make that of one wrong everywhere: it is the median.

        Parameters
        ----------
        liquids : sequence of InfiniteLiquid
            At least one; of one substance, at one state.

        Raises
        ------
        InputError
            If S(q) of one is not positive.
        """
        setup, grid = liquids[0].setup, liquids[0].grid
        g = np.array([np.maximum(each.g, 0.0) for each in liquids])
        bridges, gammas = np.empty_like(g), np.empty_like(g)
        for i, each in enumerate(liquids):
            implied = implied_bridge(grid, g[i], each.energy, each.mixture, setup.state.beta)
            bridges[i] = implied.reshape(g[i].shape)
            gammas[i] = indirect_correlation(grid, g[i], each.mixture).reshape(g[i].shape)
        bridge = np.median(bridges, axis=0)
        for column, near in zip(bridge.T, np.median(g, axis=0).T, strict=True):
            first = int(np.argmax(near > _SEEN))
            column[:first] = column[first]
        return cls(setup, grid, bridge, np.median(gammas, axis=0))

    def simulation(self, potentials: Sequence[Potential]) -> Simulation:
        """Return the liquid of other potentials, one of each pair, without sampling error.

        Raises
        ------
        SimulationFailed
            If there is none.
        """
        started = time.perf_counter()
        named = dict(zip(self.setup.substance.pairs, potentials, strict=True))
        setup = replace(self.setup, potentials=named)
        energy = energies(setup, self.grid.r)
        solution = solve(
            self.grid, energy, setup.densities, setup.state.beta,
            bridge=self.bridge, start=self.gamma, shortest_step=_SHORTEST_STEP,
        )  # fmt: skip
        if not solution.converged:
            raise SimulationFailed(solution.message)
        g = solution.g.reshape(energy.shape)
        return exact_simulation("kindred", setup, self.grid, g, (self.grid.r, g), started)
