"""Counting of pairs and normalisation of g(r)."""

from __future__ import annotations

import freud
import numpy as np
import pytest
from scipy.stats import t as student

from sopr_uq.engine.pairs import (
    compiled_histogram,
    direct_counter,
    freud_counter,
    histogram,
    pair_counter,
)
from sopr_uq.engine.rdf import RdfRecorder
from sopr_uq.engine.recorder import Frame, Thermo
from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.rng import stream

COUNTERS = [direct_counter, freud_counter]
BOX, WIDTH = 17.3, 0.05
ONE = (Pair("A", "A"),)
NOTHING = Thermo(0.0, 0.0, 0.0)


def _gas(n, *path):
    return stream(11, "gas", *path).random((n, 3)) * BOX


@pytest.mark.parametrize("count", COUNTERS)
@pytest.mark.parametrize("n", [2, 3, 64, 101, 128])
def test_counts_are_those_of_a_plain_sum(count, n):
    """Up to pairs whose distance rounds across the edge of a bin."""
    x = _gas(n, n)
    d = x[:, None] - x
    d -= BOX * np.rint(d / BOX)
    r = np.sqrt((d**2).sum(-1))[~np.eye(n, dtype=bool)]
    expected = np.histogram(r, bins=172, range=(0.0, 172 * WIDTH))[0]
    found = count(BOX, 172, WIDTH)(x, None)
    assert np.abs(np.cumsum(found) - np.cumsum(expected)).max() <= 2
    assert np.abs(found - expected).sum() <= 1e-3 * expected.sum() + 2


def test_both_ways_agree_wherever_the_choice_falls():
    x = _gas(500)
    for bins in (60, 172):
        a, b = (count(BOX, bins, WIDTH)(x, None) for count in COUNTERS)
        assert np.abs(np.cumsum(a) - np.cumsum(b)).max() <= 4
        chosen = pair_counter(BOX, bins, WIDTH)(x, None)
        assert any(np.array_equal(chosen, c) for c in (a, b))


@pytest.mark.parametrize("count", COUNTERS)
def test_counts_do_not_depend_on_where_the_box_begins(count):
    x = _gas(200)
    moved = (x + np.array([3.0, 11.0, 16.9])) % BOX
    counts = count(BOX, 172, WIDTH)
    difference = np.cumsum(counts(x, None)) - np.cumsum(counts(moved, None))
    assert np.abs(difference).max() <= 4


def test_normalisation_is_that_of_freud_for_a_finite_box():
    x = _gas(150)
    sampler = RdfRecorder(ONE, (150,), BOX, WIDTH, r_max=8.6)
    sampler.add(Frame(x, NOTHING))
    reference = freud.density.RDF(
        sampler.bins, sampler.bins * WIDTH, normalization_mode="finite_size"
    )
    reference.compute((freud.box.Box.cube(BOX), x - BOX / 2))
    np.testing.assert_allclose(sampler.r, reference.bin_centers, rtol=1e-5)
    assert np.abs(sampler.g[0, 0] - reference.rdf).mean() < 2e-3


def test_machine_code_does_what_its_source_says():
    turns = stream(11, "turns").integers(-(2**31), 2**31, size=(3, 9)).astype(np.int32)
    unit = np.float32(BOX / 2**32 / WIDTH)
    with np.errstate(over="ignore"):
        expected = histogram(turns, turns, True, unit, 301)
    np.testing.assert_array_equal(compiled_histogram()(turns, turns, True, unit, 301), expected)
    assert expected.sum() == 36


def test_a_counter_forgets_the_last_snapshot():
    x, y = _gas(64, 1), _gas(64, 2)
    for make in COUNTERS:
        count = make(BOX, 172, WIDTH)
        first = count(x, None).copy()
        count(y, None)
        np.testing.assert_array_equal(count(x, None), first)


def _ideal_gas_p(factor):
    """p-value of g = 1 for 400 snapshots of 60 ideal particles, all bins together."""
    sampler = RdfRecorder(ONE, (60,), BOX, WIDTH)
    for k in range(400):
        sampler.add(Frame(_gas(60, k), NOTHING))
    volume = sampler.r**2 / np.sum(sampler.r**2)
    g = factor * sampler.g[:, 0] @ volume
    score = (g.mean() - 1.0) / (g.std(ddof=1) / np.sqrt(400))
    return 2.0 * student.sf(abs(score), 399)


def test_an_ideal_gas_has_g_of_one():
    """False-alarm rate 1e-3; without the finite-N factor (60/59) it must fail."""
    assert _ideal_gas_p(1.0) > 1e-3
    assert _ideal_gas_p(59 / 60) < 1e-3


def test_bins_reach_to_half_the_box_or_r_max():
    assert RdfRecorder(ONE, (10,), 20.0, 0.02).bins == 500
    assert RdfRecorder(ONE, (10,), 20.0, 0.03).bins == 333
    assert RdfRecorder(ONE, (10,), 20.0, 0.02, r_max=4.0).bins == 200
    for r_max in (10.1, 0.03):
        with pytest.raises(InputError, match=r"half the box, 10\.000 Å"):
            RdfRecorder(ONE, (10,), 20.0, 0.02, r_max=r_max)
