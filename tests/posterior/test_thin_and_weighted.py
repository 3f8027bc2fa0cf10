"""Results made small, and draws weighed by an end check."""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.laws import load_ensemble
from sopr_uq.posterior.store import read, write
from sopr_uq.posterior.thin import thin
from sopr_uq.posterior.weighted import resampled_index, weighed


@pytest.fixture
def result(refined):
    return read(refined["Xe"] / "result.nc")


def test_a_thinned_result_keeps_descriptors_and_labels(result):
    small = thin(result, draws=20)
    assert small["posterior"]["potential"].size == 20 * result["posterior"].sizes["r"]
    assert small["derived"]["sigma"].shape == result["derived"]["sigma"].shape
    assert small["posterior"]["potential"].dtype == np.float32
    assert small["posterior"]["r"].dtype == np.float64
    kept = {"chain": small["posterior"]["chain"], "draw": small["posterior"]["draw"]}
    same = result["posterior"]["potential"].sel(kept)
    np.testing.assert_allclose(small["posterior"]["potential"], same, rtol=1e-6)
    assert set(small.children) == set(result.children)
    assert small.attrs["thinned"].startswith("20 of 100 draws")
    assert {k: v for k, v in small.attrs.items() if k != "thinned"} == result.attrs


def test_thinning_less_than_nothing_changes_no_number_much(result):
    same = thin(result, draws=10_000)
    assert same["posterior"].sizes == result["posterior"].sizes


def test_a_thinned_result_makes_the_same_ensemble(result, refined, tmp_path):
    path = tmp_path / "small.nc"
    write(thin(result, draws=10), path)
    small, whole = load_ensemble(path), load_ensemble(refined["Xe"])
    for name, draws in whole.draws.items():
        np.testing.assert_allclose(small.draws[name], draws, rtol=1e-6)


def with_weights(result, log_weight, k_hat=0.2):
    check = xr.Dataset({"log_weight": (("chain", "draw"), log_weight), "k_hat": k_hat})
    result["posterior_check"] = xr.DataTree(check)
    return result


def test_draws_come_as_often_as_their_weights_say(result):
    shape = result["derived"]["sigma"].shape
    log_weight = np.random.default_rng(1).normal(0.0, 1.5, shape)
    index = resampled_index(with_weights(result, log_weight))
    expected = np.exp(log_weight.ravel())
    expected *= expected.size / expected.sum()
    count = np.bincount(index, minlength=expected.size)
    # systematic resampling: never off by one or more
    assert np.all(np.abs(count - expected) < 1.0 + 1e-9)


def test_equal_weights_change_nothing(result):
    shape = result["derived"]["sigma"].shape
    index = resampled_index(with_weights(result, np.full(shape, -7.0)))
    np.testing.assert_array_equal(index, np.arange(index.size))


@pytest.mark.parametrize("k_hat", [0.71, np.inf])
def test_useless_weights_are_not_used(result, k_hat):
    shape = result["derived"]["sigma"].shape
    assert resampled_index(with_weights(result, np.zeros(shape), k_hat)) is None


def test_an_ensemble_is_weighed_and_knows_which_draws_it_took(result, tmp_path):
    sigma = result["derived"]["sigma"].values
    log_weight = np.where(sigma > np.median(sigma), 0.0, -np.inf)
    path = tmp_path / "weighed.nc"
    write(with_weights(result, log_weight), path)
    ensemble = load_ensemble(path)
    assert ensemble.draws["sigma"].shape == sigma.shape
    assert ensemble.draws["sigma"].min() > np.median(sigma)
    log_d, index = ensemble.log_draws("sigma")
    np.testing.assert_allclose(log_d, np.log(sigma.ravel()[index]))


@pytest.mark.parametrize("draws", [20, 10_000])
def test_every_group_is_weighed_alike(result, draws):
    """The weights favour wide atoms: the draws that come again are theirs, thinned or not."""
    sigma = result["derived"]["sigma"]
    small = thin(with_weights(result, 30.0 * (sigma.values - sigma.values.mean())), draws)
    again = weighed(small, "derived")["sigma"]
    assert set(again.values.ravel()) <= set(small["derived"]["sigma"].values.ravel())
    w = np.exp(30.0 * (sigma.values - sigma.values.mean()))
    assert float(again.mean()) == pytest.approx(np.sum(w * sigma.values) / w.sum(), abs=1e-3)
    potential = weighed(small, "posterior")["potential"]
    assert potential.dims == small["posterior"]["potential"].dims
    rows = {
        v.tobytes()
        for v in small["posterior"]["potential"].values.reshape(-1, potential.sizes["r"])
    }
    assert {v.tobytes() for v in potential.values.reshape(-1, potential.sizes["r"])} <= rows


def test_bad_weights_are_not_used_anywhere(result):
    tree = with_weights(result, result["derived"]["sigma"].values, k_hat=0.71)
    xr.testing.assert_identical(weighed(tree, "derived"), result["derived"].to_dataset())
