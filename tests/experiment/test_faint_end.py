"""Where the order of a liquid is too faint to be of use."""

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.experiment import load_system
from sopr_uq.experiment.inferred import faint_end, shortened

R = np.arange(3.0, 30.0, 0.05)
LENGTH = 3.0


def curve(level: float = 1.0, r: np.ndarray = R) -> np.ndarray:
    """Order that dies like exp(−r/3 Å) about a level; its first peak is at 3 Å."""
    return level + 2.0 * np.exp(-(r - 3.0) / LENGTH) * np.cos(2.0 * np.pi * (r - 3.0) / 3.2)


@pytest.mark.parametrize("level", [1.0, 0.98, 1.03])
def test_it_ends_where_order_is_a_hundredth_of_the_first_peak(level):
    """By the law of the curve within half a wave; a level that is off moves nothing."""
    expected = 3.0 + LENGTH * np.log(100.0)
    assert expected - 1.6 < faint_end(R, curve(level)) <= expected


def test_noise_that_is_as_large_ends_nothing():
    """The negative control: whether order is there cannot be told."""
    noise = 0.03 * np.random.default_rng(0).standard_normal(R.size)
    assert faint_end(R, curve() + noise) == np.inf


def test_a_short_curve_ends_where_it_ends():
    short = R < 12.0
    assert faint_end(R[short], curve(r=R[short])) == np.inf


def test_what_lies_near_is_always_used():
    steep = 1.0 + 2.0 * np.exp(-(R - 3.0) / 0.2)
    assert faint_end(R, steep) == pytest.approx(7.5, abs=0.06)


def measured_argon():
    return next(o for o in load_system("argon-85K").observations if o.kind == "g")


def test_it_is_left_out_and_said_unless_a_window_is_given():
    argon = replace(measured_argon(), window=(3.23, np.inf))
    seen = shortened(argon, None)
    assert seen.window == (3.23, np.inf)
    assert 16.0 < seen.order_to < 18.0
    assert seen.windowed().x[-1] == pytest.approx(seen.order_to)
    assert seen.whole().x[-1] == argon.x[-1], "its level is told by all of it"
    assert "order stays below 1% of the first peak" in seen.remarks[-1]
    assert shortened(argon, (3.3, 25.0)) is argon


def test_what_is_no_transform_is_used_whole():
    argon = replace(measured_argon(), window=(3.23, np.inf), q_max=np.inf)
    assert shortened(argon, None) is argon
