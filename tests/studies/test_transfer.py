"""The transfer study: its README says what is stored."""

import importlib.util
import sys
from pathlib import Path

import pytest

from sopr_uq.workflow.simulated import load_simulated

STUDY = Path(__file__).resolve().parents[2] / "studies" / "transfer"


@pytest.fixture(scope="module")
def study():
    """The study's script."""
    spec = importlib.util.spec_from_file_location("transfer_run", STUDY / "run.py")
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found


def test_readme_says_what_is_stored(study):
    text = (STUDY / "README.md").read_text(encoding="utf-8")
    tree = load_simulated(study.RESULTS)
    assert "\n".join(study.table(tree)) in text
    assert tree.attrs["system"] == "argon-85K"
    assert tree["summary"].sizes["state"] == study.POINTS


def test_regressions_of_the_study_predict_their_left_out_runs(study):
    """χ² per run is 1: the mean of 144 stays within 0.5 and 1.5, four standard deviations."""
    found = load_simulated(study.RESULTS)["summary"].to_dataset()["left_out"]
    assert found.size == len(study.PROPERTIES) * study.POINTS
    assert 0.5 < float(found.mean()) < 1.5


def test_readme_says_how_the_regression_fared(modules_of):
    with modules_of("transfer", "run", "regression") as (_, regression):
        lines = regression.table(regression.store.read(regression.RESULTS).to_dataset())
    assert "\n".join(lines) in (STUDY / "README.md").read_text(encoding="utf-8")
