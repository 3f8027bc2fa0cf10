"""A refined twin of the integral equation, with draws of its posterior at fixed noise levels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import xarray as xr

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.loop import Refinement, refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.problem import Problem, Sample
from sopr_uq.refine.settings import RefineSettings

STATE = StatePoint(140.0, 0.0185, 39.948)
TRUTH = Mie(3.4, 0.24, 13.0)


@dataclass(frozen=True)
class Counting:
    """The integral equation, counting how often it is asked."""

    engine: IntegralEquationEngine
    seeds: list = field(default_factory=list)
    name: str = "integral_equation"

    def run(self, setup, *, progress=None):
        self.seeds.append(setup.seed)
        return self.engine.run(setup)


@dataclass(frozen=True)
class Twin:
    rule: Newton
    engine: IntegralEquationEngine
    refinement: Refinement
    posterior: xr.Dataset


def make_twin(sampling_error: float, check_draws: int = 6, noise: float = 0.01) -> Twin:
    engine = IntegralEquationEngine(
        EngineSettings(particles=864, blocks=8), sampling_error=sampling_error
    )
    exact = engine.run(Setup.of(TRUTH, STATE, seed=99))
    r = np.arange(3.0, 11.0, 0.1)
    g = np.interp(r, exact.r, exact.g) + noise * np.random.default_rng(4).normal(size=r.size)
    pressure = Observation("pressure", np.zeros(1), np.array([exact.pressure]))
    sample = Sample(STATE, (Observation("g", r, g), pressure))
    settings = RefineSettings(rule="newton", max_iterations=3, check_draws=check_draws)
    rule = Newton(Problem((sample,), lennard_jones(3.36, 0.25), settings))
    refinement = refine(rule, engine)
    return Twin(rule, engine, refinement, draws_at_fixed_noise(rule, refinement, 400))


def draws_at_fixed_noise(rule: Newton, refinement: Refinement, size: int) -> xr.Dataset:
    """The posterior at the most probable θ, exactly, as if a sampler had drawn it."""
    fit, _ = rule.conclusion(refinement.state)
    z = np.random.default_rng(5).normal(size=(size, fit.coefficients.mean.size))
    shape = (2, size // 2)
    levels = {n: np.tile(getattr(fit.theta, n), (*shape, 1)) for n in ("noise", "reading")}
    v = fit.draws(z).reshape(*shape, -1)
    data = {n: (("chain", "draw", "curve"), x) for n, x in levels.items()}
    data["potential"] = (("chain", "draw", "r"), v)
    coords = {"chain": np.arange(2), "draw": np.arange(size // 2), "r": rule.problem.r}
    return xr.Dataset(data, coords=coords)


@pytest.fixture(scope="session")
def exact_twin() -> Twin:
    return make_twin(0.0)


@pytest.fixture(scope="session")
def noisy_twin() -> Twin:
    return make_twin(0.02, check_draws=10)


@pytest.fixture
def counting(exact_twin) -> Counting:
    return Counting(exact_twin.engine)


@pytest.fixture(scope="session")
def true_descriptors(exact_twin) -> np.ndarray:
    r = exact_twin.rule.problem.r
    return np.array(descriptors(r, TRUTH.energy(r), STATE.beta))


@pytest.fixture(scope="session")
def redraw():
    """Draws of the posterior of a refinement, 400 of them."""
    return lambda rule, refinement: draws_at_fixed_noise(rule, refinement, 400)
