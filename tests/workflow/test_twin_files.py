"""A twin of a study is refined into its file, a failing one too, and summarised from it."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import SimulationFailed
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow.twin_files import gathered, percent_held, refine_to_file
from sopr_uq.workflow.twins import Measurement, make_twin

ENGINE = IntegralEquationEngine(EngineSettings(name="integral_equation"))


class Broken(IntegralEquationEngine):
    """An engine in which nothing can be simulated."""

    def run(self, setup, progress=None):
        raise SimulationFailed("nothing can be simulated here")


def argon() -> Problem:
    r = np.arange(2.9, 10.0, 0.1)
    state = StatePoint(150.0, 0.017, 39.948)
    return Problem(
        (Liquid(state, (Observation("g", r, np.ones(r.size)),)),),
        lennard_jones(3.35, 0.25),
        RefineSettings(chains=2, tune=100, draws=50, max_iterations=3, round_size=2),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    problem = argon()
    truth = lennard_jones(3.38, 0.24).energy(problem.r)
    twin = make_twin(problem, truth, ENGINE, Measurement(0.01, 0.0, 0.0, 0.0), seed=1)
    place = tmp_path_factory.mktemp("twins")
    good = refine_to_file(twin, ENGINE, place / "argon-000.nc")
    bad = refine_to_file(twin, Broken(EngineSettings()), place / "argon-001.nc")
    return place, good, bad


def test_what_failed_is_kept_as_such_and_holds_nothing(folder):
    place, good, bad = folder
    assert good != "failed"
    assert bad == "failed"
    found = gathered(place, "argon", ("outcome", "iterations"))
    assert found["outcome"].values.tolist() == [good, "failed"]
    assert np.isnan(found["rank"].values[1]).all()
    one = found.isel(twin=0).sel(quantity="sigma")
    assert float(one["truth"]) == pytest.approx(3.38, abs=1e-3)
    assert float(one["start"]) == pytest.approx(3.35, abs=1e-3)
    assert 0.0 <= float(one["rank"]) <= 1.0
    assert gathered(place, "krypton", ()) is None


def test_errors_of_shares_are_between_twins_and_one_has_none():
    values = np.array([[1.0, 1.0, np.nan], [1.0, 0.0, 0.0], [np.nan] * 3])
    # 100 and 33 per cent: mean 67, half of their difference 33
    assert percent_held(values) == "67(33)"
    assert percent_held(values[:1]) == "100"
    assert percent_held(values[2:]) == "–"


def test_simulations_of_a_truth_are_averaged():
    """Of sixteen the error is a quarter; 71 numbers tell a root mean square to 9 %."""
    problem, exact = argon(), Measurement(0.0, 0.0, 0.0, 0.0)
    truth = lennard_jones(3.38, 0.24).energy(problem.r)
    noisy = IntegralEquationEngine(EngineSettings(particles=1000, blocks=10), sampling_error=0.05)

    def curve(engine, **changes):
        twin = make_twin(problem, truth, engine, exact, seed=3, **changes)
        return twin.problem.liquids[0].observations[0].value

    known = curve(ENGINE)
    one, many = (np.std(curve(noisy, replicas=n) - known) for n in (1, 16))
    assert many / one == pytest.approx(0.25, abs=0.08)
    with pytest.raises(SimulationFailed, match="nothing can be simulated"):
        curve(Broken(EngineSettings()), replicas=2)
