"""Molecules that bend and stretch, in LAMMPS: what statistical mechanics knows of them."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.electrostatics import Within, inner_energy
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.plan import make_plan
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.timestep import bond_periods, usual_timestep
from sopr_uq.engine.topology import Topology
from sopr_uq.experiment.bonded import (
    Angle,
    Bond,
    Bonded,
    Dihedral,
    Harmonic,
    HarmonicBend,
    Opls,
    Tabled,
    TabledBend,
    TabledTurn,
)
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero, lennard_jones
from sopr_uq.units import MPA_PER_KCAL_MOL_A3, thermal_energy

KELVIN, SPARSE = 400.0, 0.0008
HEAT = thermal_energy(KELVIN)
C = Site("C", 15.0)
CHAIN = Bonded(
    tuple(Bond((i, i + 1), Harmonic(1.53, 60.0)) for i in range(3)),
    tuple(Angle((i, i + 1, i + 2), HarmonicBend(112.0, 20.0)) for i in range(2)),
    (Dihedral((0, 1, 2, 3), Opls((1.5, 0.0, 0.0, 0.0))),),
)
ZIGZAG = ((0.0, 0.0, 0.0), (1.53, 0.0, 0.0), (2.10, 1.42, 0.0), (3.63, 1.42, 0.0))


def gas(bonded, places, names="C", **settings):
    """What a gas of free molecules shows, and its molecules where it ended, (n, s, 3)."""
    sites = tuple(Site(name, 15.0) for name in names * (len(places) // len(names)))
    substance = Substance((Molecule("chain", sites, places, bonded),))
    state = StatePoint(KELVIN, SPARSE, substance.molecules[0].mass)
    given = {
        "particles": 400, "cutoff": 12.0, "thermalisation_steps": 3000, "ramp_steps": 500,
        "equilibration_steps": 3000, "production_steps": 4000, "sample_every": 20, "threads": 1,
    }  # fmt: skip
    engine = make_engine(EngineSettings(name="lammps", **given | settings))
    setup = Setup(substance, state, dict.fromkeys(substance.pairs, Zero()), 3)
    found = engine.run(setup)
    topology = Topology.of(substance, (400,))
    at = found.configuration
    return found, topology.offsets(at.positions, at.box_length)[topology.members(0)]


@pytest.fixture(scope="module")
def chains():
    return gas(CHAIN, ZIGZAG)


def _within(found, expected, error, what, times=4.0):
    assert abs(found - expected) < times * error, (
        f"{what}: {found:.4g}, {expected:.4g}({error:.2g})"
    )


def test_bonds_and_angles_share_the_heat(chains):
    """⟨(r − r₀)²⟩ = k_BT/2k of a bond, and of an angle. 4 sd of 1200 bonds: false alarm 1e-4."""
    _, at = chains
    way = np.diff(at, axis=1)
    lengths = np.linalg.norm(way, axis=2)
    spread = HEAT / (2.0 * 60.0)
    # r² weighs the longer: the mean of (r − r₀)² is this to first order in its share of r₀²
    _within(
        np.mean((lengths - 1.53) ** 2),
        spread * (1 + spread / 1.53**2),
        spread * np.sqrt(2 / 1200),
        "bond",
    )
    unit = way / lengths[..., None]
    theta = np.arccos(-np.sum(unit[:, 1:] * unit[:, :-1], axis=2))
    grid = np.linspace(0.01, np.pi, 5000)
    weight = np.sin(grid) * np.exp(-20.0 * (grid - np.radians(112.0)) ** 2 / HEAT)
    mean = np.sum(grid * weight) / weight.sum()
    sd = np.sqrt(np.sum((grid - mean) ** 2 * weight) / weight.sum())
    _within(theta.mean(), mean, sd / np.sqrt(800), "angle")
    _within(theta.std(), sd, sd / np.sqrt(1600), "spread of the angle")


def test_dihedrals_turn_as_boltzmann_says(chains):
    _, at = chains
    cosine = np.cos(np.radians(phi_of(at)))
    grid = np.linspace(-np.pi, np.pi, 2001)
    weight = np.exp(-0.5 * 1.5 * (1.0 + np.cos(grid)) / HEAT)
    mean = np.sum(np.cos(grid) * weight) / weight.sum()
    assert abs(mean) > 0.2, "negative control: a free rotation has none"
    _within(cosine.mean(), mean, np.sqrt(0.5 / 400), "cosine of the dihedral")


def test_pressure_of_a_gas_of_chains(chains):
    """ρk_BT: what bonds pull and atoms push cancels; and no energy is between molecules."""
    found, _ = chains
    ideal = SPARSE * HEAT * MPA_PER_KCAL_MOL_A3
    # nothing collides: the share of the heat that is in the motion of centres stays as it was
    _within(found.pressure, ideal, ideal * np.sqrt(2 / 1200), "pressure")
    assert 4.0 * np.sqrt(2 / 1200) < 0.25, "negative control: far from that of free atoms, 4 ρk_BT"
    assert abs(found.energy) < 1e-9


def test_a_table_is_as_good_as_its_form():
    r = np.linspace(0.9, 2.2, 27)
    table = Tabled(tuple(r), tuple(60.0 * (r - 1.53) ** 2))
    assert table.length == pytest.approx(1.53, abs=1e-3)
    assert table.curvature == pytest.approx(120.0, rel=1e-3)
    _, at = gas(Bonded((Bond((0, 1), table),)), ZIGZAG[:2])
    lengths = np.linalg.norm(np.diff(at, axis=1)[:, 0], axis=1)
    spread = HEAT / 120.0
    _within(np.mean((lengths - 1.53) ** 2), spread, spread * np.sqrt(2 / 400), "bond")


def test_tables_bend_and_turn_as_boltzmann_says():
    """Two wells of an angle and three of a dihedral, of unlike depth. 4 sd: false alarm 1e-4."""
    # nowhere near straight: across such an angle there is no dihedral
    theta = np.linspace(70.0, 150.0, 81)
    bend = np.cos(np.radians(9.0 * (theta - 70.0))) + 4.0 * ((theta - 110.0) / 40.0) ** 4
    bend += 0.01 * (theta - 110.0)
    phi = np.linspace(-180.0, 180.0, 73)
    turn = 0.5 * np.cos(np.radians(3.0 * phi)) + 0.6 * np.sin(np.radians(phi))
    angle, dihedral = TabledBend(tuple(theta), tuple(bend)), TabledTurn(tuple(phi), tuple(turn))
    chain = Bonded(
        CHAIN.bonds,
        tuple(Angle((i, i + 1, i + 2), angle) for i in range(2)),
        (Dihedral((0, 1, 2, 3), dihedral),),
    )
    found = gas(chain, ZIGZAG, equilibration_steps=12000)[1]
    way = np.diff(found, axis=1)
    unit = way / np.linalg.norm(way, axis=2)[..., None]
    bent = -np.sum(unit[:, 1:] * unit[:, :-1], axis=2)
    grid = np.radians(np.linspace(1.0, 180.0, 4000))
    weight = np.sin(grid) * np.exp(-angle.energy(np.degrees(grid)) / HEAT)
    wide = grid > np.radians(110.0)
    share = weight[wide].sum() / weight.sum()
    assert 0.1 < share < 0.9
    seen = np.mean(bent < np.cos(np.radians(110.0)))
    _within(seen, share, np.sqrt(share * (1.0 - share) / 800), "angles in the wider well")
    # the sine of the dihedral says to which side its wells are deeper, and so which way φ turns
    turned = np.radians(phi_of(found))
    fine = np.linspace(-np.pi, np.pi, 4001)
    likely = np.exp(-dihedral.energy(np.degrees(fine)) / HEAT)
    mean = np.sum(np.sin(fine) * likely) / likely.sum()
    assert abs(mean) > 0.2, "negative control: without the table it has none"
    _within(np.sin(turned).mean(), mean, np.sqrt(0.5 / 400), "sine of the dihedral")


def phi_of(at):
    """Dihedrals of chains, (n, 4, 3), in degrees by the convention of the IUPAC."""
    a, b, c = np.moveaxis(np.diff(at, axis=1), 1, 0)
    first, second = np.cross(a, b), np.cross(b, c)
    along = np.sum(np.cross(first, second) * b, axis=1) / np.linalg.norm(b, axis=1)
    return np.degrees(np.arctan2(along, np.sum(first * second, axis=1)))


def test_stiff_charges_are_a_rigid_molecule():
    """A polar dumbbell whose bond hardly gives has the energy and pressure of the rigid one: the
    mesh counts nothing within it."""
    sites, places = (
        (Site("P", 16.0, 0.3), Site("M", 16.0, -0.3)),
        ((0.0, 0.0, 0.0), (1.2, 0.0, 0.0)),
    )
    stiff = Bonded((Bond((0, 1), Harmonic(1.2, 1500.0)),))
    potentials = dict.fromkeys(
        (Pair("P", "P"), Pair("P", "M"), Pair("M", "M")), lennard_jones(3.0, 0.15)
    )
    settings = EngineSettings(
        name="lammps", particles=200, cutoff=8.0, thermalisation_steps=500, ramp_steps=1000,
        equilibration_steps=1500, production_steps=4000, sample_every=20,
    )  # fmt: skip
    setups = []
    for bonded in (None, stiff):
        substance = Substance((Molecule("PM", sites, places, bonded),))
        state = StatePoint(300.0, 0.018, substance.molecules[0].mass)
        setups.append(Setup(substance, state, potentials, 1))
    runs = run_tasks(make_engine(settings), setups)
    rigid, flexible = runs
    for name in ("energy", "pressure"):
        error = np.hypot(float(rigid[name].error[0]), float(flexible[name].error[0]))
        gap = float(flexible[name].mean[0]) - float(rigid[name].mean[0])
        assert abs(gap) < 4.0 * error, name
    assert rigid.energy < -1.0
    inner = inner_energy(Molecule("PM", sites, places), np.array(places), 3.0 / 8.0)
    assert abs(float(inner)) > 5.0, "negative control: it would have been seen"


def test_what_is_within_is_the_slope_of_its_energy():
    within = Within(Harmonic(1.0, 300.0), -0.5, 0.35, (0.4, 1.8))
    r = np.linspace(0.5, 1.7, 13)
    slope = (within.energy(r + 1e-5) - within.energy(r - 1e-5)) / 2e-5
    np.testing.assert_allclose(within.force(r), -slope, rtol=1e-6, atol=1e-4)


def test_a_bond_asks_for_a_short_step():
    """9.2 fs is the period of the O-H bond of SPC/Fw."""
    sites = (Site("O", 15.999), Site("H", 1.008))
    bonded = Bonded((Bond((0, 1), Harmonic(1.012, 529.581)),))
    substance = Substance((Molecule("OH", sites, ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0)), bonded),))
    setup = Setup(
        substance,
        StatePoint(300.0, 0.01, 17.0),
        dict.fromkeys(substance.pairs, lennard_jones(3.0, 0.1)),
        1,
    )
    assert usual_timestep(setup) == pytest.approx(9.19 / 20.0, rel=0.01)


@pytest.mark.parametrize("kelvin", [280.0, 298.0, 373.0])
def test_the_stress_of_a_bond_is_read_several_times_a_period(kelvin):
    """Read once in its 9.2 fs, the stress of SPC/Fw's bonds would not cancel, nor η be right."""
    water = Substance((molecule_of(MoleculeSettings(name="water", model="spcfw")),))
    pots = {pair: Zero() for pair in water.pairs} | {Pair("O", "O"): lennard_jones(3.165, 0.1554)}
    setup = Setup(water, StatePoint(kelvin, 0.0333, 18.015), pots, 1, record=("viscosity",))
    plan = make_plan(EngineSettings(name="lammps", particles=512), setup)
    spacing, period = plan.fine_every * plan.timestep, min(bond_periods(water))
    assert period == pytest.approx(9.19, rel=0.01)
    assert spacing <= period / 4.0
    # so that a sum over readings is the integral, which the old reading once a period was not
    for step, off in ((spacing, 0.1), (period, 1.0)):
        t = np.arange(0.0, 4000.0, step)
        found = np.trapezoid(np.exp(-t / 500.0) * np.cos(2.0 * np.pi * t / period), t)
        assert (abs(found) > 100.0) == (off > 0.5)
