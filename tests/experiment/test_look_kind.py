"""What a file without a word holds: told by where its first peak is, or why it is nothing."""

import numpy as np
import pytest

from sopr_uq.errors import InputError
from sopr_uq.experiment.limits import kind_by_peak
from sopr_uq.experiment.look import look
from sopr_uq.experiment.mistakes import check_mistakes

DENSITY = 0.021
R = np.arange(0.02, 18.0, 0.04)
SHELLS = 1 + 1.6 * np.exp(-0.5 * (R - 3.4)) * np.cos(1.85 * (R - 3.7))
G = np.where(R > 2.0, SHELLS / (1 + np.exp(-(R - 3.4) / 0.08)), 0.0)
Q = np.arange(0.3, 15.0, 0.05)
S = 1 + 1.8 * np.exp(-(((Q - 2.0) / 0.25) ** 2)) - 0.95 * np.exp(-((Q / 1.6) ** 4))


def seen(tmp_path, x, value):
    file = tmp_path / "mine.txt"
    np.savetxt(file, np.column_stack([x, value]), fmt="%.5f")
    return look(file, density=DENSITY)


@pytest.mark.parametrize(
    ("x", "value", "kind", "form"),
    [
        (R, G, "g", "g"),
        (R, G - 1.0, "g", "h"),
        (R, G + np.where(R < 3.0, 0.4 * np.cos(15.0 * R), 0.0), "g", "g"),
        (Q, S, "s", "s"),
        (Q, S - 1.0, "s", "s-1"),
    ],
)
def test_columns_without_names_are_told_apart(tmp_path, x, value, kind, form):
    """Ripples in a core are no S(Q), and h is no S − 1, whatever their first points are."""
    found = seen(tmp_path, x, value)
    assert (found.kind, found.form) == (kind, form)


def test_a_peak_tells_in_nanometres_too():
    assert kind_by_peak(R, G, DENSITY) == kind_by_peak(0.1 * R, G, DENSITY) == "g"
    assert kind_by_peak(Q, S, DENSITY) == kind_by_peak(10.0 * Q, S, DENSITY) == "s"
    assert kind_by_peak(R, -R, DENSITY) is None
    assert kind_by_peak(R, np.full(R.size, np.nan), DENSITY) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (DENSITY * G, "divide by the density"),
        (G + 15.0 * np.exp(-(((R - 1.09) / 0.05) ** 2)), "a bond"),
        (np.where(R > 13.0, G * np.exp(-(((R - 13.0) / 2.0) ** 2)), G), "half a box"),
    ],
)
def test_a_known_mistake_is_named(tmp_path, value, words):
    with pytest.raises(InputError, match=words):
        seen(tmp_path, R, value)


@pytest.mark.parametrize("level", [0.8, 1.12])
def test_a_level_far_off_behind_all_order_is_refused(level):
    """A curve that ends earlier may still be in its shells; one less far off has its prior."""
    with pytest.raises(InputError, match="divide by"):
        check_mistakes("mine", "g", R, level * G, None)
    short = R < 9.0
    assert "instead of 1" in " ".join(check_mistakes("mine", "g", R[short], level * G[short], None))
    assert "its prior" in " ".join(check_mistakes("mine", "g", R, 0.95 * G, None))


def test_a_density_is_asked_for_where_it_helps(tmp_path):
    """Of S and of Q(S − 1), which look alike here, it tells nothing."""
    file = tmp_path / "mine.txt"
    np.savetxt(file, np.column_stack([Q, 0.05 * (S - 1.0)]), fmt="%.5f")
    said = look(file, kind="s").form_reason
    assert "could also be" in said
    assert "density" not in said
