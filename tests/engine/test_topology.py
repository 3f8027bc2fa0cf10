"""Molecules without a simulation: who belongs to whom, pairs within molecules, Ewald's split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.engine.electrostatics import Screened, inner_energy, splitting
from sopr_uq.engine.hoomd import HoomdEngine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.lattice import wrapped
from sopr_uq.engine.plan import flight_time, make_plan
from sopr_uq.engine.protocol import Setup, check_able
from sopr_uq.engine.rdf import RdfRecorder
from sopr_uq.engine.recorder import Frame, Thermo
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.timestep import usual_timestep
from sopr_uq.engine.topology import Topology, extent
from sopr_uq.engine.trouble import Trajectory, check_trajectory
from sopr_uq.errors import InputError, SimulationFailed
from sopr_uq.experiment.bonded import Bond, Bonded, Harmonic
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Zero, lennard_jones
from sopr_uq.rng import stream

WATER = molecule_of(MoleculeSettings(name="water", model="spce"))
ARGON = Molecule("Ar", (Site("Ar", 39.948),))
BOTH = Substance((ARGON, WATER))
PURE = Substance((WATER,))
LIQUID = StatePoint(298.0, 0.0334, 18.015)
THERMO = Thermo(0.0, 0.0, 298.0)


def potentials(substance, **given):
    """Lennard-Jones of oxygen, and of what is given; nothing of the rest."""
    known = {Pair("O", "O"): lennard_jones(3.166, 0.1553)}
    known |= {Pair.of(label.replace("_", "-")): v for label, v in given.items()}
    return {pair: known.get(pair, Zero()) for pair in substance.pairs}


def water(**given):
    return Setup(PURE, LIQUID, potentials(PURE, **given), 1)


def box(topology, length, seed):
    """Molecules at random, in random directions."""
    rng = stream(seed, "gas")
    centres = rng.random((sum(topology.numbers), 3)) * length
    return centres, wrapped(topology.placed(centres, rng), length)


def test_atoms_of_a_type_follow_each_other():
    topology = Topology.of(BOTH, [2, 3])
    assert topology.types.tolist() == [0] * 2 + [1] * 3 + [2] * 6
    assert topology.molecule.tolist() == [0, 1, 2, 3, 4, 2, 2, 3, 3, 4, 4]
    assert topology.place.tolist() == [0, 0, 0, 0, 0, 1, 2, 1, 2, 1, 2]
    assert topology.owners.tolist() == [0, 1, 2, 3, 4]
    assert topology.rigid.tolist() == [False] * 2 + [True] * 9
    assert topology.charges.sum() == pytest.approx(0.0, abs=1e-12)
    labels = [pair.label for pair in BOTH.pairs]
    found = {label: each.shape[1] for label, each in zip(labels, topology.inner, strict=True)}
    assert found == {"Ar-Ar": 0, "Ar-O": 0, "Ar-H": 0, "O-O": 0, "O-H": 6, "H-H": 3}


def test_a_shared_type_belongs_to_both():
    """Atoms of one type in two kinds of molecules, and free besides."""
    n = Site("N", 14.007)
    two = Molecule("N2", (n, n), ((0.0, 0.0, 0.0), (1.1, 0.0, 0.0)))
    topology = Topology.of(Substance((two, Molecule("N", (n,)))), [2, 2])
    assert topology.types.tolist() == [0] * 6
    assert topology.molecule.tolist() == [0, 0, 1, 1, 2, 3]
    assert topology.rigid.tolist() == [True] * 4 + [False] * 2
    assert topology.inner[0].tolist() == [[0, 2], [1, 3]]


def test_molecules_are_found_whole_across_the_box():
    topology, length = Topology.of(BOTH, [20, 60]), 14.0
    centres, x = box(topology, length, 1)
    away = topology.centres(x, length) - centres
    np.testing.assert_allclose(away - length * np.rint(away / length), 0.0, atol=1e-12)
    assert topology.spread(x, length) < 1e-12
    unwrapped = x + length * topology.images(x, length)
    (i, j), lengths = topology.bonds
    np.testing.assert_allclose(np.linalg.norm(unwrapped[j] - unwrapped[i], axis=1), lengths)
    assert (x >= 0).all()
    assert (x < length).all()
    torn = x.copy()
    torn[-1] += 0.3
    assert topology.spread(torn, length) > 0.1


def recorded(topology, length, frames, inner=True, r_max=None):
    recorder = RdfRecorder(
        topology.substance.pairs, tuple(np.bincount(topology.types)), length, 0.1, r_max,
        topology.inner if inner else (),
    )  # fmt: skip
    for seed in range(frames):
        recorder.add(Frame(box(topology, length, seed)[1], THERMO))
    return recorder


def test_pairs_within_molecules_are_taken_back_exactly():
    """To the last count, wherever the molecules lie: one molecule alone has g = 0."""
    for edge in (9.0, 12.345, 25.0):
        alone = recorded(Topology.of(PURE, [1]), edge, 300, r_max=4.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            assert not np.array(alone._samples).any()


def test_an_ideal_gas_of_molecules_has_g_of_one():
    """χ² of counts between molecules, 0.1 % false alarms; without the molecules a peak."""
    topology, length, frames = Topology.of(BOTH, [10, 30]), 12.0, 400
    gas = recorded(topology, length, frames)
    expected = gas._ideal * frames
    twice = np.array([1 + pair.like for pair in BOTH.pairs])[:, None]
    for within, score in zip(*_scores(gas, expected, twice), strict=True):
        assert score < chi2.isf(0.001 / 6, within)
    naive = recorded(topology, length, frames, inner=False)
    assert naive.g.mean(axis=0)[4, 9:11].max() > 5.0


def _scores(gas, expected, twice):
    """Bins and χ² of each pair; coarse, as the sites of two molecules are seen several times."""
    found = np.array(gas._samples, dtype=float).reshape(-1, *expected.shape)
    coarse = found[:, :, : 5 * (found.shape[2] // 5)].reshape(*found.shape[:2], -1, 5).sum(3)
    mean, error = coarse.mean(0), coarse.std(0, ddof=1) / np.sqrt(len(coarse))
    per = expected[:, : 5 * (found.shape[2] // 5)].reshape(len(expected), -1, 5).sum(2)
    good = per > 10 * twice
    z = np.where(good, (mean - per / len(coarse)) / np.where(error > 0, error, 1.0), 0.0)
    return good.sum(1), (z**2).sum(1)


def test_a_split_of_coulombs_law_is_coulombs_law():
    r, alpha = np.linspace(0.5, 9.0, 50), splitting(9.0)
    whole = Screened(Zero(), -1.0, 1e-9).energy(r)
    np.testing.assert_allclose(whole * r, -332.0637, rtol=1e-5)
    screened = Screened(lennard_jones(3.0, 0.2), 0.36, alpha)
    h = 1e-5
    slope = (screened.energy(r + h) - screened.energy(r - h)) / (2 * h)
    np.testing.assert_allclose(screened.force(r), -slope, rtol=1e-6, atol=1e-6)
    two = Molecule("XY", (Site("X", 1.0, 0.5), Site("Y", 1.0, -0.5)), ((0, 0, 0), (0, 0, 1.5)))
    rest = Screened(Zero(), -0.25, 1e-9).energy(1.5) - Screened(Zero(), -0.25, alpha).energy(1.5)
    assert inner_energy(two, two.shape, alpha) == pytest.approx(float(rest), rel=1e-6)
    assert inner_energy(ARGON, ARGON.shape, alpha) == 0.0


def test_a_plan_counts_molecules():
    plan = make_plan(EngineSettings(particles=343), water())
    assert (plan.molecules, plan.atoms, plan.counts) == (343, 1029, (343, 686))
    assert plan.cutoff == pytest.approx(3 * 3.166, abs=0.01)
    assert plan.freedom == 6.0
    assert plan.alpha == pytest.approx(3.0 / plan.cutoff)
    assert plan.topology.spread(plan.first.positions, plan.first.box_length) < 1e-12
    assert flight_time(water()) == pytest.approx(0.838, abs=0.002)
    mixed = StatePoint(298.0, 0.03, composition={"Ar": 0.25, "water": 0.75})
    setup = Setup(BOTH, mixed, potentials(BOTH, Ar_Ar=lennard_jones(3.4, 0.24)), 1)
    plan = make_plan(EngineSettings(particles=400), setup)
    assert plan.counts == (100, 300, 600)
    assert plan.freedom == pytest.approx(0.25 * 3 + 0.75 * 6)


def test_hydrogen_does_not_shorten_the_time_step():
    """Neither its mass, nor a correction that is weak or buried in the oxygen."""
    assert usual_timestep(water()) == pytest.approx(1.96, abs=0.02)
    weak, buried = lennard_jones(1.4, 0.05), lennard_jones(1.2, 0.5)
    assert usual_timestep(water(H_H=weak, O_H=buried)) == usual_timestep(water())
    nitrogen = Substance((molecule_of(MoleculeSettings(name="N2", model="n2")),))
    cold = Setup(nitrogen, StatePoint(70.0, 0.0173, 28.014), {
        nitrogen.pairs[0]: lennard_jones(3.31, 0.0741)}, 1)  # fmt: skip
    assert 3.0 < usual_timestep(cold) < 8.0


def test_molecules_never_overlap_at_the_start():
    benzene = Substance((molecule_of(MoleculeSettings(name="benzene", model="benzene")),))
    carbon = {pair: lennard_jones(3.0, 0.05) for pair in benzene.pairs}
    plan = make_plan(
        EngineSettings(particles=108, cutoff=8.0),
        Setup(benzene, StatePoint(298.0, 0.00675, 78.11), carbon, 2),
    )
    assert extent(benzene) == pytest.approx(2.48, abs=1e-3)
    x, edge = plan.first.positions, plan.first.box_length
    way = x[:, None] - x
    r = np.linalg.norm(way - edge * np.rint(way / edge), axis=-1)
    other = plan.topology.molecule[:, None] != plan.topology.molecule
    assert r[other].min() > 2.5


def test_trouble_is_that_of_molecules():
    """A walk of whole molecules flows, spinning in place is frozen, a torn one is named."""
    settings = EngineSettings(particles=64, cutoff=5.0, production_steps=40000, sample_every=200)
    plan = make_plan(settings, water())
    topology, edge = plan.topology, plan.box_length
    rng = stream(3, "walk")
    centres = moved = rng.random((64, 3)) * edge
    spinning, walking, torn = (Trajectory(edge, topology, 200) for _ in range(3))
    for number in range(200):
        still = wrapped(topology.placed(centres, rng), edge)
        spinning.add(Frame(still, THERMO))
        moved = rng.random((64, 3)) * edge if number % 4 == 0 else moved
        walking.add(Frame(wrapped(topology.placed(moved, rng), edge), THERMO))
        still[-1] += 0.1
        torn.add(Frame(wrapped(still, edge), THERMO))
    check_trajectory(walking, plan)
    with pytest.raises(SimulationFailed, match="frozen"):
        check_trajectory(spinning, plan)
    with pytest.raises(SimulationFailed, match="torn: a distance"):
        check_trajectory(torn, plan)


def test_who_cannot_move_molecules_says_so():
    small = EngineSettings(particles=256, cutoff=7.0)
    for engine in (DiluteEngine(small), IntegralEquationEngine(small)):
        with pytest.raises(InputError, match="moves molecules and knows charges"):
            engine.run(water())
    salt = Substance(
        (Molecule("Na", (Site("Na", 23.0, 1),)), Molecule("Cl", (Site("Cl", 35.5, -1),)))
    )
    state = StatePoint(1200.0, 0.03, composition={"Na": 0.5, "Cl": 0.5})
    melt = Setup(salt, state, {pair: lennard_jones(3.0, 0.1) for pair in salt.pairs}, 1)
    with pytest.raises(InputError, match="knows charges"):
        check_able(DiluteEngine(small), melt)
    # it need not be installed for that
    for setup in (water(), melt):
        check_able(HoomdEngine, setup)
    bonds = Bonded(tuple(Bond((0, i), Harmonic(1.0, 500.0)) for i in (1, 2)))
    bent = Substance((replace(WATER, bonded=bonds),))
    setup = replace(water(), substance=bent)
    check_able(AbleEngine, setup)
    with pytest.raises(InputError, match=r"engine hoomd.*flexible.*water.*the engine lammps"):
        check_able(HoomdEngine, setup)


def test_what_cannot_be_simulated_is_refused():
    loose = Substance((replace(WATER, positions=None),))
    setup = Setup(loose, LIQUID, potentials(loose), 1)
    with pytest.raises(InputError, match="sites without positions"):
        check_able(AbleEngine, setup)
    with pytest.raises(InputError, match="ramp_steps"):
        make_plan(EngineSettings(particles=343, ramp_steps=0), water())
    long = Molecule("long", (ARGON.sites[0],) * 2, ((0.0, 0.0, 0.0), (0.0, 0.0, 9.0)))
    chain = Substance((long,))
    setup = Setup(
        chain, StatePoint(300.0, 0.01, 80.0), {chain.pairs[0]: lennard_jones(3.4, 0.2)}, 1
    )
    with pytest.raises(InputError, match="near its own image"):
        make_plan(EngineSettings(particles=64, cutoff=6.0), setup)


class AbleEngine:
    """An engine that can do all."""

    name = "all"

    class traits:
        molecules = flexible = True
        records = frozenset()
