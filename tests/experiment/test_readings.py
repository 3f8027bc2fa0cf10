"""What a file shows unasked: readings off a figure, and tables finer than their band."""

import numpy as np
import pytest

from sopr_uq.experiment import load_system, systems
from sopr_uq.experiment.look import look
from sopr_uq.experiment.measurement import read_observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.readings import reading_error

CURVES = [o for s in systems() for o in load_system(s.name).observations]


@pytest.fixture(params=CURVES, ids=[o.name for o in CURVES])
def shipped(request):
    return request.param


@pytest.fixture
def stripped(shipped, tmp_path):
    """The shipped curve as a stranger's."""

    def read(**keys):
        file = tmp_path / "x.dat"
        np.savetxt(file, np.stack([shipped.x, shipped.value], axis=1), fmt="%.8g")
        return read_observation(ObserveSettings(kind=shipped.kind, file=file, **keys))

    return read


def test_readings_are_told_from_tables(shipped, stripped, tmp_path):
    """Within a factor of two of the error that was estimated from their scatter."""
    found = stripped()
    figure = "read off" in " ".join(found.remarks)
    assert figure == (shipped.abscissa_error >= 0.01)
    seen = look(tmp_path / "x.dat", kind=shipped.kind)
    assert figure == any("read off" in note for note in seen.remarks)
    if figure:
        assert 0.5 < found.abscissa_error / shipped.abscissa_error < 2.0
        assert stripped(abscissa_error=0.0).abscissa_error == 0.0


def test_a_smooth_table_is_finer_than_its_band(shipped, stripped):
    """Argon's two tables are; readings from figures scatter from point to point."""
    found = stripped()
    if shipped.spacing:
        assert found.spacing == pytest.approx(shipped.spacing, rel=0.1)
    elif np.isfinite(shipped.q_max):
        assert found.spacing == pytest.approx(np.pi / shipped.q_max, rel=0.1)
    else:
        assert found.spacing == 0.0
    assert stripped(spacing=0.05).spacing == 0.05


def test_tables_with_steps_that_change_are_no_readings():
    fine = np.concatenate([np.arange(1.0, 5.0, 0.02), np.arange(5.0, 12.0, 0.1)])
    for x in (fine, np.arange(0.0, 20.0, 0.05), np.geomspace(0.5, 20.0, 200), np.round(fine, 2)):
        assert reading_error(x) == 0.0


def test_readings_by_hand_are():
    rng = np.random.default_rng(1)
    for spread in (0.1, 0.15, 0.3):
        x = np.cumsum(0.2 * (1.0 + spread * rng.standard_normal(60)))
        assert reading_error(x) == pytest.approx(1e-3 * (x[-1] - x[0]))


def test_what_a_g_leaves_open_of_its_window(stripped, shipped):
    """Nothing is open where it is told; little where a sharp end shows."""
    found = stripped()
    if shipped.kind == "s":
        assert found.damping == 0.0
        return
    assert 0.0 < found.damping <= 1.0
    assert stripped(lorch=True, q_max=20.0).damping == 0.0
    assert stripped(q_max="none").damping == 0.0
    assert stripped(damping=0.2).damping == 0.2


@pytest.mark.parametrize("step", [1 / 30, 0.0681, 0.125, 0.0137])
@pytest.mark.parametrize("decimals", [2, 3])
def test_rounded_abscissae_were_not_read_off(step, decimals):
    """Steps of 0.03 and 0.04 are those of a table with two decimals."""
    x = np.round(np.arange(1, 300) * step, decimals)
    assert reading_error(x) == 0.0
    rng = np.random.default_rng(0)
    assert reading_error(np.sort(x + 0.4 * step * rng.standard_normal(x.size))) > 0.0
