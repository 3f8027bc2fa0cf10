"""Lattice, velocities, capped potential, tails, time step and the settled plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.engine import hoomd
from sopr_uq.engine.lattice import fcc_positions, kinetic_temperature, thermal_velocities, wrapped
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Configuration, Setup, Simulation
from sopr_uq.engine.recorder import Frame, Thermo
from sopr_uq.engine.retry import with_retry
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.table import CORE_ENERGY, cap
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.engine.timestep import REDUCED_TIMESTEP, default_timestep, length_scale
from sopr_uq.engine.topology import Topology
from sopr_uq.engine.trouble import Trajectory, check_core, check_finite, check_trajectory
from sopr_uq.engine.waves import check_one_phase, wave_shells
from sopr_uq.errors import InputError, PhaseSeparated, SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Exp6, Mie, Tabulated, lennard_jones
from sopr_uq.potentials.tail import POWERS
from sopr_uq.rng import stream
from sopr_uq.units import FS_PER_TIME, MPA_PER_KCAL_MOL_A3, thermal_energy

ARGON = lennard_jones(3.40, 0.238)
LIQUID = StatePoint(temperature=85.0, density=0.02125, mass=39.948)
ARGON_LIQUID = Setup.of(ARGON, LIQUID, seed=1)


@given(n=st.integers(1, 300), seed=st.integers(0, 99))
def test_lattice_holds_any_number(n, seed):
    x = fcc_positions(n, 10.0, stream(seed, "lattice"))
    assert x.shape == (n, 3)
    assert np.all((x >= 0.0) & (x < 10.0))
    d = x[:, None] - x
    d -= 10.0 * np.rint(d / 10.0)
    r = np.sqrt((d**2).sum(-1)) + 100.0 * np.eye(n)
    cells = int(np.ceil((n / 4) ** (1 / 3) - 1e-9))
    assert r.min() > 10.0 / cells / np.sqrt(2.0) - 1e-9


@given(n=st.integers(2, 200), temperature=st.floats(1.0, 1e4), mass=st.floats(1.0, 300.0))
def test_velocities_are_at_rest_and_at_the_temperature(n, temperature, mass):
    v = thermal_velocities(np.full(n, mass), temperature, stream(3, "v"))
    np.testing.assert_allclose(v.sum(axis=0), 0.0, atol=1e-12 * np.abs(v).sum())
    assert kinetic_temperature(v, np.full(n, mass)) == pytest.approx(temperature)


def test_speed_of_argon():
    """Root mean square speed (3RT/M)^(1/2) = 230.4 m/s at 85 K, in Å/fs."""
    v = thermal_velocities(np.full(4000, 39.948), 85.0, stream(4, "v"))
    speed = np.sqrt(3 * 8.314462618 * 85.0 / 39.948e-3) * 1e-5
    assert np.sqrt((v**2).sum(1).mean()) == pytest.approx(speed, rel=2e-4)


def test_wrapping_never_returns_the_far_face():
    x = wrapped(np.array([-1e-20, 0.0, 9.999, 10.0, -0.5, 23.0]), 10.0)
    np.testing.assert_allclose(x, [0.0, 0.0, 9.999, 0.0, 9.5, 3.0])
    assert np.all(x < 10.0)


@given(density=st.floats(1e-3, 0.05), cutoff=st.floats(6.0, 15.0))
def test_tails_of_lennard_jones(density, cutoff):
    """Allen & Tildesley, 2nd ed., eqs 2.147 and 2.148."""
    s3, reduced = (3.40 / cutoff) ** 3, density * 3.40**3
    u = 8 / 3 * np.pi * reduced * 0.238 * (s3**3 / 3 - s3)
    p = 16 / 3 * np.pi * reduced**2 * 0.238 / 3.40**3 * (2 / 3 * s3**3 - s3)
    assert tail_energy([ARGON], np.array([density]), cutoff) == pytest.approx(u, rel=1e-10)
    found = tail_pressure([ARGON], np.array([density]), cutoff)
    assert found == pytest.approx(p * MPA_PER_KCAL_MOL_A3, rel=1e-10)


def test_tails_of_other_potentials():
    """Mie in closed form; exp-6 against the r⁻⁶ that it ends in, a table against r⁻⁶ and r⁻⁸."""
    mie, c = Mie(3.4, 0.2, 10.0, 5.0), 9.0
    x = 3.4 / c
    u = 2 * np.pi * 0.02 * mie.prefactor * 0.2 * c**3 * (x**10 / 7 - x**5 / 2)
    assert tail_energy([mie], np.array([0.02]), c) == pytest.approx(u, rel=1e-10)
    r = np.linspace(2.5, 12.0, 200)
    table = Tabulated(r, ARGON.energy(r))
    ends = ((table, table.tail * (12.0 / 15.0) ** POWERS, POWERS),
            (exp6 := Exp6(3.76, 0.238), exp6.energy(15.0), 6.0))  # fmt: skip
    for potential, terms, powers in ends:
        expected = 2 * np.pi * 0.02 * 15.0**3 * np.sum(terms / (powers - 3.0))
        assert tail_energy([potential], np.array([0.02]), 15.0) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("potential", [ARGON, Exp6(3.76, 0.238), Mie(3.0, 0.1, 20.0, 6.0)])
def test_cap_changes_nothing_that_a_pair_can_reach(potential):
    kt = thermal_energy(85.0)
    capped = cap(potential, kt, 10.0)
    r = np.linspace(capped.inner, 12.0, 400)
    np.testing.assert_array_equal(capped.energy(r), potential.energy(r))
    np.testing.assert_array_equal(capped.force(r), potential.force(r))
    assert float(capped.energy(capped.inner)) == pytest.approx(CORE_ENERGY * kt)


def test_capped_core_is_finite_and_its_force_the_slope():
    capped = cap(ARGON, thermal_energy(85.0), 10.0)
    r = np.linspace(0.0, 1.2 * capped.inner, 300)
    v, f = capped.energy(r), capped.force(r)
    assert np.all(np.isfinite(v))
    assert np.all(np.diff(v) < 0)
    h = 1e-6
    slope = (capped.energy(r + h) - capped.energy(np.maximum(r - h, 0.0))) / (
        r + h - np.maximum(r - h, 0.0)
    )
    np.testing.assert_allclose(f, -slope, rtol=1e-5)


class _Attractive:
    def energy(self, r):
        return -np.exp(-np.asarray(r, dtype=float))

    def force(self, r):
        return -np.exp(-np.asarray(r, dtype=float))


class _Broken(_Attractive):
    def energy(self, r):
        return np.where(np.asarray(r) < 5.0, 1.0, np.nan)


@pytest.mark.parametrize(("potential", "text"), [(_Attractive(), "core"), (_Broken(), "finite")])
def test_impossible_potentials_are_refused(potential, text):
    with pytest.raises(InputError, match=text):
        cap(potential, 0.05, 10.0)


def test_length_scale_and_timestep():
    assert length_scale(ARGON, 85.0) == pytest.approx(3.40, abs=1e-4)
    assert length_scale(Mie(3.0, 2e-3), 85.0) == pytest.approx(3.0, abs=1e-4)
    # without a well to speak of it is where v is k_B T
    soft = 3.0 * (4e-9 / thermal_energy(85.0)) ** (1 / 12)
    assert length_scale(Mie(3.0, 1e-9), 85.0) == pytest.approx(soft, abs=0.01)
    tau = 3.40 * np.sqrt(39.948 / 0.238) * FS_PER_TIME
    assert default_timestep(ARGON, 85.0, 39.948) == pytest.approx(REDUCED_TIMESTEP * tau, rel=1e-3)
    # Hot particles hit harder, heavy ones are slower.
    assert default_timestep(ARGON, 1000.0, 39.948) < default_timestep(ARGON, 85.0, 39.948)
    assert default_timestep(ARGON, 85.0, 160.0) > default_timestep(ARGON, 85.0, 39.948)


def test_cutoff_beyond_half_the_box_names_the_particles_needed():
    def plan(n):
        return make_plan(EngineSettings(particles=n), ARGON_LIQUID)

    with pytest.raises(InputError, match="particles") as caught:
        plan(150)
    needed = int(caught.value.advice.split()[2])
    assert plan(needed).cutoff == pytest.approx(10.2, abs=1e-3)
    with pytest.raises(InputError, match="half the box"):
        plan(needed - 1)


def test_a_start_of_another_size_is_refused():
    start = Configuration(np.zeros((500, 3)), np.zeros((500, 3)), 30.0)
    with pytest.raises(InputError, match="1372 particles in a box of 40"):
        make_plan(EngineSettings(), replace(ARGON_LIQUID, start=start))


def test_steps_add_up():
    settings = EngineSettings(production_steps=8010, sample_every=40)
    plan = make_plan(settings, ARGON_LIQUID)
    assert plan.from_lattice
    assert plan.steps == 1000 + 2000 + 2000 + 8000
    assert plan.thermo_every == 10
    odd = make_plan(settings.model_copy(update={"sample_every": 22}), ARGON_LIQUID)
    assert odd.thermo_every == 2


def _frame(positions, temperature):
    return Frame(positions, Thermo(0.0, 0.0, temperature))


def _walk(spread=0.05, temperature=85.0, dense=1.0, plan=None):
    """A trajectory of random steps of ``spread`` of the box in a part ``dense`` of it."""
    rng, n = stream(8, "walk"), plan.samples
    trajectory = Trajectory(plan.box_length, plan.topology, n)
    x = rng.random((plan.settings.particles, 3)) * [dense, 1.0, 1.0]
    for _ in range(n):
        trajectory.add(_frame((x % 1.0) * plan.box_length, temperature))
        x = x + spread * rng.standard_normal(x.shape) * [dense == 1.0, 1.0, 1.0]
    return trajectory


def test_a_fluid_passes_and_each_trouble_is_named():
    plan = make_plan(EngineSettings(), ARGON_LIQUID)
    check_trajectory(_walk(plan=plan), plan)
    check_trajectory(_walk(temperature=85.0 * 1.04, plan=plan), plan)
    for text, trouble in {
        r"93\.5 K instead of 85\.0 K": {"temperature": 93.5},
        "come apart": {"dense": 0.5},
        "frozen": {"spread": 1e-4},
    }.items():
        with pytest.raises(SimulationFailed, match=text):
            check_trajectory(_walk(plan=plan, **trouble), plan)
    with pytest.raises(SimulationFailed, match="not finite"):
        check_finite((1.0, np.nan, 85.0))


def test_displacements_cross_the_faces_of_the_box():
    """A drift of 0.3 boxes a sample over the second half of 11 samples."""
    trajectory = Trajectory(10.0, Topology.of(ARGON_LIQUID.substance, (4,)), 11)
    for k in range(11):
        trajectory.add(_frame(np.full((4, 3), 3.0 * k % 10.0), 85.0))
    assert trajectory.late_displacement == pytest.approx(5 * 3.0 * np.sqrt(3.0))


def test_waves_of_an_ideal_gas_and_of_a_slab():
    """S(k) of independent particles is 1 ± 1/√3, averaged here over 300 gases."""
    rng = stream(9, "waves")
    gases = [wave_shells(rng.random((100, 3)) * 7.0, 7.0, (100,)) for _ in range(300)]
    np.testing.assert_allclose(np.mean(gases, axis=0), 1.0, atol=3.3 / np.sqrt(900))
    slab = rng.random((1000, 3)) * [3.5, 7.0, 7.0]
    # One of three axes, amplitude 2/π.
    longest = wave_shells(slab, 7.0, (1000,))[0, 0, 0]
    assert longest == pytest.approx(1000 * (2 / np.pi) ** 2 / 3, rel=0.05)


def _ornstein_zernike(zero, xi, independent, rng):
    """Waves of 200 snapshots of a fluid with S(0) and ξ (in 1/k), as short runs sample them.

    Each squared amplitude is exponentially distributed; ``independent`` of the
    late ones are.
    """
    s = zero / (1.0 + xi**2 * np.array([1.0, 3.0]))
    means = [s[i] * rng.exponential(size=(independent, n)).mean() for i, n in ((0, 3), (1, 4))]
    return np.tile(means, (200, 1))


def _named(waves):
    try:
        check_one_phase(np.reshape(waves, (-1, 2, 1, 1)), (1000,))
    except SimulationFailed:
        return True
    return False


def test_mild_separation_is_named_and_critical_fluctuations_are_not():
    """Near-critical xenon has S(k) of 0.4 to 1.3 in such boxes: at most 1 in 200 is named.

    Seven independent late samples, fewer than real runs have. A box that has
    begun to come apart has had S(k) = 4 to 8, and a ratio of 5 to 11.
    """
    rng = stream(10, "critical")
    healthy = [_named(_ornstein_zernike(2.0, 0.8, 7, rng)) for _ in range(2000)]
    assert np.mean(healthy) <= 1 / 200
    for longest, diagonal in ((5.5, 1.0), (4.5, 0.7), (6.0, 0.5), (12.0, 11.0)):
        assert _named(np.tile([longest, diagonal], (200, 1)))
    assert not _named(np.tile([6.0, 2.0], (200, 1))), "the longest correlations of one fluid"


def test_overlaps_are_named():
    plan = make_plan(EngineSettings(), ARGON_LIQUID)
    r = 0.02 * (np.arange(300) + 0.5)
    g = np.where(r > 3.0, 1.0, 0.0)
    check_core([Series.exact("g A-A", r, g, "1")], plan)
    g[100] = 1e-6
    with pytest.raises(SimulationFailed, match=r"overlap: pairs of particles at 2\.01 Å"):
        check_core([Series.exact("g A-A", r, g, "1")], plan)


def test_what_fails_is_tried_once_more_in_a_safer_way():
    plans = []

    def attempt(plan, good=2, words="lost atoms"):
        plans.append(plan)
        if len(plans) < good:
            raise SimulationFailed(f"{words} {len(plans)}")
        return SIMULATION

    start = Configuration(np.zeros((1372, 3)), np.zeros((1372, 3)), (1372 / 0.02125) ** (1 / 3))
    setup = replace(ARGON_LIQUID, start=start)
    found = with_retry(attempt, EngineSettings(), setup)
    assert found.trouble == "lost atoms 1"
    first, second = plans
    assert not first.from_lattice
    assert second.from_lattice
    assert second.timestep == pytest.approx(0.5 * first.timestep)
    assert (second.samples, second.seed != first.seed) == (first.samples, True)
    assert second.settings.production_steps == 2 * first.settings.production_steps
    plans.clear()
    with pytest.raises(SimulationFailed, match=r"atoms 2 This was the second.*atoms 1"):
        with_retry(lambda plan: attempt(plan, 9), EngineSettings(), setup)
    assert len(plans) == 2


def test_what_came_apart_is_not_tried_again():
    plans = []

    def attempt(plan):
        plans.append(plan)
        raise PhaseSeparated("two phases")

    with pytest.raises(PhaseSeparated, match="two phases"):
        with_retry(attempt, EngineSettings(), ARGON_LIQUID)
    assert len(plans) == 1


SIMULATION = Simulation({}, None, (1,), steps=1, seconds=0.0, rdf_seconds=0.0, engine="none")


@pytest.mark.parametrize("room", [0.06, 0.5, 1.5, 4.0])
def test_hoomd_lists_neighbours_within_half_the_box(room):
    """It refuses a cut-off and a buffer that together reach half the box."""
    half = 0.5 * (500 / LIQUID.density) ** (1 / 3)
    plan = make_plan(EngineSettings(particles=500, cutoff=half - room), ARGON_LIQUID)
    assert 0.0 < hoomd.buffer(plan) < room


def test_hoomd_needs_room_beyond_the_cutoff():
    half = 0.5 * (500 / LIQUID.density) ** (1 / 3)
    plan = make_plan(EngineSettings(particles=500, cutoff=half - 0.01), ARGON_LIQUID)
    with pytest.raises(InputError, match=r"engine.cutoff.*0.05 Å below half the box"):
        hoomd.buffer(plan)
