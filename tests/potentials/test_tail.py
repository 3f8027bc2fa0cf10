"""How potentials go on beyond their end: as dispersion, linear in the table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.potentials.tail import (
    DISPERSION_POWER,
    POWERS,
    TAIL_RANGE,
    tail_coefficients,
    tail_power,
    tail_rows,
)

R = np.arange(3.0, 10.0, 0.02)
FAR = np.array([11.0, 20.0, 60.0])


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0))
def test_dispersion_is_continued_as_it_is(six: float, eight: float) -> None:
    """A table of r⁻⁶ and r⁻⁸ goes on with both, in energy and force."""
    terms = np.array([six, eight]) * (3.4 / FAR[:, None]) ** POWERS
    v = np.array([six, eight]) @ (3.4 / R) ** POWERS[:, None]
    table = Tabulated(R, np.where(R < 3.5, 1.0, v))
    size = np.abs([six, eight]).max() * (3.4 / FAR) ** 6
    assert np.all(np.abs(table.energy(FAR) - terms.sum(axis=1)) <= 1e-9 * size)
    assert np.all(np.abs(table.force(FAR) - terms @ POWERS / FAR) <= 1e-8 * size)


def test_the_tail_is_linear_in_the_table_and_meets_its_end() -> None:
    rng = np.random.default_rng(3)
    v = rng.standard_normal((5, R.size)).cumsum(axis=1)
    found = tail_coefficients(R, v)
    np.testing.assert_allclose(found, v @ tail_rows(R).T)
    np.testing.assert_allclose(found.sum(axis=1), v[:, -1])
    np.testing.assert_allclose(
        tail_coefficients(R, 2.0 * v[0] - 3.0 * v[1]), 2.0 * found[0] - 3.0 * found[1]
    )
    before = int(np.searchsorted(R, 0.9 * R[-1]))
    back = found @ (R[-1] / R[before]) ** POWERS
    np.testing.assert_allclose(back, v[:, before])


@pytest.mark.parametrize("rest", [0.0, 1e-17])
def test_a_table_that_has_ended_has_no_tail(rest: float) -> None:
    """Weeks–Chandler–Andersen: its end is zero, to rounding, and its slope before is no tail's."""
    minimum = 2.0 ** (1 / 6) * 3.4
    r = np.linspace(2.8, minimum, 100)
    v = lennard_jones(3.4, 0.24).energy(r) + 0.24
    v[-1] = rest
    assert not Tabulated(r, v).energy(FAR).any()


def test_a_lennard_jones_table_is_continued_to_what_is_left_of_its_core() -> None:
    """The share of r⁻¹² at the end, (3.4/9.98)⁶, is taken for r⁻⁸: a millionth of the well."""
    whole, near = lennard_jones(3.4, 0.24), np.linspace(10.0, 14.0, 20)
    table = Tabulated(R, whole.energy(R))
    np.testing.assert_allclose(table.energy(near), whole.energy(near), rtol=(3.4 / R[-1]) ** 6)
    assert np.abs(table.energy(FAR) - whole.energy(FAR)).max() < 2e-6 * 0.24


@given(st.floats(*TAIL_RANGE), st.floats(-5.0, 5.0).filter(lambda c: abs(c) > 1e-3))
def test_the_exponent_of_a_power_is_found(power: float, strength: float) -> None:
    assert tail_power(R, strength * (3.4 / R) ** power) == pytest.approx(power, rel=1e-9)


@pytest.mark.parametrize(("power", "held"), [(1.0, TAIL_RANGE[0]), (30.0, TAIL_RANGE[1])])
def test_an_exponent_whose_virial_would_not_converge_is_held(power: float, held: float) -> None:
    assert tail_power(R, -(R**-power)) == held


@pytest.mark.parametrize(
    "v", [np.zeros(R.size), np.cos(3.0 * R), -np.maximum(9.8 - R, 0.0), 9.5 - R]
)
def test_where_there_is_no_slope_the_exponent_is_that_of_dispersion(v: np.ndarray) -> None:
    """A table that vanishes, or changes sign over its last tenth."""
    if v.any():
        assert np.min(v[R >= 9.0]) * np.max(v[R >= 9.0]) <= 0
    assert tail_power(R, v) == DISPERSION_POWER


@given(st.floats(0.1, 10.0), st.floats(0.01, 100.0))
def test_units_do_not_matter(length: float, energy: float) -> None:
    v = lennard_jones(3.4, 0.24).energy(R)
    assert tail_power(length * R, energy * v) == pytest.approx(float(tail_power(R, v)), rel=1e-9)
    np.testing.assert_allclose(
        tail_coefficients(length * R, energy * v), energy * tail_coefficients(R, v), rtol=1e-6
    )


def test_rows_are_continued_each_by_itself() -> None:
    rows = np.array([-(R**-6.0), -(R**-4.5), 9.5 - R, -(R**-20.0)])
    np.testing.assert_allclose(tail_power(R, rows), [6.0, 4.5, 6.0, 12.0])
    assert tail_power(R, rows[None]).shape == (1, 4)
    assert tail_coefficients(R, rows[None]).shape == (1, 4, 2)
