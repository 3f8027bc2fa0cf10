"""Laws and known answers of the radial Fourier transforms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.structure.bins import shell_quadrature, shell_volume
from sopr_uq.structure.transforms import (
    RadialGrid,
    rdf_from_structure_factor,
    structure_factor,
    structure_rows,
)

GRID = RadialGrid(1023, 0.02)
DENSITY = 0.02
WIDTH = 1.3  # Å⁻², of the Gaussian exp(−a r²)
GAUSSIAN = np.exp(-WIDTH * GRID.r**2)


def gaussian_transform(q):
    return (np.pi / WIDTH) ** 1.5 * np.exp(-(q**2) / (4.0 * WIDTH))


@given(n=st.integers(8, 600), spacing=st.floats(1e-3, 10.0), seed=st.integers(0, 2**31))
def test_backward_undoes_forward(n, spacing, seed):
    grid = RadialGrid(n, spacing)
    f = np.random.default_rng(seed).normal(size=(n, 3))
    # r f is what is transformed: rounding is relative to its largest value.
    scale = 1e-13 * grid.r[-1] * np.abs(f).max()
    np.testing.assert_allclose(
        grid.r[:, None] * grid.backward(grid.forward(f)), grid.r[:, None] * f, atol=scale, rtol=0
    )


def test_gaussian_pair():
    np.testing.assert_allclose(GRID.forward(GAUSSIAN), gaussian_transform(GRID.q), atol=1e-12)
    np.testing.assert_allclose(GRID.backward(gaussian_transform(GRID.q)), GAUSSIAN, atol=1e-12)


def test_parseval():
    f = np.random.default_rng(1).normal(size=GRID.n) * np.exp(-GRID.r / 4.0)
    real = 4.0 * np.pi * GRID.spacing * np.sum(GRID.r**2 * f**2)
    dq = GRID.q[0]
    reciprocal = dq / (2.0 * np.pi**2) * np.sum(GRID.q**2 * GRID.forward(f) ** 2)
    assert reciprocal == pytest.approx(real, rel=1e-12)


def test_an_ideal_gas_scatters_like_one():
    np.testing.assert_array_equal(structure_factor(GRID, np.ones(GRID.n), DENSITY), 1.0)


def test_structure_factor_round_trip():
    g = 1.0 + np.random.default_rng(2).normal(size=(GRID.n, 2)) * np.exp(-GRID.r / 3.0)[:, None]
    s = structure_factor(GRID, g, DENSITY)
    np.testing.assert_allclose(rdf_from_structure_factor(GRID, s, DENSITY), g, atol=1e-11)


def test_rows_are_the_transform_on_its_own_wave_numbers():
    rows = structure_rows(GRID, GRID.q, DENSITY)
    np.testing.assert_allclose(
        1.0 + rows @ GAUSSIAN, structure_factor(GRID, 1.0 + GAUSSIAN, DENSITY), atol=1e-13
    )


def test_rows_reach_any_wave_number_and_zero():
    q = np.array([0.0, 0.0123, 0.5, 1.7, 3.14159])
    found = structure_rows(GRID, q, DENSITY) @ GAUSSIAN
    np.testing.assert_allclose(found, DENSITY * gaussian_transform(q), atol=1e-12)


def test_a_change_of_units_changes_nothing():
    nanometres = RadialGrid(GRID.n, GRID.spacing / 10.0)
    s = structure_factor(GRID, 1.0 + GAUSSIAN, DENSITY)
    np.testing.assert_allclose(
        structure_factor(nanometres, 1.0 + GAUSSIAN, DENSITY * 1000.0), s, rtol=1e-13
    )


def test_integral_and_derivative_of_a_gaussian():
    moment = GRID.integrate(np.stack([GRID.r**2 * GAUSSIAN, 3.0 * GRID.r**2 * GAUSSIAN], axis=1))
    exact = np.sqrt(np.pi) / (4.0 * WIDTH**1.5)
    np.testing.assert_allclose(moment, [exact, 3.0 * exact], rtol=1e-12)
    slope = -2.0 * WIDTH * GRID.r * GAUSSIAN
    error = np.abs(GRID.derivative(GAUSSIAN) - slope)[2:-2].max()
    halved = RadialGrid(2 * GRID.n, GRID.spacing / 2.0)
    fine = np.exp(-WIDTH * halved.r**2)
    error_halved = np.abs(halved.derivative(fine) + 2.0 * WIDTH * halved.r * fine)[2:-2].max()
    assert error < 1e-6
    assert error / error_halved == pytest.approx(16.0, rel=0.02)


def test_covering_reaches_far_enough():
    grid = RadialGrid.covering(33.3, 0.017)
    assert grid.r_max >= 33.3
    assert grid.spacing == 0.017


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: RadialGrid(4, 0.02), "at least 8"),
        (lambda: RadialGrid(100, 0.0), "positive distance"),
        (lambda: RadialGrid(100, np.nan), "positive distance"),
        (lambda: GRID.forward(np.ones(5)), "first axis of length 1023"),
    ],
)
def test_nonsense_is_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()


def test_the_grid_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        GRID.r[0] = 1.0


def test_shell_averages_are_exact_for_polynomials():
    r, width = np.array([0.05, 1.05, 7.35]), 0.1
    nodes, weights = shell_quadrature(r, width)
    low, high = r - width / 2, r + width / 2
    np.testing.assert_allclose(shell_volume(r, width), 4 * np.pi / 3 * (high**3 - low**3))
    for k in range(6):
        mean = 3.0 / (k + 3.0) * (high ** (k + 3) - low ** (k + 3)) / (high**3 - low**3)
        np.testing.assert_allclose((nodes**k * weights).sum(axis=1), mean, rtol=1e-12)
