"""The continuation of a core."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.potentials import Mie, continue_core

R = np.linspace(2.4, 10.0, 381)


def test_nothing_changes_below_the_height():
    v = Mie(3.4, 0.24).energy(R)
    out = continue_core(R, v, 1.5)
    kept = v < 1.5
    np.testing.assert_array_equal(out[kept], v[kept])


def test_an_inverse_power_is_continued_as_itself():
    v = 0.3 * (3.4 / R) ** 12 - 1e-9
    np.testing.assert_allclose(continue_core(R, v, 1.0), v, rtol=0.02)


@given(st.floats(-50.0, 50.0), st.floats(2.4, 2.75))
def test_whatever_a_linear_expansion_does_inside_the_core_rises(bump, at):
    v = Mie(3.4, 0.24).energy(R) + bump * np.exp(-(((R - at) / 0.1) ** 2))
    out = continue_core(R, v[None], 1.5)[0]
    core = R < 3.4
    assert np.all(np.diff(out[core]) < 0)
    assert np.all(out[core] > 0)


def test_rows_are_treated_one_by_one():
    rows = np.array([Mie(s, 0.24).energy(R) for s in (3.3, 3.4, 3.5)])
    together = continue_core(R, rows, 1.5)
    alone = np.array([continue_core(R, row, 1.5) for row in rows])
    np.testing.assert_array_equal(together, alone)
