"""Points at low Q that scatter by more than their errors say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sopr_uq.experiment import load_system, read_curve, systems
from sopr_uq.experiment.look import look
from sopr_uq.experiment.scattered import scattered_begin

Q = np.round(np.arange(0.3, 12.0, 0.04), 2)
SHARED = Path(__file__).parents[3] / "shared" / "data"


def s_of(q: np.ndarray) -> np.ndarray:
    """A first peak of argon's width at 1.9 1/Å, and waves that die."""
    waves = np.exp(-0.25 * q) * np.cos(3.5 * (q - 1.9))
    return (
        0.05
        + 0.95 / (1.0 + np.exp(-(q - 1.6) / 0.1))
        + 0.8 * waves * (q > 1.6)
        + (1.5 * np.exp(-(((q - 1.9) / 0.17) ** 2)))
    )


def measured(seed: int, error: float, wild: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    value = s_of(Q) + error * rng.standard_normal(Q.size)
    return value + wild * rng.standard_normal(Q.size) * (Q < 0.45)


@pytest.mark.parametrize("error", [0.003, 0.01, 0.03])
def test_errors_that_hold_are_believed(error) -> None:
    """Fifteen standard errors have no chance to speak of; 100 curves of 300 points."""
    for seed in range(100):
        found = scattered_begin(Q, measured(seed, error), np.full(Q.size, error))
        assert found.number == 0


def test_wild_points_are_left_out_and_no_others() -> None:
    """Four points to 0.42 1/Å scatter by eighty times their errors: 0.46 to 0.58 may go, too."""
    ends = []
    for seed in range(40):
        found = scattered_begin(Q, measured(seed, 0.005, 0.4), np.full(Q.size, 0.005))
        ends.append(Q[found.number])
    # now and then four wild points happen to lie on a smooth curve
    assert np.mean(np.array(ends) > 0.45) > 0.9
    assert max(ends) <= 0.58
    assert scattered_begin(Q, measured(0, 0.005, 0.4), None).number == 0


def test_it_is_said_and_a_window_says_otherwise(tmp_path) -> None:
    file = tmp_path / "s.dat"
    rows = np.column_stack([Q, measured(1, 0.005, 0.4), np.full(Q.size, 0.005)])
    np.savetxt(file, rows, fmt="%.5f", header="Q S(Q) error")
    seen = read_curve(file, "s")
    assert 0.4 < seen.window[0] < 0.6
    assert any("times their stated errors: left out" in remark for remark in seen.remarks)
    assert read_curve(file, "s", window=(0.3, 12.0)).window[0] == 0.3
    assert any("they are not used" in remark for remark in look(file).remarks)


def test_no_measured_curve_here_is_shortened() -> None:
    for system in systems():
        for o in load_system(system.name).observations:
            if o.kind == "s":
                error = 0.002 * np.ones(o.x.size) if o.error is None else o.error
                assert scattered_begin(o.x, o.value, error).number == 0, o.name


@pytest.mark.skipif(not SHARED.is_dir(), reason="the measured curves are not here")
def test_no_total_of_water_is_shortened() -> None:
    files = sorted(SHARED.glob("water_*_fq.csv"))
    assert files
    for file in files:
        curve = read_curve(file, "f", window=(0.0, 50.0))
        assert scattered_begin(curve.x, curve.value, curve.error).number == 0, file.name
