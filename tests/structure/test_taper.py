"""A curve folded with the waves of a taper is that of what was tapered."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.structure.taper import taper, tapered_waves
from sopr_uq.structure.transforms import RadialGrid, structure_rows

GRID = RadialGrid.covering(60.0, 0.02)
DENSITY, RADIUS = 0.0333, 10.0
# order that goes on far beyond the radius, and a core
H = np.where(GRID.r < 2.6, -1.0, 1.5 * np.cos(2.2 * (GRID.r - 2.9)) * np.exp(-GRID.r / 5.0))
Q = np.arange(0.1, 30.0, 0.05)
AT = np.arange(1.0, 20.0, np.pi / RADIUS)


def curve(h, q):
    return structure_rows(GRID, q, DENSITY) @ h


def test_folding_the_curve_is_tapering_the_order():
    whole, cut = curve(H, Q), curve(taper(GRID, RADIUS) * H, AT)
    folded = tapered_waves(Q, AT, RADIUS) @ whole
    assert np.abs(curve(H, AT) - cut).max() > 0.05, "why it must be folded"
    assert folded == pytest.approx(cut, abs=2e-3)


def test_what_is_inside_is_left_alone():
    """A distance within a molecule, and a level, are not changed."""
    inside = np.sinc(Q * 1.0 / np.pi)
    rows = tapered_waves(Q, AT, RADIUS)
    assert rows @ inside == pytest.approx(np.sinc(AT / np.pi), abs=2e-3)
    assert rows @ np.ones(Q.size) == pytest.approx(np.ones(AT.size), abs=2e-3)
