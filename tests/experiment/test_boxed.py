"""What a box cannot show is taken out of what was measured, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.boxed import as_boxed
from sopr_uq.experiment.observation import Observation
from sopr_uq.structure.taper import WIDTH

RADIUS = 10.0
R, Q = np.arange(2.0, 12.0, 0.05), np.arange(0.4, 21.0, 0.05)


def test_a_number_stays_as_it_is():
    pressure = Observation("pressure", np.zeros(1), np.ones(1))
    assert as_boxed(pressure, RADIUS) is pressure


def test_a_g_is_used_as_far_as_the_box_is_left_alone():
    seen = as_boxed(Observation("g", R, np.ones(R.size), window=(2.4, 11.0)), RADIUS)
    assert seen.window == (2.4, RADIUS - WIDTH)
    assert "up to 8.0 Å" in seen.remarks[-1]
    near = Observation("g", R, np.ones(R.size), window=(2.4, 7.0))
    assert as_boxed(near, RADIUS) is near


def test_a_curve_keeps_its_level_and_its_points_are_independent():
    window = (1.0, 18.0)
    seen = as_boxed(Observation("s", Q, np.ones(Q.size), window=window), RADIUS)
    assert seen.value == pytest.approx(np.ones(seen.x.size), abs=1e-9)
    assert np.diff(seen.x) == pytest.approx(np.pi / RADIUS)
    assert window[0] <= seen.x[0]
    assert seen.x[-1] <= window[1]


def test_errors_become_those_of_averages():
    """White noise of 0.01, folded over some six points: each prediction has the stated error."""
    rng, f = np.random.default_rng(1), np.exp(-Q)
    error = np.full(Q.size, 0.01)
    clean = as_boxed(Observation("f", Q, f, error=error), RADIUS)
    many = [
        as_boxed(Observation("f", Q, f + 0.01 * rng.standard_normal(Q.size), error=error), RADIUS)
        for _ in range(40)
    ]
    scatter = np.std([each.value for each in many], axis=0)
    assert np.mean(clean.error) < 0.6 * 0.01
    # 40 draws tell a standard deviation to 11 %, the worst of some 60 to 4 times that
    assert scatter / clean.error == pytest.approx(np.ones(clean.x.size), rel=0.45)
    apart = np.corrcoef(np.array([each.value for each in many]).T)
    assert np.abs(np.diagonal(apart, 1)).mean() < 0.4


def test_the_end_has_no_data_and_a_short_curve_is_refused():
    seen = as_boxed(Observation("f", Q, np.exp(-Q)), RADIUS)
    assert seen.x[-1] < Q[-1] - 0.9
    with pytest.raises(InputError, match=r"wider window, or more engine\.particles"):
        as_boxed(Observation("f", Q, np.exp(-Q), window=(2.0, 4.0)), RADIUS)


def test_a_g_from_beyond_the_box_is_refused():
    with pytest.raises(InputError, match="up to 8"):
        as_boxed(Observation("g", R, np.ones(R.size), window=(9.0, 12.0)), RADIUS)


def test_a_curve_from_zero_on_is_compared_above_it():
    """At Q = 0 a folded curve is 0/0."""
    q = np.arange(0.0, 21.0, 0.05)
    seen = as_boxed(Observation("s", q, np.ones(q.size)), RADIUS)
    assert seen.x[0] > 0.0
    assert seen.value == pytest.approx(np.ones(seen.x.size), abs=1e-9)


@pytest.mark.parametrize("kind", ["s", "f"])
def test_what_a_window_leaves_out_is_left_out(kind):
    """A rise before it, zeros and noise after it: no wave of the taper brings them in."""
    window, rng = (0.8, 15.0), np.random.default_rng(2)
    curve = (kind == "s") - np.exp(-((Q / 1.4) ** 4)) + 0.3 * np.sin(2.8 * Q) / Q
    beyond = window[1] < Q
    clean = as_boxed(Observation(kind, Q, curve, window=window), RADIUS)
    assert window[0] <= clean.x[0] <= clean.x[-1] <= window[1]
    for bad in (
        np.where(window[0] > Q, curve + 3.0 / Q**2, curve),
        np.where(beyond, 0.0, curve),
        np.where(beyond, curve + rng.standard_normal(Q.size), curve),
    ):
        seen = as_boxed(Observation(kind, Q, bad, window=window), RADIUS)
        np.testing.assert_array_equal(seen.value, clean.value)
