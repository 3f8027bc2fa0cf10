"""A slab of liquid beside its vapour: planes beyond the cut-off, its profile, what is no slab."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad

from sopr_uq.engine import lammps
from sopr_uq.engine.insertion import Insertion
from sopr_uq.engine.lammps_slab import LammpsSlab
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.recorder import Thermo
from sopr_uq.engine.sampling import Clock, equilibrate
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.slab import (
    Profile,
    SlabShape,
    Surface,
    around_middle,
    check_size,
    holes,
    pieces,
    sampled,
    vapour_at_start,
)
from sopr_uq.engine.slab_tail import Pressures, SlabTail
from sopr_uq.engine.slab_watch import SlabWatch
from sopr_uq.engine.tail import tail_energy, tail_pressure
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.coexistence import (
    activity,
    density_of_activity,
    liquid_density,
    normal_pressure,
    surface_tension,
    vapour_density,
    virial_vapour_pressure,
    virials,
)
from sopr_uq.potentials import lennard_jones
from sopr_uq.rng import stream
from sopr_uq.units import BOLTZMANN, FS_PER_TIME, MPA_PER_KCAL_MOL_A3

SIGMA, EPSILON, MASS = 3.405, 0.238, 39.948
ARGON = lennard_jones(SIGMA, EPSILON)
CUTOFF = 3.0 * SIGMA
SETTINGS = EngineSettings(
    name="lammps", particles=1372, cutoff=CUTOFF, threads=1, production_steps=800, sample_every=20
)


def reduced(temperature, density):
    return StatePoint(temperature * EPSILON / BOLTZMANN, density / SIGMA**3, MASS)


def slab_plan(settings=SETTINGS, temperature=1.0, density=0.70):
    return make_plan(settings, Setup.of(ARGON, reduced(temperature, density), seed=1))


def test_planes_of_a_uniform_liquid_press_as_its_tail_does():
    tail = SlabTail(ARGON, CUTOFF, area=900.0, length=150.0)
    z = np.arange(0.0, 150.0, 0.001)
    density = z.size / (900.0 * 150.0)
    expected = tail_pressure([ARGON], np.array([density]), CUTOFF)
    # the rest lies beyond half the box, (c/75 Å)³ of it
    assert tail.pressures(z) == pytest.approx((expected, expected), rel=4e-3)
    assert np.abs(tail.forces(z)).max() < 1e-9 * density


def test_force_of_a_plane_is_the_sum_over_its_rings():
    """A plane of many, 12 Å from one particle, by quadrature over rings beyond the cut-off."""
    tail = SlabTail(ARGON, CUTOFF, area=900.0, length=150.0)
    for away in (4.5, 12.0):
        many = np.full(1000, 30.0 + away)
        force = tail.forces(np.append(many, 30.0))
        ring = quad(
            lambda r, xi=away: 2.0 * np.pi * r * xi / r * float(ARGON.force(r)),
            max(CUTOFF, away), 400.0,
        )[0]  # fmt: skip
        # attracted towards larger z
        assert force[-1] == pytest.approx(-ring * 1000.0 / 900.0, rel=0.02)
        assert force[-1] > 0.0
        assert abs(force.sum()) < 1e-12


def test_normal_pressure_is_the_virial_of_these_forces():
    tail = SlabTail(ARGON, CUTOFF, area=900.0, length=200.0)
    z = np.append(np.full(500, 60.0), np.full(300, 75.0))
    force = tail.forces(z)
    pull = force[-1] * 300.0 * 15.0  # of the two sheets on each other, by the way between them
    both = tail.pressures(z).normal
    own = sum(tail.pressures(part).normal for part in (z[:500], z[500:]))
    expected = pull / (900.0 * 200.0) * MPA_PER_KCAL_MOL_A3
    assert both - own == pytest.approx(expected, rel=0.01)


def surface_profile(z):
    return Surface(0.02, 0.001, 20.0, 3.0), 0.0105 - 0.0095 * np.tanh((z - 20.0) / 3.0)


def test_a_surface_is_found_again_and_one_phase_is_none():
    z = np.arange(0.1, 60.0, 0.25)
    expected, density = surface_profile(z)
    noisy = density + 1e-4 * stream(1, "noise").standard_normal(z.size)
    found = Surface.of(z, noisy)
    assert found.liquid == pytest.approx(expected.liquid, rel=2e-3)
    assert found.vapour == pytest.approx(expected.vapour, abs=5e-5)
    assert (found.place, found.width) == pytest.approx((20.0, 3.0), rel=0.02)
    assert not np.any(found.inside(z) & found.outside(z))
    with pytest.raises(SimulationFailed, match="evaporated"):
        Surface.of(z, 0.01 + 1e-3 * stream(2, "noise").standard_normal(z.size))


def test_the_middle_does_not_depend_on_where_the_box_begins():
    rng = stream(3, "z")
    z = rng.uniform(-20.0, 20.0, 4000)
    for shift in (0.0, 55.0, 119.0):
        found = around_middle((z + shift) % 120.0, 120.0)
        np.testing.assert_allclose(found, z - z.mean(), atol=0.5)


def box(rng, shape, count, low, high):
    """Particles at random between two heights, all across."""
    xy = rng.uniform(0.0, shape.across, (count, 2))
    return np.column_stack([xy, rng.uniform(low, high, count)])


def frames(plan, kind, number):
    """Snapshots of a made-up slab: whole, in two, a drop, all vapour, or one that does not move."""
    rng, shape = stream(4, "frames"), SlabShape.of(plan)
    n, thick = plan.atoms, shape.liquid
    vapour = box(rng, shape, n // 10, 0.0, shape.along)
    rest = n - len(vapour)
    still = box(rng, shape, rest, 0.0, thick)
    for _ in range(number):
        liquid = box(rng, shape, rest, 0.0, thick)
        if kind == "two":
            half = box(rng, shape, rest // 4, 1.3 * thick, 1.55 * thick)
            liquid = np.concatenate([box(rng, shape, rest - len(half), 0.0, 0.75 * thick), half])
        if kind == "drop":
            liquid[:, :2] = 0.55 * (liquid[:, :2])
        if kind == "vapour":
            liquid = box(rng, shape, rest, 0.0, shape.along)
        if kind == "frozen":
            liquid = still
        yield np.concatenate([vapour, liquid])


def watched(kind, temperature=1.0):
    plan = sampled(slab_plan())
    watch = SlabWatch(plan)
    thermo = Thermo(0.0, 0.0, plan.state.temperature * temperature)
    for positions in frames(plan, kind, plan.samples):
        watch.add(positions, thermo, Pressures(2.0, 1.0))
    return watch, plan


def test_a_slab_that_stays_one_tells_its_densities():
    watch, plan = watched("whole")
    watch.check()
    shape = SlabShape.of(plan)
    profile, _, normal, _ = watch.series()
    surface = Surface.of(profile.x, profile.mean)
    rest = plan.atoms - plan.atoms // 10
    vapour = (plan.atoms // 10) / (shape.across**2 * shape.along)
    liquid = rest / (shape.across**2 * shape.liquid) + vapour
    assert profile.mean[surface.inside(profile.x)].mean() == pytest.approx(liquid, rel=0.01)
    assert profile.mean[surface.outside(profile.x)].mean() == pytest.approx(vapour, rel=0.1)
    assert normal.mean[0] == 2.0


@pytest.mark.parametrize(
    ("kind", "temperature", "words"),
    [
        ("two", 1.0, "broken.*2 pieces"),
        ("drop", 1.0, "broken.*drop"),
        ("vapour", 1.0, "evaporated"),
        ("frozen", 1.0, "frozen"),
        ("whole", 1.3, "temperature run-away"),
    ],
)
def test_what_is_no_slab_is_told(kind, temperature, words):
    watch, _ = watched(kind, temperature)
    with pytest.raises(SimulationFailed, match=words):
        watch.check()


def test_holes_and_pieces_count():
    rng, shape = stream(5, "holes"), SlabShape(30.0, 50.0, 150.0)
    whole = box(rng, shape, 2000, 20.0, 60.0)
    drop = 0.5 * whole
    assert holes(whole, shape.across) < 0.005
    assert holes(drop, shape.across) > 0.2
    both = np.concatenate([whole, box(rng, shape, 2000, 80.0, 120.0)])
    assert pieces(whole[None, :, 2], shape, 0.02, 3.0) == 1
    assert pieces(both[None, :, 2], shape, 0.02, 3.0) == 2
    shifted = (whole[None, :, 2] + 110.0) % 150.0
    assert pieces(shifted, shape, 0.02, 3.0) == 1, "across the edge of the box"


def test_a_box_too_small_for_a_slab_says_how_many_it_takes():
    density = 0.7 / SIGMA**3
    with pytest.raises(InputError, match=r"at least (\d+) particles") as caught:
        check_size(CUTOFF, SIGMA, 200, density)
    needed = int(caught.value.advice.split()[2])
    check_size(CUTOFF, SIGMA, needed, density)
    with pytest.raises(InputError, match="particles"):
        check_size(CUTOFF, SIGMA, needed - 2, density)


def test_a_slab_is_asked_alone_and_of_an_element():
    setup = Setup.of(ARGON, reduced(1.0, 0.7), seed=1)
    for record, words in (((COEXISTENCE, "diffusion"), "alone"),):
        with pytest.raises(InputError, match=words):
            lammps_engine().run(replace(setup, record=record))


def lammps_engine(**changes):
    reason = lammps.unavailable()
    if reason:
        pytest.skip(reason)
    return lammps.LammpsEngine(SETTINGS.model_copy(update=changes))


def test_profile_holds_every_particle():
    shape = SlabShape(30.0, 50.0, 150.0)
    profile = Profile(shape)
    z = box(stream(6, "z"), shape, 1234, 0.0, 150.0)[:, 2]
    step = profile.z[1] - profile.z[0]
    assert profile.of(z).sum() * step * 2.0 * 30.0**2 == pytest.approx(1234)


def test_planes_have_the_energy_of_the_tail():
    tail = SlabTail(ARGON, CUTOFF, area=900.0, length=150.0)
    z = np.arange(0.0, 150.0, 0.001)
    density = z.size / (900.0 * 150.0)
    # of one particle more, with all others; of each of them it is half
    expected = 2.0 * tail_energy([ARGON], np.array([density]), CUTOFF)
    assert tail.energies(z, np.array([20.0, 77.7])) == pytest.approx(expected, rel=4e-3)


def test_test_particles_in_an_ideal_gas():
    """Of places without correlation ⟨exp(−βψ)⟩ is exp(ρ ∫(e^(−βv) − 1) dr), beyond the cut-off
    exp(−βρ ∫v dr): within 3 standard errors of 40 snapshots. Without its tail it is not."""
    shape, beta = SlabShape(30.0, 50.0, 150.0), 1.0 / (3.0 * EPSILON)
    tail = SlabTail(ARGON, CUTOFF, shape.across**2, shape.along)
    insertion = Insertion(ARGON, beta, tail, shape, (10.0, 30.0))
    rng, volume = stream(7, "gas"), shape.across**2 * shape.along
    gas = (box(rng, shape, round(0.1 / SIGMA**3 * volume), -75.0, 75.0) for _ in range(40))
    found = np.array([insertion.likelihood(each, rng) for each in gas])
    assert found.shape[1] == insertion.z.size == 80
    found = found.mean(axis=1)
    r = np.linspace(0.01, CUTOFF, 20_000)
    inner = np.trapezoid(4.0 * np.pi * r**2 * np.expm1(-beta * ARGON.energy(r)), r)
    outer = quad(lambda r: 4.0 * np.pi * r**2 * float(ARGON.energy(r)), CUTOFF, 1000.0)[0]
    density, error = round(0.1 / SIGMA**3 * volume) / volume, found.std() / np.sqrt(found.size)
    assert abs(found.mean() - np.exp(density * (inner - beta * outer))) < 3.0 * error
    assert abs(found.mean() - np.exp(density * inner)) > 3.0 * error


def test_a_gas_has_the_density_of_its_activity():
    second, third = virials(ARGON, 1.0 / EPSILON)
    for density in (1e-6, 1e-4, 0.03 / SIGMA**3):
        value = activity(density, second, third)
        assert density_of_activity(value, second, third) == pytest.approx(density, rel=1e-9)
    with pytest.raises(SimulationFailed, match="critical"):
        density_of_activity(1.0, second, third)


def test_virials_of_lennard_jones():
    """B₂ and B₃ in units of b₀ = 2πσ³/3 (Hirschfelder, Curtiss & Bird, tables I-B and I-C)."""
    b0 = 2.0 * np.pi * SIGMA**3 / 3.0
    for temperature, second, third in ((1.0, -2.538, 0.4297), (2.0, -0.6276, 0.4371)):
        found = virials(ARGON, 1.0 / (temperature * EPSILON))
        assert found[0] / b0 == pytest.approx(second, abs=2e-3)
        assert found[1] / b0**2 == pytest.approx(third, abs=2e-3)


def test_a_vapour_at_the_start_is_one():
    found = vapour_at_start(ARGON, 1.0 * EPSILON / BOLTZMANN) * SIGMA**3
    assert found == pytest.approx(0.0296, rel=0.1)


def test_a_slab_is_as_warm_inside_as_outside():
    """By 30 memories of the velocities of 250 particles: to 1 %, and four of these."""
    settings = SETTINGS.model_copy(update={"particles": 500, "cutoff": 2.0 * SIGMA})
    plan = slab_plan(settings)
    shape, heat = SlabShape.of(plan), []
    with LammpsSlab(plan) as dynamics:
        equilibrate(dynamics, plan, Clock(10**6, None))
        dynamics.open()
        dynamics.advance(3000)
        for _ in range(600):
            dynamics.sample_slab()
            energy = MASS * np.sum(dynamics.velocities() ** 2, axis=1) * FS_PER_TIME**2
            away = np.abs(around_middle(dynamics.positions()[:, 2], shape.along))
            inside = away < np.median(away)
            heat.append([energy[inside].mean(), energy[~inside].mean()])
    found = np.mean(heat, axis=0) / (3.0 * BOLTZMANN)
    np.testing.assert_allclose(found, plan.state.temperature, rtol=0.04)


@pytest.mark.slow(seconds=60)
def test_lennard_jones_coexistence():
    """NIST's ρσ³ 0.7011 and 0.0296, P 0.0250 at T* = 1, of a short run of 1000 particles.

    The liquid within 2 %, three of its standard errors; the vapour and the pressure within four
    standard errors; γ* of simulations of the full potential, 0.50, likewise, 8 % included.
    """
    engine = lammps_engine(particles=1000, production_steps=2000, sample_every=40)
    setup = replace(Setup.of(ARGON, reduced(1.0, 0.70), seed=2), record=(COEXISTENCE,))
    found = engine.run(setup)
    unit = MASS * 1.66053907 / SIGMA**3
    pressure = EPSILON / SIGMA**3 * MPA_PER_KCAL_MOL_A3
    liquid, vapour = liquid_density(setup, found), vapour_density(setup, found)
    assert liquid.unit == "g/cm^3"
    assert liquid.mean[0] / unit == pytest.approx(0.7011, rel=0.02)
    for told, known, floor in (
        (vapour, 0.0296 * unit, 0.0),
        (virial_vapour_pressure(setup, found), 0.0250 * pressure, 0.0),
        (normal_pressure(setup, found), 0.0250 * pressure, 0.0),
        (surface_tension(setup, found), 0.50 * pressure * SIGMA * 0.1, 0.08),
    ):
        error = np.hypot(float(told.error[0]), floor * known)
        assert abs(float(told.mean[0]) - known) < 4.0 * error, told.name
