"""Smoothing through the cavity function: exactness, bias, and noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline

from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.bins import shell_quadrature, shell_volume
from sopr_uq.structure.cavity import CavitySmoother
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.units import inverse_temperature

ARGON = lennard_jones(3.40, 0.238)
BETA, DENSITY = inverse_temperature(85.0), 0.02125
WIDTH = 0.02
R = WIDTH * (np.arange(600) + 0.5)
NEW = np.linspace(2.5, 11.9, 471)


def boltzmann(r):
    return np.exp(-BETA * ARGON.energy(r))


def bin_averages(g):
    nodes, weights = shell_quadrature(R, WIDTH, order=12)
    return (g(nodes) * weights).sum(axis=1)


def smoother(**options):
    return CavitySmoother(R, WIDTH, ARGON.energy, BETA, **options)


@pytest.fixture(scope="module")
def liquid():
    """Dense argon in HNC: g at the new points, and its bin averages."""
    grid = RadialGrid(2047, 0.02)
    solution = solve(grid, ARGON.energy(grid.r), DENSITY, BETA)

    gamma = CubicSpline(grid.r, solution.gamma)

    def g(r):
        return boltzmann(r) * np.exp(gamma(r))

    return g(NEW), bin_averages(g)


@pytest.mark.parametrize("degree", [2, 3])
def test_polynomial_cavity_functions_are_reproduced_exactly(degree):
    """Bin averaging included: a bin of 0.1 Å on the steep wall changes nothing."""
    coefficients = [2.0, -0.5, 0.1, 0.03][: degree + 1]

    def g(r):
        return boltzmann(r) * np.polynomial.polynomial.polyval(r - 5.0, coefficients)

    # 1e-7: where the Boltzmann factor is below 1e-8, g counts as zero.
    found = smoother(degree=degree).predict(NEW) @ bin_averages(g)
    np.testing.assert_allclose(found, g(NEW), atol=1e-7)
    coarse = CavitySmoother(R[::5] + 2 * WIDTH, 5 * WIDTH, ARGON.energy, BETA, 0.8, degree)
    nodes, weights = shell_quadrature(coarse.r, coarse.width, order=20)
    found = coarse.predict(NEW) @ (g(nodes) * weights).sum(axis=1)
    np.testing.assert_allclose(found, g(NEW), atol=1e-7)


def test_the_bin_average_is_not_the_value_at_its_centre():
    """The negative control of the test above: ignoring the bin width shows."""
    centre = boltzmann(R)
    assert np.abs(bin_averages(boltzmann) - centre).max() > 1e-4


def test_the_bins_of_a_histogram_are_shell_averages():
    i = int(np.argmin(np.abs(R - 3.3)))
    low, high = R[i] - WIDTH / 2, R[i] + WIDTH / 2
    exact = quad(lambda r: boltzmann(r) * r**2, low, high)[0] / ((high**3 - low**3) / 3)
    assert bin_averages(boltzmann)[i] == pytest.approx(exact, rel=1e-10)


def test_nothing_is_seen_inside_the_core():
    matrix = smoother().predict(NEW)
    inside = boltzmann(NEW) < 1e-8
    assert inside.any()
    assert np.all(matrix[inside] == 0.0)
    assert np.isfinite(matrix).all()


def counting_variance(g_bins, frames=160, particles=1372):
    pairs = 0.5 * particles * frames * DENSITY * shell_volume(R, WIDTH)
    return g_bins / pairs


def test_bias_is_well_below_the_noise_of_a_short_run(liquid):
    """160 frames of 1372 particles; at each point less than half a standard error."""
    g, g_bins = liquid
    matrix = smoother().predict(NEW)
    bias = np.abs(matrix @ g_bins - g)
    error = np.sqrt(matrix**2 @ counting_variance(g_bins))
    seen = g > 1e-3
    assert np.all(bias[seen] < 0.5 * error[seen])
    assert np.sqrt(np.mean(bias**2)) < 0.25 * np.sqrt(np.mean(error**2))
    # Negative control: twice the kernel fails the same test.
    wide = smoother(length=0.5).predict(NEW)
    assert np.abs(wide @ g_bins - g)[seen].max() > 2.0 * error.max()


def test_noise_is_reduced_and_its_covariance_passes_through(liquid):
    """Poisson counts, 400 runs; bounds at 5 standard errors of a variance (√(2/400)).

    With 60 points the false-alarm rate is below 1e-4.
    """
    _, g_bins = liquid
    variance = counting_variance(g_bins)
    points = (NEW > 3.2) & (np.arange(NEW.size) % 7 == 0)
    matrix = smoother().predict(NEW[points])
    scale = np.divide(g_bins, variance, out=np.zeros_like(g_bins), where=variance > 0)
    counts = np.random.default_rng(20).poisson(g_bins * scale, size=(400, R.size))
    runs = np.divide(counts, scale, out=np.zeros(counts.shape), where=scale > 0) @ matrix.T
    predicted = np.diag(matrix @ np.diag(variance) @ matrix.T)
    ratio = runs.var(axis=0, ddof=1) / predicted
    assert np.all(np.abs(ratio - 1.0) < 5.0 * np.sqrt(2.0 / 400))
    raw = np.interp(NEW[points], R, variance)
    assert np.median(predicted / raw) < 0.2


def test_nonsense_is_refused():
    with pytest.raises(InputError, match=r"at least 0\.1 Å"):
        smoother(length=0.05)
    with pytest.raises(InputError, match="r ≤ 12"):
        smoother().predict([12.5])
