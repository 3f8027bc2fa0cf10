"""A stored result in ArviZ's hands: two states of one liquid, three measurements, as it is."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr

from sopr_uq import load_config, run
from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.posterior.store import read, write
from sopr_uq.posterior.thin import thin
from sopr_uq.potentials import Mie

az = pytest.importorskip("arviz")
mpl.use("Agg")

STATES = {"near": StatePoint(290.0, 0.0088, 131.29), "hot": StatePoint(350.0, 0.0085, 131.29)}
R = np.arange(3.2, 12.0, 0.15)
CONFIG = """
[system]
name = "xenon"
temperature = 290.0
density = 0.0088
mass = 131.29
[reference]
form = "lennard-jones"
sigma = 3.89
epsilon = 0.47
[[observe]]
kind = "g"
file = "near.csv"
[refine]
rule = "newton"
max_iterations = 4
round_size = 2
chains = 2
tune = 150
draws = 100
[engine]
name = "integral_equation"
[[state]]
name = "hotter"
temperature = 350.0
density = 0.0085
[[state.observe]]
kind = "g"
file = "hot.csv"
[[state.observe]]
kind = "pressure"
value = PRESSURE
error = 1.0
"""
OF_POSTERIOR = (
    "posterior", "sample_stats", "log_likelihood", "log_prior", "posterior_predictive",
    "derived", "structure",
)  # fmt: skip
NUMBERS = ["sigma", "epsilon", "width", "noise"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The result file of a twin."""
    folder = tmp_path_factory.mktemp("arviz")
    engine, rng = IntegralEquationEngine(EngineSettings(particles=800)), np.random.default_rng(1)
    for name, state in STATES.items():
        exact = engine.run(Setup.of(Mie(3.92, 0.48, 12.5), state, seed=1))
        g = np.interp(R, exact.r, exact.g) + 0.01 * rng.standard_normal(R.size)
        np.savetxt(folder / f"{name}.csv", np.column_stack([R, g]), delimiter=",")
    text = CONFIG.replace("PRESSURE", f"{exact.pressure:.2f}")
    (folder / "xenon.toml").write_text(text)
    write(run(load_config(folder / "xenon.toml")), folder / "result.nc")
    return folder / "result.nc"


@pytest.fixture(scope="module")
def stored(path):
    """As xarray opens it, without a word of this package."""
    with xr.open_datatree(path) as tree:
        yield tree.load()


def test_every_group_has_the_same_draws(stored) -> None:
    for name in OF_POSTERIOR:
        group = stored[name].to_dataset()
        assert (group.sizes["chain"], group.sizes["draw"]) == (2, 100), name
        assert np.array_equal(group["draw"], stored["posterior"]["draw"])
    assert set(stored["prior_predictive"]["draw"].values) <= set(stored["prior"]["draw"].values)


def test_predictions_have_names_and_dimensions_of_the_observed(stored) -> None:
    observed = stored["observed_data"].to_dataset()
    assert set(observed.data_vars) == {"g", "g_2", "pressure"}
    for name in ("posterior_predictive", "prior_predictive"):
        predicted = stored[name].to_dataset()
        assert set(predicted.data_vars) == set(observed.data_vars)
        for key, values in observed.data_vars.items():
            assert predicted[key].dims == ("chain", "draw", *values.dims)
            np.testing.assert_array_equal(predicted[key][values.dims[0]], values[values.dims[0]])
            assert np.isfinite(predicted[key]).all()


def test_replicas_look_like_the_measurement(stored) -> None:
    """p-values of the mean square about the mean replica; both tails of 0.001."""
    predicted, observed = (
        stored[name].to_dataset() for name in ("posterior_predictive", "observed_data")
    )
    for name in ("g", "g_2"):
        y = predicted[name].stack(every=("chain", "draw"))
        centre = y.mean("every")
        dim = observed[name].dims[0]
        size = ((y - centre) ** 2).mean(dim)
        seen = float(((observed[name] - centre) ** 2).mean(dim))
        assert size.quantile(0.0005) < seen < size.quantile(0.9995)
        smoothed = size.quantile(0.9995) < float(((observed[name] + 0.05 - centre) ** 2).mean(dim))
        assert smoothed, "negative control"


def test_constants_are_what_was_given(stored) -> None:
    constant = stored["constant_data"].to_dataset()
    assert constant["temperature"].values.tolist() == [290.0, 350.0]
    assert constant["density"].attrs["units"] == "angstrom-3"
    assert constant["g_table"].size == R.size
    assert constant["g_used"].dtype == np.int8
    assert constant["pressure_error"].values.tolist() == [1.0]


def test_data_have_names_and_places(stored) -> None:
    data = stored["log_likelihood"]["data"]
    observed = stored["observed_data"].to_dataset()
    for name, values in observed.data_vars.items():
        mine = data["observation"].values == name
        np.testing.assert_array_equal(data["x"].values[mine], values[values.dims[0]])
    assert data.sizes["datum"] == sum(x.size for x in observed.data_vars.values())


def test_attributes_are_as_arviz_writes_them(stored) -> None:
    wanted = set(az.from_dict({"posterior": {"x": np.zeros((2, 5))}})["posterior"].attrs)
    assert wanted
    for name in ("posterior", "log_likelihood", "sample_stats", "prior", "posterior_predictive"):
        attrs = stored[name].attrs
        assert wanted <= set(attrs), name
        assert list(attrs["sample_dims"]) == ["chain", "draw"]
        assert attrs["inference_library"] == "nutpie"


def test_statistics_of_the_sampler_are_there(stored) -> None:
    stats = stored["sample_stats"].to_dataset()
    for name in ("diverging", "lp", "energy", "tree_depth", "step_size", "sampler_draw"):
        assert stats[name].dims == ("chain", "draw")
    assert stats["diverging"].dtype == bool
    assert np.all(np.diff(stats["sampler_draw"].values.ravel()) >= 0)
    assert float(stats["min_bfmi"]) > 0.3
    assert int(stats["divergences"]) >= 0


def test_summary(stored) -> None:
    found = az.summary(stored, var_names=NUMBERS)
    assert len(found) == 5
    assert abs(float(found.loc["sigma", "mean"]) - 3.92) < 0.1
    assert float(az.summary(stored, group="derived").loc["sigma", "mean"]) == float(
        found.loc["sigma", "mean"]
    )


def test_plots(stored) -> None:
    az.plot_trace(stored, var_names=NUMBERS)
    az.plot_ppc_dist(stored)
    az.plot_ppc_dist(stored, group="prior_predictive", num_samples=10)
    az.plot_energy(stored)
    az.plot_prior_posterior(stored, var_names=["potential"], coords={"r": [stored_r(stored)]})
    mpl.pyplot.close("all")


def stored_r(stored) -> float:
    return float(stored["posterior"]["r"][40])


LOO = pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto:UserWarning")
"""A flexible potential leaves some data that few others speak of."""


@LOO
def test_loo_and_compare(stored, path, tmp_path) -> None:
    """The truth's own result beats one whose noise is taken for a tenth of what it is."""
    found = az.loo(stored, pointwise=True)
    data = stored["log_likelihood"]["data"]
    assert found.n_data_points == data.sizes["datum"]
    assert np.isfinite(found.elpd)
    assert 0.0 < found.p < data.sizes["datum"]
    worse = stored.copy()
    worse["log_likelihood/data"] = data - 0.5
    ranked = az.compare({"mine": stored, "worse": worse})
    assert list(ranked.index) == ["mine", "worse"]


def test_psense_summary(stored) -> None:
    """The data say where the potential is; the prior of its Mie form does so less."""
    found = az.psense_summary(stored, var_names=NUMBERS, prior_var_names=["mie"])
    assert np.isfinite(found[["prior", "likelihood"]].to_numpy(dtype=float)).all()
    assert found.loc["sigma", "likelihood"] > found.loc["sigma", "prior"]
    assert len(az.psense_summary(stored, var_names=NUMBERS)) == 5


def test_a_thinned_result_still_has_groups_alike(path, tmp_path) -> None:
    small = thin(read(path), draws=50)
    write(small, tmp_path / "small.nc")
    with xr.open_datatree(tmp_path / "small.nc") as tree:
        for name in set(OF_POSTERIOR) - {"derived"}:
            assert tree[name].sizes["draw"] == 25, name
            assert np.array_equal(tree[name]["draw"], tree["posterior"]["draw"])
        az.plot_ppc_dist(tree.load(), num_samples=20)
    mpl.pyplot.close("all")
