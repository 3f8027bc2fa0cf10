"""Rows that cut a model g(r) where a measurement ended, and rows that interpolate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import simpson

from sopr_uq.errors import InputError
from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.structure.truncation import interpolation_rows, truncation_rows
from sopr_uq.units import inverse_temperature

GRID = RadialGrid(2000, 0.02)
WHERE = np.linspace(1.0, 15.0, 91)
DENSITY = 0.02125


@pytest.fixture(scope="module")
def rdf() -> np.ndarray:
    """HNC argon on the grid."""
    energy = lennard_jones(3.40, 0.238).energy(GRID.r)
    return solve(GRID, energy, DENSITY, inverse_temperature(85.0)).g


def bump(r: np.ndarray, centre: float, width: float) -> np.ndarray:
    """h with r h an odd pair of Gaussians, whose spectrum is exp(−q² w²/2) wide."""
    odd = np.exp(-0.5 * ((r - centre) / width) ** 2) - np.exp(-0.5 * ((r + centre) / width) ** 2)
    return odd / r


@given(st.floats(2.0, 8.0), st.floats(0.6, 1.5))
def test_a_band_limited_function_is_reproduced(centre: float, width: float) -> None:
    # the spectrum at 11.75 Å⁻¹ is below exp(−24) of its maximum
    rows = truncation_rows(GRID, WHERE, 11.75)
    found = rows @ bump(GRID.r, centre, width)
    np.testing.assert_allclose(found, bump(WHERE, centre, width), atol=1e-9)


def test_a_narrow_peak_is_not_reproduced() -> None:
    """Negative control of the above: ripples appear where the band is too narrow."""
    rows = truncation_rows(GRID, WHERE, 11.75)
    off = rows @ bump(GRID.r, 4.0, 0.1) - bump(WHERE, 4.0, 0.1)
    assert np.abs(off).max() > 0.01


@pytest.mark.parametrize("q_max", [np.pi / GRID.spacing, 1e3, np.inf])
def test_without_an_end_of_q_nothing_is_cut(rdf: np.ndarray, q_max: float) -> None:
    some = slice(40, 800, 7)
    rows = truncation_rows(GRID, GRID.r[some], q_max)
    np.testing.assert_allclose(1.0 + rows @ (rdf - 1.0), rdf[some], atol=1e-12)


def test_cut_rdf_is_the_fourier_integral_of_the_structure_factor(rdf: np.ndarray) -> None:
    """g_cut(r) = 1 + ∫₀^Qmax Q [S(Q) − 1] sin(Qr) dQ / (2π² ρ r)."""
    q_max = 9.0
    q = np.linspace(0.0, q_max, 3001)
    s = structure_rows(GRID, q, DENSITY) @ (rdf - 1.0)
    integral = simpson(q * s * np.sin(np.outer(WHERE, q)), x=q)
    expected = 1.0 + integral / (2.0 * np.pi**2 * DENSITY * WHERE)
    found = 1.0 + truncation_rows(GRID, WHERE, q_max) @ (rdf - 1.0)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert np.abs(found - np.interp(WHERE, GRID.r, rdf)).max() > 0.02, "ripples are there"


@given(st.lists(st.floats(-2.0, 2.0), min_size=4, max_size=4))
def test_interpolation_reproduces_cubics(coefficients: list[float]) -> None:
    nodes = np.cumsum(np.linspace(0.1, 0.3, 30))
    x = np.linspace(nodes[0], nodes[-1], 200)
    rows = interpolation_rows(nodes, x)
    np.testing.assert_allclose(
        rows @ np.polyval(coefficients, nodes), np.polyval(coefficients, x), atol=1e-9
    )
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-12)
    assert np.max((rows != 0).sum(axis=1)) <= 4
    np.testing.assert_allclose(interpolation_rows(nodes, nodes), np.eye(30), atol=1e-12)


def test_distances_outside_are_refused() -> None:
    with pytest.raises(InputError, match="from 1 to 4"):
        interpolation_rows(np.arange(1.0, 5.0), [4.5])
    for r, q_max in (([0.0], 9.0), ([1.0], 0.0), ([1.0], np.nan)):
        with pytest.raises(InputError, match="r > 0 and q_max > 0"):
            truncation_rows(GRID, r, q_max)
