"""Diffusion and viscosity as data: thermodynamic laws of their slopes, exact correlations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.engine import lammps
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables import OrnsteinZernike, continued
from sopr_uq.observables.motion import EXPONENT, Diffusion, Viscosity, as_many
from sopr_uq.observables.pair_entropy import pair_entropy, pair_entropy_change
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.transforms import RadialGrid

SIGMA, EPSILON = 3.4, 0.238
STATE = StatePoint(120.0, 0.018, 39.948)
GRID = RadialGrid.covering(40.0, 0.03)
ENGINE = IntegralEquationEngine(EngineSettings(particles=1000))


def setup_of(state=STATE, sigma=SIGMA, epsilon=EPSILON, seed=1):
    return Setup.of(lennard_jones(sigma, epsilon), state, seed)


def changes(liquid, step=1e-4):
    """Of ln σ and ln ε."""
    rows = []
    for name, size in (("sigma", SIGMA), ("epsilon", EPSILON)):
        ends = [setup_of(**{name: size * np.exp(s * step)}).in_order[0] for s in (1, -1)]
        rows.append((ends[0].energy(GRID.r) - ends[1].energy(GRID.r)) / (2 * step))
    energy = np.where(GRID.r > 0.5 * SIGMA, rows, 0.0).T[:, None]
    return OrnsteinZernike(liquid, energy)


def test_the_pair_entropy_of_a_gas_is_that_of_its_virial():
    """At low density s₂ → −2πρ ∫ r² (e^(−βv) (−βv) − e^(−βv) + 1) dr."""
    state = StatePoint(300.0, 1e-4, 39.948)
    setup = setup_of(state)
    short = IntegralEquationEngine(EngineSettings(r_max=15.0))
    liquid = continued(setup, short.run(setup), GRID)
    x = -state.beta * lennard_jones(SIGMA, EPSILON).energy(GRID.r)
    inside = np.where(x > -50.0, np.exp(x) * (x - 1.0), 0.0) + 1.0
    expected = -2.0 * np.pi * state.density * GRID.integrate(GRID.r**2 * inside)
    assert pair_entropy(liquid) == pytest.approx(float(expected), rel=0.02)


def test_its_change_is_the_derivative():
    """Against the pair entropies of liquids with other σ and ε."""
    found = pair_entropy_change(changes(continued(setup_of(), ENGINE.run(setup_of()), GRID)))
    step = 1e-3
    for slope, name, size in zip(found, ("sigma", "epsilon"), (SIGMA, EPSILON), strict=True):
        ends = []
        for sign in (1, -1):
            setup = setup_of(**{name: size * np.exp(sign * step)})
            ends.append(pair_entropy(continued(setup, ENGINE.run(setup), GRID)))
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.02)


def with_motion(liquid, rng, diffusion=2.0, noise=0.0, blocks=10, modulus=None):
    """A liquid whose velocities forget exponentially, D(∞) as given in 10⁻⁹ m²/s."""
    t = np.linspace(0.0, 3.0 * flight_time(liquid.setup), 400)
    time = 0.05 * flight_time(liquid.setup)
    shape = np.exp(-t / time)
    each = 3.0 * diffusion / 10.0 / time * shape * (1.0 + noise * rng.standard_normal((blocks, 1)))
    series = {**liquid.simulation.series, "vacf A": Series.of_blocks("vacf A", t, each, "")}
    if modulus is not None:
        series["modulus"] = Series.of_blocks(
            "modulus", t * 5 / 3, modulus * shape * np.ones((5, 1)), ""
        )
    return replace(liquid, simulation=replace(liquid.simulation, series=series, counts=(500,)))


@pytest.fixture(scope="module")
def liquid():
    setup = setup_of()
    noisy = replace(ENGINE, sampling_error=0.01, settings=EngineSettings(particles=1000, blocks=10))
    return continued(setup, noisy.run(setup), GRID)


def test_an_exponential_correlation_has_its_diffusion_at_infinite_size(liquid):
    found = Diffusion().predict(with_motion(liquid, np.random.default_rng(1)))
    expected = 2.0 / (1.0 - 500 ** (-1 / 3))
    assert np.exp(found.mean[0]) == pytest.approx(expected, rel=2e-3)
    common = Diffusion().common(with_motion(liquid, np.random.default_rng(1)))
    assert common == pytest.approx(0.1 * 500 ** (-1 / 3) * expected / 2.0, rel=0.05)


def test_blocks_carry_the_relative_error(liquid):
    moving = with_motion(liquid, np.random.default_rng(2), noise=0.1)
    found = Diffusion().predict(moving)
    blocks = moving.simulation["vacf A"].blocks[:, 0]
    expected = blocks.std(ddof=1) / blocks.mean() / np.sqrt(10)
    assert found.error[0] == pytest.approx(expected)
    assert found.blocks.shape == (len(liquid.blocks), 1)


@pytest.mark.parametrize("count", [4, 9, 10, 11, 30])
def test_any_number_of_blocks_has_the_variance_of_the_mean(count):
    deviations = np.random.default_rng(3).standard_normal((10, 1))
    deviations -= deviations.mean()
    found = as_many(deviations, count)
    assert found.shape == (count, 1)
    assert found.mean() == pytest.approx(0.0, abs=1e-12)
    errors = [x.std(ddof=1) / np.sqrt(len(x)) for x in (deviations, found)]
    assert errors[1] == pytest.approx(errors[0])
    if count == 10:
        assert np.array_equal(found, deviations)


def test_what_is_lost_in_noise_is_no_datum(liquid):
    moving = with_motion(liquid, np.random.default_rng(5), noise=4.0)
    with pytest.raises(RuleFailed, match=r"lost in its noise.*production_steps"):
        Diffusion().predict(moving)


def test_diffusion_and_viscosity_have_opposite_slopes(liquid):
    change = changes(liquid)
    slopes = Diffusion().jacobian(change)
    np.testing.assert_allclose(slopes, EXPONENT * pair_entropy_change(change)[None])
    np.testing.assert_allclose(Viscosity().jacobian(change), -slopes)
    assert slopes[0, 0] < -5.0 < slopes[0, 1] < 0.0


def test_viscosity_is_the_integral_of_the_modulus(liquid):
    moving = with_motion(liquid, np.random.default_rng(1), modulus=100.0)
    x, mean = moving.simulation["modulus"].x, moving.simulation["modulus"].mean
    expected = np.trapezoid(mean, x) * 1e-3
    assert np.exp(Viscosity().predict(moving).mean[0]) == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow(seconds=60)
def test_the_slope_is_that_of_simulations():
    """∂ln D/∂ln σ of a Lennard-Jones liquid near its triple point, within 20 %; z of 3 besides."""
    if reason := lammps.unavailable():
        pytest.skip(reason)
    settings = EngineSettings(
        particles=200, cutoff=2.2 * SIGMA, r_max=2.2 * SIGMA, production_steps=12000, threads=1
    )
    engine, state = lammps.LammpsEngine(settings), StatePoint(94.4, 0.0207, 39.948)

    def run(sigma, seed):
        setup = replace(setup_of(state, sigma, seed=seed), record=("diffusion",))
        return continued(setup, engine.run(setup), GRID)

    step = 0.03
    ends = [
        [Diffusion().predict(run(SIGMA * np.exp(s * step), seed)).mean[0] for seed in (1, 2)]
        for s in (1, -1)
    ]
    slope = np.subtract(*np.mean(ends, axis=1)) / (2 * step)
    error = np.hypot(*np.std(ends, axis=1, ddof=1)) / np.sqrt(2) / (2 * step)
    found = Diffusion().jacobian(changes(run(SIGMA, 3)))[0, 0]
    assert abs(found - slope) < 3.0 * error + 0.2 * abs(slope)
    assert slope + 3.0 * error < -8.0
