"""The low-density limit as an engine: g = exp(−βv), exact as ρ → 0."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from sopr_uq.engine.instant import (
    SPACING,
    bin_centres,
    energies,
    exact_simulation,
    shell_average,
)
from sopr_uq.engine.protocol import Progress, Setup, Simulation, check_able
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import TRAITS, Traits
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray

_REACH = 40.0


@dataclass(frozen=True)
class DiluteEngine:
    """A gas so thin that pairs meet alone.

    g(r) = exp(−βv) of each pair, P = ρ k_B T (1 + B₂ ρ) with the second virial
    coefficient B₂ = Σ_ab c_a c_b B_ab, and the energy 2πρ ∫ r² v exp(−βv) dr,
    averaged likewise.

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

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Return the dilute gas; see :class:`~sopr_uq.engine.protocol.Engine`."""
        check_able(self, setup)
        started = time.perf_counter()
        beta = setup.state.beta
        r = bin_centres(self.settings, setup.state.density)

        def g(x: FloatArray) -> FloatArray:
            return np.exp(-beta * energies(setup, x))

        grid = RadialGrid.covering(_REACH, SPACING)
        averages = shell_average(g, r, self.settings.bin_width)
        if progress is not None:
            progress(1.0)
        return exact_simulation(self.name, setup, grid, g(grid.r), (r, averages), started)
