"""The canonical finite-size correction against exactly solvable boxes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta as beta_distribution
from scipy.stats import gamma as gamma_distribution

from sopr_uq.errors import InputError
from sopr_uq.structure.finite_size import canonical_rdf, infinite_rdf, order_of_images
from sopr_uq.structure.transforms import RadialGrid

LENGTH = 1.0  # of the hard rods
DENSITY = 0.5
R = np.linspace(1.005, 6.0, 200)


def rods(r, density):
    """g(r) of infinitely many hard rods in one dimension (L. Tonks, 1936)."""
    rate = density / (1.0 - density * LENGTH)
    free = [gamma_distribution(k, scale=1.0 / rate).pdf(r - k * LENGTH) for k in range(1, 8)]
    return np.sum(free, axis=0) / density


def rods_in_a_ring(r, particles):
    """g(r) of N hard rods on a ring: the k-th neighbour's gap is beta distributed."""
    ring = particles / DENSITY
    free = ring - particles * LENGTH
    gaps = [
        beta_distribution(k, particles - k).pdf((r - k * LENGTH) / free) / free for k in range(1, 8)
    ]
    return np.sum(gaps, axis=0) / DENSITY * particles / (particles - 1)


def test_hard_rods_in_a_ring():
    """What is left after the term of order 1/N falls as 1/N²."""
    d = 1e-3
    s_zero = (1.0 - DENSITY * LENGTH) ** 2
    near = [rods(R, DENSITY + s) * (DENSITY + s) ** 2 for s in (-d, 0.0, d)]
    curvature = (near[0] - 2.0 * near[1] + near[2]) / d**2
    left = []
    for particles in (100, 200):
        predicted = canonical_rdf(rods(R, DENSITY), s_zero, particles, curvature)
        left.append(np.abs(predicted - rods_in_a_ring(R, particles)).max())
    uncorrected = np.abs(rods(R, DENSITY) - rods_in_a_ring(R, 200)).max()
    assert left[0] / left[1] == pytest.approx(4.0, rel=0.1)
    assert left[1] < 0.05 * uncorrected


def test_an_ideal_gas_in_a_box():
    np.testing.assert_allclose(canonical_rdf(np.ones(5), 1.0, 50), 1.0)


def test_the_limit_at_large_distance_and_the_core():
    g = np.array([0.0, 2.3, 1.0])
    found = canonical_rdf(g, 0.3, 100)
    assert found[0] == 0.0
    assert found[-1] == pytest.approx(1.0 + 0.7 / 99)


def test_infinite_undoes_canonical():
    g = np.random.default_rng(0).uniform(0, 3, (20, 4))
    np.testing.assert_allclose(infinite_rdf(canonical_rdf(g, 2.0, 100), 2.0, 100), g, rtol=1e-14)


def test_the_order_of_the_images_is_a_sum_over_the_waves_of_the_box():
    """Poisson's formula: Σ_n h(|r − n L|) = Σ_k ĥ(k) exp(ikr)/V, over all n and k."""
    grid, length, width = RadialGrid(999, 0.05), 20.0, 4.0
    h = 0.3 * np.exp(-0.5 * (grid.r / width) ** 2)
    n = np.arange(-6, 7)
    k = 2.0 * np.pi / length * np.sqrt(n[:, None, None] ** 2 + n[:, None] ** 2 + n**2).ravel()
    waves = 0.3 * (2.0 * np.pi * width**2) ** 1.5 * np.exp(-0.5 * (k * width) ** 2) / length**3
    near = grid.r <= 0.5 * length
    periodic = np.sinc(grid.r[near, None] * k / np.pi) @ waves
    found = order_of_images(grid, np.stack([h, -2.0 * h], axis=1), length)[near]
    np.testing.assert_allclose(h[near] + found[:, 0], periodic, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], -2.0 * found[:, 0], atol=1e-12)
    assert found[:, 0].max() > 1e-3, "a box in which images are seen"


@pytest.mark.parametrize(("s_zero", "particles"), [(0.1, 1), (-0.1, 100), (200.0, 100)])
def test_nonsense_is_refused(s_zero, particles):
    with pytest.raises(InputError, match="larger box"):
        infinite_rdf(np.ones(3), s_zero, particles)
