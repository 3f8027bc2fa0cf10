"""The study of motion as data: what its README says is what its numbers give."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.posterior import store

FOLDER = Path(__file__).resolve().parents[2] / "studies" / "dynamics"


def module(name):
    spec = importlib.util.spec_from_file_location(f"dynamics_{name}", FOLDER / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("name", ["slopes", "twins", "triple_point"])
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


def test_at_the_triple_point_boxes_agree_and_the_viscosity_is_as_published():
    """Each within three of its standard errors."""
    study = module("triple_point")
    found = store.read(study.RESULTS).to_dataset()
    mean, error = (found.sel(statistic=s) for s in ("mean", "error"))
    known, its_own = study.PUBLISHED
    apart = np.abs(mean["viscosity"] - known) / np.hypot(error["viscosity"], its_own)
    assert float(apart.max()) < 3.0
    small, large = mean["diffusion"].values
    assert abs(small - large) < 3.0 * np.hypot(*error["diffusion"].values)


def test_a_fifth_is_noticed_and_nothing_is_not():
    z = store.read(module("twins").RESULTS).to_dataset()["z"]
    assert abs(float(z.sel(factor=1.0))) < 2.0
    assert float(z.sel(factor=1.2)) > 3.0
    assert float(z.sel(factor=0.8)) < -3.0


def test_regression_and_differences_agree(monkeypatch):
    """Within three standard errors, each of four slopes."""
    monkeypatch.syspath_prepend(str(FOLDER))
    study = module("regression")
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "\n".join(study.table()) in text
    assert "\n".join(study.said()) in text
    assert np.all(np.abs(study.both()["z"].values) < 3.0)


def test_argon_s_diffusion_is_named():
    study = module("argon")
    tree = store.read(study.RESULTS)
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "\n".join(study.table_of_numbers(tree)) in text
    assert "\n".join(study.table_of_potential(tree)) in text
    assert "diffusion" in tree.attrs["message"]
    assert tree.attrs["outcome"] == "doubtful"
