"""Results made small."""

import numpy as np
import pytest

from sopr_uq.laws import load_ensemble
from sopr_uq.posterior.store import read, write
from sopr_uq.posterior.thin import thin


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
