"""From the histogram of a box of molecules to the liquid without end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from sopr_uq.engine.instant import shell_average
from sopr_uq.engine.protocol import Setup, Simulation, named, rdf_name
from sopr_uq.engine.series import Series
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables import StructureFactor, continued
from sopr_uq.observables.infinite import InfiniteLiquid, acting
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.finite_size import canonical_rdf, order_of_images
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid, structure_factor

FINE, GRID = RadialGrid(2399, 0.02), RadialGrid.covering(48.0, 0.025)
BIN = 0.02
NITROGEN, N2 = Site("N", 14.007), np.array([[0.0, 0.0, 0.0], [1.1, 0.0, 0.0]])
ENDS = (Site("O", 15.999, -0.8476), Site("H", 1.008, 0.4238))
BENT = np.array([[0.0, 0.0, 0.0], [0.8165, 0.5774, 0.0], [-0.8165, 0.5774, 0.0]])
LIQUIDS = {
    "diatomic": (
        Substance((Molecule("N2", (NITROGEN, NITROGEN), N2),)),
        StatePoint(120.0, 0.0174, composition={"N2": 1.0}),
        [(3.31, 0.0725)],
    ),
    # a small core on hydrogen, without which the HNC equation has no solution
    "water": (
        Substance((Molecule("water", (ENDS[0], ENDS[1], ENDS[1]), BENT),)),
        StatePoint(300.0, 0.0334, composition={"water": 1.0}),
        [(3.166, 0.1553), (2.083, 0.0845), (1.0, 0.046)],
    ),
}


def boxed(name, molecules, error=0.0):
    """The site–site HNC liquid, and what a box of it would have counted."""
    substance, state, numbers = LIQUIDS[name]
    mixture = site_mixture(substance, state)
    potentials = [lennard_jones(*each) for each in numbers]
    whole = solve(FINE, np.stack([v.energy(FINE.r) for v in potentials], 1), mixture, state.beta)
    assert whole.converged
    edge, counts = (molecules / state.density) ** (1 / 3), substance.counts(state, molecules)
    s = mixture.shared + mixture.scale / mixture.density * (whole.s_zero - 1.0)
    crowded = whole.g * (1.0 + order_of_images(FINE, whole.h, edge))
    box = canonical_rdf(crowded, s, counts, shared=mixture.shared)
    r = BIN * (np.arange(int(0.5 * edge / BIN)) + 0.5)
    smooth = CubicSpline(np.append(0.0, FINE.r), np.vstack([box[:1], box]))
    rng, series = np.random.default_rng(8), []
    for pair, mean in zip(substance.pairs, shell_average(smooth, r, BIN).T, strict=True):
        noise = error / r * rng.standard_normal((8, r.size))
        series.append(Series.of_blocks(rdf_name(pair), r, mean + noise, "1"))
    found = Simulation(named(series), None, tuple(counts), 0, 0.0, 0.0, "test")
    setup = Setup(substance, state, dict(zip(substance.pairs, potentials, strict=True)), 1)
    return continued(setup, found, GRID), whole, mixture


@pytest.mark.parametrize(
    ("name", "molecules", "miss", "miss_of_s"),
    [("diatomic", 500, 0.01, 0.01), ("water", 343, 0.015, 0.05)],
)
def test_a_box_of_molecules_tells_the_infinite_liquid(name, molecules, miss, miss_of_s):
    """g to what smoothing costs at its steepest, S(Q) from 1 Å⁻¹ on."""
    liquid, whole, mixture = boxed(name, molecules)
    half = 0.5 * (molecules / liquid.setup.state.density) ** (1 / 3)
    seen = GRID.r < half - 2.0
    exact = CubicSpline(FINE.r, whole.g)(GRID.r[seen])
    assert np.abs(liquid.g[seen] - exact).max() < miss
    q = FINE.q[(FINE.q > 1.0) & (FINE.q < 12.0)]
    for i, pair in enumerate(liquid.setup.substance.pairs):
        found = StructureFactor.partial(pair, q).predict(liquid).mean
        s = structure_factor(FINE, whole.g[:, i], mixture.density)
        assert np.abs(found - np.interp(q, FINE.q, s)).max() < miss_of_s


@pytest.fixture(scope="module")
def truncated():
    """A fluid near its critical point whose forces end at 2.5 diameters, and the whole one."""
    state, whole = StatePoint(180.0, 0.009, 39.948), lennard_jones(3.4, 0.24)
    cutoff, fine = 8.5, RadialGrid(3999, 0.02)
    v = whole.energy(fine.r)
    acts = np.where(fine.r < cutoff, v - whole.energy(cutoff), 0.0)
    cut, exact = (solve(fine, each, state.density, state.beta) for each in (acts, v))
    assert cut.converged
    assert exact.converged
    r = BIN * (np.arange(int(25.0 / BIN)) + 0.5)
    smooth = CubicSpline(np.append(0.0, fine.r), np.append(cut.g[0], cut.g))
    mean = shell_average(lambda x: smooth(x)[..., None], r, BIN)[:, 0]
    setup = Setup.of(whole, state, 1)
    pair = setup.substance.pairs[0]
    series = [Series.exact(rdf_name(pair), r, mean, "1")]
    # so many particles that what a fixed number of them does is nothing
    found = Simulation(named(series), None, (10**9,), 0, 0.0, 0.0, "test", cutoff=cutoff)
    whole_g = CubicSpline(fine.r, exact.g)(GRID.r)
    return setup, found, whole_g, CubicSpline(fine.r, cut.g)(GRID.r)


def test_the_liquid_is_that_of_the_whole_potential(truncated):
    """What the cut-off did to g(r) is taken out to a tenth of it."""
    setup, found, whole, cut = truncated
    seen = (GRID.r > 3.3) & (GRID.r < 20.0)
    effect = np.abs(whole - cut)[seen].max()
    assert effect > 0.01
    left = continued(setup, found, GRID).g[seen, 0] - whole[seen]
    assert np.abs(left).max() < 0.1 * effect
    # told of no cut-off, it is taken as it is
    as_it_is = continued(setup, replace(found, cutoff=np.inf), GRID).g[seen, 0]
    assert np.abs(as_it_is - cut[seen]).max() < 0.1 * effect


def test_a_liquid_that_cannot_be_is_a_failed_rule(truncated):
    """Where S(Q) is negative, as beyond a spinodal: no fault of whoever asked."""
    setup, found, *_ = truncated
    liquid = continued(setup, found, GRID)
    with pytest.raises(RuleFailed, match="no stable fluid"):
        _ = replace(liquid, g=np.where(GRID.r < 4.0, 0.0, 1.0)[:, None]).response


def test_what_acts_ends_at_the_cutoff_without_a_step():
    """Particles move by forces: a constant does nothing, and no jump is left where they end."""
    seen = GRID.r <= 8.5
    v = lennard_jones(3.4, 0.24).energy(GRID.r)
    assert not acting(np.ones((GRID.n, 1)), seen).any()
    acts = acting(v, seen)
    inner = GRID.r[1:] < 8.4
    np.testing.assert_allclose(np.diff(acts)[inner], np.diff(v)[inner])
    assert not acts[~seen].any()
    near = np.abs(GRID.r - 8.5) < 0.2
    assert np.abs(np.diff(acts[near])).max() < 0.05 * np.abs(v[near]).min()
    assert acting(v, np.ones_like(seen)) is v


def test_noise_is_carried_and_the_response_stands():
    liquid, *_ = boxed("water", 343, error=0.02)
    assert liquid.blocks.shape == (8, GRID.n, 3)
    near = np.searchsorted(GRID.r, 5.0)
    expected = 0.02 / 5.0
    assert 0.3 * expected < liquid.blocks[:, near].std(axis=0).mean() < expected
    assert liquid.response.stable
    assert liquid.mixture.charges is not None


@pytest.mark.parametrize(("temperature", "share"), [(150.0, 0.5), (170.0, 1.0)])
def test_what_leaves_no_liquid_is_made_in_part(temperature, share):
    """A liquid cut off at 8 Å, colder and warmer than where the whole change tears it."""
    potential, density, grid = lennard_jones(3.4, 0.24), 0.0075, RadialGrid.covering(60.0, 0.05)
    setup = Setup.of(potential, StatePoint(temperature, density, 40.0), seed=1)
    whole, seen = potential.energy(grid.r)[:, None], (grid.r < 8.0)[:, None]
    felt = acting(whole, seen)
    g = solve(grid, felt[:, 0], density, setup.state.beta).g[:, None]
    none = np.zeros((0, *g.shape))
    cut = InfiniteLiquid(setup, None, grid, g, none, seen, felt, np.zeros_like(g))
    found = cut.without_cutoff()
    assert found.response.stable
    missing = (whole - felt)[..., None]
    first = cut.response.rdf(missing)[..., 0]

    def changed(part):
        halfway = replace(cut, g=g + 0.5 * part * first)
        return replace(cut, g=g + part * halfway.response.rdf(missing)[..., 0])

    assert found.g == pytest.approx(changed(share).g, abs=1e-12)
    if share < 1.0:
        with pytest.raises(RuleFailed):
            _ = changed(2.0 * share).response
