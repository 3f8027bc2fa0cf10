"""A liquid whose potential is known: the integral equation at an argon-like state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from sopr_uq.engine.blocks import mean_covariance
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, Potential, Tabulated, lennard_jones
from sopr_uq.refine.newton import implied
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import residual
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.structure.truncation import truncation_rows

GRID = RadialGrid(2047, 0.02)
BLOCKS = 20
_LINEARISED: dict[tuple[int, Potential], tuple[Problem, LinearModel]] = {}
"""Linear models without error, and the problems that they were made for."""


@dataclass(frozen=True)
class Case:
    """An engine at a state point, a true potential, and a reference to start from."""

    state: StatePoint
    truth: Potential
    reference: Potential
    engine: IntegralEquationEngine

    @property
    def x(self) -> np.ndarray:
        """Where g is measured, in Å."""
        return np.arange(2.8, 12.0, 0.05)

    def problem(self, *observations: Observation, **settings) -> Problem:
        """Return a problem that starts from the reference."""
        liquid = Liquid(self.state, observations or (self.blank(),))
        return Problem((liquid,), self.reference, RefineSettings(**settings))

    def blank(self) -> Observation:
        """Return a measurement that says nothing yet."""
        return Observation("g", self.x, np.ones(self.x.size))

    def table(self, potential: Potential) -> Tabulated:
        """Return a potential as the problem's grid can hold it."""
        r = self.problem().r
        return Tabulated(r, potential.energy(r))

    def run(self, potential: Potential, seed: int = 1) -> Simulation:
        """Simulate at the state point."""
        return self.engine.run(Setup.of(potential, self.state, seed=seed))

    def model(
        self, problem: Problem, potential: Potential, error: float = 0.0, seed: int = 1
    ) -> LinearModel:
        """Return the linear model of a simulation, by a made-up sampling error of g.

        The same for each of its points, independent, told by 20 blocks.
        """
        key = (id(problem), potential)
        if key not in _LINEARISED:
            table = self.table(potential)
            _LINEARISED[key] = (problem, linearise(problem, table.v, [self.run(table)]))
        exact = _LINEARISED[key][1]
        if not error:
            return exact
        rng = np.random.default_rng([seed, len(exact.prediction)])
        blocks = error * np.sqrt(BLOCKS) * rng.standard_normal((BLOCKS, exact.prediction.size))
        return replace(
            exact,
            prediction=exact.prediction + blocks.mean(axis=0),
            covariance=mean_covariance(blocks),
            blocks=(blocks - blocks.mean(axis=0)) / np.sqrt(BLOCKS * (BLOCKS - 1)),
            freedom=np.asarray(BLOCKS - 1.0),
        )

    def as_compared(self, potential: Potential) -> Observation:
        """Return g as the rules see it: a fixed point to rounding."""
        c = residual(self.run(potential), potential, self.state, self.blank())
        return Observation("g", c.r, c.simulated)

    def exact(self, observation: Observation, potential: Potential) -> np.ndarray:
        """Return what would be measured without error, not by way of any engine or rule."""
        solution = solve(GRID, potential.energy(GRID.r), self.state.density, self.state.beta)
        x, h = observation.x, solution.g - 1.0
        if observation.kind == "s":
            return 1.0 + structure_rows(GRID, x, self.state.density) @ h
        if observation.kind == "pressure":
            return np.array([self.run(potential).pressure])
        if np.isfinite(observation.q_max):
            return 1.0 + truncation_rows(GRID, x, observation.q_max) @ h
        return CubicSpline(GRID.r, solution.g)(x)

    def measured(self, potential: Potential, noise: float, seed: int) -> Observation:
        """Return g with white noise."""
        g = self.exact(self.blank(), potential)
        return Observation("g", self.x, g + noise * np.random.default_rng(seed).normal(size=g.size))


@pytest.fixture(scope="session")
def liquid() -> Case:
    return Case(
        state=StatePoint(120.0, 0.018, 39.948),
        truth=Mie(3.40, 0.238, 13.0),
        reference=lennard_jones(3.35, 0.26),
        engine=IntegralEquationEngine(EngineSettings(r_max=14.0)),
    )


@pytest.fixture(scope="module")
def short_grid() -> Iterator[None]:
    """Linear responses to 30 Å instead of 50, where what is tested is not their accuracy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(implied, "GRID_REACH", 30.0)
        yield
