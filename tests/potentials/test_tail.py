"""How a table goes on beyond its end: with its own power, as far as that is a tail's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.potentials.tail import DISPERSION, TAIL_RANGE, tail_power, tail_power_change

R = np.arange(3.0, 10.0, 0.02)


@given(st.floats(*TAIL_RANGE), st.floats(-5.0, 5.0).filter(lambda c: abs(c) > 1e-3))
def test_a_power_is_found_and_continued(power: float, strength: float) -> None:
    v = strength * (3.4 / R) ** power
    assert tail_power(R, v) == pytest.approx(power, rel=1e-9)
    table = Tabulated(R, np.where(R < 3.5, 1.0, v))
    far = np.array([11.0, 20.0, 60.0])
    np.testing.assert_allclose(table.energy(far), strength * (3.4 / far) ** power, rtol=1e-8)
    np.testing.assert_allclose(table.force(far), power * table.energy(far) / far, rtol=1e-8)


@pytest.mark.parametrize(("power", "held"), [(1.0, TAIL_RANGE[0]), (30.0, TAIL_RANGE[1])])
def test_a_tail_whose_virial_would_not_converge_is_held(power: float, held: float) -> None:
    assert tail_power(R, -(R**-power)) == held


@pytest.mark.parametrize(
    "v", [np.zeros(R.size), np.cos(3.0 * R), -np.maximum(9.8 - R, 0.0), 9.5 - R]
)
def test_where_there_is_no_slope_it_is_dispersion(v: np.ndarray) -> None:
    """A table that vanishes, or changes sign over its last tenth."""
    if v.any():
        assert np.min(v[R >= 9.0]) * np.max(v[R >= 9.0]) <= 0
    assert tail_power(R, v) == DISPERSION


@given(st.floats(0.1, 10.0), st.floats(0.01, 100.0))
def test_units_do_not_matter(length: float, energy: float) -> None:
    v = lennard_jones(3.4, 0.24).energy(R)
    assert tail_power(length * R, energy * v) == pytest.approx(float(tail_power(R, v)), rel=1e-9)


def test_rows_are_continued_each_by_itself() -> None:
    rows = np.array([-(R**-6.0), -(R**-4.5), 9.5 - R, -(R**-20.0)])
    np.testing.assert_allclose(tail_power(R, rows), [6.0, 4.5, 6.0, 12.0])
    assert tail_power(R, rows[None]).shape == (1, 4)


def test_its_change_is_that_of_the_slope() -> None:
    """Central differences at every point; nothing where the exponent is held or there is none."""
    v, step = lennard_jones(3.4, 0.24).energy(R), 1e-9
    change = tail_power_change(R, v)
    moved = v + step * np.concatenate([np.eye(R.size), -np.eye(R.size)])
    up, down = tail_power(R, moved).reshape(2, -1)
    np.testing.assert_allclose(change, (up - down) / (2 * step), rtol=1e-5)
    assert np.count_nonzero(change) == 2
    assert change @ v == pytest.approx(0.0, abs=1e-12), "a factor changes no slope"
    for held in (-(R**-1.0), -(R**-30.0), 9.5 - R, np.zeros(R.size)):
        assert not tail_power_change(R, held).any()
