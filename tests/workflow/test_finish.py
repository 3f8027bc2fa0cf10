"""From a refinement to its result: what its rule doubts is its outcome, and all of it is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr

from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow import finish as module
from sopr_uq.workflow.finish import finish

R = np.arange(3.0, 12.0, 0.1)
PROBLEM = Problem(
    (Liquid(StatePoint(120.0, 0.018, 39.948), (Observation("g", R, np.ones(R.size)),)),),
    lennard_jones(3.4, 0.24),
    RefineSettings(),
)


def finished(monkeypatch: pytest.MonkeyPatch, outcome: str, **attrs: str) -> xr.DataTree:
    """What becomes of a result whose rule concludes with one group."""

    def assemble(config, rule, refinement) -> xr.DataTree:
        tree = xr.DataTree.from_dict({"posterior": xr.Dataset({"noise": 0.01})})
        tree.attrs |= {"outcome": outcome, "message": "as the loop ended", "warning": ""}
        return tree

    monkeypatch.setattr(module, "assemble", assemble)
    group = xr.Dataset({"passed": 0}, attrs=attrs)
    rule = SimpleNamespace(problem=PROBLEM, conclude=lambda past, posterior: {"check": group})
    return finish(None, rule, SimpleNamespace(iterations=(), past=()))


@pytest.mark.parametrize("outcome", ["converged", "max_iterations"])
def test_what_has_ended_but_is_doubted_is_doubtful(monkeypatch, outcome: str) -> None:
    found = finished(monkeypatch, outcome, doubt="30 % of g unexplained")
    assert found.attrs["outcome"] == "doubtful"
    assert found.attrs["message"] == "30 % of g unexplained"
    assert "30 % of g unexplained" in found.attrs["warning"]
    assert "doubt" not in found["check"].attrs, "said once, at the root"


@pytest.mark.parametrize("outcome", ["converged", "max_iterations", "doubtful"])
def test_what_no_potential_explains_is_no_answer(monkeypatch, outcome: str) -> None:
    """Whatever else is doubted."""
    found = finished(monkeypatch, outcome, unexplained="30 % of g unexplained", doubt="few draws")
    assert found.attrs["outcome"] == "unexplained"
    assert found.attrs["message"] == "30 % of g unexplained"
    assert found.attrs["warning"] == "few draws 30 % of g unexplained"
    assert "unexplained" not in found["check"].attrs, "said once, at the root"


def test_where_simulations_failed_nothing_is_said_of_the_data(monkeypatch) -> None:
    found = finished(monkeypatch, "simulation_failed", unexplained="30 % of g unexplained")
    assert found.attrs["outcome"] == "simulation_failed"


@pytest.mark.parametrize("outcome", ["simulation_failed", "doubtful"])
def test_another_outcome_stays_and_the_doubt_is_told(monkeypatch, outcome: str) -> None:
    found = finished(monkeypatch, outcome, doubt="30 % of g unexplained")
    assert (found.attrs["outcome"], found.attrs["message"]) == (outcome, "as the loop ended")
    assert "30 % of g unexplained" in found.attrs["warning"]


def test_without_a_doubt_nothing_changes(monkeypatch) -> None:
    found = finished(monkeypatch, "converged", doubt="", warning="a curve ends early")
    assert found.attrs["outcome"] == "converged"
    assert found.attrs["message"] == "as the loop ended"
    assert found.attrs["warning"] == "a curve ends early"
    assert "warning" not in found["check"].attrs
