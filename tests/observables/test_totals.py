"""Total scattering of molecules: what it predicts, and how that changes with the potentials."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.protocol import Setup
from sopr_uq.experiment.molecule import Molecule, Site
from sopr_uq.experiment.neutrons import isotopes, scattering_length
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.scattering import XRays
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.totals import Total, amplitudes
from sopr_uq.observables import InfiniteLiquid, OrnsteinZernike, TotalScattering
from sopr_uq.observables.observed import curve_of
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.newton.totals import total_columns
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid, structure_factor

GRID = RadialGrid(1023, 0.04)
SHAPE = np.array([[0.0, 0.0, 0.0], [1.1, 0.0, 0.0]])
OXIDE = Substance((Molecule("NO", (Site("N", 14.007), Site("O", 15.999)), SHAPE),))
STATE = StatePoint(140.0, 0.0174, composition={"NO": 1.0})
MIXTURE = site_mixture(OXIDE, STATE)
POTENTIALS = {
    pair: lennard_jones(sigma, 0.075)
    for pair, sigma in zip(OXIDE.pairs, (3.3, 3.2, 3.1), strict=True)
}
Q = np.arange(0.6, 12.0, 0.1)
ELEMENTS = ("N", "O")


def total(scattering=None, **keys):
    neutrons = isotopes(ELEMENTS, [scattering_length(e) for e in ELEMENTS], None, exchange=True)
    spreads = amplitudes(MIXTURE, ELEMENTS)
    return Total(scattering or neutrons, MIXTURE, OXIDE.pairs, spreads, **keys)


def liquid(bump=0.0, blocks=2):
    energy = np.stack([v.energy(GRID.r) for v in POTENTIALS.values()], axis=1)
    found = solve(GRID, energy + bump, MIXTURE, STATE.beta)
    assert found.converged
    rng = np.random.default_rng(5)
    each = found.g + 0.01 * rng.standard_normal((blocks, *found.g.shape))
    setup = Setup(OXIDE, STATE, POTENTIALS, 1)
    seen = np.ones(GRID.n, dtype=bool)
    return InfiniteLiquid(setup, None, GRID, found.g, each, seen, energy, np.zeros_like(energy))


@pytest.fixture(scope="module")
def at():
    return liquid()


@pytest.fixture(scope="module")
def directions():
    return np.exp(-(((GRID.r - 3.9) / 0.4) ** 2))[:, None, None] * np.eye(3)


KINDS = pytest.mark.parametrize(
    "of",
    [total(), total(XRays(ELEMENTS)), total(XRays(ELEMENTS), normalisation="average-of-squares")],
    ids=["neutrons", "x-rays", "divided x-rays"],
)


@KINDS
def test_a_total_is_its_partials_and_its_molecules(at, of):
    q = GRID.q[8:150]
    found = TotalScattering(of, q).predict(at)
    partials = structure_factor(GRID, at.g, MIXTURE.density)[8:150] - 1.0
    expected = np.sum(of.between(q) * partials, axis=1) + of.own(q)
    np.testing.assert_allclose(found.mean, expected, atol=1e-10 * np.abs(expected).max())
    assert found.blocks.shape == (2, q.size)


@KINDS
def test_its_jacobian_is_a_derivative(at, directions, of):
    """Of totals of the site–site HNC liquid; the molecules' own part does not change."""
    curve = TotalScattering(of, Q)
    change = OrnsteinZernike(at, directions, moving_bridge=True)
    found, slope = curve.jacobian(change), curve.slope_jacobian(change)
    for j in range(3):
        ends = [liquid(step * directions[:, :, j]) for step in (1e-3, -1e-3)]
        exact = (curve.predict(ends[0]).mean - curve.predict(ends[1]).mean) / 2e-3
        assert np.abs(found[:, j] - exact).max() < 1e-3 * np.abs(exact).max()
        steep = (curve.slope(ends[0]) - curve.slope(ends[1])) / 2e-3
        assert np.abs(slope[:, j] - steep).max() < 2e-3 * np.abs(steep).max()


@KINDS
def test_slope_and_bend_are_derivatives_by_wave_number(at, of):
    curve, step = TotalScattering(of, Q), 0.01
    down, here, up = (curve.at(at, Q + k * step) for k in (-1, 0, 1))
    size = np.abs(np.gradient(here, Q)).max()
    np.testing.assert_allclose(curve.slope(at), (up - down) / (2 * step), atol=5e-3 * size)
    bend = (up - 2 * here + down) / step**2
    np.testing.assert_allclose(curve.bend(at), bend, atol=0.02 * np.abs(bend).max())


def observed(name, **keys):
    return Observation("f", Q, np.zeros(Q.size), name=name, of=total(**keys))


def test_contrasts_share_their_molecules_but_not_their_levels():
    one, two = observed("one", inelastic=0.03), observed("two", inelastic=0.02)
    bare = observed("bare", intramolecular=False)
    pressure = Observation("pressure", np.zeros(1), np.zeros(1))
    prior = PriorSettings(distance_sd=0.02, amplitude_sd=0.4)
    columns = total_columns([one, pressure, two, bare], prior)
    n = Q.size
    assert columns.shape == (3 * n + 1, 2 + 3 + 3)
    exact = total().distance_columns(Q) * [0.02, 0.4]
    np.testing.assert_allclose(columns[:n, :2], exact)
    np.testing.assert_allclose(columns[n + 1 : 2 * n + 1, :2], exact)
    assert not columns[n].any(), "a pressure has no molecules to be seen"
    assert not columns[2 * n + 1 :].any()
    assert not columns[n:, 2:5].any(), "the level of one contrast is its own"
    spread = np.sqrt(np.sum(columns[:n, 2:5] ** 2, axis=1))
    low = 0.03 * np.sqrt(np.mean(np.exp(-(np.divide.outer(Q, [0.4, 0.8, 1.6]) ** 2)), axis=1))
    np.testing.assert_allclose(spread, low)


def test_an_observation_knows_its_curve():
    o = observed("one")
    curve = curve_of(o, OXIDE)
    assert curve.of is o.total
    np.testing.assert_array_equal(curve.x, Q)


def test_a_wrong_bond_is_found_by_its_columns():
    """A molecule 0.001 Å longer and wider by 0.5 % than believed, from F(Q) alone."""
    of = total()
    curve = TotalScattering(of, np.arange(0.6, 25.0, 0.05))
    within = MIXTURE.within
    waves = type(within)(within.columns, within.lengths + 0.001, within.densities, 0.0174)
    true = waves.waves(curve.q, 1.005 * of.spreads) / within.waves(curve.q, of.spreads)
    miss = of.own(curve.q) * (true[:, 0] - 1.0)
    found = np.linalg.lstsq(of.distance_columns(curve.q), miss)[0]
    np.testing.assert_allclose(found, [0.001, np.log(1.005)], rtol=0.1)
    rest = miss - of.distance_columns(curve.q) @ found
    assert np.abs(rest).max() < 0.1 * np.abs(miss).max()
