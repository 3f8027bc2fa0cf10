"""How fast a curve can change, and what damped its spectrum: tables of known origin."""

import numpy as np
import pytest

from sopr_uq.structure.band import band_limit, power_spectrum
from sopr_uq.structure.damped_spectrum import WINDOWS, damped_end, window_shape

X = np.arange(3.0, 25.0, 0.04)


def band_limited(limit, seed=1):
    """Return a sum of waves up to a wave number, shape (n,)."""
    rng = np.random.default_rng(seed)
    k = np.linspace(0.5, limit, 200)
    return rng.standard_normal(k.size) @ np.sin(np.outer(k, X) + rng.uniform(0, 6, k.size)[:, None])


@pytest.mark.parametrize("limit", [9.0, 15.0, 30.0])
def test_the_band_of_waves_is_their_fastest(limit):
    """To the width of Hann's window."""
    assert band_limit(X, band_limited(limit)) == pytest.approx(limit, abs=1.5)


@pytest.mark.parametrize("unit", [0.1, 10.0])
def test_the_band_scales_with_the_unit(unit):
    assert band_limit(unit * X, band_limited(9.0)) == pytest.approx(
        band_limit(X, band_limited(9.0)) / unit
    )


def test_white_noise_fills_every_band():
    """Negative control: not one of 50; more than 6 % would show in 95 % of runs."""
    for seed in range(50):
        noise = np.random.default_rng(seed).standard_normal(X.size)
        assert band_limit(X, noise) == np.inf
        assert band_limit(X, band_limited(9.0, seed) + 0.2 * noise) == np.inf


def test_a_short_table_shows_no_band():
    assert band_limit(X[:19], np.ones(19)) == np.inf


def test_windows_are_one_at_the_origin_and_end():
    share = np.linspace(0.0, 1.5, 31)
    for name in WINDOWS:
        shape = window_shape(name, share)
        assert shape[0] == 1.0
        assert not shape[share >= 1.0].any()
        assert np.all(np.diff(shape) <= 0.0)


def spectrum(window, end, seed):
    """Return wave numbers and the power of noise behind a window, and of a printer's besides."""
    rng = np.random.default_rng(seed)
    q = np.arange(5.0, 30.0, 0.3)
    mean = window_shape(window, q / end) ** 2 + 1e-4
    return q, mean * rng.exponential(size=q.size)


@pytest.mark.parametrize("window", WINDOWS)
def test_an_end_is_found_and_its_window(window):
    """The spectrum of white noise, independent from point to point: 12 of each."""
    ends = np.random.default_rng(2).uniform(10.0, 22.0, 12)
    found = [
        damped_end(*spectrum(window, end, i), np.ones(1), 1.0, (7.0, 28.0))
        for i, end in enumerate(ends)
    ]
    off = np.array([f.q_max - end for f, end in zip(found, ends, strict=True)])
    errors = np.array([f.error for f in found])
    assert np.abs(off / errors).max() < 4.0
    assert np.mean(np.abs(off)) < 0.6
    assert min(f.evidence for f in found) > 8.0
    assert sum((f.damped > 0.5) == (window != "none") for f in found) >= 11


def test_a_spectrum_without_an_end_has_no_evidence():
    """Negative control: none of 40 above 8, where an end is believed."""
    q = np.arange(5.0, 30.0, 0.3)
    for seed in range(40):
        power = np.random.default_rng(seed).exponential(size=q.size)
        assert damped_end(q, power, np.ones(1), 1.0, (7.0, 28.0)).evidence < 4.0


def test_no_room_for_an_end():
    q = np.arange(5.0, 8.0, 0.3)
    assert damped_end(q, np.ones(q.size), np.ones(1), 1.0, (7.0, 7.2)) is None


def test_the_power_of_one_wave_is_at_its_wave_number():
    k = np.arange(0.5, 20.0, 0.05)
    power = power_spectrum(X, np.sin(7.3 * X), k)
    assert k[np.argmax(power)] == pytest.approx(7.3, abs=0.06)
