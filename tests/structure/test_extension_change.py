"""What errors of a known g(r) do to its continuation: slopes against the continuation itself."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.potentials import lennard_jones
from sopr_uq.structure import extension
from sopr_uq.structure.extension_change import extended_change
from sopr_uq.structure.finite_size import canonical_rdf, order_of_images
from sopr_uq.structure.ornstein_zernike import extend, solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.units import inverse_temperature

GRID = RadialGrid(2047, 0.02)
DENSITY, BETA = 0.02125, inverse_temperature(85.0)
V = lennard_jones(3.40, 0.238).energy(GRID.r)
MIXED = np.array([0.008, 0.010])
V_MIXED = np.stack(
    [lennard_jones(s, e).energy(GRID.r) for s, e in ((3.4, 0.15), (3.5, 0.17), (3.6, 0.2))], axis=1
)


@pytest.fixture(scope="module")
def argon():
    return solve(GRID, V, DENSITY, BETA)


@pytest.fixture(scope="module")
def mixed():
    return solve(GRID, V_MIXED, MIXED, BETA)


@pytest.fixture(autouse=True)
def _to_the_end(monkeypatch):
    """Solve so well that differences of solutions are slopes."""
    monkeypatch.setattr(extension, "_LEVEL_TOLERANCE", 1e-9)
    monkeypatch.setattr(extension, "_IMAGE_TOLERANCE", 1e-9)
    monkeypatch.setattr(extension, "_IMAGE_PASSES", 30)


def errors(whole, radius, size=3):
    """Return smooth changes of g that die in the core, of the shape of g and `size` of each."""
    rng = np.random.default_rng(4)
    places = np.arange(3.5, radius, 0.7)
    bumps = np.exp(-0.5 * ((GRID.r[:, None] - places) / 0.3) ** 2)
    shape = (places.size, *whole.g.shape[1:], size)
    found = np.tensordot(bumps, rng.standard_normal(shape), axes=1)
    return found * np.minimum(whole.g, 1.0)[..., None]


def slope(known, change, radius, energy, density, particles):
    """Return the central difference of continuations, and the one between."""
    step = 1e-5
    up, at, down = (
        extend(GRID, known + e * change, radius, energy, density, BETA, particles=particles)
        for e in (step, 0.0, -step)
    )
    assert up.converged
    assert down.converged
    return (up.g - down.g) / (2.0 * step), at


def box_of(whole, particles):
    """Return the g of a canonical periodic box of an element, and half its edge."""
    edge = (particles / whole.density) ** (1 / 3)
    crowded = whole.g * (1.0 + order_of_images(GRID, whole.h, edge))
    return canonical_rdf(crowded, whole.s_zero, particles), 0.5 * edge


def test_an_error_inside_goes_on_beyond(argon):
    change = errors(argon, 12.0)
    found, at = slope(argon.g, change[:, 0], 12.0, V, DENSITY, 0)
    said = extended_change(at, argon.g, 12.0, change)
    inside = GRID.r < 12.0
    np.testing.assert_array_equal(said[inside], change[inside])
    np.testing.assert_allclose(said[:, 0], found, atol=2e-3 * np.abs(found[~inside]).max())
    assert np.abs(found[~inside]).max() > 0.1, "what is beyond is not without error"


def test_an_error_moves_level_and_images_of_a_box(argon):
    known, half = box_of(argon, 500)
    change = errors(argon, half)
    found, at = slope(known, change[:, 1], half, V, DENSITY, 500)
    said = extended_change(at, known, half, change, particles=500)[:, 1]
    np.testing.assert_allclose(said, found, atol=1e-3 * np.abs(found).max())
    # negative control: as if neither moved
    inside = GRID.r < half
    alone = extended_change(at, known, half, change)[:, 1]
    assert np.abs((alone - found)[inside]).max() > 0.05 * np.abs(found).max()


@pytest.mark.parametrize("particles", [0, 1000])
def test_errors_of_a_mixture(mixed, particles):
    counts = np.round(particles * MIXED / MIXED.sum())
    change = errors(mixed, 14.0)
    found, at = slope(mixed.g, change[..., 2], 14.0, V_MIXED, MIXED, counts if particles else 0)
    said = extended_change(at, mixed.g, 14.0, change, particles=counts if particles else 0)
    np.testing.assert_allclose(said[..., 2], found, atol=3e-3 * np.abs(found).max())


def test_no_fluctuation_at_all_holds_the_level(argon):
    """A g that asks for S(0) < 0 has the level of S(0) = 0, whatever its errors."""
    known, half = box_of(argon, 500)
    high = known * (1.0 + 1.5 * argon.s_zero / 500)
    at = extend(GRID, high, half, V, DENSITY, BETA, particles=500)
    assert at.converged
    said = extended_change(at, high, half, known[:, None], particles=500)
    inside = (GRID.r < half) & (known > 0.5)
    # a level would take such a change back; images take a little of it
    assert np.median(said[inside, 0] / known[inside]) > 0.5


def test_nothing_known_to_no_error_changes_nothing(argon):
    known, half = box_of(argon, 500)
    at = extend(GRID, known, half, V, DENSITY, BETA, particles=500)
    assert not extended_change(at, known, half, np.zeros((GRID.n, 2)), particles=500).any()
    assert extended_change(at, known, half, np.zeros((GRID.n, 0)), particles=500).size == 0
