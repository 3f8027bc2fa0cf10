"""Time correlations and their recorders: exact ones, and liquids whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.engine import hoomd, lammps
from sopr_uq.engine.correlation import Stretches, correlate, displacements
from sopr_uq.engine.dynamics import (
    DiffusionRecorder,
    HeatCapacityRecorder,
    ViscosityRecorder,
    fluctuation,
    long_enough,
    shear,
)
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.plan import flight_time, make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.recorder import Between, Frame, Thermo
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import RECORDS
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.transport import (
    at_rest,
    running_diffusion,
    running_viscosity,
    slope_of,
    value_in,
)
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream
from sopr_uq.units import (
    BOLTZMANN,
    FS_PER_PS,
    FS_PER_TIME,
    MPA_PER_KCAL_MOL_A3,
    thermal_energy,
)

SIGMA, EPSILON, MASS = 3.405, 0.238, 39.948
ARGON = lennard_jones(SIGMA, EPSILON)
STRESS = 20.0
SHORT = EngineSettings(
    particles=108, cutoff=1.5 * SIGMA, r_max=1.5 * SIGMA, production_steps=8000, threads=1,
    thermalisation_steps=400, ramp_steps=600, equilibration_steps=600,
)  # fmt: skip


def reduced(temperature, density):
    return StatePoint(temperature * EPSILON / BOLTZMANN, density / SIGMA**3, MASS)


def asked(state, *record, seed=1, potential=ARGON):
    return replace(Setup.of(potential, state, seed=seed), record=record)


ENGINES = {
    "lammps": (lammps, lammps.LammpsEngine, lammps.LammpsDynamics),
    "hoomd": (hoomd, hoomd.HoomdEngine, hoomd.HoomdDynamics),
}


@pytest.fixture(scope="module", params=ENGINES)
def program(request):
    """An engine that follows motion, and its dynamics."""
    module, *program = ENGINES[request.param]
    reason = module.unavailable()
    if reason:
        pytest.skip(reason)
    return program


@pytest.fixture(scope="module")
def liquid(program):
    """A short run of a Lennard-Jones liquid with everything recorded."""
    setup = asked(reduced(1.0, 0.75), *sorted(RECORDS))
    return setup, program[0](SHORT).run(setup)


def test_stress_and_virial_are_those_of_the_potential(program):
    """Of the last of several looks, against plain sums over pairs and atoms.

    The first look comes at a step that the averages do not fall on. At the cut-off the
    force is weak: one pair that a table rounds to the other side of it is within the tolerance.
    """
    setup = asked(reduced(1.0, 0.75), *sorted(RECORDS))
    plan = make_plan(SHORT.model_copy(update={"cutoff": 2.2 * SIGMA}), setup)
    with program[1](plan) as dynamics:
        dynamics.advance(400)
        with dynamics.ramp(600):
            dynamics.advance(600)
        dynamics.advance(603)
        _, between = dynamics.sample_finely(plan.fine_every)
        virial, x, v = dynamics.virial(), dynamics.positions(), dynamics.velocities()
    np.testing.assert_array_equal(between.velocities[-1], v)
    d = (x[:, None] - x)[np.triu_indices(len(x), 1)]
    d -= plan.box_length * np.rint(d / plan.box_length)
    d = d[np.linalg.norm(d, axis=1) < plan.cutoff]
    r = np.linalg.norm(d, axis=1)
    unit = MPA_PER_KCAL_MOL_A3 / plan.box_length**3
    pairs = unit * np.einsum("k,ki,kj->ij", ARGON.force(r) / r, d, d)
    atoms = unit * MASS * FS_PER_TIME**2 * v.T @ v
    tolerance = 1e-3 * np.abs(pairs).max()
    assert virial == pytest.approx(np.trace(pairs) / 3.0, abs=tolerance)
    stress = (pairs + atoms)[[0, 1, 2, 0, 0, 1], [0, 1, 2, 1, 2, 2]]
    np.testing.assert_allclose(between.stress[-1], stress, atol=tolerance)
    assert between.energy[-1] == pytest.approx(ARGON.energy(r).sum(), abs=1e-3)


@given(n=st.integers(1, 12), m=st.integers(1, 9), channels=st.integers(1, 4))
def test_correlations_are_the_sums_they_stand_for(n, m, channels):
    x = stream(1, "x", n, m).standard_normal((n + m, channels, 2))
    direct = [np.mean([np.sum(x[i] * x[i + k]) for i in range(n)]) for k in range(m)]
    np.testing.assert_allclose(correlate(x[:n], x), direct, atol=1e-12)
    moved = [np.mean([np.sum((x[i] - x[i + k]) ** 2) for i in range(n)]) for k in range(m)]
    np.testing.assert_allclose(displacements(x[:n], x), moved, atol=1e-12)


def test_stretches_use_every_origin_once():
    x = stream(2, "x").standard_normal((100, 3))
    seen = Stretches(correlate, lags=10, origins=5)
    for each in x:
        seen.add(each)
    assert seen.rows.shape == (18, 10)
    np.testing.assert_allclose(seen.rows.mean(axis=0), correlate(x[:90], x), atol=1e-12)


def test_without_forces_displacement_is_ballistic():
    v = stream(3, "v").standard_normal((20, 3))
    seen = Stretches(displacements, lags=8, origins=4)
    for t in range(30):
        seen.add(v * t)
    np.testing.assert_allclose(seen.rows.mean(axis=0), np.sum(v**2) * np.arange(8.0) ** 2)


def test_shear_does_not_depend_on_the_axes():
    """A rotation of the box mixes the components of the stress, not its traceless square."""
    rng = stream(4, "stress")
    tensors = rng.standard_normal((500, 3, 3))
    tensors = tensors + tensors.swapaxes(1, 2)
    turn = np.linalg.qr(rng.standard_normal((3, 3)))[0]

    def square(t):
        places = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
        rows = np.stack([t[:, i, j] for i, j in places], axis=1)
        return np.sum(shear(rows) ** 2, axis=1)

    np.testing.assert_allclose(square(tensors), square(turn @ tensors @ turn.T))
    assert square(tensors).mean() == pytest.approx(np.mean(tensors[:, 0, 1] ** 2), rel=0.1)
    assert np.ptp(square(tensors + 7.0 * np.eye(3)) - square(tensors)) < 1e-9, "a pressure is none"


def test_variance_of_a_correlated_series_is_not_short():
    """AR(1) with τ = 19 and variance 1: over 400 runs of 200 samples the mean is 1 within 3 sd."""
    rng, a = stream(5, "ar"), 0.9
    x = remembering(a, rng.standard_normal((200, 400))).T
    found = np.array([fluctuation(row, 8).mean() for row in x])
    error = found.std() / 20.0
    assert abs(found.mean() - 1.0) < 3 * error + 0.02
    naive = np.var(x, axis=1).mean()
    assert abs(naive - 1.0) > 3 * error + 0.02, "negative control"


def _frames(plan, velocities, stress, energy):
    """Frames of a made-up trajectory in which positions follow velocities."""
    each = plan.settings.sample_every // plan.fine_every
    step = plan.fine_every * plan.timestep
    walk = np.cumsum(velocities, axis=0) * step
    for i in range(0, len(velocities), each):
        between = Between(velocities[i : i + each], stress[i : i + each], energy[i : i + each])
        yield Frame(walk[i + each - 1] % plan.box_length, Thermo(0.0, 0.0, 0.0), between)


def remembering(a, kicks):
    """A series that keeps the part ``a`` of itself, of the variance of its kicks."""
    x = np.array(kicks)
    for i in range(1, len(x)):
        x[i] = a * x[i - 1] + np.sqrt(1 - a**2) * kicks[i]
    return x


@pytest.fixture(scope="module")
def langevin():
    """Recorders after 100 particles of exactly known velocity autocorrelation, e^(−t/τ) kT/m."""
    setup = asked(reduced(1.0, 0.75), *sorted(RECORDS))
    plan = make_plan(SHORT.model_copy(update={"production_steps": 32000}), setup)
    frames = plan.settings.production_steps // plan.fine_every
    memory = 0.1 * flight_time(setup) * FS_PER_PS
    a = np.exp(-plan.fine_every * plan.timestep / memory)
    rng, n = stream(6, "langevin"), plan.settings.particles
    speed = np.sqrt(thermal_energy(setup.state.temperature) / MASS) / FS_PER_TIME
    v = remembering(a, rng.standard_normal((frames, n, 3)))
    # of an isotropic tensor the diagonal has twice the variance
    size = STRESS * np.sqrt([2.0, 2.0, 2.0, 1.0, 1.0, 1.0])
    stress = size * remembering(a, rng.standard_normal((frames, 6)))
    energy = rng.gamma(1.5 * n, thermal_energy(setup.state.temperature), frames)
    kinds = (DiffusionRecorder, ViscosityRecorder, HeatCapacityRecorder)
    recorders = [kind(plan) for kind in kinds]
    for frame in _frames(plan, v * speed, stress, energy):
        for recorder in recorders:
            recorder.add(frame)
    diffusion = speed**2 * memory * FS_PER_PS * 10.0
    series = {s.name: s for recorder in recorders for s in recorder.series(12)}
    return setup, series, diffusion


def test_diffusion_of_an_exactly_known_autocorrelation(langevin):
    """D = (kT/m) τ; summed by trapezia it is τ (x/2) coth(x/2) at a spacing of xτ."""
    setup, series, exact = langevin
    vacf = series["vacf A"]
    curve = running_diffusion(vacf)
    window = at_rest([curve], 0.75 * flight_time(setup))
    found = value_in(curve, window)
    ratio = vacf.x[1] / (0.1 * flight_time(setup))
    trapezium = exact * ratio / 2.0 / np.tanh(ratio / 2.0)
    assert abs(found.mean[0] - trapezium) < 3.0 * found.error[0] + 0.005 * exact
    assert found.error[0] < 0.02 * exact
    assert slope_of(series["msd A"], window) == pytest.approx(found.mean[0], rel=0.05)


def test_heat_capacity_of_oscillators(langevin):
    """Canonical energies of 3N oscillators: C_V = 3 R, within 3 standard errors."""
    found = langevin[1]["heat-capacity"]
    assert abs(found.mean[0] - 3 * 8.314462618) < 3 * found.error[0]
    assert found.error[0] < 1.0


def test_at_rest_in_the_beginning_velocities_are_thermal(liquid):
    """⟨v²⟩ = 3 k_B T/m: within 3 standard errors, which are below 2 %."""
    setup, simulation = liquid
    vacf = simulation["vacf A"]
    expected = 3 * thermal_energy(setup.state.temperature) / MASS * (FS_PER_PS / FS_PER_TIME) ** 2
    assert vacf.mean[0] == pytest.approx(expected, rel=0.02)


def test_einstein_is_green_and_kubo(liquid):
    setup, simulation = liquid
    curve = running_diffusion(simulation["vacf A"])
    window = at_rest([curve], 0.75 * flight_time(setup))
    found = value_in(curve, window)
    slope = slope_of(simulation["msd A"], window)
    assert abs(slope - found.mean[0]) < 3.0 * found.error[0]
    assert slope == pytest.approx(found.mean[0], rel=0.06)


def test_viscosity_of_an_exactly_known_stress(langevin):
    """η = V ⟨σ²⟩ τ/(k_B T), within 3 standard errors."""
    setup, series, _ = langevin
    curve = running_viscosity(series["modulus"])
    found = value_in(curve, at_rest([curve], flight_time(setup)))
    volume = SHORT.particles / setup.state.density
    heat = thermal_energy(setup.state.temperature) * MPA_PER_KCAL_MOL_A3
    memory = 0.1 * flight_time(setup)
    ratio = curve.x[1] / memory / 2.0
    exact = volume * STRESS**2 / heat * memory * ratio / np.tanh(ratio) * 1e-3
    assert abs(found.mean[0] - exact) < 3.0 * found.error[0]
    assert found.error[0] < 0.15 * exact


def test_a_gas_flies_straight(program):
    """An almost ideal gas: ⟨v(0)·v(t)⟩ stays, ⟨Δr²⟩ = ⟨v²⟩ t² to 2 %."""
    setup = asked(StatePoint(300.0, 0.0001, MASS), "diffusion", potential=lennard_jones(1.0, 0.02))
    quick = SHORT.model_copy(
        update={"cutoff": 3.0, "r_max": 10.0, "timestep": 20.0, "production_steps": 12000}
    )
    found = program[0](quick).run(setup)
    vacf, msd = found["vacf A"], found["msd A"]
    np.testing.assert_allclose(vacf.mean[vacf.x < 3.0], vacf.mean[0], rtol=0.02)
    early = (msd.x > 0) & (msd.x < 3.0)
    np.testing.assert_allclose(msd.mean[early], vacf.mean[0] * msd.x[early] ** 2, rtol=0.02)


def test_heat_capacity_is_the_slope_of_the_energy(program):
    """C_V by fluctuation and by the difference of two runs, within 3 of both errors."""
    engine = program[0](SHORT.model_copy(update={"production_steps": 16000}))
    runs = [engine.run(asked(reduced(t, 0.7), "heat-capacity")) for t in (1.4, 1.6)]
    step = 0.2 * EPSILON / BOLTZMANN
    joule = 4184.0
    kinetic = 1.5 * BOLTZMANN * (1 - 1 / SHORT.particles)
    slope = (kinetic + (runs[1].energy - runs[0].energy) / step) * joule
    error = np.hypot(*(r.energy_error for r in runs)) / step * joule
    found = np.mean([r["heat-capacity"].mean[0] for r in runs])
    own = np.hypot(*(r["heat-capacity"].error[0] for r in runs)) / 2
    assert abs(found - slope) < 3 * np.hypot(error, own)
    assert np.hypot(error, own) < 0.1 * slope


def test_an_engine_without_motion_refuses():
    setup = asked(reduced(1.0, 0.75), "diffusion", "viscosity")
    with pytest.raises(InputError, match="records diffusion, viscosity"):
        IntegralEquationEngine(SHORT).run(setup)


def of_argon(record, **changes):
    return make_plan(SHORT.model_copy(update=changes), asked(reduced(1.0, 0.75), *record))


@pytest.mark.parametrize("record", [("diffusion",), ("viscosity",), ("diffusion", "viscosity")])
def test_a_run_with_motion_lasts_as_long_as_the_memory_asks(record):
    """However short the time step, to a sample: then every recorder has its fewest rows."""
    for timestep in (1.0, 3.3, 7.0):
        plan = long_enough(of_argon(record, production_steps=1600, timestep=timestep))
        assert plan.samples * 40 == plan.settings.production_steps
        rows = {"diffusion": 3.0, "viscosity": 5.0}
        memory = max(rows[name] for name in record) * flight_time(plan.setup)
        lasts = plan.settings.production_steps * timestep / FS_PER_PS
        assert lasts == pytest.approx(3.0 * memory, rel=0.05)


def test_a_run_that_is_long_enough_is_left_alone():
    plan = of_argon(("diffusion",), timestep=7.0, production_steps=20000)
    assert long_enough(plan) is plan
    still = of_argon((), production_steps=1600)
    assert long_enough(still) is still


def test_a_draw_with_a_shorter_time_step_is_simulated(program):
    """Motion among the data must not end a refinement whose start was just long enough."""
    quick = SHORT.model_copy(update={"production_steps": 1600, "blocks": 4})
    deep = lennard_jones(SIGMA, 4.0 * EPSILON)
    setup = asked(reduced(4.0, 0.75), "viscosity", potential=deep)
    simulation = program[0](quick).run(setup)
    assert simulation.steps > 1600
    assert simulation["modulus"].blocks.shape[0] == 4
