"""The study of mixtures: its twins are what it says, and its tables count rightly."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sopr_uq.experiment.molecule import Pair

VARIANCES = {"scatter": 9e-4, "blocks": 1e-4, "waves": 3e-4}


@pytest.fixture(scope="module")
def study(modules_of):
    """Modules ``plan`` and ``tables`` of the study."""
    with modules_of("mixtures", "plan", "tables") as modules:
        yield modules


def test_the_readme_says_what_is_stored(study, filled_again) -> None:
    _, tables = study
    stored, again = filled_again("mixtures", tables.fill)
    assert again == stored


def test_truths_are_off_the_rules_and_starts_off_the_truths(study) -> None:
    plan, _ = study
    rng, unlike = np.random.default_rng(1), Pair("Ar", "Kr")
    off, far = [], []
    for number in range(1000):
        truth = plan.truths(rng, number)
        rule = plan.lorentz_berthelot(unlike, truth)
        off.append([truth[unlike].sigma / rule.sigma, truth[unlike].epsilon / rule.epsilon])
        start = plan.starts(truth, rng)
        pair = Pair("Ar", "Ar")
        far.append(np.log(start[pair].sigma / truth[pair].sigma))
    low, high = np.min(off, axis=0), np.max(off, axis=0)
    assert low == pytest.approx([0.95, 0.8], abs=0.005)
    assert high == pytest.approx([1.05, 1.2], abs=0.005)
    assert np.std(far) == pytest.approx(0.02, rel=0.2)


def test_a_total_is_of_all_pairs_and_a_partial_of_one(study) -> None:
    plan, _ = study
    partials = plan.blank(plan.WORLDS["partials"], plan.WARM)
    assert [o.of.label for o in partials] == ["Ar-Ar", "Ar-Kr", "Kr-Kr"]
    curve, pressure = plan.blank(plan.WORLDS["total"], plan.WARM)
    assert sum(curve.of.values()) == pytest.approx(1.0)
    assert pressure.kind == "pressure"


def test_intervals_hold_as_often_as_ranks_say(study) -> None:
    """Uniform ranks hold at their rate; the negative control, all at the edge, never."""
    _, tables = study
    ranks = np.random.default_rng(1).uniform(size=(4000, 1))
    for p in tables.PROBABILITIES:
        rate = tables.holds(ranks, p).mean()
        assert abs(rate - p) < 4 * np.sqrt(p * (1 - p) / len(ranks))
    assert not tables.holds(np.full((3, 1), 0.999), 0.95).any()
    assert np.isnan(tables.holds(np.array([np.nan]), 0.95)).all()


def test_a_failed_twin_is_counted_and_has_no_interval(study, tmp_path, monkeypatch) -> None:
    plan, tables = study
    monkeypatch.setattr(tables, "RESULTS", tmp_path / "results")
    names = [n for p in plan.AR_KR.pairs for n in tables.descriptors_of(p.label)]
    truth = xr.DataArray(np.ones(12), dims="quantity", coords={"quantity": names})
    rng = np.random.default_rng(2)
    draws = xr.DataArray(1.0 + rng.standard_normal((12, 400)), dims=("quantity", "sample"))
    numbers = {"iterations": 3, "simulations": 12, "floor": 2, "seconds": 9.0, "k_hat": 0.1}
    known = {"truth": truth, "start": truth}
    good = xr.Dataset({**known, "draws": draws}, attrs={"outcome": "converged", **numbers})
    bad = xr.Dataset(known, attrs={"outcome": "failed"})
    for i, ds in enumerate((good, good, bad)):
        ds.attrs["family"] = "mie"
        ds.to_netcdf(tmp_path / f"partials-{i:03d}.nc")
    tables.keep(tmp_path)
    row = next(line for line in tables.coverage() if "three partial g(r) | Mie" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:5] == ["3", "1", "0"]
    assert cells[-2].startswith("100")


def test_a_state_alone_is_measured_as_beside_the_others(study) -> None:
    """Only then does a comparison say what the other states add."""
    plan, _ = study
    together, alone = plan.twin("several", 0), plan.twin("alone", 2)
    np.testing.assert_array_equal(together.truth, alone.truth)
    (there,), here = alone.problem.liquids, together.problem.liquids[2]
    assert there.state == here.state
    for mine, its in zip(there.observations, here.observations, strict=True):
        np.testing.assert_array_equal(mine.value, its.value)


def test_only_twins_of_which_everything_was_refined_are_compared(
    study, tmp_path, monkeypatch
) -> None:
    plan, tables = study
    monkeypatch.setattr(tables, "RESULTS", tmp_path / "results")
    names = [n for p in plan.AR_KR.pairs for n in tables.descriptors_of(p.label)]
    one = xr.DataArray(np.ones(12), dims="quantity", coords={"quantity": names})
    for name in ("several-000", "several-001", *(f"alone-{i:03d}" for i in range(6))):
        size = 0.01 if "several" in name else 0.02
        draws = one + size * xr.DataArray([-1.0, 1.0], dims="sample")
        ds = xr.Dataset({"truth": one, "start": one, "draws": draws})
        ds.assign_attrs(outcome="converged", family="mie").to_netcdf(tmp_path / f"{name}.nc")
    tables.keep(tmp_path)
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in tables.added()[2:]]
    assert [row[:3] for row in rows] == [
        *([state, "1", "0.0200"] for state in (row[0] for row in rows[:-1])),
        ["all 4", "1", "0.0100"],
    ]


def test_how_runs_scatter_is_told_beside_what_they_say(study) -> None:
    _, tables = study
    pairs = [pair.label for pair in tables.AR_KR.pairs]
    one = {name: (("twin", "pair"), np.full((1, 3), x)) for name, x in VARIANCES.items()}
    numbers = {"time": ("twin", [180.2]), "sampled": ("twin", [61.6])}
    found = xr.Dataset(one | numbers, {"pair": pairs, "twin": [1]})
    row = tables.table(found)[2]
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "1", "Ar-Ar", "180 ps of 62", "0.0300", "0.0100", "0.0200", "3.0", "1.5"
    ]  # fmt: skip
    assert len(tables.table(None)) == 2
