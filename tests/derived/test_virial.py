"""Second virial coefficient, Boyle temperature and tail against closed forms."""

from __future__ import annotations

from math import factorial, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gamma

from sopr_uq.derived import boyle_temperature, per_mole, second_virial, tail_strength
from sopr_uq.derived.integral import integrate
from sopr_uq.errors import InputError
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.units import BOLTZMANN

R = np.arange(1.0, 14.0, 0.02)


def gamma_series(reduced_temperature: float, terms: int = 60) -> float:
    """B₂ of Lennard-Jones over 2πσ³/3 (Hirschfelder, Curtiss and Bird 1954, eq 3.6-4)."""
    j = np.arange(terms)
    coefficient = [
        -(2.0 ** (k - 1.5)) / factorial(k) * gamma((2 * k - 1) / 4.0) for k in range(terms)
    ]
    return float(np.sum(coefficient * reduced_temperature ** (-(2 * j + 1) / 4.0)))


@given(sigma=st.floats(2.5, 4.2), epsilon=st.floats(0.05, 0.9), reduced=st.floats(0.6, 50.0))
def test_lennard_jones_follows_the_gamma_series(
    sigma: float, epsilon: float, reduced: float
) -> None:
    # the continuation knows no r⁻¹², so the table must go far out for five digits
    r = np.arange(1.0, 40.0, 0.02)
    found = second_virial(r, lennard_jones(sigma, epsilon).energy(r), reduced * epsilon / BOLTZMANN)
    scale = 2 * pi * sigma**3 / 3
    assert abs(found / scale - gamma_series(reduced)) < 1e-5 * max(1, abs(gamma_series(reduced)))


def test_hard_spheres() -> None:
    r = np.arange(1.0, 6.0, 0.01) + 0.005
    v = np.where(r < 3.0, np.inf, 0.0)
    np.testing.assert_allclose(second_virial(r, v, 100.0), 2 * pi * 27 / 3, rtol=1e-4)


@pytest.mark.parametrize("reduced", [0.7, 1.0, 3.0])
def test_square_well(reduced: float) -> None:
    sigma, reach, epsilon = 3.0, 1.5, 0.3
    r = np.arange(1.0, 8.0, 0.01) + 0.005
    v = np.where(r < sigma, np.inf, np.where(r < reach * sigma, -epsilon, 0.0))
    closed = 2 * pi * sigma**3 / 3 * (1 - (reach**3 - 1) * np.expm1(1 / reduced))
    found = second_virial(r, v, reduced * epsilon / BOLTZMANN)
    np.testing.assert_allclose(found, closed, rtol=1e-4)


def test_a_table_cut_short_is_continued() -> None:
    v = lennard_jones(3.4, 0.24).energy(R)
    short = R < 10.2
    np.testing.assert_allclose(
        second_virial(R[short], v[short], 150.0), second_virial(R, v, 150.0), rtol=1e-3
    )


def test_temperature_is_a_new_last_axis() -> None:
    v = np.stack([lennard_jones(s, 0.24).energy(R) for s in (3.3, 3.4, 3.5)])
    many = second_virial(R, v, [100.0, 200.0])
    assert many.shape == (3, 2)
    np.testing.assert_array_equal(many[:, 1], second_virial(R, v, 200.0))


def test_boyle_temperature_of_lennard_jones() -> None:
    epsilon = np.array([0.06, 0.24, 0.5])
    # the continuation knows no r⁻¹², so the table must go far out for five digits
    r = np.arange(1.0, 40.0, 0.02)
    v = epsilon[:, None] * lennard_jones(3.4, 1.0).energy(r)
    np.testing.assert_allclose(BOLTZMANN * boyle_temperature(r, v) / epsilon, 3.4179, atol=5e-5)


def test_boyle_temperature_is_where_the_coefficient_vanishes_or_nan() -> None:
    v = np.stack([Mie(3.4, 0.24, 11.0).energy(R), (3.0 / R) ** 12])
    found = boyle_temperature(R, v)
    assert abs(second_virial(R, v[0], found[0])) < 1e-5
    assert np.isnan(found[1])
    assert boyle_temperature(R, v[0]).shape == ()


@given(length=st.floats(0.2, 5.0), energy=st.floats(0.05, 20.0))
def test_change_of_units(length: float, energy: float) -> None:
    v = Mie(3.4, 0.24, 11.0).energy(R)
    np.testing.assert_allclose(
        second_virial(length * R, energy * v, energy * 150.0),
        length**3 * second_virial(R, v, 150.0),
        rtol=1e-9,
    )
    np.testing.assert_allclose(
        boyle_temperature(length * R, energy * v), energy * boyle_temperature(R, v), rtol=1e-7
    )
    np.testing.assert_allclose(
        tail_strength(length * R, energy * v), energy * length**6 * tail_strength(R, v), rtol=1e-7
    )


def test_molar_unit() -> None:
    # one Å³ per particle is N_A × 1e-24 cm³ per mole
    np.testing.assert_allclose(per_mole([1.0, 2.0]), [0.602214076, 1.204428152], rtol=1e-12)


def test_tail_strength_of_pure_dispersion_and_of_lennard_jones() -> None:
    v = np.where(R < 3.0, 50.0, -((3.0 / R) ** 6))
    np.testing.assert_allclose(tail_strength(R, v), 3.0**6, rtol=1e-9)
    potential = lennard_jones(3.4, 0.24)
    found = tail_strength(R, potential.energy(R), (2.0, 3.0))
    assert 0.97 < found / (4 * 0.24 * 3.4**6) < 1.0


def test_tail_strength_ignores_an_infinite_core_and_refuses_a_closed_window() -> None:
    v = lennard_jones(3.4, 0.24).energy(R)
    core = np.where(R < 2.0, np.inf, v)
    assert tail_strength(R, core) == tail_strength(R, v)
    with pytest.raises(InputError, match="window"):
        tail_strength(R, v, (2.0, 2.0))


def test_quadrature_is_exact_for_cubics_and_fourth_order_beyond() -> None:
    x = np.linspace(0.0, 2.0, 21)
    np.testing.assert_allclose(integrate(x, x**2), 8 / 3, rtol=1e-12)
    grids = [np.linspace(0, 2, n) for n in (21, 41)]
    errors = [abs(integrate(x, np.exp(x)) - np.expm1(2.0)) for x in grids]
    assert errors[0] / errors[1] > 10
