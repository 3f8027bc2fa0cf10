"""Mixtures: closed forms, limits, and that names do not matter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure import extension
from sopr_uq.structure.finite_size import canonical_rdf, infinite_rdf, order_of_images
from sopr_uq.structure.mixture import Mixture, inverse
from sopr_uq.structure.ornstein_zernike import Solution, extend, implied_bridge, solve
from sopr_uq.structure.response import linear_response
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.virial import internal_energy, virial_pressure
from sopr_uq.units import MPA_PER_KCAL_MOL_A3, inverse_temperature

GRID = RadialGrid(1535, 0.03)
BETA = inverse_temperature(150.0)
SIGMA, EPSILON, FRACTIONS = [3.34, 3.58, 3.80], [0.26, 0.36, 0.40], [0.3, 0.3, 0.4]


class Liquid(NamedTuple):
    densities: np.ndarray
    energy: np.ndarray
    force: np.ndarray
    solution: Solution


def liquid(types, density=0.0185):
    """The first types of argon, krypton and something larger, by Lorentz and Berthelot."""
    fractions = np.array(FRACTIONS[:types]) / sum(FRACTIONS[:types])
    pairs = [(a, b) for a in range(types) for b in range(a, types)]
    potentials = [
        lennard_jones((SIGMA[a] + SIGMA[b]) / 2, (EPSILON[a] * EPSILON[b]) ** 0.5) for a, b in pairs
    ]
    v, f = (np.stack([getattr(p, k)(GRID.r) for p in potentials], 1) for k in ("energy", "force"))
    solution = solve(GRID, v, density * fractions, BETA)
    assert solution.converged
    assert not solution.truncated
    return Liquid(density * fractions, v, f, solution)


@pytest.fixture(scope="module", params=[2, 3], ids=["two", "three"])
def mixed(request):
    return liquid(request.param)


@pytest.fixture(scope="module")
def argon():
    v = lennard_jones(3.4, 0.238)
    return v, solve(GRID, v.energy(GRID.r), 0.0185, BETA)


def fluctuations(densities, found):
    """S_ab(0) of Ashcroft and Langreth."""
    m = Mixture.of(densities)
    return m.like + m.scale / m.density * (found.s_zero - 1.0)


# Percus–Yevick hard spheres -------------------------------------------------


def lebowitz(q, densities, diameters):
    """S(q) of Ashcroft and Langreth in Baxter's factorised form, shape (t, t, k).

    R. J. Baxter, J. Chem. Phys. 52, 4559 (1970); the solution is that of J. L.
    Lebowitz, Phys. Rev. 133, A895 (1964).
    """
    xi = [np.pi / 6.0 * np.sum(densities * diameters**k) for k in range(4)]
    a = 1.0 / (1.0 - xi[3]) + 3.0 * xi[2] * diameters / (1.0 - xi[3]) ** 2
    b = -1.5 * diameters**2 * xi[2] / (1.0 - xi[3]) ** 2
    nodes, weights = np.polynomial.legendre.leggauss(300)
    t = len(densities)
    factor = np.empty((t, t, len(q)), complex)
    for i in range(t):
        for j in range(t):
            low, high = (diameters[i] - diameters[j]) / 2, (diameters[i] + diameters[j]) / 2
            r = 0.5 * (low + high) + 0.5 * (high - low) * nodes
            kernel = 0.5 * a[i] * (r**2 - high**2) + b[i] * (r - high)
            integral = np.exp(1j * np.outer(q, r)) @ (kernel * weights) * 0.5 * (high - low)
            factor[i, j] = (i == j) - 2.0 * np.pi * np.sqrt(densities[i] * densities[j]) * integral
    product = np.einsum("lik,ljk->ijk", factor.conj(), factor)
    return np.moveaxis(np.linalg.inv(np.moveaxis(product, -1, 0)), 0, -1)


def contact(densities, diameters, i, j):
    xi = [np.pi / 6.0 * np.sum(densities * diameters**k) for k in range(4)]
    share = diameters[i] * diameters[j] / (diameters[i] + diameters[j])
    return 1.0 / (1.0 - xi[3]) + 3.0 * xi[2] / (1.0 - xi[3]) ** 2 * share


def test_percus_yevick_hard_spheres_of_two_sizes():
    """S and contact values approach Lebowitz' solution as the spacing squared."""
    densities, diameters = np.array([0.008, 0.006]), np.array([3.0, 4.0])
    errors = []
    for spacing, n in ((0.02, 1999), (0.01, 3999)):
        grid = RadialGrid(n, spacing)
        mixture = Mixture.of(densities)
        at = 0.5 * (diameters[mixture.pairs[0]] + diameters[mixture.pairs[1]])
        r = grid.r[:, None]
        boltzmann = np.where(np.isclose(r, at), 0.5, np.where(r < at, 0.0, 1.0))
        with np.errstate(divide="ignore"):
            found = solve(grid, -np.log(boltzmann), densities, 1.0, "py")
        assert found.converged
        low = grid.q < 60.0
        exact = lebowitz(grid.q[low], densities, diameters)
        assert np.abs(exact.imag).max() < 1e-12
        s = mixture.correlations(grid.forward(found.h))
        y = 1.0 + found.gamma[np.isclose(r, at)]
        touching = [contact(densities, diameters, *pair) for pair in ((0, 0), (0, 1), (1, 1))]
        errors.append([np.abs(s[..., low] - exact.real).max(), np.abs(y / touching - 1.0).max()])
    coarse, fine = np.array(errors)
    assert np.all(fine < [1e-3, 3e-4])
    np.testing.assert_allclose(coarse / fine, 4.0, rtol=0.15)


# Names ----------------------------------------------------------------------


@pytest.mark.parametrize("split", [[1.0], [0.3, 0.7], [0.2, 0.3, 0.5]])
def test_a_mixture_of_argon_and_argon_is_argon(argon, split):
    v, one = argon
    densities = 0.0185 * np.array(split)
    pairs = len(split) * (len(split) + 1) // 2
    energy, force = (np.repeat(f(GRID.r)[:, None], pairs, 1) for f in (v.energy, v.force))
    many = solve(GRID, energy, densities, BETA)
    for name in ("g", "gamma", "c", "s"):
        expected = np.repeat(getattr(one, name)[:, None], pairs, 1)
        np.testing.assert_allclose(getattr(many, name), expected, atol=1e-9)
    np.testing.assert_allclose(many.s_zero, one.s_zero, rtol=1e-8)
    assert virial_pressure(GRID, many.g, energy, force, densities, BETA) == pytest.approx(
        virial_pressure(GRID, one.g, energy[:, 0], force[:, 0], 0.0185, BETA), rel=1e-9
    )
    assert internal_energy(GRID, many.g, energy, densities) == pytest.approx(
        internal_energy(GRID, one.g, energy[:, 0], 0.0185), rel=1e-10
    )
    bump = np.exp(-(((GRID.r - 5.0) / 0.5) ** 2))
    alone = linear_response(GRID, one.g, 0.0185, BETA).rdf(bump[:, None])
    together = linear_response(GRID, many.g, densities, BETA).rdf(
        np.repeat(bump[:, None, None], pairs, 1)
    )
    np.testing.assert_allclose(together, np.repeat(alone[:, None], pairs, 1), atol=1e-8)


def test_exchanging_names_changes_nothing():
    two = liquid(2)
    order = [2, 1, 0]
    swapped = solve(GRID, two.energy[:, order], two.densities[::-1], BETA)
    np.testing.assert_allclose(swapped.g[:, order], two.solution.g, atol=1e-9)


def test_an_ideal_mixture_has_no_structure():
    found = solve(GRID, np.zeros((GRID.n, 3)), [0.01, 0.02], BETA)
    np.testing.assert_array_equal(found.g, np.ones((GRID.n, 3)))
    np.testing.assert_allclose(found.s, 1.0)
    pressure = virial_pressure(GRID, found.g, *np.zeros((2, GRID.n, 3)), [0.01, 0.02], BETA)
    assert pressure == pytest.approx(0.03 / BETA * MPA_PER_KCAL_MOL_A3)


def test_a_trace_in_argon_leaves_argon_alone(argon):
    _, one = argon
    v = [lennard_jones(s, e).energy(GRID.r) for s, e in ((3.4, 0.238), (3.6, 0.3), (3.8, 0.4))]
    found = solve(GRID, np.stack(v, 1), [0.0185, 1e-9], BETA)
    np.testing.assert_allclose(found.g[:, 0], one.g, atol=1e-5)


# The derivative and the inverse ---------------------------------------------


def test_the_response_is_the_derivative_of_the_solver(mixed):
    """A bump in each pair's potential moves all pairs; the wrong pair is far off."""
    densities, v, force, at = mixed
    response = linear_response(GRID, at.g, densities, BETA)
    assert response.stable
    pairs = v.shape[1]
    bump = np.exp(-(((GRID.r - 4.6) / 0.5) ** 2))
    dv = bump[:, None, None] * np.eye(pairs)
    dg = response.rdf(dv)
    dp = response.pressure(force, dv, dg)
    for j in range(pairs):
        ends, pressures = [], []
        for step in (1e-3, -1e-3):
            energy = v + step * dv[:, :, j]
            end = solve(GRID, energy, densities, BETA, start=at.gamma)
            slope = force - step * GRID.derivative(dv[:, :, j])
            pressures.append(virial_pressure(GRID, end.g, energy, slope, densities, BETA))
            ends.append(end.g)
        exact = (ends[0] - ends[1]) / 2e-3
        error = np.abs(dg[:, :, j] - exact).max() / np.abs(exact).max()
        assert error < 1e-4
        assert dp[j] == pytest.approx((pressures[0] - pressures[1]) / 2e-3, rel=1e-4)
        other = np.abs(dg[:, :, (j + 1) % pairs] - exact).max() / np.abs(exact).max()
        assert other > 0.1


def test_the_response_is_symmetric_between_pairs(mixed):
    """(2 − δ) ρ_a ρ_b r² δg_ab(r)/δv_cd(r′) r′⁻² is symmetric, as a second derivative must be."""
    densities, v, _, at = mixed
    m, pairs = Mixture.of(densities), v.shape[1]
    points = np.searchsorted(GRID.r, [3.6, 4.3, 7.0])
    dv = np.zeros((GRID.n, pairs, pairs, len(points)))
    for i in range(pairs):
        dv[points, i, i, range(len(points))] = 1.0
    dg = linear_response(GRID, at.g, densities, BETA).rdf(dv.reshape(GRID.n, pairs, -1))[points]
    weighted = (GRID.r[points, None, None] ** 2 * m.weights[:, None] * dg).swapaxes(0, 1)
    weighted = weighted.reshape(pairs * len(points), -1)
    np.testing.assert_allclose(weighted, weighted.T, rtol=1e-7, atol=1e-9)
    assert np.linalg.eigvalsh(weighted).max() < 0.0


def test_the_bridge_of_hnc_is_zero_and_another_is_found(mixed):
    densities, v, _, at = mixed
    seen = at.g > 1e-6
    assert np.abs(implied_bridge(GRID, at.g, v, densities, BETA)[seen]).max() < 1e-7
    bridge = -0.3 * np.exp(-((GRID.r[:, None] / (4.0 + 0.1 * np.arange(v.shape[1]))) ** 4))
    other = solve(GRID, v, densities, BETA, bridge=bridge)
    found = implied_bridge(GRID, other.g, v, densities, BETA)
    np.testing.assert_allclose(found[seen], bridge[seen], atol=1e-7)


def test_a_canonical_box_of_a_mixture_is_continued_to_the_infinite_liquid(mixed):
    densities, v, _, whole = mixed
    particles = np.round(1000 * densities / densities.sum())
    edge = (1000 / densities.sum()) ** (1 / 3)
    crowded = whole.g * (1.0 + order_of_images(GRID, whole.h, edge))
    box, half = canonical_rdf(crowded, fluctuations(densities, whole), particles), 0.5 * edge
    cut = np.where(GRID.r[:, None] < half, box, np.nan)
    found = extend(GRID, cut, half, v, densities, BETA, particles=particles)
    blind = extend(GRID, cut, half, v, densities, BETA)
    assert found.converged
    # the order about the images is found to 1e-5
    np.testing.assert_allclose(found.g, whole.g, atol=3e-5)
    np.testing.assert_allclose(found.s_zero, whole.s_zero, rtol=1e-3, atol=1e-4)
    # some of these S(0) are beyond the spinodal, where they are no numbers
    assert not np.allclose(blind.s_zero, whole.s_zero, rtol=0.2)


def test_levels_are_looked_for_where_secants_know_one_direction_alone(mixed):
    """As those of a mixture that nearly parts may: no step of all levels follows from them."""
    densities, v, _, whole = mixed
    mixture, particles = Mixture.of(densities), np.round(1000 * densities / densities.sum())
    half = 0.5 * (1000 / densities.sum()) ** (1 / 3)
    box = canonical_rdf(whole.g, fluctuations(densities, whole), particles)
    inside = GRID.r[:, None] < half
    problem = extension._Continuation(
        GRID, mixture, inside, np.exp(-BETA * v), np.zeros_like(whole.g)
    )
    known = mixture.columns(np.where(inside, box, 1.0))
    plain = problem.levelled(known, particles)
    lost = plain._replace(s=1.02 * plain.s, slopes=np.ones((plain.s.size, plain.s.size)))
    found = problem.levelled(known, particles, lost)
    assert found.solution.converged
    np.testing.assert_allclose(found.solution.g, plain.solution.g, atol=0.01)


def test_the_finite_size_of_argon_and_argon_is_that_of_argon(argon):
    _, one = argon
    n = np.array([300, 700])
    mixture = Mixture.of(n)
    s = mixture.like + mixture.scale / 1000 * (one.s_zero - 1.0)
    partial = canonical_rdf(np.repeat(one.g[:, None], 3, 1), s, n)
    weights = np.array([300 * 299, 2 * 300 * 700, 700 * 699]) / (1000 * 999)
    np.testing.assert_allclose(partial @ weights, canonical_rdf(one.g, one.s_zero, 1000))
    np.testing.assert_allclose(infinite_rdf(partial, s, n), np.repeat(one.g[:, None], 3, 1))


# Matrices -------------------------------------------------------------------


def test_congruence_is_the_product_of_matrices():
    rng = np.random.default_rng(1)
    mixture = Mixture.of([0.01, 0.02, 0.03])
    a, x = (mixture.matrix(rng.standard_normal((7, 6))) for _ in range(2))
    expected = np.einsum("abn,bcn,cdn->adn", a, x, a)
    columns = mixture.norm * mixture.of_matrix(x)
    found = np.einsum("ijn,nj->ni", mixture.congruence(a), columns) / mixture.norm
    np.testing.assert_allclose(found, mixture.of_matrix(expected), atol=1e-12)
    np.testing.assert_allclose(mixture.congruence(a), mixture.congruence(a).swapaxes(0, 1))


def test_only_positive_definite_matrices_are_inverted():
    rng = np.random.default_rng(2)
    a = rng.standard_normal((5, 4, 4))
    good = np.moveaxis(a @ a.swapaxes(1, 2), 0, -1)
    found = inverse(good)
    expected = np.moveaxis(np.linalg.inv(np.moveaxis(good, -1, 0)), 0, -1)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
    good[3, 3, 2] = -1.0
    assert inverse(good) is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Mixture.of([0.01, 0.0]), "a positive number of each type"),
        (lambda: solve(GRID, np.zeros((GRID.n, 2)), [0.01, 0.01], 1.0), r"\(1535, 3\)"),
        (
            lambda: linear_response(
                GRID, np.where(GRID.r[:, None] < 4.0, 0, np.ones(3)), [0.01, 0.01], 1.0
            ),
            "S = ",
        ),
        (lambda: canonical_rdf(np.ones((9, 3)), np.zeros(3), [5, 1]), "N ≥ 2"),
    ],
)
def test_nonsense_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
