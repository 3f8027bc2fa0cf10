"""The Ornstein–Zernike solver against closed forms, limits and its own laws."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure import extension
from sopr_uq.structure.finite_size import canonical_rdf, order_of_images
from sopr_uq.structure.hard_sphere import HardSpheres
from sopr_uq.structure.ornstein_zernike import extend, implied_bridge, solve
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.structure.virial import internal_energy, virial_pressure
from sopr_uq.units import MPA_PER_KCAL_MOL_A3, inverse_temperature

GRID = RadialGrid(2047, 0.02)
ARGON = lennard_jones(3.40, 0.238)
ARGON_DENSITY, ARGON_BETA = 0.02125, inverse_temperature(85.0)
XENON = lennard_jones(3.88, 0.476)
XENON_DENSITY = 0.00881
V = ARGON.energy(GRID.r)


@pytest.fixture(scope="module")
def argon():
    return solve(GRID, V, ARGON_DENSITY, ARGON_BETA)


def hard_spheres(spacing, n, density=0.02, diameter=3.5):
    """PY hard spheres on a grid whose contact point carries half the jump."""
    grid = RadialGrid(n, spacing)
    boltzmann = np.where(np.isclose(grid.r, diameter), 0.5, np.where(grid.r < diameter, 0.0, 1.0))
    with np.errstate(divide="ignore"):
        energy = -np.log(boltzmann)
    return solve(grid, energy, density, 1.0, "py"), HardSpheres(diameter, density)


@pytest.mark.parametrize("closure", ["hnc", "py"])
def test_first_order_in_density_is_exact(closure):
    """g exp(βv) = 1 + ρ f*f + O(ρ²) for both closures, f the Mayer function."""
    beta = inverse_temperature(150.0)
    f = np.exp(-beta * V) - 1.0
    overlap = GRID.backward(GRID.forward(f) ** 2)
    misses = []
    for density in (2e-6, 1e-6):
        found = solve(GRID, V, density, beta, closure)
        assert found.converged
        # γ = ln y (HNC) or y − 1 (PY): both are ρ f*f to first order.
        misses.append(np.abs(found.gamma / density - overlap).max())
    assert misses[1] < 1e-3 * np.abs(overlap).max()
    assert misses[0] / misses[1] == pytest.approx(2.0, rel=0.01)


def test_percus_yevick_hard_spheres():
    """Errors against the closed form fall as the spacing squared."""
    errors = []
    for spacing, n in ((0.02, 2499), (0.01, 4999)):
        found, exact = hard_spheres(spacing, n)
        assert found.converged
        contact = np.isclose(found.grid.r, exact.diameter)
        c = exact.direct_correlation(found.grid.r)
        errors.append(
            [
                np.abs(found.s - exact.structure_factor(found.grid.q)).max(),
                np.abs(found.c - c)[~contact].max() / np.abs(c).max(),
                abs(1.0 + float(found.gamma[contact][0]) - exact.contact) / exact.contact,
                abs(found.s_zero - float(exact.structure_factor(0.0))),
            ]
        )
    coarse, fine = np.array(errors)
    assert np.all(fine < [3e-4, 2e-3, 2e-4, 1e-5])
    # S and contact are second order; c next to the jump is first order.
    np.testing.assert_allclose((coarse / fine)[[0, 2, 3]], 4.0, rtol=0.1)


def test_energy_and_virial_routes_of_hnc_agree():
    """∂(βP/ρ²)/∂β = ∂(U/N)/∂ρ: HNC has a free energy (T. Morita, K. Hiroike, 1960)."""
    beta, density, step = inverse_temperature(120.0), 0.018, 1e-4
    force = ARGON.force(GRID.r)

    def state(b, rho):
        found = solve(GRID, V, rho, b)
        assert found.converged
        reduced = virial_pressure(GRID, found.g, V, force, rho, b) / MPA_PER_KCAL_MOL_A3
        return b * reduced / rho**2, internal_energy(GRID, found.g, V, rho)

    by_beta = [state(beta * (1 + s), density)[0] for s in (step, -step)]
    by_density = [state(beta, density * (1 + s))[1] for s in (step, -step)]
    left = (by_beta[0] - by_beta[1]) / (2 * step * beta)
    right = (by_density[0] - by_density[1]) / (2 * step * density)
    assert left == pytest.approx(right, rel=1e-5)


def test_percus_yevick_has_no_free_energy():
    """The negative control of the law above: PY breaks it by per cents."""
    beta, density, step = inverse_temperature(120.0), 0.018, 1e-4
    force = ARGON.force(GRID.r)

    def state(b, rho):
        g = solve(GRID, V, rho, b, "py").g
        reduced = virial_pressure(GRID, g, V, force, rho, b) / MPA_PER_KCAL_MOL_A3
        return b * reduced / rho**2, internal_energy(GRID, g, V, rho)

    by_beta = [state(beta * (1 + s), density)[0] for s in (step, -step)]
    by_density = [state(beta, density * (1 + s))[1] for s in (step, -step)]
    left = (by_beta[0] - by_beta[1]) / (2 * step * beta)
    right = (by_density[0] - by_density[1]) / (2 * step * density)
    assert abs(left / right - 1.0) > 0.01


def test_dense_argon_is_a_liquid(argon):
    assert argon.converged
    assert not argon.truncated
    assert argon.residual < 1e-10
    assert argon.s.min() > 0.0
    np.testing.assert_allclose(argon.g - 1.0 - argon.c, argon.gamma)


def test_a_neighbour_is_a_good_start(argon):
    again = solve(GRID, V, ARGON_DENSITY, ARGON_BETA, start=argon.gamma)
    assert again.iterations == 0
    near = solve(GRID, V, 1.01 * ARGON_DENSITY, ARGON_BETA, start=argon.gamma)
    far = solve(GRID, V, 1.01 * ARGON_DENSITY, ARGON_BETA)
    assert near.iterations < far.iterations
    np.testing.assert_allclose(near.g, far.g, atol=1e-8)


def test_no_solution_is_a_value_with_advice():
    """Xenon cooled far below its critical temperature at its critical density."""
    deep = lennard_jones(3.88, 0.8).energy(GRID.r)
    found = solve(GRID, deep, XENON_DENSITY, inverse_temperature(274.0))
    assert not found.converged
    assert "higher temperature" in found.message


def test_a_short_grid_near_the_critical_point_is_noticed():
    beta = inverse_temperature(278.0)
    short = solve(GRID, XENON.energy(GRID.r), XENON_DENSITY, beta)
    long_grid = RadialGrid(8191, 0.02)
    long = solve(long_grid, XENON.energy(long_grid.r), XENON_DENSITY, beta)
    assert short.converged
    assert short.truncated
    assert long.converged
    assert not long.truncated
    assert abs(short.s_zero / long.s_zero - 1.0) > 0.01


def test_the_bridge_of_hnc_is_zero(argon):
    bridge = implied_bridge(GRID, argon.g, V, ARGON_DENSITY, ARGON_BETA)
    assert np.abs(bridge).max() < 1e-7


def test_the_bridge_of_percus_yevick_is_its_own():
    beta = inverse_temperature(120.0)
    py = solve(GRID, V, ARGON_DENSITY, beta, "py")
    bridge = implied_bridge(GRID, py.g, V, ARGON_DENSITY, beta)
    known = py.g > 1e-8
    np.testing.assert_allclose(bridge[known], (np.log1p(py.gamma) - py.gamma)[known], atol=1e-7)
    first = int(np.argmax(known))
    assert np.all(bridge[:first] == bridge[first])


def test_hnc_with_the_bridge_of_percus_yevick_is_percus_yevick():
    beta = inverse_temperature(120.0)
    py = solve(GRID, V, ARGON_DENSITY, beta, "py")
    bridge = implied_bridge(GRID, py.g, V, ARGON_DENSITY, beta)
    found = solve(GRID, V, ARGON_DENSITY, beta, "hnc", bridge=bridge)
    assert found.converged
    np.testing.assert_allclose(found.g, py.g, atol=1e-6)


def test_both_ways_to_the_compressibility_agree():
    """S(0) from c and from h, on a grid long enough for the tail of h."""
    grid = RadialGrid(8191, 0.02)
    found = solve(grid, ARGON.energy(grid.r), ARGON_DENSITY, ARGON_BETA)
    from_h = float((1.0 + structure_rows(grid, [0.0], ARGON_DENSITY) @ found.h)[0])
    assert found.s_zero == pytest.approx(from_h, rel=1e-4)


# A bridge function that vanishes inside the smallest R: HNC beyond it is then exact.
BRIDGE = -0.5 * np.clip(1.0 - (GRID.r / 6.5) ** 2, 0.0, None) ** 2


@pytest.mark.parametrize("radius", [7.0, 12.0, 20.0])
def test_a_cut_liquid_is_continued_to_itself(argon, radius):
    whole = solve(GRID, V, ARGON_DENSITY, ARGON_BETA, bridge=BRIDGE)
    cut = np.where(GRID.r < radius, whole.g, np.nan)
    found = extend(GRID, cut, radius, V, ARGON_DENSITY, ARGON_BETA)
    assert found.converged
    np.testing.assert_allclose(found.g, whole.g, atol=1e-8)
    assert found.s_zero == pytest.approx(whole.s_zero, rel=1e-6)
    assert abs(argon.s_zero / whole.s_zero - 1.0) > 0.1


def near_critical(temperature, bridge):
    grid = RadialGrid(4095, 0.02)
    v, beta = XENON.energy(grid.r), inverse_temperature(temperature)
    b = -bridge * np.clip(1.0 - (grid.r / 6.5) ** 2, 0.0, None) ** 2
    whole = solve(grid, v, XENON_DENSITY, beta, bridge=b)
    assert whole.converged
    return grid, v, beta, whole


def test_a_liquid_below_the_spinodal_of_hnc_is_continued():
    """Where HNC has no solution, the measured g still has its own."""
    grid, v, beta, whole = near_critical(265.0, 0.4)
    assert not solve(grid, v, XENON_DENSITY, beta).converged
    found = extend(grid, whole.g, 15.0, v, XENON_DENSITY, beta)
    assert found.converged
    np.testing.assert_allclose(found.g, whole.g, atol=1e-8)
    assert found.s_zero == pytest.approx(whole.s_zero, rel=1e-5)


def in_a_box(whole, particles):
    """Return the g that a canonical periodic box shows of a liquid, and nearly half its edge."""
    edge = (particles / whole.density) ** (1 / 3)
    crowded = whole.g * (1.0 + order_of_images(whole.grid, whole.h, edge))
    return canonical_rdf(crowded, whole.s_zero, particles), 0.49 * edge


@pytest.mark.parametrize("particles", [500, 2916])
def test_a_canonical_box_is_continued_to_the_infinite_liquid(particles):
    """The leading 1/N term is found and taken out, near a critical point too."""
    grid, v, beta, whole = near_critical(285.0, 0.0)
    box, half = in_a_box(whole, particles)
    found = extend(grid, box, half, v, XENON_DENSITY, beta, particles=particles)
    blind = extend(grid, box, half, v, XENON_DENSITY, beta)
    assert found.converged
    # the order about the images is found to 1e-5, and their level goes with it
    np.testing.assert_allclose(found.g, whole.g, atol=3e-5)
    assert found.s_zero == pytest.approx(whole.s_zero, rel=2e-2)
    assert blind.s_zero < 0.5 * whole.s_zero


def test_the_order_of_a_dense_liquid_about_its_images_is_taken_out(argon, monkeypatch):
    box, half = in_a_box(argon, 500)
    found = extend(GRID, box, half, V, ARGON_DENSITY, ARGON_BETA, particles=500)
    np.testing.assert_allclose(found.g, argon.g, atol=1e-4)
    # negative control: with the level of a fixed N alone
    monkeypatch.setattr(extension, "_IMAGE_PASSES", 0)
    level = extend(GRID, box, half, V, ARGON_DENSITY, ARGON_BETA, particles=500)
    assert np.abs(level.g - argon.g).max() > 20.0 * np.abs(found.g - argon.g).max()


@pytest.mark.parametrize(("temperature", "particles"), [(300.0, 500), (290.0, 500), (285.0, 500)])
def test_an_order_about_images_that_feeds_itself_is_left(temperature, particles):
    """A short run near a critical point saw its longest wave 0.4 % too strong.

    Its fluctuations are too large then, the order about the images with them, and g less that
    order has larger ones: followed to its end, no liquid is left.
    """
    grid, v, beta, whole = near_critical(temperature, 0.0)
    box, half = in_a_box(whole, particles)
    edge = (particles / whole.density) ** (1 / 3)
    box = box * (1.0 + 0.004 * np.sinc(2.0 * grid.r / edge))
    found = extend(grid, box, half, v, XENON_DENSITY, beta, particles=particles)
    assert found.converged
    inside = grid.r < half
    assert np.abs(found.g - whole.g)[inside].max() < 3.0 * 0.004


def test_an_impossible_rdf_is_a_value_with_advice():
    """Fluctuations that no homogeneous liquid has."""
    lumps = np.where(GRID.r < 3.0, 0.0, np.where(GRID.r < 15.0, 3.0, 1.0))
    found = extend(GRID, lumps, 15.0, V, ARGON_DENSITY, ARGON_BETA)
    assert not found.converged
    assert "phase-separated" in found.message


def test_a_level_that_is_not_found_is_a_value_too(argon, monkeypatch):
    """Near a critical point an attempt may end in numbers that are none."""
    failed = replace(argon, g=np.full_like(argon.g, np.nan), converged=False, message="advice")
    nothing = extension.Levelled(np.zeros(1), failed, None)
    monkeypatch.setattr(extension._Continuation, "levelled", lambda *_: nothing)
    found = extend(GRID, argon.g, 14.0, V, ARGON_DENSITY, ARGON_BETA, particles=500)
    assert not found.converged
    assert found.message == "advice"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: solve(GRID, V[:-1], 0.02, 1.0), r"energy.*\(2047,\)"),
        (lambda: solve(GRID, V * np.nan, 0.02, 1.0), "NaN"),
        (lambda: solve(GRID, V, 0.02, 1.0, "msa"), "hnc or py"),  # type: ignore[arg-type]
        (lambda: solve(GRID, V, 0.02, 1.0, "py", bridge=V * 0), "no bridge"),
        (lambda: extend(GRID, V * 0, 99.0, V, 0.02, 1.0), "below 40.94"),
        (lambda: implied_bridge(GRID, np.where(GRID.r < 4, 0, 1), V, 0.02, 1.0), "positive"),
    ],
)
def test_nonsense_is_refused(call, words):
    with pytest.raises(InputError, match=words):
        call()
