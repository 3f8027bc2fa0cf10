"""The Jacobian study: its comparison on an engine without noise, its README against its files."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

STUDY = Path(__file__).resolve().parents[2] / "studies" / "jacobian"


@pytest.fixture(scope="module")
def study():
    """The study's scripts."""
    found = {}
    for name in ("run", "bridge"):
        spec = importlib.util.spec_from_file_location(f"jacobian_{name}", STUDY / f"{name}.py")
        found[name] = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = found[name]
        if name == "bridge":
            sys.modules["run"] = found["run"]
        spec.loader.exec_module(found[name])
    del sys.modules["run"]
    return found


def test_the_comparison_finds_nothing_missed_where_the_bridge_is_known(study):
    """HNC liquids have no bridge function: the response is exact up to the steps' curvature."""
    run = study["run"]
    case = run.CASES["xenon"]
    ds = run.compare(case, run.simulate(case, "integral_equation", 4_000))
    for kind in ("g", "s", "pressure"):
        assert run.agreement(ds, "bump", kind).missed < 0.02
    ds["response"] = 0.8 * ds["response"]
    assert run.agreement(ds, "bump", "g").missed > 0.15, "a response 20 % too small is seen"


def test_readme_says_what_is_stored(study):
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    tree = xr.open_datatree(STUDY / "results.nc").load()
    run, bridge = study["run"], study["bridge"]
    assert run.table({name: tree[name].to_dataset() for name in run.CASES}) in text
    stored = bridge.json.loads(bridge.RESULTS.read_text(encoding="utf-8"))
    assert bridge.table(stored) in text
    assert all(
        np.isfinite(list(part.values())).all() for f in stored.values() for part in f.values()
    )
