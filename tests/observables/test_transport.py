"""Integrals of time correlations: where they end, and what a box does to diffusion."""

from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import PROPERTIES, properties_of
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.observables.transport import (
    FiniteBox,
    at_rest,
    running_diffusion,
    running_viscosity,
    value_in,
)
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream

STATE = StatePoint(85.0, 0.02125, 39.948)
SETUP = Setup.of(lennard_jones(3.4, 0.238), STATE, seed=1)
T = 0.04 * np.arange(201)


def noisy(name, exact, noise, seed, unit="1", blocks=12):
    """A correlation function with white noise in each block."""
    rows = exact + noise * stream(seed, name).standard_normal((blocks, T.size))
    return Series.of_blocks(name, T, rows, unit)


def test_an_integral_is_that_of_the_exponential():
    vacf = noisy("vacf A", 6.0 * np.exp(-T / 0.3), 0.01, 1, "angstrom^2/ps^2")
    curve = running_diffusion(vacf)
    assert (curve.name, curve.unit) == ("diffusion A", "1e-9 m^2/s")
    window = at_rest([curve], 0.3)
    found = value_in(curve, window)
    assert window.end == pytest.approx(2 * window.begin)
    assert window.begin > 4 * 0.3, "the rest is below a per cent"
    assert abs(found.mean[0] - 10.0 / 3.0 * 6.0 * 0.3) < 3 * found.error[0] + 0.015 * 6.0
    assert found.blocks.shape == (12, 1)


def test_more_runs_see_longer():
    """A slow tail that one run cannot tell from noise; eight can."""
    exact = np.exp(-T / 0.2) + 0.05 * np.exp(-T / 0.8)
    curves = [running_viscosity(noisy("modulus", exact, 0.05, i)) for i in range(8)]
    one, all_of_them = at_rest(curves[:1], 0.2), at_rest(curves, 0.2)
    assert one.begin < all_of_them.begin
    true = 1e-3 * (0.2 + 0.04)
    short = np.mean([value_in(curve, one).mean[0] for curve in curves])
    found = np.mean([value_in(curve, all_of_them).mean[0] for curve in curves])
    assert abs(found - true) < abs(short - true), "negative control"


def test_what_oscillates_for_ever_is_not_told():
    curve = running_diffusion(noisy("vacf A", np.cos(8.0 * T), 1e-3, 2))
    with pytest.raises(SimulationFailed, match="still matters"):
        at_rest([curve], 0.3)


def test_curves_of_another_time_step_go_together():
    curve = running_diffusion(noisy("vacf A", np.exp(-T / 0.3), 0.01, 3))
    other = replace(curve, x=1.01 * curve.x)
    window = at_rest([curve, other], 0.3)
    assert value_in(other, window).mean[0] == pytest.approx(
        value_in(curve, window).mean[0], rel=0.02
    )


def test_a_large_box_is_an_infinite_one():
    box = FiniteBox(10**12, 1e5, 300.0)
    assert box.by_number(np.array(1.0)) == pytest.approx(1.0, abs=2e-4)
    assert box.by_viscosity(np.array(0.9)) < 1e-2


def test_water_in_a_small_box():
    """ξ k_B T/(6πηL) in SI units: 0.39·10⁻⁹ m²/s for 0.85 mPa s, 18.6 Å, 298.15 K."""
    exact = 2.837297 * 1.380649e-23 * 298.15 / (6 * pi * 0.85e-3 * 18.6e-10)
    found = FiniteBox(216, 18.6, 298.15).by_viscosity(np.array(0.85))
    assert found == pytest.approx(exact * 1e9)
    assert found == pytest.approx(0.39, abs=0.01)


def run(seed, **changes):
    """A simulation with made-up time correlations: D_N = 2, η = 0.3 mPa s."""
    vacf = noisy("vacf A", 2.0 * np.exp(-T / 0.3), 0.004, seed, "angstrom^2/ps^2")
    modulus = noisy("modulus", 1000.0 * np.exp(-T / 0.3), changes.get("noise", 2.0), seed, "MPa")
    series = {"vacf A": vacf} | ({"modulus": modulus} if changes else {})
    return SimulatedLiquid(SETUP, Simulation(series, None, (1372,), 1, 1.0, 0.0, "made up"))


def test_diffusion_is_at_infinite_size():
    assert flight_time(SETUP) == pytest.approx(2.714, abs=0.005)
    by_number = PROPERTIES["diffusion"].tell([run(i) for i in range(8)])
    factor = 1.0 / (1.0 - 1372 ** (-1 / 3))
    assert by_number.values.mean() == pytest.approx(2.0 * factor, rel=0.01)
    gamma = 0.1 * 1372 ** (-1 / 3) * factor**2
    assert by_number.common == pytest.approx(2.0 * gamma, rel=0.2)
    edge = (1372 / STATE.density) ** (1 / 3)
    shift = float(FiniteBox(1372, edge, 85.0).by_viscosity(np.array(0.3)))
    by_viscosity = PROPERTIES["diffusion"].tell([run(i, noise=2.0) for i in range(8)])
    assert by_viscosity.values.mean() == pytest.approx(2.0 + shift, rel=0.01)
    assert by_viscosity.common < by_number.common
    badly = PROPERTIES["diffusion"].tell([run(i, noise=3000.0) for i in range(8)])
    assert badly.values.mean() == pytest.approx(by_number.values.mean(), rel=1e-3)


def test_a_viscosity_lost_in_its_noise_is_no_number():
    runs = [run(i, noise=3000.0) for i in range(8)]
    with pytest.raises(SimulationFailed, match="lost in its noise"):
        PROPERTIES["viscosity"].tell(runs)


def test_unknown_properties_are_named():
    with pytest.raises(InputError, match="viscosity"):
        properties_of(["viscosty"])
    with pytest.raises(InputError, match="at least one"):
        properties_of([])
