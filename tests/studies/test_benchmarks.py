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


def test_every_benchmark_fills_its_place(study, places):
    tables, _ = study
    tables.fill(places, STUDY / "README.md")
    text = places.readme.read_text(encoding="utf-8")
    for name in tables.BENCHMARKS:
        block = text.split(f"<!-- {name}:begin -->")[1].split(f"<!-- {name}:end -->")[0]
        assert "smallest runs" in block, "results of short runs must say so"
        assert "nan" not in block
    assert {f.suffix for f in tables.draw(places)} == {".png", ".pdf"}


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


def test_simulations_of_an_ensemble_are_the_same_in_every_way(places):
    entries = json.loads((places.results / "ensembles.json").read_text())["entries"]
    assert all(e["same"] for e in entries.values() if isinstance(e, dict))


def test_the_floor_is_what_the_noise_predicts(study):
    import rules

    assert rules.at_floor({"chi2": 1.2, "points": 200, "misfit": 9.0}, None)
    assert not rules.at_floor({"chi2": 1.4, "points": 200, "misfit": 9.0}, None)
    assert rules.at_floor({"chi2": 9.0, "points": 200, "misfit": 1.1}, 1.0)
    assert not rules.at_floor({"chi2": 9.0, "points": 200, "misfit": 1.3}, 1.0)


def test_an_exponent_is_that_of_the_largest_sizes(study):
    import scaling

    n = np.array([10.0, 100.0, 1e3, 1e4, 1e5])
    cost = 5.0 + 1e-4 * n**2
    assert scaling.exponent(n, cost) == pytest.approx(2.0, abs=0.02)


stored = pytest.mark.skipif(
    not list((STUDY / "results").glob("*.json")),
    reason="no results are stored yet: run make bench",
)


@stored
def test_the_readme_says_what_is_stored(study, tmp_path):
    tables, base = study
    where = base.Places(STUDY / "results", tmp_path, tmp_path / "README.md")
    tables.fill(where, STUDY / "README.md")
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    assert where.readme.read_text(encoding="utf-8") == text


@stored
def test_the_front_page_says_what_is_stored(study):
    tables, base = study
    front = base.FRONT.read_text(encoding="utf-8")
    assert filled(front, {"benchmarks": tables.short(tables.load(base.KEPT))}) == front


@stored
def test_stored_results_are_whole_and_their_figures_there(study):
    tables, base = study
    for name, content in tables.load(base.KEPT).items():
        assert content["size"] == "full", name
        assert content["complete"], name
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    for figure in re.findall(r"\((figures/\w+\.png)\)", text):
        assert (STUDY / figure).is_file()
