"""From ensembles to laws and predictions: the whole chain on elements that keep a known law."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import element
from sopr_uq.inference.emcee_power_law import EnsembleSettings
from sopr_uq.inference.power_law import NutsSettings
from sopr_uq.laws import (
    Ensemble,
    FitSettings,
    Sampling,
    as_target,
    confront,
    fit_laws,
    law_curve,
    open_laws,
    predict,
    predictive_draws,
    save_laws,
)
from sopr_uq.laws.ensembles import prepare
from sopr_uq.posterior.store import write

UNITS = {"sigma": "angstrom", "epsilon": "kcal/mol"}
SHORT = Sampling(NutsSettings(4, 300, 500), EnsembleSettings(32, 200, 800, 5), seed=7)
SETTINGS = FitSettings(SHORT)


type Truth = dict[str, tuple[float, float]]


@pytest.fixture(scope="module")
def laws(ensembles: list[Ensemble]) -> xr.DataTree:
    return fit_laws(ensembles, SETTINGS)


def test_a_known_law_is_recovered(laws: xr.DataTree, truth: Truth) -> None:
    # each at 3.9 posterior sd: false alarm about 1e-4 a number
    table = laws["parameters"].to_dataset()
    for quantity, law in (("sigma", "qdo"), ("sigma", "free"), ("epsilon", "free")):
        for name, true in zip(("a", "b"), truth[quantity], strict=True):
            row = table.sel(quantity=quantity, law=law, parameter=name)
            if float(row["sd"]) > 1e-12:
                assert abs(float(row["mean"]) - true) < 3.9 * float(row["sd"]), (quantity, name)
    sd = table["sd"].sel(quantity="sigma", law="free", parameter="b")
    assert 0 < float(sd) < 0.02


def test_the_right_exponent_wins_and_the_wrong_one_is_seen_to_fail(laws: xr.DataTree) -> None:
    table = laws["comparison"].to_dataset().sel(quantity="sigma")
    probability = table["probability"]
    assert float(probability.sum()) == pytest.approx(1.0)
    assert float(probability.sel(law="qdo")) > 0.9
    assert float(probability.sel(law="classical")) < 1e-3
    assert float(table["loo"].sel(law="qdo")) > float(table["loo"].sel(law="free"))
    assert float(table["largest_z"].sel(law="classical")) > 3
    assert float(table["largest_z"].sel(law="qdo")) < 3


def test_priors_move_the_answer_little_where_data_speak(laws: xr.DataTree) -> None:
    table = laws["prior_sensitivity"].to_dataset()
    assert str(table["prior"].values[0]) == "default"
    assert table.sizes["prior"] == 5
    b = table.sel(quantity="sigma", law="free")
    shift = np.abs(b["b_mean"] - b["b_mean"].sel(prior="default"))
    assert float((shift / b["b_sd"].sel(prior="default")).max()) < 0.3
    tau = b["tau_mean"]
    assert float(tau.sel(prior="half the scatter")) < float(tau.sel(prior="twice the scatter"))


def test_both_samplers_agree_and_the_tree_says_so(laws: xr.DataTree) -> None:
    table = laws["agreement"].to_dataset()
    done = table["largest_z"].notnull()
    assert int(done.sum()) == 4
    assert bool((table["largest_z"] < table["limit"]).where(done, True).all())
    for path in ("sigma/qdo", "sigma/classical", "sigma/free", "epsilon/free"):
        attrs = laws[path].attrs
        assert attrs["divergences"] == 0
        assert attrs["max_rhat"] < 1.01


def test_every_group_names_its_interval_and_every_draw_its_unit(laws: xr.DataTree) -> None:
    for node in laws.subtree:
        if node.has_data or node.is_root:
            assert node.attrs["ci_kind"] == "eti"
            assert node.attrs["ci_prob"] == 0.95
    assert laws["sigma/free"]["a"].attrs["units"] == "angstrom / (angstrom3)^(b)"
    assert laws["sigma/qdo"].attrs["formula"] == "sigma = a alpha^(1/7)"
    assert laws.attrs["seed"] == 7


def test_draws_of_law_and_ensemble_stay_paired(
    laws: xr.DataTree, ensembles: list[Ensemble]
) -> None:
    """A draw of the law comes with draws of the ensembles that it fits; other draws do not."""
    posterior = laws["sigma/qdo"].to_dataset()
    for e, ensemble in enumerate(ensembles):
        index = posterior["draw_index"].isel(element=e).values
        d = np.log(ensemble.draws["sigma"].ravel())
        law = (posterior["log_a"] + posterior["b"] * np.log(ensemble.polarizability)).values
        shuffled = np.random.default_rng(e).permutation(index.ravel())
        paired, other = (np.corrcoef(law.ravel(), d[i])[0, 1] for i in (index.ravel(), shuffled))
        # 2000 independent draws correlate by more than 0.09 with probability 6e-5
        assert paired > 0.09 > abs(other)


def test_a_change_of_units_changes_only_the_prefactor(ensembles: list[Ensemble]) -> None:
    """Sizes in nm instead of Å: same mixtures about another level, so the same density."""
    scaled = [
        replace(e, draws={"sigma": 0.1 * e.draws["sigma"], "epsilon": 4.184 * e.draws["epsilon"]})
        for e in ensembles
    ]
    for quantity, factor in (("sigma", 0.1), ("epsilon", 4.184)):
        before, after = prepare(ensembles, quantity), prepare(scaled, quantity)
        np.testing.assert_allclose(after.level - before.level, np.log(factor), rtol=1e-12)
        for name, value in before.data.arrays().items():
            shift = np.log(factor) if name in ("points", "mean") else 0.0
            np.testing.assert_allclose(after.data.arrays()[name], value + shift, atol=1e-9)


def test_change_of_units_from_end_to_end(ensembles: list[Ensemble], laws: xr.DataTree) -> None:
    scaled = [replace(e, draws={"sigma": 0.1 * e.draws["sigma"]}) for e in ensembles]
    quiet = replace(SHORT, ensemble=None)
    other = fit_laws(scaled, FitSettings(quiet))
    before, after = laws["sigma/free"].to_dataset(), other["sigma/free"].to_dataset()
    np.testing.assert_allclose(after["a"], 0.1 * before["a"], rtol=1e-6)
    for name in ("b", "tau"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5, atol=1e-9)


def test_predictions_have_the_documented_form_and_survive_json(laws: xr.DataTree) -> None:
    found = predict(laws, ["He", "Rn", "Og", (5.19, 0.30)])
    assert list(found) == ["He", "Rn", "Og", "5.19±0.3"]
    for by_quantity in found.values():
        assert list(by_quantity) == ["sigma", "epsilon"]
        for name, row in by_quantity.items():
            keys = ["mean", "sd", "lower", "upper", "prob", "unit", "rests_on", "doubtful"]
            assert list(row) == keys
            assert row["lower"] < row["mean"] < row["upper"]
            assert row["prob"] == 0.95
            assert row["unit"] == UNITS[name]
    assert json.loads(json.dumps(found)) == found


def test_predictions_cover_the_law_that_made_the_elements(laws: xr.DataTree, truth: Truth) -> None:
    # four intervals of 99.99 %: false alarm 4e-4
    for symbol, row in predict(laws, ["He", "Rn"], ci_prob=0.9999).items():
        alpha = element(symbol).polarizability().value
        for quantity, (a, b) in truth.items():
            assert row[quantity]["lower"] < a * alpha**b < row[quantity]["upper"]


def test_prediction_contains_the_scatter_and_the_error_of_the_polarizability(
    laws: xr.DataTree,
) -> None:
    posterior = laws["epsilon/free"].to_dataset()
    log_alpha = np.log(4.0)
    law = (posterior["log_a"] + posterior["b"] * log_alpha).values
    exact = np.log(predictive_draws(laws, as_target((4.0, 0.0)))["epsilon"])
    loose = np.log(predictive_draws(laws, as_target((4.0, 0.4)))["epsilon"])
    scatter = float((posterior["tau"] ** 2).mean())
    # variances add; 2000 draws give each to about 5 %, heavy tails of τ to 15 %
    assert float(exact.var()) == pytest.approx(law.var() + scatter, rel=0.25)
    b = float(posterior["b"].mean())
    assert float(loose.var() - exact.var()) == pytest.approx((0.1 * b) ** 2, rel=0.4)


def test_quantities_share_the_draws_of_alpha(laws: xr.DataTree) -> None:
    draws = np.log(predictive_draws(laws, as_target((4.0, 1.0))))
    both = np.corrcoef(draws["sigma"].values.ravel(), draws["epsilon"].values.ravel())[0, 1]
    assert both > 0.5


def test_prediction_by_another_law_differs_where_it_extrapolates(laws: xr.DataTree) -> None:
    sigma = {name: predict(laws, ["He"], law=name)["He"]["sigma"] for name in ("qdo", "classical")}
    assert sigma["classical"]["mean"] < sigma["qdo"]["mean"]
    free = predict(laws, ["He"], law="free")["He"]
    assert free["sigma"]["sd"] > sigma["qdo"]["sd"]
    assert free["epsilon"] == predict(laws, ["He"])["He"]["epsilon"]


def test_polarizability_set_matters_where_they_differ(laws: xr.DataTree) -> None:
    both = [
        predict(laws, ["Rn"], polarizabilities=p)["Rn"]["sigma"] for p in ("recommended", "qdo")
    ]
    assert both[0]["mean"] != both[1]["mean"]
    assert both[0]["sd"] > both[1]["sd"]


def test_curve_holds_its_prediction_and_widens_outward(laws: xr.DataTree) -> None:
    curve = law_curve(laws, "sigma", [0.205, 1.642, 8.6], law="free")
    width = curve["upper"] - curve["lower"]
    assert float(width[1]) < min(float(width[0]), float(width[2]))
    assert np.all(curve["element_lower"] < curve["lower"])
    assert np.all(curve["element_upper"] > curve["upper"])
    row = predict(laws, [(8.6, 0.0)], law="free")["8.6"]["sigma"]
    assert float(curve["element_upper"][2]) == pytest.approx(row["upper"], rel=0.03)


def test_confronting_a_number_with_draws(laws: xr.DataTree) -> None:
    draws = predictive_draws(laws, as_target("He"))
    median = float(np.exp(np.log(draws["sigma"]).mean()))
    table = confront(draws, {"sigma": median, "epsilon": 10.0, "r_vdw": 3.0})
    assert list(table["quantity"].values) == ["sigma", "epsilon"]
    assert float(table["z"][0]) == pytest.approx(0.0, abs=1e-9)
    assert float(table["z"][1]) > 5
    assert float(table["percentile"][1]) == 1.0


def test_laws_survive_their_file(laws: xr.DataTree, tmp_path: Path) -> None:
    path = tmp_path / "laws.nc"
    save_laws(laws, path)
    back = open_laws(path)
    assert predict(back, ["He", "Og"]) == predict(laws, ["He", "Og"])
    xr.testing.assert_allclose(back["parameters"].to_dataset(), laws["parameters"].to_dataset())
    write(xr.DataTree(xr.Dataset(attrs={"kind": "other"})), path)
    with pytest.raises(InputError, match="expected laws"):
        open_laws(path)


def test_unknown_targets_are_refused(laws: xr.DataTree) -> None:
    with pytest.raises(InputError, match="He, Ne, Ar"):
        predict(laws, ["Xx"])
    with pytest.raises(InputError, match="positive number"):
        predict(laws, [(-1.0, 0.0)])
    with pytest.raises(InputError, match="qdo, classical, free"):
        predict(laws, ["He"], law="quantum")
    with pytest.raises(InputError, match="positive numbers"):
        law_curve(laws, "sigma", [0.0, 1.0])
    with pytest.raises(InputError, match="quantity"):
        law_curve(laws, "d_hp", [1.0])
