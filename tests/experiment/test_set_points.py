"""Which points were set: cores of zeros, ripples, drawn low-Q ends; and which were not."""

import numpy as np
import pytest

from sopr_uq.experiment import load_curve
from sopr_uq.experiment.set_points import liquid_begin, set_points

R = np.arange(0.05, 15.0, 0.05)
GAS = np.where(R > 3.2, 1 + 1.6 * np.exp(-(((R - 3.8) / 0.35) ** 2)), 0.0)
LIQUID = GAS * (1 + 0.1 * np.cos(2 * R) * np.exp(-0.2 * R)) / (1 + np.exp(-(R - 3.3) / 0.05))


def test_a_core_of_zeros_is_set():
    found = set_points("g", R, np.round(LIQUID, 4))
    assert R[found.number] > 2.5
    assert LIQUID[found.number] > 0
    assert "equal values" in found.reason


def test_a_constant_core_is_set():
    value = np.where(R < 2.0, 0.013, LIQUID)
    assert set_points("g", R, value).number == np.sum(R < 2.0)


@pytest.mark.parametrize("decimals", [3, 4, 5])
def test_a_core_that_was_printed_as_another_form_is_set(decimals):
    """4πρr(g − 1) to some decimals, read back: zeros that are equal no more."""
    shell = 4 * np.pi * 0.02 * R
    truth = np.where(R < 2.9, 0.0, LIQUID)
    read = 1.0 + np.round(shell * (truth - 1.0), decimals) / shell
    assert np.ptp(read[R < 2.9]) > 0.0
    found = set_points("g", R, read)
    assert 2.5 < R[found.number] < 3.3
    assert np.all(np.abs(read[: found.number]) < 0.05)


def test_a_point_that_is_half_set_is_no_data():
    """Put on another grid after its core was set, a curve has a point of both."""
    fine = np.arange(0.02, 15.0, 0.02)
    smooth = 1.0 - 1.0 / (1.0 + np.exp((fine - 3.4) / 0.15))
    cut = np.interp(R, fine, np.where(fine < 3.15, 0.0, smooth))
    found = set_points("g", R, cut)
    true = np.interp(R, fine, smooth)
    assert np.allclose(cut[found.number :], true[found.number :])
    assert cut[found.number - 1] < 0.7 * true[found.number - 1]


def test_ripples_in_the_core_are_no_data():
    rippled = LIQUID + 0.3 * np.where(R < 3.0, np.cos(12 * R), 0.0)
    found = set_points("g", R, rippled)
    assert "ripples of up to 0.3" in found.reason
    assert 2.5 < R[found.number] < 3.4


def test_a_bond_is_left_for_the_checks():
    bond = LIQUID + 15 * np.exp(-(((R - 1.1) / 0.05) ** 2))
    assert set_points("g", R, np.where(R < 0.5, 0.0, bond)).number <= np.sum(R < 1.0)


def test_measured_points_stay():
    """Digitised rises begin at zero once or twice; noise never repeats itself."""
    assert set_points("g", R[62:], np.round(LIQUID[62:], 4)).number <= 3
    for name in ("krypton_199K_gr", "neon_42K_gr"):
        curve = load_curve(name)
        assert set_points("g", curve["r"].values, curve["g"].values).number == 0


def test_the_shipped_argon_begins_where_its_authors_say():
    curve = load_curve("argon_85K_gr")
    found = set_points("g", curve["r"].values, curve["g"].values)
    assert 3.2 < curve["r"].values[found.number] < 3.3


def s_of_q(rng, noise, drawn=0):
    q = np.arange(0.05, 12.0, 0.05)
    s = 1 + 1.5 * np.exp(-(((q - 2.0) / 0.25) ** 2)) - 0.95 * np.exp(-((q / 1.6) ** 4))
    scatter = noise * rng.standard_normal(q.size)
    scatter[:drawn] = 0.0
    return q, s + scatter


def test_a_low_end_that_was_drawn_is_found():
    rng = np.random.default_rng(1)
    for _ in range(50):
        number = set_points("s", *s_of_q(rng, 0.02, drawn=14)).number
        # one more point in six looks smooth by chance
        assert 12 <= number <= 18


def test_a_constant_low_end_is_found():
    q, s = s_of_q(np.random.default_rng(2), 0.02)
    s[:10] = 0.052
    assert set_points("s", q, s).number == 10


@pytest.mark.parametrize("noise", [0.0005, 0.001, 0.02])
def test_s_of_q_that_was_measured_throughout_stays(noise):
    """Negative control: none of 300; a rate of 1 % would show in 95 % of runs."""
    rng = np.random.default_rng(3)
    assert not any(set_points("s", *s_of_q(rng, noise)).number for _ in range(300))


def test_a_smooth_end_that_begins_at_zero_was_extrapolated():
    """As the authors of argon's S(Q) say of theirs, below about 1 Å⁻¹; peaked at 2 Å⁻¹."""
    curve = load_curve("argon_85K_sq")
    q, s = curve["q"].values, curve["s"].values
    found = set_points("s", q, s)
    assert q[found.number] == pytest.approx(1.0, abs=0.05)
    assert "from Q = 0 on" in found.reason


@pytest.mark.parametrize("noise", [0.002, 0.02])
def test_an_end_that_was_measured_to_the_beam_stays(noise):
    """Nor is one left out that begins farther out, however smooth it is."""
    curve = load_curve("argon_85K_sq")
    q, s = curve["q"].values, curve["s"].values
    scattered = s + noise * np.random.default_rng(1).standard_normal(q.size)
    assert set_points("s", q, scattered).number == 0
    # tilted a little: the table's equal values there are another rule's
    assert set_points("s", q[10:], s[10:] + 1e-5 * q[10:]).number == 0


def test_the_liquid_is_the_longest_stretch():
    bond = LIQUID + 15 * np.exp(-(((R - 1.1) / 0.05) ** 2))
    assert R[liquid_begin(R, bond)] > 3.0
    assert liquid_begin(R, np.zeros_like(R)) == 0
