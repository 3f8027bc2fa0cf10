"""Bridge functions that ride on the core: against their own laws and against other closures."""

import numpy as np
import pytest

from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.potentials.descriptors import hard_particle_diameter
from sopr_uq.structure.moving_bridge import bridge_motion, depth_exponent, diameter_change
from sopr_uq.structure.ornstein_zernike import implied_bridge, solve
from sopr_uq.structure.response import linear_response
from sopr_uq.structure.transforms import RadialGrid

GRID = RadialGrid(1599, 0.02)
BETA, DENSITY = 1.0 / (0.0019872041 * 130.0), 0.0205
POTENTIAL = Mie(3.4, 0.24, 12.0)


def contact_bridge(packing):
    cavity = (1 + packing / 2) / (1 - packing) ** 2
    return np.log(cavity) - (cavity - 1)


@pytest.mark.parametrize("packing", [0.01, 0.1, 0.3, 0.47])
def test_the_exponent_is_the_slope_of_the_contact_value(packing):
    step = 1e-5
    ends = [np.log(-contact_bridge(packing * np.exp(s * step))) for s in (1, -1)]
    assert depth_exponent(packing) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5)


def test_the_exponent_begins_at_two():
    """B is of second order in the density (Hansen and McDonald, 4th ed., section 4.6)."""
    assert depth_exponent(0.0) == 2.0
    assert depth_exponent(2e-3) == pytest.approx(2.0, abs=0.02)


def test_diameter_and_its_change_are_barker_and_hendersons():
    v = POTENTIAL.energy(GRID.r)
    rng = np.random.default_rng(1)
    waves = [np.cos(rng.uniform(0.5, 2) * GRID.r + rng.uniform(0, 6)) for _ in range(3)]
    change = np.array([0.05 * w * (3.4 / GRID.r) ** 6 for w in waves]).T
    d, relative = diameter_change(GRID, v, BETA, change)
    assert d == pytest.approx(hard_particle_diameter(GRID.r, v, BETA), rel=2e-4)
    step = 1e-3
    for i in range(3):
        u = step * change[:, i]
        up, down = (hard_particle_diameter(GRID.r, v + s * u, BETA) for s in (1, -1))
        # the minimum is taken at the nearest point of the grid
        assert relative[i] == pytest.approx((up - down) / (2 * step * d), rel=0.02, abs=2e-5)


def test_a_change_beyond_the_minimum_moves_nothing():
    v = POTENTIAL.energy(GRID.r)
    far = np.exp(-0.5 * ((GRID.r - 5.5) / 0.2) ** 2)[:, None]
    assert abs(diameter_change(GRID, v, BETA, far)[1][0]) < 1e-12


def test_a_bridge_that_scales_moves_as_it_scales():
    """B = η^m f(r/d) with f smooth on the scale of the smoothing; a Gaussian here."""
    d, packing = 3.5, np.pi / 6 * DENSITY * 3.5**3
    m = depth_exponent(packing)

    def bridge(size):
        return -((size / d) ** (3 * m)) * np.exp(-2.0 * (GRID.r / size) ** 2)

    g = np.where(GRID.r > 0.5, 1.0, 0.0)
    found = bridge_motion(GRID, bridge(d), g, DENSITY, d)
    step = 1e-4
    expected = (bridge(d * np.exp(step)) - bridge(d * np.exp(-step))) / (2 * step)
    inner = (GRID.r > 0.8) & (GRID.r < 1.1 * d)
    assert found[inner] == pytest.approx(expected[inner], abs=0.01 * np.abs(expected).max())
    assert np.abs(found[GRID.r > 2.0 * d]).max() < 1e-3


def test_the_chain_has_no_bridge_and_no_motion():
    hnc = solve(GRID, POTENTIAL.energy(GRID.r), DENSITY, BETA)
    b = implied_bridge(GRID, hnc.g, POTENTIAL.energy(GRID.r), DENSITY, BETA)
    seen = hnc.g > 0.05
    assert np.abs(bridge_motion(GRID, b, hnc.g, DENSITY, 3.5)[seen]).max() < 1e-6


def test_it_mends_the_response_of_a_liquid_with_a_bridge():
    """Percus–Yevick: ∂g/∂ln σ with B held misses 29 %; riding on the core, 11 %."""

    def g_of(sigma):
        return solve(GRID, Mie(sigma, 0.24, 12.0).energy(GRID.r), DENSITY, BETA, "py").g

    v, step = POTENTIAL.energy(GRID.r), 2e-3
    expected = (g_of(3.4 * np.exp(step)) - g_of(3.4 * np.exp(-step))) / (2 * step)
    ends = [lennard_jones(3.4 * np.exp(s * step), 0.24).energy(GRID.r) for s in (1, -1)]
    direction = ((ends[0] - ends[1]) / (2 * step))[:, None]
    g = g_of(3.4)
    response = linear_response(GRID, g, DENSITY, BETA)
    d, relative = diameter_change(GRID, v, BETA, direction)
    b = implied_bridge(GRID, g, v, DENSITY, BETA)
    motion = np.outer(bridge_motion(GRID, b, g, DENSITY, d), relative)
    missed = [
        np.linalg.norm(response.rdf(u)[:, 0] - expected) / np.linalg.norm(expected)
        for u in (direction, direction - motion / BETA)
    ]
    assert missed[0] > 0.25
    assert missed[1] < 0.4 * missed[0]
