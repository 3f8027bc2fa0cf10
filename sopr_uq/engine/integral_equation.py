"""The Ornstein–Zernike equation as an engine: a liquid in a few hundredths of a second.

It is exact for what it claims, the liquid of its closure: a twin experiment on
it knows its truth, its Jacobian and its thermodynamic limit.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import CubicSpline

from sopr_uq.engine.counting import counted
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
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.rng import stream
from sopr_uq.structure.closures import ClosureName, make_closure
from sopr_uq.structure.ornstein_zernike import Solution, solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray

# Grids are doubled until the correlations fit: beyond this, the state is taken
# to be a closure's spinodal.
_REACHES = (40.0, 80.0, 160.0)


@dataclass(frozen=True)
class IntegralEquationEngine:
    """The liquid of an integral equation in the thermodynamic limit.

    Parameters
    ----------
    settings : EngineSettings
        Only ``bin_width``, ``r_max``, ``particles`` (for half a box) and
        ``blocks`` (with a sampling error) matter. The potential acts at all
        distances: there is no cut-off.
    closure : {"hnc", "py"}
    sampling_error : float
        Standard error that a bin with g = 1 is given by counting all pairs:
        every bin of every block is a Poisson count, independent of the others,
        so that the error of g is ``sampling_error`` √g, and in a mixture that
        of a pair larger by its share of all pairs to the power −1/2. Pressure
        and energy are those of the same counts. 0: the exact result, without
        blocks.
    """

    settings: EngineSettings = field(default_factory=EngineSettings)
    closure: ClosureName = "hnc"
    sampling_error: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.sampling_error < 1.0:
            raise InputError(
                "IntegralEquationEngine.sampling_error",
                "a number from 0 to 1",
                str(self.sampling_error),
            )

    @property
    def name(self) -> str:
        """The engine's name in configurations."""
        return "integral_equation"

    @property
    def traits(self) -> Traits:
        """How it works; with a sampling error it is exact no more."""
        return replace(TRAITS["integral_equation"], exact=self.sampling_error == 0.0)

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Return the liquid; see :class:`~sopr_uq.engine.protocol.Engine`.

        Raises
        ------
        SimulationFailed
            If the closure has no solution here, or one with correlations
            longer than 160 Å (its spinodal).
        """
        check_able(self, setup)
        started = time.perf_counter()
        solution = self._solve(setup)
        r = bin_centres(self.settings, setup.state.density)
        bins = (r, self._bin_averages(setup, solution, r))
        exact = exact_simulation(self.name, setup, solution.grid, solution.g, bins, started)
        if progress is not None:
            progress(1.0)
        if not self.sampling_error:
            return exact
        rng = stream(setup.seed, "counts")
        return counted(exact, setup, self.sampling_error, self.settings.blocks, rng)

    def _solve(self, setup: Setup) -> Solution:
        state = setup.state
        r_max = bin_centres(self.settings, state.density)[-1]
        for reach in _REACHES:
            grid = RadialGrid.covering(max(reach, 1.1 * r_max), SPACING)
            v = energies(setup, grid.r)
            solution = solve(grid, v, setup.densities, state.beta, self.closure)
            if not solution.converged:
                raise SimulationFailed(solution.message)
            if not solution.truncated:
                return solution
        raise SimulationFailed(
            f"the correlations of the {self.closure.upper()} liquid are longer than "
            f"{solution.grid.r_max:.0f} Å at {state.temperature:g} K and {state.density:g} Å⁻³: "
            "the state lies at or inside the closure's spinodal. Try a higher temperature "
            "or a shallower potential"
        )

    def _bin_averages(self, setup: Setup, solution: Solution, r: FloatArray) -> FloatArray:
        # γ is smooth where g is steep: interpolate it, not g.
        gamma = CubicSpline(solution.grid.r, solution.gamma)

        def g(x: FloatArray) -> FloatArray:
            boltzmann = np.exp(-setup.state.beta * energies(setup, x))
            return make_closure(self.closure, boltzmann)(gamma(x))[0]

        return shell_average(g, r, self.settings.bin_width)
