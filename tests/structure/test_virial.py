"""Pressure and energy from g(r) against independent quadrature and closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from sopr_uq.potentials import lennard_jones
from sopr_uq.structure.hard_sphere import HardSpheres
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.virial import (
    compressibility_pressure,
    internal_energy,
    pressure_change,
    virial_pressure,
)
from sopr_uq.units import MPA_PER_KCAL_MOL_A3, inverse_temperature

GRID = RadialGrid(2047, 0.02)
ARGON = lennard_jones(3.40, 0.238)
V, F = ARGON.energy(GRID.r), ARGON.force(GRID.r)
BETA, DENSITY = inverse_temperature(150.0), 0.001


def test_virial_pressure_of_a_gas_is_its_second_virial_coefficient():
    gas = np.exp(-BETA * V)
    mayer = [
        quad(lambda r: np.expm1(-BETA * ARGON.energy(r)) * r**2, a, b)[0]
        for a, b in pairwise((0.5, 2.0, 3.0, 4.0, 6.0, 20.0, np.inf))
    ]
    b2 = -2.0 * np.pi * (sum(mayer) - 0.5**3 / 3.0)
    expected = DENSITY / BETA * (1.0 + b2 * DENSITY) * MPA_PER_KCAL_MOL_A3
    assert virial_pressure(GRID, gas, V, F, DENSITY, BETA) == pytest.approx(expected, rel=1e-8)


def test_energy_of_a_gas():
    expected = sum(
        quad(lambda r: ARGON.energy(r) * np.exp(-BETA * ARGON.energy(r)) * r**2, a, b)[0]
        for a, b in pairwise((1.0, 3.0, 4.0, 6.0, 20.0, np.inf))
    )
    found = internal_energy(GRID, np.exp(-BETA * V), V, DENSITY)
    assert found == pytest.approx(2.0 * np.pi * DENSITY * expected, rel=1e-8)


def test_an_ideal_gas_has_ideal_pressure_and_no_energy():
    zero, one = np.zeros(GRID.n), np.ones(GRID.n)
    ideal = DENSITY / BETA * MPA_PER_KCAL_MOL_A3
    assert virial_pressure(GRID, one, zero, zero, DENSITY, BETA) == pytest.approx(ideal)
    assert internal_energy(GRID, one, zero, DENSITY) == 0.0


def test_an_infinite_core_without_pairs_counts_nothing():
    gas = np.where(GRID.r < 2.0, 0.0, np.exp(-BETA * V))
    hard = np.where(GRID.r < 2.0, np.inf, F)
    soft = np.where(GRID.r < 2.0, 0.0, F)
    assert virial_pressure(GRID, gas, V, hard, DENSITY, BETA) == virial_pressure(
        GRID, gas, V, soft, DENSITY, BETA
    )


def test_the_change_of_pressure_is_its_derivative():
    """The excess pressure is bilinear in v and g, so differences are exact."""
    g = np.exp(-BETA * V)
    bump = np.exp(-(((GRID.r - 5.0) / 0.7) ** 2))
    dv = np.stack([V, bump], axis=1)
    df = np.stack([F, 2.0 * (GRID.r - 5.0) / 0.7**2 * bump], axis=1)
    dg = np.stack([0.0 * bump, 0.1 * bump], axis=1)
    found = pressure_change(GRID, g, F, DENSITY, dv, df, dg)
    for j in range(2):
        up, down = (
            virial_pressure(
                GRID, g + s * dg[:, j], V + s * dv[:, j], F + s * df[:, j], DENSITY, BETA
            )
            for s in (0.5, -0.5)
        )
        assert found[j] == pytest.approx(up - down, rel=1e-9)


def test_compressibility_route_of_percus_yevick_hard_spheres():
    density = np.linspace(0.0, 0.02, 401)
    s_zero = np.array(
        [1.0] + [float(HardSpheres(3.5, rho).structure_factor(0.0)) for rho in density[1:]]
    )
    pressure = compressibility_pressure(density, s_zero, BETA)
    factor = HardSpheres(3.5, 0.02).py_compressibility
    expected = 0.02 / BETA * factor * MPA_PER_KCAL_MOL_A3
    assert pressure[0] == 0.0
    assert pressure[-1] == pytest.approx(expected, rel=1e-8)


def test_both_routes_agree_for_a_thin_gas():
    """HNC is exact to the third virial coefficient on both routes."""
    density = np.linspace(0.0, 4e-4, 9)
    states = [solve(GRID, V, rho, BETA) for rho in density[1:]]
    by_s = compressibility_pressure(density, [1.0] + [s.s_zero for s in states], BETA)
    by_v = [virial_pressure(GRID, s.g, V, F, s.density, BETA) for s in states]
    np.testing.assert_allclose(by_s[1:], by_v, rtol=2e-5)
