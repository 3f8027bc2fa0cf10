"""The benchmarks: the smallest form of each, and the README against what is stored."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.workflow.markdown import filled

STUDY = Path(__file__).resolve().parents[2] / "studies" / "benchmarks"


@pytest.fixture(scope="module")
def study():
    """The modules of the benchmarks, which their script finds beside itself."""
    sys.path.insert(0, str(STUDY))
    import bench_base
    import bench_tables

    yield bench_tables, bench_base
    sys.path.remove(str(STUDY))


@pytest.fixture(scope="module")
def places(study, tmp_path_factory):
    """Results of every benchmark in its smallest form."""
    tables, base = study
    home = tmp_path_factory.mktemp("bench")
    where = base.Places(home / "results", home / "figures", home / "README.md")
    for name, benchmark in tables.BENCHMARKS.items():
        store = base.Store(where.results / f"{name}.json", "smallest")
        benchmark.measure(store)
    return where


@pytest.mark.slow(seconds=61)
def test_every_benchmark_fills_its_place(study, places):
    tables, _ = study
    tables.fill(places, STUDY / "README.md")
    text = places.readme.read_text(encoding="utf-8")
    for name in tables.BENCHMARKS:
        block = text.split(f"<!-- {name}:begin -->")[1].split(f"<!-- {name}:end -->")[0]
        assert "smallest runs" in block, "results of short runs must say so"
        assert "nan" not in block
    assert {f.suffix for f in tables.draw(places)} == {".png", ".pdf"}
    front = "\n".join(tables.short(tables.load(places)))
    assert "| twins | newton, g | newton, g and P |" in front


@pytest.mark.slow(seconds=61)
def test_every_simulation_is_paid_for(places):
    entries = json.loads((places.results / "rules.json").read_text())["entries"]
    for entry in entries.values():
        for name, found in entry["rules"].items():
            a_round = 4 if name in ("newton, g", "newton, g and P", "ibi") else 1
            assert found["simulations"] == a_round * len(found["rounds"]), name
            assert found["steps"] >= 600 * found["simulations"], name
            assert found["seconds"] >= found["rounds"][-1]["seconds"], name


@pytest.mark.slow(seconds=61)
def test_parts_of_a_whole_command_are_all_of_it(places):
    import overhead

    entries = json.loads((places.results / "overhead.json").read_text())["entries"]
    entry = entries["whole, newton, 1"]
    assert sum(entry["parts"].values()) == pytest.approx(entry["seconds"], rel=1e-5)
    assert set(entry["parts"]) == set(overhead.PARTS)
    assert min(entry["parts"].values()) >= 0.0
    assert entry["simulations"] == 1
    assert 0.0 < overhead.busy(entry) <= 1.0


def test_a_part_within_another_is_its_own_alone(study):
    import time

    import whole

    clock = whole.Clock()
    inner = clock.of("inner", lambda: time.sleep(0.05))
    clock.of("outer", lambda: (time.sleep(0.02), inner()))()
    assert clock.seconds["inner"] == pytest.approx(0.05, abs=0.02)
    assert clock.seconds["outer"] == pytest.approx(0.02, abs=0.015)


def test_failed_simulations_count(study):
    from types import SimpleNamespace

    import course

    from sopr_uq.errors import SimulationFailed

    def run(setup, *, progress):
        if setup == "bad":
            raise SimulationFailed("no fluid")
        return SimpleNamespace(steps=100)

    engine = course.Counting(SimpleNamespace(run=run))
    engine.run("good")
    with pytest.raises(SimulationFailed):
        engine.run("bad")
    assert (engine.simulations, engine.steps) == (2, 100)


@pytest.mark.slow(seconds=61)
def test_a_benchmark_goes_on_where_it_was_stopped(study, places):
    tables, base = study
    file = places.results / "scaling.json"
    before = json.loads(file.read_text(encoding="utf-8"))
    key, kept = next(iter(before["entries"].items()))
    del before["entries"][key]
    before["complete"] = False
    file.write_text(json.dumps(before), encoding="utf-8")
    store = base.Store(file, "smallest")
    tables.BENCHMARKS["scaling"].measure(store)
    assert store.content["complete"]
    assert set(store.entries[key]) == set(kept)
    others = {k: v for k, v in store.entries.items() if k != key}
    assert others == before["entries"]
    assert base.Store(file, "full").entries == {}, "short runs must not pass for long ones"


@pytest.mark.slow(seconds=61)
def test_simulations_of_an_ensemble_are_the_same_in_every_way(places):
    entries = json.loads((places.results / "ensembles.json").read_text())["entries"]
    assert all(e["same"] for e in entries.values() if isinstance(e, dict))


def test_the_yardstick_is_the_known_noise(study):
    import course

    assert course.at_noise({"chi2": 1.2, "points": 200})
    assert not course.at_noise({"chi2": 1.4, "points": 200})


def _relentless(errors, chi2):
    seconds = [10.0 * n for n in range(1, len(errors))]
    return {"outcome": "out of time", "seconds": seconds, "errors": errors, "chi2": chi2,
            "points": 200}  # fmt: skip


def _ours(error):
    both = ((4, 3.0, 5.0), (8, 1.0, 9.0))
    rounds = [
        {"simulations": n, "chi2": chi2, "seconds": t, "points": 200, "error": error}
        for n, chi2, t in both
    ]
    return {"rounds": rounds, "simulations": 8, "seconds": 12.0, "error": error}


@pytest.mark.parametrize(("error", "wins"), [(0.004, "1 of 1"), (0.02, "0 of 1")])
def test_a_peer_that_wins_is_said_to_win(study, error, wins):
    import peer

    entry = {
        "start": {"error": 0.03},
        "ours": {"newton, g": _ours(0.01), "newton, g and P": _ours(0.005)},
        "theirs": {"relentless, values": _relentless([0.03, 0.02, error], [5.0, 1.0])},
    }
    content = {"size": "full", "entries": {f"{peer._TWINS[0]}, 1": entry}}
    row = peer.of_theirs(entry, "relentless, values")
    assert row.to_noise == 2
    assert (row.reached["newton, g"] == 20.0) == (error <= 0.01)
    assert f"`newton, g` in {wins}" in "".join(peer.short(content))
    assert any("8" in line and "newton, g |" in line for line in peer.table(content))


def test_results_of_other_code_are_refused_and_not_shown(study, tmp_path):
    tables, base = study
    where = base.Places(tmp_path, tmp_path / "figures", tmp_path / "README.md")
    old = {"size": "full", "complete": True, "entries": {"a, 1": 1.0}}
    for schema in ({}, {"schema": base.SCHEMA + 1}):
        (tmp_path / "rules.json").write_text(json.dumps(old | schema), encoding="utf-8")
        with pytest.raises(SystemExit, match="--fresh"):
            base.Store(tmp_path / "rules.json", "full")
        assert tables.load(where) == {}
    tables.fill(where, STUDY / "README.md")
    assert where.readme.read_text(encoding="utf-8").count("Not run yet") == len(tables.BENCHMARKS)
    assert tables.draw(where) == []
    assert list(tables.short({})) == ["*Not run yet: `make bench`.*"]


def test_an_exponent_is_that_of_the_largest_sizes(study):
    import scaling

    n = np.array([10.0, 100.0, 1e3, 1e4, 1e5])
    cost = 5.0 + 1e-4 * n**2
    assert scaling.exponent(n, cost) == pytest.approx(2.0, abs=0.02)


def test_the_readme_says_what_is_stored(study, tmp_path):
    tables, base = study
    where = base.Places(STUDY / "results", tmp_path, tmp_path / "README.md")
    tables.fill(where, STUDY / "README.md")
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert where.readme.read_text(encoding="utf-8") == text


def test_the_front_page_says_what_is_stored(study):
    tables, base = study
    front = base.FRONT.read_text(encoding="utf-8")
    assert filled(front, {"benchmarks": tables.short(tables.load(base.KEPT))}) == front


def test_stored_results_are_whole_and_their_figures_there(study):
    tables, base = study
    for name, content in tables.load(base.KEPT).items():
        assert content["size"] == "full", name
        assert content["complete"], name
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    for figure in re.findall(r"\((figures/\w+\.png)\)", text):
        assert (STUDY / figure).is_file()
