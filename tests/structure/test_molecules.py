"""Sites of rigid molecules: a solver of its own, finite differences, limits, and names."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure import extension
from sopr_uq.structure.extension_change import extended_change
from sopr_uq.structure.finite_size import canonical_rdf, infinite_rdf, order_of_images
from sopr_uq.structure.intramolecular import Intramolecular
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.ornstein_zernike import extend, solve
from sopr_uq.structure.response import linear_response
from sopr_uq.structure.taper import tapered
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.units import COULOMB, inverse_temperature

GRID = RadialGrid(1023, 0.04)
BETA = inverse_temperature(120.0)
DENSITY, LENGTH = 0.0174, 1.1
"""Of molecules like nitrogen's, in Å⁻³ and Å."""
NITROGEN = lennard_jones(3.31, 0.0725).energy(GRID.r)
WATER = [(3.166, 0.1553), (2.083, 0.0845), (1.0, 0.046)]
"""SPC/E with a small core on hydrogen, without which the HNC equation has no solution."""


def within(columns, lengths, densities, molecules=DENSITY):
    return Intramolecular(
        np.array(columns, dtype=np.intp), np.array(lengths), np.array(densities), molecules
    )


def nitrogen(length=LENGTH, density=DENSITY):
    return Mixture(np.array([2 * density]), True, within([0], [length], [density], density))


def two_named(length=LENGTH):
    """The same molecule with its ends called A and B."""
    return Mixture(np.full(2, DENSITY), within=within([1], [length], [DENSITY]))


def water(density=0.0334):
    inside = within([1, 2], [1.0, 1.633], [2 * density, density], density)
    charges = np.array([-0.8476, 0.4238]) * np.sqrt(inverse_temperature(300.0) * COULOMB)
    return Mixture(density * np.array([1.0, 2.0]), within=inside, charges=charges)


@pytest.fixture(scope="module")
def diatomic():
    found = solve(GRID, NITROGEN, nitrogen(), BETA)
    assert found.converged
    assert not found.truncated
    return found


@pytest.fixture(scope="module")
def aqueous():
    v = np.stack([lennard_jones(*numbers).energy(GRID.r) for numbers in WATER], axis=1)
    found = solve(GRID, v, water(), inverse_temperature(300.0))
    assert found.converged
    return v, found


def picard(energy, length, density, mixing=0.3):
    """The site–site HNC equation of a homonuclear diatomic by direct iteration."""
    omega = 1.0 + np.sinc(GRID.q * length / np.pi)
    gamma = np.zeros(GRID.n)
    for _ in range(4000):
        c = np.exp(-BETA * energy + gamma) - 1.0 - gamma
        c_q = GRID.forward(c)
        h_q = omega * c_q * omega / (1.0 - 2.0 * density * omega * c_q)
        new = GRID.backward(h_q - c_q)
        if np.abs(new - gamma).max() < 1e-9:
            return 1.0 + c + gamma
        gamma = gamma + mixing * (new - gamma)
    raise AssertionError("no solution")


def test_the_site_site_equation_is_solved(diatomic):
    """χ = ω + ρ² ĥ with ρ = 2 ρ_m sites: ĥ = ω ĉ ω/(1 − ρ ω ĉ) of the sites of one type."""
    direct = picard(NITROGEN, LENGTH, DENSITY)
    np.testing.assert_allclose(diatomic.g, direct, atol=1e-6)


def test_the_response_is_the_derivative_of_the_solver(diatomic):
    response = linear_response(GRID, diatomic.g, nitrogen(), BETA)
    assert response.stable
    bump = np.exp(-(((GRID.r - 4.0) / 0.5) ** 2))
    found = response.rdf(bump[:, None])[:, 0]
    ends = [
        solve(GRID, NITROGEN + step * bump, nitrogen(), BETA, start=diatomic.gamma).g
        for step in (1e-3, -1e-3)
    ]
    exact = (ends[0] - ends[1]) / 2e-3
    size = np.abs(exact).max()
    assert np.abs(found - exact).max() < 1e-4 * size
    # the response of shorter molecules is another
    short = linear_response(GRID, diatomic.g, nitrogen(0.9), BETA).rdf(bump[:, None])[:, 0]
    assert np.abs(short - exact).max() > 0.05 * size


def test_the_response_of_charged_sites_is_the_derivative_of_the_solver(aqueous):
    """Charges drop out of δ; three bumps, one in each pair."""
    v, at = aqueous
    beta = inverse_temperature(300.0)
    bump = np.exp(-(((GRID.r - 3.2) / 0.5) ** 2))[:, None, None] * np.eye(3)
    found = linear_response(GRID, at.g, water(), beta).rdf(bump)
    for j in range(3):
        ends = [
            solve(GRID, v + step * bump[:, :, j], water(), beta, start=at.gamma).g
            for step in (1e-3, -1e-3)
        ]
        exact = (ends[0] - ends[1]) / 2e-3
        assert np.abs(found[:, :, j] - exact).max() < 1e-3 * np.abs(exact).max()


def test_molecules_fluctuate_as_one(aqueous):
    """χ_ab(0) = n_a n_b ρ S(0): hydrogen is twice oxygen, and there is no charge at q → 0."""
    _, at = aqueous
    mixture = water()
    s = mixture.shared + mixture.scale / mixture.density * (at.s_zero - 1.0)
    np.testing.assert_allclose(s, s[0] * np.array([1.0, 2.0**0.5, 2.0]), rtol=1e-4)
    assert 0.05 < s[0] < 0.15


def test_two_names_for_one_kind_of_site_change_nothing(diatomic):
    named = solve(GRID, np.repeat(NITROGEN[:, None], 3, 1), two_named(), BETA)
    np.testing.assert_allclose(named.g, np.repeat(diatomic.g[:, None], 3, 1), atol=1e-8)
    bump = np.exp(-(((GRID.r - 4.0) / 0.5) ** 2))
    alone = linear_response(GRID, diatomic.g, nitrogen(), BETA).rdf(bump[:, None])
    bumps = np.repeat(bump[:, None, None], 3, 1)
    both = linear_response(GRID, named.g, two_named(), BETA).rdf(bumps)
    expected = np.repeat(alone[:, None], 3, 1)
    np.testing.assert_allclose(both, expected, atol=3e-5 * np.abs(alone).max())


def test_exchanging_names_changes_nothing(aqueous):
    _, at = aqueous
    straight, beta, order = water(), inverse_temperature(300.0), [2, 1, 0]
    inside = within([1, 0], [1.0, 1.633], [2 * 0.0334, 0.0334], 0.0334)
    swapped = Mixture(straight.densities[::-1], within=inside)
    bump = np.exp(-(((GRID.r - 3.2) / 0.5) ** 2))[:, None, None] * np.eye(3)
    found = linear_response(GRID, at.g[:, order], swapped, beta).rdf(bump[:, order])
    expected = linear_response(GRID, at.g, straight, beta).rdf(bump)
    np.testing.assert_allclose(found[:, order], expected, atol=1e-6 * np.abs(expected).max())


def test_atoms_are_molecules_of_one_site():
    densities = np.array([0.008, 0.011])
    v = np.stack([lennard_jones(s, 0.25).energy(GRID.r) for s in (3.3, 3.4, 3.5)], axis=1)
    loose = Mixture(densities, within=within([], [], [], densities.sum()))
    atoms, sites = (solve(GRID, v, liquid, BETA) for liquid in (densities, loose))
    np.testing.assert_allclose(sites.g, atoms.g, atol=1e-9)
    bump = np.exp(-(((GRID.r - 4.5) / 0.5) ** 2))[:, None, None] * np.eye(3)
    both = [linear_response(GRID, atoms.g, liquid, BETA).rdf(bump) for liquid in (densities, loose)]
    np.testing.assert_allclose(both[1], both[0], atol=1e-8)


def test_a_bond_without_length_makes_one_particle():
    """Both sites of a point say the same: every δg_ab is one, and the sum of all δv counts.

    Their matrix S is singular at every q; the 10⁻⁶ at which it is held shows.
    """
    grid = RadialGrid(255, 0.1)
    v = lennard_jones(3.4, 0.24).energy(grid.r)
    g = solve(grid, v, DENSITY, inverse_temperature(300.0)).g
    bump = np.exp(-(((grid.r - 4.5) / 0.7) ** 2))
    parts = np.zeros((grid.n, 3, 2))
    parts[:, 0, 0] = 4.0 * bump
    parts[:, 1, 1] = 2.0 * bump
    response = linear_response(grid, np.repeat(g[:, None], 3, 1), two_named(0.0), BETA)
    found = response.rdf(parts)
    one = linear_response(grid, g, nitrogen(0.0), BETA).rdf(bump[:, None])[:, 0]
    size = np.abs(one).max()
    # a pair in the closure stands for itself, so that only like changes are felt alike
    np.testing.assert_allclose(found[:, :1, 0], found[:, 1:2, 0], atol=1e-3 * size)
    np.testing.assert_allclose(found[:, 0, 0], found[:, 2, 0], atol=1e-3 * size)
    same = response.rdf(np.repeat(bump[:, None, None], 3, 1))
    np.testing.assert_allclose(same[:, :, 0], np.repeat(one[:, None], 3, 1), atol=1e-3 * size)


# Beyond the box --------------------------------------------------------------


def boxed(mixture, whole, molecules, rng=None, grid=GRID):
    """g in a canonical box, and half its edge; with the noise of a simulation."""
    columns = mixture.columns(whole.g)
    edge = (molecules / mixture.molecules) ** (1.0 / 3.0)
    sites = mixture.densities * molecules / mixture.molecules
    s_zero = np.atleast_1d(whole.s_zero)
    s = mixture.shared + mixture.scale / mixture.density * (s_zero - 1.0)
    crowded = columns * (1.0 + order_of_images(grid, columns - 1.0, edge))
    box = canonical_rdf(crowded, s, sites, shared=mixture.shared)
    if rng is not None:
        box = box + 0.01 / grid.r[:, None] * rng.standard_normal(box.shape)
    return np.where(grid.r[:, None] < 0.5 * edge, box, np.nan), 0.5 * edge, sites


def test_a_box_of_molecules_is_continued_to_the_infinite_liquid():
    """The truth has a bridge function, which the continuation does not know."""
    mixture = nitrogen()
    whole = solve(GRID, NITROGEN, mixture, BETA, bridge=-0.5 * np.exp(-((GRID.r / 3.8) ** 4)))
    box, half, sites = boxed(mixture, whole, 500)
    found = extend(GRID, box[:, 0], half, NITROGEN, mixture, BETA, particles=sites)
    assert found.converged
    np.testing.assert_allclose(found.g, whole.g, atol=1e-4)
    np.testing.assert_allclose(found.s_zero, whole.s_zero, rtol=1e-6)
    cut = tapered(GRID, box, half, mixture, sites)[:, 0]
    wrong = np.abs(structure_rows(GRID, [2.0, 3.0], mixture.density) @ (cut - whole.g))
    assert wrong.max() > 0.01, "why these are not tapered"


def test_errors_move_the_one_level_of_a_molecule_of_two_types(monkeypatch):
    """As differences of continuations say; two sites of one molecule fluctuate together."""
    monkeypatch.setattr(extension, "_LEVEL_TOLERANCE", 1e-8)
    monkeypatch.setattr(extension, "_IMAGE_TOLERANCE", 1e-8)
    monkeypatch.setattr(extension, "_IMAGE_PASSES", 12)
    monkeypatch.setattr(extension, "_TOLERANCE_OF_MOLECULES", 1e-9)
    grid = RadialGrid(511, 0.08)
    v = np.stack([lennard_jones(s, 0.0725).energy(grid.r) for s in (3.31, 3.25, 3.2)], axis=1)
    mixture = two_named()
    whole = solve(grid, v, mixture, BETA)
    box, half, sites = boxed(mixture, whole, 400, grid=grid)
    known = np.nan_to_num(box)
    change = np.exp(-0.5 * ((grid.r - 5.0) / 0.4) ** 2)[:, None, None] * np.eye(3)
    step = 1e-4
    ends = [
        extend(grid, known + e * change[..., 1], half, v, mixture, BETA, particles=sites)
        for e in (step, 0.0)
    ]
    assert all(end.converged for end in ends)
    slope = (ends[0].g - ends[1].g) / step
    said = extended_change(ends[1], known, half, change, particles=sites)[..., 1]
    np.testing.assert_allclose(said, slope, atol=0.02 * np.abs(slope).max())
    # negative control: without a level
    alone = extended_change(ends[1], known, half, change)[..., 1]
    assert np.abs(alone - slope).max() > 0.04 * np.abs(slope).max()


def test_charged_molecules_end_in_a_taper(aqueous):
    _, at = aqueous
    box, half, sites = boxed(water(), at, 343)
    found = tapered(GRID, box, half, water(), sites)
    inside = GRID.r < half - 2.0
    np.testing.assert_array_equal(found[GRID.r >= half], 1.0)
    # what is left are the images and S(0)/N
    assert np.abs(found[inside] - at.g[inside]).max() < 0.01
    seen = structure_rows(GRID, np.array([1.0, 2.0, 4.0, 8.0]), water().density)
    assert np.abs(seen @ (found - at.g)).max() < 0.05


def test_the_level_of_a_box_is_that_of_its_molecules():
    """An ideal gas of rigid molecules has g_N = 1; one that is still, N/(N − 1)."""
    mixture, n = water(), np.array([343, 686])
    ideal = mixture.shared * 1.0
    np.testing.assert_allclose(canonical_rdf(np.ones((5, 3)), ideal, n, shared=mixture.shared), 1.0)
    still = canonical_rdf(np.ones((5, 3)), np.zeros(3), n, shared=mixture.shared)
    np.testing.assert_allclose(still, 343 / 342)
    back = infinite_rdf(still, np.zeros(3), n, mixture.shared)
    np.testing.assert_allclose(back, 1.0)


def test_correlations_that_no_molecules_have_are_refused():
    wild = np.where(GRID.r < 6.0, 0.0, 1.0)
    with pytest.raises(InputError, match="S = "):
        linear_response(GRID, wild, nitrogen(), BETA)
