"""The study of motion as data: what its README says is what its numbers give."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sopr_uq.posterior import store

FOLDER = Path(__file__).resolve().parents[2] / "studies" / "dynamics"


def module(name):
    spec = importlib.util.spec_from_file_location(f"dynamics_{name}", FOLDER / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("name", ["slopes", "twins"])
def test_the_readme_has_the_table_of_the_stored_numbers(name):
    study = module(name)
    lines = study.table(store.read(study.RESULTS).to_dataset())
    assert "\n".join(lines) in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_in_sigma_and_epsilon_the_scaling_is_within_its_error():
    study = module("slopes")
    found = store.read(study.RESULTS).to_dataset()
    mean, error = study.slopes(found)
    for i in range(2):
        assert abs(mean[i, 0] - float(found["scaling"][i, 0])) < 3.0 * error[i, 0]


def test_a_fifth_is_noticed_and_nothing_is_not():
    z = store.read(module("twins").RESULTS).to_dataset()["z"]
    assert abs(float(z.sel(factor=1.0))) < 2.0
    assert float(z.sel(factor=1.2)) > 3.0
    assert float(z.sel(factor=0.8)) < -3.0
