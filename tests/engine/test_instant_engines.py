"""The engines that know the truth: laws, limits, and the noise they can put on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.stats import norm

from sopr_uq.engine.counting import counted
from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Exp6, Mie, lennard_jones
from sopr_uq.potentials.tail import tail_power
from sopr_uq.rng import stream
from sopr_uq.structure.bins import shell_volume
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.virial import internal_energy, virial_pressure
from sopr_uq.testing import check_engine

ARGON = lennard_jones(3.40, 0.238)
LIQUID = StatePoint(temperature=85.0, density=0.02125, mass=39.948)
GAS = StatePoint(temperature=150.0, density=1e-6, mass=39.948)
ENGINES = [DiluteEngine(), IntegralEquationEngine(), IntegralEquationEngine(closure="py")]


@pytest.fixture(scope="module")
def liquid():
    return IntegralEquationEngine().run(Setup.of(ARGON, LIQUID, seed=1))


@pytest.mark.parametrize("engine", ENGINES, ids=["dilute", "hnc", "py"])
def test_what_every_engine_must_do(engine):
    """Of a liquid; a thin gas is g = exp(−βv) averaged over each shell, P = ρkT (1 + B₂ρ)."""
    found = check_engine(engine, Setup.of(ARGON, LIQUID, seed=1), gas=Setup.of(ARGON, GAS, seed=1))
    assert found.configuration is None
    assert (found.particles, found.steps) == (0, 0)


@pytest.mark.parametrize("engine", ENGINES, ids=["dilute", "hnc", "py"])
def test_bins_are_those_of_a_box(engine):
    """Centres of whole bins up to half the edge of the box, or up to r_max."""
    found = engine.run(Setup.of(ARGON, LIQUID, seed=1))
    half = 0.5 * (1372 / LIQUID.density) ** (1 / 3)
    np.testing.assert_allclose(found.r, 0.02 * (np.arange(found.r.size) + 0.5))
    assert half - 0.02 < found.r[-1] + 0.01 <= half
    chosen = type(engine)(EngineSettings(r_max=8.0, bin_width=0.1))
    r = chosen.run(Setup.of(ARGON, LIQUID, seed=1)).r
    assert r == pytest.approx(0.1 * (np.arange(80) + 0.5))


def test_integral_equation_reproduces_its_own_solution(liquid):
    """Bin averages integrate to what the solution integrates to; same pressure and energy."""
    grid = RadialGrid.covering(40.0, 0.02)
    v = ARGON.energy(grid.r)
    solution = solve(grid, v, LIQUID.density, LIQUID.beta)
    power = float(tail_power(grid.r, v))
    pressure = virial_pressure(
        grid, solution.g, v, ARGON.force(grid.r), LIQUID.density, LIQUID.beta, power
    )
    assert liquid.pressure == pytest.approx(pressure, rel=1e-9)
    assert liquid.energy == pytest.approx(
        internal_energy(grid, solution.g, v, LIQUID.density, power), rel=1e-9
    )
    edge = 10.0
    n = round(edge / grid.spacing)
    integrand = np.concatenate(([0.0], grid.r[:n] ** 2 * solution.g[:n]))
    bins = liquid.r < edge
    shells = shell_volume(liquid.r[bins], liquid.bin_width)
    exact = 4.0 * np.pi * simpson(integrand, dx=grid.spacing)
    assert shells @ liquid.g[bins] == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("potential", [Mie(3.4, 0.238, 11.0, 6.0), Exp6(3.8, 0.25)])
def test_any_potential_will_do(potential):
    found = IntegralEquationEngine().run(Setup.of(potential, LIQUID, seed=1))
    assert np.isfinite(found.g).all()
    assert found.g[-50:] == pytest.approx(1.0, abs=0.05)


def test_a_state_beyond_the_spinodal_fails_with_advice():
    xenon = StatePoint(temperature=274.0, density=0.00881, mass=131.29)
    with pytest.raises(SimulationFailed, match="higher temperature"):
        IntegralEquationEngine().run(Setup.of(lennard_jones(3.88, 0.8), xenon, seed=1))
    # Just inside: a short grid alone would still find something.
    with pytest.raises(SimulationFailed, match="spinodal"):
        IntegralEquationEngine().run(Setup.of(lennard_jones(3.88, 0.476), xenon, seed=1))
    IntegralEquationEngine().run(
        Setup.of(lennard_jones(3.88, 0.476), StatePoint(280.0, 0.00881, 131.29), seed=1)
    )


NOISY = IntegralEquationEngine(EngineSettings(blocks=10), sampling_error=0.02)


def test_counts_are_reproducible_and_change_with_the_seed(liquid):
    first, again, other = (NOISY.run(Setup.of(ARGON, LIQUID, seed=s)) for s in (5, 5, 6))
    np.testing.assert_array_equal(first.g_blocks, again.g_blocks)
    assert np.any(first.g_blocks != other.g_blocks)
    assert first.g_blocks.shape == (10, first.r.size)
    np.testing.assert_allclose(first.g, first.g_blocks.mean(axis=0))
    assert np.all(first.g_blocks >= 0.0)
    assert np.all(first.g_blocks[:, liquid.g < 1e-12] == 0.0)
    assert first.pressure == pytest.approx(first.pressure_blocks.mean())
    assert first.energy == pytest.approx(first.energy_blocks.mean())


def test_counting_noise_is_what_it_says(liquid):
    """100 runs. Each bound is at 4.5 standard errors: false alarms below 1e-4 in all.

    A claimed error 30 % too small fails the same bounds.
    """
    setup = Setup.of(ARGON, LIQUID, seed=1)
    runs = [counted(liquid, setup, 0.02, 10, stream(s, "counts")) for s in range(100)]
    np.testing.assert_array_equal(runs[5].g, NOISY.run(Setup.of(ARGON, LIQUID, seed=5)).g)
    bound = norm.isf(1e-5 / 2)
    seen = liquid.g > 0.05
    z = np.array([(run.g - liquid.g)[seen] for run in runs]) / (0.02 * np.sqrt(liquid.g[seen]))
    spread = np.sqrt(2.0 / z.size)
    assert abs(z.mean()) * np.sqrt(z.size) < bound
    assert abs(z.var() - 1.0) < bound * spread
    assert abs((z / 0.7).var() - 1.0) > bound * spread
    for name in ("pressure", "energy"):
        values = np.array([getattr(run, name) for run in runs])
        claimed = np.mean([getattr(run, f"{name}_error") ** 2 for run in runs])
        exact = getattr(liquid, name)
        assert abs(values.mean() - exact) < bound * np.sqrt(claimed / len(runs))
        ratio = values.var(ddof=1) / claimed
        # 100 values against 100 × 9 degrees of freedom.
        assert abs(ratio - 1.0) < bound * np.sqrt(2.0 / 99 + 2.0 / 900)
        assert abs(ratio / 0.49**2 - 1.0) > bound * np.sqrt(2.0 / 99 + 2.0 / 900)


@pytest.mark.parametrize("error", [-0.1, 1.0, np.nan])
def test_nonsense_is_refused(error):
    with pytest.raises(InputError, match="from 0 to 1"):
        IntegralEquationEngine(sampling_error=error)
