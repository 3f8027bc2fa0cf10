"""The low-density limit as an engine: g = exp(−βv), exact as ρ → 0."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from sopr_uq.engine.instant import SPACING, bin_centres, exact_simulation, shell_average
from sopr_uq.engine.protocol import Configuration, Progress, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import TRAITS, Traits
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.structure.transforms import RadialGrid

_REACH = 40.0


@dataclass(frozen=True)
class DiluteEngine:
    """A gas so thin that pairs meet alone.

    g(r) = exp(−βv), P = ρ k_B T (1 + B₂ ρ) with the second virial coefficient
    B₂, and the energy 2πρ ∫ r² v exp(−βv) dr.

    Parameters
    ----------
    settings : EngineSettings
        Only ``bin_width``, ``r_max`` and ``particles`` (for half a box) matter.
    """

    settings: EngineSettings = field(default_factory=EngineSettings)

    traits: ClassVar[Traits] = TRAITS["dilute"]

    @property
    def name(self) -> str:
        """The engine's name in configurations."""
        return "dilute"

    def run(
        self,
        potential: Potential,
        state: StatePoint,
        *,
        seed: int,  # noqa: ARG002
        start: Configuration | None = None,  # noqa: ARG002
        progress: Progress | None = None,
    ) -> Simulation:
        """Return the dilute gas; see :class:`~sopr_uq.engine.protocol.Engine`."""
        started = time.perf_counter()
        r = bin_centres(self.settings, state.density)
        g = shell_average(
            lambda x: np.exp(-state.beta * potential.energy(x)), r, self.settings.bin_width
        )
        grid = RadialGrid.covering(_REACH, SPACING)
        gas = np.exp(-state.beta * potential.energy(grid.r))
        if progress is not None:
            progress(1.0)
        return exact_simulation(self.name, potential, state, grid, gas, (r, g), started)
