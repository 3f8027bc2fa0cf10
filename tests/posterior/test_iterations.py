"""The course of a refinement as a dataset."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.protocol import Simulation, named
from sopr_uq.engine.series import Series
from sopr_uq.experiment.molecule import Pair
from sopr_uq.posterior.iterations import iterations_dataset
from sopr_uq.potentials import lennard_jones
from sopr_uq.refine.field import Field, Term
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.round import Run
from sopr_uq.refine.rule import RuleState, StepInfo

R = np.linspace(2.0, 10.0, 30)
LJ = lennard_jones(3.4, 0.24)
FIELD = Field((Term(Pair("A", "A"), LJ, LJ),), R)


def simulation(number: int, bins: int = 40) -> Simulation:
    rng = np.random.default_rng(number)
    blocks = rng.random((4, bins))
    zero = np.zeros(1)
    series = [
        Series.of_blocks("g A-A", 0.2 * (np.arange(bins) + 0.5), blocks, "1"),
        Series("pressure", zero, np.array([float(number)]), rng.random((4, 1)), "MPa"),
        Series("energy", zero, np.array([-1.0]), rng.random((4, 1)), "kcal/mol"),
    ]
    return Simulation(
        named(series), None, (100,), 1000 + number, seconds=3.0, rdf_seconds=1.0, engine="fake"
    )


def iteration(number: int, liquids: int = 1) -> Iteration:
    values = {"level": np.asarray(1.0 + number), "profile": np.zeros(3)}
    if number == 2:
        values["late"] = np.asarray(0.0)
    return Iteration(
        runs=(
            Run(
                np.full(R.size, float(number)),
                tuple(simulation(number + 10 * s) for s in range(liquids)),
            ),
        ),
        state=RuleState(number, np.zeros((1, R.size))),
        info=StepInfo(10.0**-number, 0.01, 0.5, number == 2, values=values),
        seconds=5.0,
    )


@pytest.fixture
def refinement() -> Refinement:
    return Refinement(tuple(iteration(n, liquids=2) for n in (0, 1, 2)), "converged", "")


def test_names_dimensions_and_units(refinement) -> None:
    ds = iterations_dataset(FIELD, refinement)
    assert ds["potential"].dims == ("iteration", "r")
    assert ds["g"].dims == ds["g_error"].dims == ("iteration", "r_g")
    numbers = {
        "misfit",
        "noise",
        "md_steps",
        "md_seconds",
        "seconds",
        "pressure",
        "energy",
        "level",
    }
    for name in numbers:
        assert ds[name].dims == ("iteration",)
    for name, unit in {
        "potential": "kcal/mol", "r": "angstrom", "r_g": "angstrom", "pressure": "MPa",
        "seconds": "s", "noise": "kcal/mol", "energy": "kcal/mol",
    }.items():  # fmt: skip
        assert ds[name].attrs["units"] == unit


def test_values_are_those_of_the_iterations(refinement) -> None:
    ds = iterations_dataset(FIELD, refinement)
    np.testing.assert_array_equal(ds["potential"].isel(r=0), [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(ds["misfit"], [1.0, 0.1, 0.01])
    np.testing.assert_array_equal(ds["level"], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(
        ds["g"].isel(iteration=1), refinement.iterations[1].simulations[0].g
    )
    np.testing.assert_array_equal(ds["md_seconds"], 4.0)
    np.testing.assert_array_equal(ds["rdf_seconds"], 2.0)
    np.testing.assert_array_equal(ds["iteration"], [0, 1, 2])
    errors = refinement.iterations[2].simulations[0].pressure_blocks.std(ddof=1) / 2
    assert float(ds["pressure_error"][2]) == pytest.approx(errors)


def test_the_sample_can_be_chosen(refinement) -> None:
    ds = iterations_dataset(FIELD, refinement, liquid=1)
    np.testing.assert_array_equal(ds["pressure"], [10.0, 11.0, 12.0])


def test_only_scalars_that_every_step_reports_are_kept(refinement) -> None:
    ds = iterations_dataset(FIELD, refinement)
    assert "profile" not in ds
    assert "late" not in ds
