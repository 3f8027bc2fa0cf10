"""Closed forms and tables of v(r): their landmarks, their slopes, their continuations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.potentials import Exp6, Mie, Tabulated, lennard_jones

R = np.concatenate([np.arange(2.0, 12.0, 0.05), [15.0, 30.0]])
TABLE_R = np.arange(2.5, 10.0, 0.02)
MIE = st.builds(
    Mie, st.floats(2.0, 5.0), st.floats(0.01, 2.0), st.floats(8.0, 20.0), st.floats(4.0, 7.0)
)
EXP6 = st.builds(Exp6, st.floats(2.5, 5.0), st.floats(0.01, 2.0), st.floats(10.01, 24.99))


def table(v=None) -> Tabulated:
    energy = lennard_jones(3.4, 0.24).energy(TABLE_R) if v is None else v
    return Tabulated(TABLE_R, energy)


@given(MIE)
def test_mie_landmarks(v: Mie) -> None:
    """v(σ) = 0; v(r_vdW) = −ε with no force; v > 0 inside σ."""
    assert abs(v.energy(v.sigma)) < 1e-12 * v.epsilon * v.prefactor
    assert v.energy(v.r_vdw) == pytest.approx(-v.epsilon, rel=1e-10)
    assert abs(v.force(v.r_vdw)) < 1e-9 * v.epsilon
    assert np.all(v.energy(np.linspace(0.3, 0.999, 50) * v.sigma) > 0)


@given(EXP6)
def test_exp6_landmarks(v: Exp6) -> None:
    assert abs(v.energy(v.sigma)) < 1e-9 * v.epsilon
    assert v.energy(v.r_vdw) == pytest.approx(-v.epsilon, rel=1e-10)
    assert abs(v.force(v.r_vdw)) < 1e-9 * v.epsilon
    core = np.linspace(0.1, 0.999, 300) * v.sigma
    assert np.all(np.diff(v.energy(core)) < 0), "the core rises inwards all the way"


@given(st.one_of(MIE, EXP6, st.just(table())))
def test_force_is_minus_the_slope(v) -> None:
    step = 1e-5
    slope = (v.energy(R + step) - v.energy(R - step)) / (2 * step)
    scale = np.abs(v.energy(R)) / R + np.abs(v.force(R))
    assert np.all(np.abs(v.force(R) + slope) < 1e-5 * scale)


@given(MIE, st.floats(0.1, 10.0), st.floats(0.1, 10.0))
def test_a_change_of_units_changes_nothing(v: Mie, length: float, energy: float) -> None:
    scaled = Mie(length * v.sigma, energy * v.epsilon, v.n, v.m)
    # Where the two terms cancel (r = sigma, r_vdW) rounding is of the terms, not of their sum.
    well = scaled.epsilon * 1e-12
    pull = well / scaled.sigma
    np.testing.assert_allclose(scaled.energy(length * R), energy * v.energy(R), 1e-9, well)
    np.testing.assert_allclose(scaled.force(length * R), energy / length * v.force(R), 1e-9, pull)


def test_lennard_jones_is_the_textbook_formula() -> None:
    x = (3.4 / R) ** 6
    np.testing.assert_allclose(lennard_jones(3.4, 0.24).energy(R), 4 * 0.24 * (x**2 - x))


def test_a_scalar_in_is_a_scalar_out() -> None:
    for v in (lennard_jones(3.4, 0.24), Exp6(3.8, 0.24), table()):
        assert np.shape(v.energy(3.7)) == np.shape(v.force(3.7)) == ()
        assert v.energy(R.reshape(2, -1)).shape == (2, R.size // 2)


def test_table_interpolates_and_continues() -> None:
    v = table()
    truth = lennard_jones(3.4, 0.24)
    np.testing.assert_array_equal(v.energy(TABLE_R), truth.energy(TABLE_R))
    between = TABLE_R[:-1] + 0.01
    np.testing.assert_allclose(v.energy(between), truth.energy(between), rtol=2e-4, atol=1e-6)
    far = np.array([10.0, 15.0, 40.0])
    # (3.4/9)⁶ = 0.003 is the share of r⁻¹² at the end, of which r⁻⁸ takes the place
    np.testing.assert_allclose(v.energy(far), truth.energy(far), rtol=2 * 0.003)
    assert np.all(np.diff(v.energy(np.linspace(0.2, 2.6, 200))) < 0)


@given(st.lists(st.floats(-3.0, 3.0), min_size=8, max_size=8), st.floats(1e-3, 5.0))
def test_the_core_of_any_table_is_repulsive(values: list[float], first: float) -> None:
    v = Tabulated(np.linspace(3.0, 6.0, 9), np.array([first, *values]))
    inside = np.linspace(0.5, 3.0, 60)
    assert np.all(v.force(inside[:-1]) > 0)
    assert np.all(np.diff(v.energy(inside)) < 0)
    assert 8.0 <= v.core_power <= 40.0


def test_a_table_cannot_be_changed_from_outside() -> None:
    energies = lennard_jones(3.4, 0.24).energy(TABLE_R)
    v = table(energies)
    energies[:] = 0.0
    assert v.v[0] > 0
    with pytest.raises(ValueError, match="read-only"):
        v.v[0] = 1.0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Mie(-1.0, 0.2), "sigma"),
        (lambda: Mie(3.4, 0.0), "epsilon"),
        (lambda: Mie(3.4, float("nan")), "epsilon"),
        (lambda: Mie(3.4, 0.2, 6.0, 6.0), "n > m"),
        (lambda: Mie(3.4, 0.2, 12.0, 3.0), "n > m > 3"),
        (lambda: Exp6(0.0, 0.2), "r_vdw"),
        (lambda: Exp6(3.8, 0.2, 30.0), "steepness"),
        (lambda: Tabulated(np.arange(1.0, 4.0), np.ones(3)), "n ≥ 4"),
        (lambda: Tabulated(np.arange(1.0, 7.0), np.ones(5)), "one shape"),
        (lambda: Tabulated(np.arange(0.0, 6.0), np.ones(6)), "positive, strictly"),
        (lambda: Tabulated(np.arange(6.0, 0.0, -1), np.ones(6)), "increasing"),
        (lambda: Tabulated(np.arange(1.0, 7.0), np.full(6, np.nan)), "finite"),
        (lambda: Tabulated(np.arange(1.0, 7.0), -np.ones(6)), "repulsive"),
    ],
)
def test_nonsense_is_refused(make, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
