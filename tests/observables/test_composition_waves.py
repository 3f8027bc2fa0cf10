"""Waves of composition that a run is too short for: known answers, and simulations as judges."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables import CompositionWaves, continued
from sopr_uq.observables.composition_waves import shells, unseen_share
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.notices import slow_waves
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import Run
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.structure.transforms import RadialGrid

GRID = RadialGrid.covering(40.0, 0.025)
ATOMS = 256
SHORT = EngineSettings(
    name="lammps",
    particles=ATOMS,
    cutoff=8.0,
    thermalisation_steps=500,
    ramp_steps=1000,
    equilibration_steps=500,
    production_steps=1600,
    sample_every=10,
)


def liquid_of(substance: Substance, shares: dict[str, float], engine, seed: int = 1, **changes):
    """The liquid of atoms that differ by nothing but their names."""
    state = StatePoint(120.0, 0.0195, composition=shares)
    setup = Setup(substance, state, dict.fromkeys(substance.pairs, lennard_jones(3.4, 0.24)), seed)
    return continued(setup, replace(engine.run(setup), **changes), GRID)


def exact(substance: Substance, shares: dict[str, float], **changes):
    engine = IntegralEquationEngine(EngineSettings(particles=1000))
    return liquid_of(substance, shares, engine, **changes)


BINARY = Substance.atoms({"A": 40.0, "B": 40.0})
HALVES = {"A": 0.4, "B": 0.6}


@pytest.mark.parametrize(("time", "share"), [(1e-3, 0.0), (1e6, 1.0)])
def test_blocks_show_all_of_what_is_fast_and_nothing_of_what_is_slow(time, share) -> None:
    assert unseen_share(100.0, 10, time) == pytest.approx(share, abs=1e-3)


def test_what_blocks_show_is_that_of_a_process_that_forgets_itself() -> None:
    """|δx|² of Ornstein–Uhlenbeck waves; 4000 runs tell each variance to 3 %."""
    rng, time, steps, blocks = np.random.default_rng(5), 40.0, 100, 8
    keep = np.exp(-1.0 / time)
    x = rng.standard_normal((4000, 2))
    seen = np.empty((4000, steps))
    for i in range(steps):
        x = keep * x + np.sqrt(1.0 - keep**2) * rng.standard_normal(x.shape)
        seen[:, i] = 0.5 * np.sum(x**2, axis=1)
    seen = seen[:, steps % blocks :]
    of_blocks = seen.reshape(4000, blocks, -1).mean(axis=2)
    left = seen.mean(axis=1).var() - np.mean(of_blocks.var(axis=1, ddof=1)) / blocks
    assert unseen_share(float(seen.shape[1]), blocks, time) == pytest.approx(left, abs=0.08)


def test_names_alone_fluctuate_at_random() -> None:
    waves = CompositionWaves(exact(BINARY, HALVES))
    (mode,) = waves.modes(0.3)
    np.testing.assert_allclose(
        np.outer(mode.size, mode.size), 0.24 * np.array([[1.0, -1.0], [-1.0, 1.0]]), rtol=1e-3
    )
    (longer,) = waves.modes(0.15)
    assert longer.time == pytest.approx(4.0 * mode.time, rel=1e-3)


def test_three_kinds_have_two_modes_that_add_up_to_what_is_random() -> None:
    substance = Substance.atoms({"A": 40.0, "B": 40.0, "C": 40.0})
    x = np.array([0.2, 0.3, 0.5])
    waves = CompositionWaves(exact(substance, dict(zip("ABC", x, strict=True)), sampled=10.0))
    modes = waves.modes(0.3)
    assert len(modes) == 2
    found = sum(np.outer(mode.size, mode.size) for mode in modes)
    np.testing.assert_allclose(found, np.diag(x) - np.outer(x, x), atol=1e-3)
    # two alone and one of both, at each length
    seen = list(CompositionWaves(replace_particles(waves.liquid, 1000)).of_bins())
    assert len(seen) == 3 * len(shells(1000)[0])


def test_waves_of_a_cube_are_counted() -> None:
    square, count = shells(1000)
    assert square[-1] == 30
    assert dict(zip(square[:6].tolist(), count[:6].tolist(), strict=True)) == {
        1: 6, 2: 12, 3: 8, 4: 6, 5: 24, 6: 24
    }  # fmt: skip


def replace_particles(liquid, particles: int):
    counts = tuple(round(particles * x) for x in liquid.mixture.fractions)
    return replace(liquid, simulation=replace(liquid.simulation, counts=counts))


def test_no_atom_is_made_and_nothing_said_where_nothing_was_sampled() -> None:
    still = exact(BINARY, HALVES)
    assert CompositionWaves(still).g.shape[-1] == 0
    element = Substance.atoms({"A": 40.0})
    alone = replace_particles(exact(element, {"A": 1.0}, sampled=10.0), 1000)
    assert CompositionWaves(alone).g.shape[-1] == 0
    liquid = replace_particles(exact(BINARY, HALVES, sampled=10.0), 1000)
    g = CompositionWaves(liquid).g
    # what A–A gains is lost between A and B: Σ x_a x_b δg_ab/g_ab = 0
    total = np.tensordot(liquid.mixture.weights, np.moveaxis(g, 1, 0), axes=1)
    far = (GRID.r > 5.0) & (GRID.r < liquid.simulation.r[-1] - 1.0)
    assert np.abs(total[far]).max() < 0.05 * np.abs(g[far]).max()


@pytest.mark.slow(seconds=30)
def test_runs_scatter_as_waves_say_and_not_as_blocks_do() -> None:
    """Sixteen runs of atoms that differ by their names: one direction of g, its scatter known.

    A variance of 15 degrees of freedom; the two sides together fail by chance once in a thousand.
    """
    engine, runs = make_engine(SHORT), 16
    liquids = [liquid_of(BINARY, HALVES, engine, seed) for seed in range(1, runs + 1)]
    g = np.array([[s.mean for s in liquid.simulation.rdfs.values()] for liquid in liquids])
    sims = [liquid.simulation for liquid in liquids]
    blocks = np.mean(
        [[s.blocks.var(axis=0, ddof=1) / len(s.blocks) for s in x.rdfs.values()] for x in sims],
        axis=0,
    )
    waves = np.array([[each.T for each in CompositionWaves(x).of_bins()] for x in liquids])
    pattern = np.sqrt(np.mean(waves[:, 0] ** 2, axis=0)) * np.sign(waves[0, 0])
    a = np.divide(pattern, blocks, out=np.zeros_like(blocks), where=blocks > 0.0)
    by_blocks = float(np.sum(a**2 * blocks))
    by_waves = float(np.mean(np.sum(np.tensordot(waves, a, axes=2) ** 2, axis=1)))
    found = np.tensordot(g, a, axes=2).var(ddof=1) * (runs - 1)
    low, high = chi2.ppf([5e-4, 1.0 - 5e-4], runs - 1)
    assert low < found / (by_blocks + by_waves) < high
    # blocks alone would be refused
    assert found / by_blocks > chi2.ppf(1.0 - 1e-9, runs - 1)


def test_a_result_says_when_runs_are_shorter_than_waves() -> None:
    """One notice a mixture at most, and none of runs that are long."""
    liquid = replace_particles(exact(BINARY, HALVES, sampled=10.0), 1000)
    measured = Observation("g", np.arange(3.0, 10.0, 0.2), np.ones(35), of=Pair("A", "B"))
    pairs = dict.fromkeys(BINARY.pairs, lennard_jones(3.4, 0.24))
    problem = Problem((Liquid(liquid.setup.state, (measured,), BINARY),), pairs, RefineSettings())
    v = problem.field.scaled(1.0, 1.0)

    def said(sampled: float) -> list[str]:
        simulation = replace(liquid.simulation, sampled=sampled)
        made = SimpleNamespace(iterations=[SimpleNamespace(runs=(Run(v, (simulation,)),))])
        return slow_waves(problem, made)

    (sentence,) = said(10.0)
    assert "production_steps" in sentence
    assert f"{CompositionWaves(liquid).time:.0f} ps" in sentence
    assert said(5000.0) == said(0.0) == []
