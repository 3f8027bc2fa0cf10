"""Rigid molecules and charges in molecular dynamics: laws, and water's known answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf, erfc
from scipy.stats import chi2

from sopr_uq.engine import hoomd, lammps
from sopr_uq.engine.electrostatics import splitting
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.recorder import Frame, ThermoRecorder
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero, lennard_jones
from sopr_uq.rng import stream
from sopr_uq.units import COULOMB, FS_PER_TIME, MPA_PER_KCAL_MOL_A3, thermal_energy

N2 = molecule_of(MoleculeSettings(name="N2", model="n2"))
WATER = molecule_of(MoleculeSettings(name="water", model="spce"))
NITROGEN = Substance((N2,))
PURE = Substance((WATER,))
NN = lennard_jones(3.31, 0.0741)
SPCE = {Pair("O", "O"): lennard_jones(3.166, 0.1553)}
COLD = StatePoint(75.0, 0.0168, N2.mass)
ROOM = StatePoint(298.0, 0.03338, WATER.mass)
KINETIC = FS_PER_TIME**2
ENGINES = {
    "lammps": (lammps, lammps.LammpsEngine, lammps.LammpsDynamics),
    "hoomd": (hoomd, hoomd.HoomdEngine, hoomd.HoomdDynamics),
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    module, *both = ENGINES[request.param]
    if module.unavailable():
        pytest.skip(module.unavailable())
    return both


def settings(**changes):
    short = {
        "particles": 108, "thermalisation_steps": 300, "ramp_steps": 600,
        "equilibration_steps": 500, "production_steps": 2000, "sample_every": 20,
        "bin_width": 0.05, "cutoff": 9.0, "threads": 1,
    }  # fmt: skip
    return EngineSettings(**(short | changes))


def nitrogen(seed=1, state=COLD):
    return Setup(NITROGEN, state, {NITROGEN.pairs[0]: NN}, seed)


def water(seed=1, substance=PURE, state=ROOM, **given):
    known = SPCE | {Pair.of(label.replace("_", "-")): v for label, v in given.items()}
    return Setup(substance, state, {p: known.get(p, Zero()) for p in substance.pairs}, seed)


SMALL = {"particles": 108, "cutoff": 7.0}


def frames(engine, setup, count, **changes):
    """Snapshots of a run with their velocities, and its plan."""
    plan = make_plan(settings(**changes), setup)
    s, found = plan.settings, []
    with engine[1](plan) as dynamics:
        dynamics.advance(s.thermalisation_steps)
        with dynamics.ramp(s.ramp_steps):
            dynamics.advance(s.ramp_steps)
        dynamics.advance(s.equilibration_steps)
        for _ in range(count):
            thermo = dynamics.sample()
            found.append((thermo, dynamics.positions(), dynamics.velocities()))
    return plan, found


def between(plan, x):
    """Ways in Å between atoms i < j of different molecules, and the numbers of those."""
    i, j = np.triu_indices(len(x), 1)
    other = plan.topology.molecule[i] != plan.topology.molecule[j]
    way = x[j] - x[i]
    return (way - plan.box_length * np.rint(way / plan.box_length))[other], i[other], j[other]


def short_ranged(plan, x):
    """Energy of all pairs of molecules within the cut-off, by its potentials alone."""
    way, i, j = between(plan, x)
    r = np.linalg.norm(way, axis=1)
    total, names = 0.0, [site.name for site in plan.setup.substance.sites]
    for pair, potential in zip(plan.setup.substance.pairs, plan.potentials, strict=True):
        kinds = sorted((names.index(pair.first), names.index(pair.second)))
        of = np.sort(plan.types[np.stack([i, j])], axis=0)
        chosen = (of[0] == kinds[0]) & (of[1] == kinds[1]) & (r < plan.cutoff)
        total += potential.energy(r[chosen]).sum()
    return total


def coulomb(plan, x, alpha=0.45, most=14):
    """Energy between molecules of all charges and all their images, by Ewald's sum."""
    q, edge = plan.topology.charges, plan.box_length
    i, j = np.triu_indices(len(x), 1)
    way = x[j] - x[i]
    way -= edge * np.rint(way / edge)
    r = np.linalg.norm(way, axis=1)
    same = plan.topology.molecule[i] == plan.topology.molecule[j]
    near = q[i] * q[j] * np.where(same, -erf(alpha * r), erfc(alpha * r)) / r
    n = np.stack(np.meshgrid(*[np.arange(-most, most + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    k = 2.0 * np.pi / edge * n[(n**2).sum(1) > 0]
    k2 = (k**2).sum(1)
    k, k2 = k[k2 < (2 * np.pi * most / edge) ** 2], k2[k2 < (2 * np.pi * most / edge) ** 2]
    amplitude = np.exp(1j * k @ x.T) @ q
    far = 2.0 * np.pi / edge**3 * np.sum(np.exp(-k2 / (4 * alpha**2)) / k2 * np.abs(amplitude) ** 2)
    return COULOMB * (near.sum() + far - alpha / np.sqrt(np.pi) * (q**2).sum())


def test_the_energy_of_water_is_that_of_an_ewald_sum(engine):
    """Of one snapshot, pair potentials and charges between molecules, tail corrections aside."""
    plan, [(thermo, x, _)] = frames(
        engine, water(), 1, **SMALL, sample_every=1, production_steps=100, blocks=4
    )
    expected = short_ranged(plan, x) + coulomb(plan, x)
    recorder = ThermoRecorder(plan)
    recorder.add(Frame(x, thermo))
    bare = ThermoRecorder(replace(plan, potentials=(Zero(),) * 3))
    bare.add(Frame(x, thermo))
    found = bare.slow()[0, 0]
    assert found * 108 == pytest.approx(expected, rel=2e-4)
    assert recorder.slow()[0, 0] < found
    assert plan.alpha == splitting(7.0)


def thermal(plan, v):
    """Temperatures of translation and of rotation in K."""
    masses, topology = plan.masses, plan.topology
    whole = np.bincount(topology.molecule, masses)
    moved = KINETIC * np.sum(whole[:, None] * topology.means(v) ** 2)
    turned = KINETIC * np.sum(masses[:, None] * v**2) - moved
    unit = thermal_energy(1.0)
    free = 3 * plan.molecules - 3
    return moved / free / unit, turned / (plan.freedom - 3.0) / plan.molecules / unit


@pytest.mark.parametrize("name", ["nitrogen", "water"])
def test_translation_and_rotation_have_the_temperature(engine, name):
    """Each within 3 %: three times the error of so short a run, and of a finite step."""
    setup, changes = (nitrogen(), {}) if name == "nitrogen" else (water(), SMALL)
    plan, found = frames(engine, setup, 100, **changes)
    each = np.array([thermal(plan, v) for _, _, v in found]).mean(0)
    np.testing.assert_allclose(each, setup.state.temperature, rtol=0.03)
    mean = np.mean([thermo.temperature for thermo, _, _ in found])
    assert mean == pytest.approx(setup.state.temperature, rel=0.02)
    v = found[-1][2]
    np.testing.assert_allclose(plan.masses @ v, 0.0, atol=1e-6)
    assert max(plan.topology.spread(x, plan.box_length) for _, x, _ in found) < 1e-9


def test_without_a_thermostat_energy_is_kept(engine):
    """By a bath of 10⁷ steps; a step five times as long does not keep it."""

    def drift(timestep, count=150):
        plan, found = frames(
            engine, water(), count, **SMALL, sample_every=1, production_steps=100, blocks=4,
            thermostat_time=1e7, timestep=timestep, thermalisation_steps=0,
            ramp_steps=600, equilibration_steps=0,
        )  # fmt: skip
        free = plan.freedom * plan.molecules - 3
        total = [t.energy + 0.5 * free * thermal_energy(t.temperature) for t, _, _ in found]
        return np.std(total) / np.sqrt(free) / thermal_energy(298.0)

    assert drift(1.0) < 0.02
    assert drift(5.0) > 0.05


def test_the_pressure_is_that_of_forces_between_molecules(engine):
    """Σ F·R of whole molecules gives the mean of Σ f·r of atoms with their rotation."""
    plan, found = frames(engine, nitrogen(3), 250, equilibration_steps=1000)
    recorder, molecular = ThermoRecorder(plan), []
    for thermo, x, _ in found:
        recorder.add(Frame(x, thermo))
        way, i, j = between(plan, x)
        r = np.linalg.norm(way, axis=1)
        force = np.where(r < plan.cutoff, NN.force(r), 0.0)[:, None] * way / r[:, None]
        centre = plan.topology.centres(x, plan.box_length)
        apart = centre[plan.topology.molecule[j]] - centre[plan.topology.molecule[i]]
        apart -= plan.box_length * np.rint((apart - way) / plan.box_length)
        molecular.append(np.sum(force * apart) / 3.0 / plan.box_length**3)
    kinetic = plan.state.density * thermal_energy(plan.state.temperature)
    expected = (np.array(molecular) + kinetic) * MPA_PER_KCAL_MOL_A3
    bare = replace(plan, potentials=(Zero(),))
    atomic = np.array([ThermoRecorder(bare)] * 1, dtype=object)
    for thermo, x, _ in found:
        atomic[0].add(Frame(x, thermo))
    difference = (atomic[0].slow()[:, 1] - expected).reshape(10, -1).mean(1)
    error = difference.std(ddof=1) / np.sqrt(10)
    assert abs(difference.mean()) < 4.0 * error
    assert error < 1.5


def dimer(r, temperature, count=4000, seed=5):
    """⟨exp(−βU)⟩ over the directions of two molecules, sites of which are r apart."""
    rng = stream(seed, "directions")
    half = 0.5 * N2.distances[0][1]
    a, b = (_directions(rng, count) for _ in range(2))
    way = r * np.array([0.0, 0.0, 1.0])
    # site 1 of the first at the origin, site 1 of the second at the way
    first = np.stack([np.zeros_like(a), -2 * half * a])
    second = np.stack([way + 0 * b, way - 2 * half * b])
    d = np.linalg.norm(first[:, None] - second[None], axis=-1)
    energy = NN.energy(np.maximum(d, 0.5)).sum((0, 1))
    return float(np.exp(-energy / thermal_energy(temperature)).mean())


def _directions(rng, count):
    v = rng.standard_normal((count, 3))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def test_a_thin_gas_has_the_g_of_two_molecules(engine):
    """χ² over shells of 0.5 Å, 0.1 % false alarms; the g of free atoms is far off."""
    gas = StatePoint(150.0, 4e-4, N2.mass)
    run = engine[0](
        settings(particles=256, r_max=12.0, equilibration_steps=3000,
                 production_steps=20000, sample_every=40, thermostat_time=100.0)
    ).run(nitrogen(2, gas))  # fmt: skip
    edges = np.arange(3.0, 9.01, 0.5)
    series = run.rdfs[NITROGEN.pairs[0]]
    inside = (series.x >= edges[:-1, None]) & (series.x < edges[1:, None])
    w = inside * series.x**2
    blocks = series.blocks @ (w / w.sum(1, keepdims=True)).T
    exact = np.array([dimer(r, 150.0) for r in series.x])
    expected = (w / w.sum(1, keepdims=True)) @ exact
    error = blocks.std(0, ddof=1) / np.sqrt(len(blocks))
    z = (blocks.mean(0) - expected) / np.maximum(error, 1e-3)
    # third molecules change g by some ρ σ³, 1.5 %
    z = (blocks.mean(0) - expected) / np.hypot(error, 0.015 * expected)
    assert np.sum(z**2) < chi2.isf(0.001, z.size)
    free = (w / w.sum(1, keepdims=True)) @ np.exp(-NN.energy(series.x) / thermal_energy(150.0))
    z = (blocks.mean(0) - free) / np.hypot(error, 0.015 * free)
    assert np.sum(z**2) > 2 * chi2.isf(0.001, z.size)


def test_equal_seeds_give_equal_trajectories_and_runs_go_on(engine):
    short = {
        "thermalisation_steps": 100, "ramp_steps": 200, "equilibration_steps": 100,
        "production_steps": 200, "sample_every": 10, "blocks": 4,
    }  # fmt: skip
    quick = engine[0](settings(**SMALL, **short))
    first, again = quick.run(water(4)), quick.run(water(4))
    if quick.traits.repeats:
        np.testing.assert_array_equal(first.configuration.positions, again.configuration.positions)
    other = quick.run(water(5))
    assert np.abs(other.configuration.positions - first.configuration.positions).max() > 0.1
    brief = settings(**SMALL, equilibration_steps=0, sample_every=1, production_steps=100, blocks=4)
    plan = make_plan(brief, replace(water(6), start=first.configuration))
    assert not plan.from_lattice
    with engine[1](plan) as dynamics:
        thermo = dynamics.sample()
        moved = dynamics.positions() - first.configuration.positions
    moved -= plan.box_length * np.rint(moved / plan.box_length)
    speed = first.configuration.velocities
    np.testing.assert_allclose(moved, speed * plan.timestep, atol=0.02)
    assert thermo.temperature == pytest.approx(298.0, rel=0.2)


def test_atoms_and_molecules_mix(engine):
    """Argon in nitrogen: both at the temperature, every pair with a g of its own.

    Which ends at 1 but for the 3 % of so small a box, within 4 σ of its blocks: σ of 36 atoms
    is 2 %.
    """
    both = Substance((N2, Molecule("Ar", (Site("Ar", 39.948),))))
    state = StatePoint(90.0, 0.0165, composition={"N2": 0.7, "Ar": 0.3})
    argon, cross = lennard_jones(3.4, 0.238), lennard_jones(3.35, 0.133)
    known = {Pair("N", "N"): NN, Pair("Ar", "Ar"): argon, Pair("N", "Ar"): cross}
    setup = Setup(both, state, known, 1)
    plan, found = frames(engine, setup, 100, particles=120)
    body = plan.topology.rigid
    for chosen, free in ((body, 5 * 84), (~body, 3 * 36)):
        kinetic = [np.sum(plan.masses[chosen, None] * v[chosen] ** 2) for _, _, v in found]
        warm = KINETIC * np.mean(kinetic) / free / thermal_energy(1.0)
        assert warm == pytest.approx(90.0, rel=0.06)
    run = engine[0](settings(particles=120, production_steps=8000, blocks=10)).run(setup)
    assert run.counts == (168, 36)
    assert list(run.rdfs) == list(both.pairs)
    for g in run.rdfs.values():
        far = g.blocks[:, g.x > 7.0].mean(1)
        assert abs(far.mean() - 1.03) < 4.0 * far.std(ddof=1) / np.sqrt(far.size) + 0.01
        assert not g.mean[g.x < 2.5].any()


def test_ions_are_simulated(engine):
    """Molten salt: unlike neighbours first, and a negative energy of charges."""
    salt = Substance(
        (Molecule("Na", (Site("Na", 22.99, 1),)), Molecule("Cl", (Site("Cl", 35.45, -1),)))
    )
    state = StatePoint(1300.0, 0.03, composition={"Na": 0.5, "Cl": 0.5})
    known = dict(zip(salt.pairs, [lennard_jones(2.35, 0.13), lennard_jones(3.4, 0.1),
                                  lennard_jones(4.4, 0.1)], strict=True))  # fmt: skip
    quick = settings(particles=216, cutoff=9.0, production_steps=1000)
    run = engine[0](quick).run(Setup(salt, state, known, 1))
    peaks = {p.label: g.x[g.mean.argmax()] for p, g in run.rdfs.items()}
    assert peaks["Na-Cl"] < 3.2 < min(peaks["Na-Na"], peaks["Cl-Cl"])
    assert run.energy < -50.0


@pytest.mark.slow(seconds=50)
def test_water_is_spce_water(engine):
    """Known of SPC/E at 298 K: g_OO 3.0 at 2.75 Å, −46.7 kJ/mol, some MPa.

    The energy is that of Abascal & Vega's table without the correction for polarisation.
    """
    quick = settings(
        particles=216, thermalisation_steps=1000, ramp_steps=1000, equilibration_steps=3000,
        production_steps=8000,
    )  # fmt: skip
    run = engine[0](quick).run(water())
    g = run.rdfs[Pair("O", "O")]
    top = int(g.mean.argmax())
    assert 2.70 <= g.x[top] <= 2.80
    assert 2.8 < g.mean[top] < 3.25
    bonded = run.rdfs[Pair("O", "H")]
    assert bonded.x[bonded.mean.argmax()] == pytest.approx(1.775, abs=0.06)
    assert not bonded.mean[bonded.x < 1.2].any()
    assert run.energy * 4.184 == pytest.approx(-46.7, abs=0.4)
    assert abs(run.pressure) < 60.0


def test_the_levers_of_forces_between_sites_give_the_pressure_of_the_molecules(engine):
    setup = replace(nitrogen(), record=("fluctuations",))
    found = engine[0](settings(particles=256, bin_width=0.01)).run(setup)
    lever, g, cutoff = found["lever N-N"], found.rdfs[NITROGEN.pairs[0]], 9.0

    def virial(r, g, arm, step):
        per = 2.0 * np.pi / 3.0 * (2.0 * COLD.density) ** 2 * MPA_PER_KCAL_MOL_A3
        return per * step * np.sum(r**2 * g * arm * NN.force(r))

    far, near = np.arange(cutoff, 200.0, 0.01) + 0.005, (g.x < cutoff) & (g.mean > 0)
    ideal = COLD.density / COLD.beta * MPA_PER_KCAL_MOL_A3
    outside = ideal + virial(far, 1.0, far, 0.01)
    pressure, sites = (
        outside + virial(g.x[near], g.mean[near], arm[near], 0.01) for arm in (lever.mean, g.x)
    )
    scatter = 4.0 * float(found["pressure"].error[0])
    assert pressure == pytest.approx(found.pressure, abs=scatter)
    # the virial of the forces between sites alone is another number
    assert abs(sites - found.pressure) > scatter
