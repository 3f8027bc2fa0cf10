"""The study of coexistence: its equation of state, and its README against what is stored."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "studies" / "coexistence"


@pytest.fixture(scope="module")
def study():
    """The modules of the study, which its script finds beside itself."""
    sys.path.insert(0, str(FOLDER))
    spec = importlib.util.spec_from_file_location("coexistence_run", FOLDER / "run.py")
    run = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run)
    import lennard_jones

    yield run, lennard_jones
    sys.path.remove(str(FOLDER))


def test_the_equation_of_state_is_the_published_one(study):
    """At T* = 1 it is NIST's line to 1 %, and Lotfi's vapour pressure; a thin gas is ideal."""
    _, lj = study
    liquid, vapour, pressure = lj.coexistence(1.0)
    assert liquid == pytest.approx(0.7011, rel=2e-3)
    assert vapour == pytest.approx(0.0296, rel=0.01)
    assert pressure == pytest.approx(lj.vapour_pressure(1.0), rel=0.01)
    gas = lj.pressure(1.5, 1e-4)
    assert gas == pytest.approx(1.5e-4, rel=1e-3)


def test_readme_says_what_is_stored(study):
    run, _ = study
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    lines = run.table()
    assert len(lines) > 2
    assert "\n".join(lines) in text
    assert "\n".join(run.said()) in text


def test_liquids_are_within_two_per_cent(study):
    from sopr_uq.posterior import store

    run, lj = study
    stored = [t for t in run.TEMPERATURES if run.file_of(t, run.SEEDS[0]).is_file()]
    for t in stored:
        found = store.read(run.file_of(t, run.SEEDS[0])).to_dataset()
        mean, error = (float(found["liquid"].sel(statistic=s)) for s in ("mean", "error"))
        assert abs(mean / lj.coexistence(t)[0] - 1.0) < 0.02
        assert np.isfinite(error)


def test_vapours_are_two_per_cent_off(study):
    """Single slabs, root mean square; counting their particles misses more than twice as much.

    All of them together are off by less than 2 %.
    """
    run, _ = study
    found = run.misses()
    assert abs(float(found["off"].sel(what="vapour").mean())) < 0.02
    rms = np.sqrt(np.mean(found["off"] ** 2, axis=0))
    assert float(rms.sel(what="vapour")) < 0.025
    assert float(rms.sel(what="counted")) > 2.0 * float(rms.sel(what="vapour"))


def test_errors_of_vapours_are_as_large_as_what_they_miss(study):
    run, _ = study
    found = run.misses()["pull"].sel(what="vapour")
    assert 0.3 < float(np.sqrt(np.mean(found**2))) < 2.0
