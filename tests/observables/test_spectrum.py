"""The spectrum of velocities: of an exponential correlation a Lorentzian, of any its area 1."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import trapezoid

from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import properties_of
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.observables.spectrum import F
from sopr_uq.observables.transport import running_diffusion
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream
from sopr_uq.units import BOLTZMANN, FS_PER_PS, FS_PER_TIME

STATE = StatePoint(94.4, 0.0207, 39.948)
SQUARE = 3.0 * BOLTZMANN * 94.4 / 39.948 * (FS_PER_PS / FS_PER_TIME) ** 2


def run_of(shape, spacing=0.011, noise=0.0, seed=1):
    t = np.arange(0.0, 6.0, spacing)
    blocks = SQUARE * (shape(t) + noise * stream(seed, "noise").standard_normal((10, t.size)))
    vacf = Series.of_blocks("vacf A", t, blocks, "angstrom^2/ps^2")
    setup = Setup.of(lennard_jones(3.4, 0.24), STATE, 1)
    return SimulatedLiquid(
        setup, Simulation({"vacf A": vacf}, None, (500,), 1, 1.0, 0.0, "made up")
    )


def read(name, runs):
    (which,) = properties_of([name])
    return which.tell(runs)


def test_an_exponential_has_a_lorentzian():
    time = 0.15
    run = run_of(lambda t: np.exp(-t / time))
    z, found = read("vacf", [run]), read("spectrum", [run])
    np.testing.assert_allclose(z.values[0], np.exp(-z.x / time), atol=2e-3)
    expected = 4.0 * time / (1.0 + (2.0 * np.pi * F * time) ** 2)
    np.testing.assert_allclose(found.values[0], expected, atol=0.01 * expected[0])


def test_at_rest_it_tells_the_diffusion_and_everywhere_an_area_of_one():
    run = run_of(lambda t: np.exp(-((t / 0.3) ** 2)) * np.cos(6.0 * t))
    found = read("spectrum", [run]).values[0]
    diffusion = running_diffusion(run.simulation["vacf A"]).mean[-1]
    # D m/(k_BT) = D/(⟨v²⟩/3), in ps: 1e-9 m²/s are 0.1 Å²/ps
    assert found[0] == pytest.approx(4.0 * 0.1 * diffusion / (SQUARE / 3.0), rel=0.05)
    assert trapezoid(found, F) == pytest.approx(1.0, abs=0.02)


def test_runs_of_other_time_steps_are_told_at_the_same_times():
    """Each is recorded for a whole number of its own readings: one ends before the other."""
    runs = [run_of(np.cos, 0.010, 0.01, 1), run_of(np.cos, 0.070, 0.01, 2)]
    alone = [read("vacf", [run]).x.size for run in runs]
    assert alone[0] != alone[1]
    found = read("vacf", runs)
    assert found.x.size == min(alone)
    assert found.values.shape == (2, found.x.size)
    assert np.all(found.noise[1:] > 0.0)
