"""What the default refinement leaves: the newton rule, from a shipped name to files."""

import numpy as np
import pytest

import sopr_uq
from sopr_uq.workflow.report import facts

QUICK = (
    "engine.name='integral_equation'", "refine.max_iterations=6", "refine.chains=2",
    "refine.tune=150", "refine.draws=60", "refine.grid_spacing=0.04",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, few_fluids):
    """Xenon, refined with nothing said about rule or data."""
    out = tmp_path_factory.mktemp("newton") / "xenon"
    with few_fluids():
        sopr_uq.run(sopr_uq.load_config("xenon-274K", QUICK), out=out)
    return out


def test_every_promised_group_is_there(folder):
    result = sopr_uq.load_result(folder)
    assert set(result.children) >= {
        "posterior", "derived", "posterior_predictive", "observed_data", "iterations",
        "sample_stats", "prior", "posterior_check", "error_budget",
    }  # fmt: skip
    assert result["prior/potential"].attrs["units"] == "kcal/mol"
    assert result.attrs["rule"] == "newton"
    assert {"g", "pressure"} <= set(result["observed_data"].data_vars)
    assert (folder / "figures" / "prior.png").is_file()
    assert "draws effective" in dict(facts(result))["check"]
    assert float(result["posterior_check"]["unexplained"].max()) < 0.05
    assert result.attrs["outcome"] != "unexplained"


def test_the_data_make_the_posterior_narrower_than_the_prior(folder):
    result = sopr_uq.load_result(folder)
    r = result["posterior/r"].values
    well = (r > 4.0) & (r < 7.0)
    sd = {
        name: result[f"{name}/potential"].std(("chain", "draw")) for name in ("prior", "posterior")
    }
    assert np.all(sd["posterior"].values[well] < 0.5 * sd["prior"].values[well])


def test_the_shares_of_the_error_budget_are_shares(folder):
    budget = sopr_uq.load_result(folder)["error_budget"]
    share = budget["variance_share"].values
    assert np.all(share >= 0)
    np.testing.assert_allclose(share.sum(axis=1), 1.0, atol=1e-6)
