"""What is said of a result: the right words, every cost, and no number without draws behind it."""

import json

import numpy as np
import pytest
import xarray as xr

from sopr_uq.workflow.markdown import report
from sopr_uq.workflow.report import as_dict, facts, head, table

PASSED = {
    "predicted": 1.03, "predicted_p": 0.41, "left_out": 1.10, "k_hat": 0.31,
    "effective_draws": 812.0, "draws": 1000.0, "passed": 1, "runs": 20, "failed": 1,
}  # fmt: skip
FAILED = PASSED | {"k_hat": 1.4, "passed": 0}


def words(result):
    """Everything that is said of a result, as one text."""
    lines = [" ".join(row) for row in (head(result), *table(result), *facts(result))]
    return "\n".join([*lines, json.dumps(as_dict(result), ensure_ascii=False)])


def with_budget(result):
    share = xr.DataArray(
        [[0.38, 0.62], [0.3, 0.7]],
        dims=("descriptor", "source"),
        coords={"descriptor": ["sigma", "epsilon"], "source": ["measurement", "prior"]},
    )
    result["error_budget"] = xr.DataTree(xr.Dataset({"variance_share": share}))
    return result


def test_a_posterior_has_intervals_of_a_probability(small_result):
    result = small_result()
    assert head(result, 0.9) == ("quantity", "value (sd)", "90 % equal-tailed interval", "unit")
    sigma = as_dict(result, 0.9)["derived"]["sigma"]
    assert (sigma["prob"], sigma["interval"]) == (0.9, "equal-tailed")
    assert sigma["lower"] < sigma["mean"] < sigma["upper"]


def test_numbers_of_a_refinement_that_failed_say_so(small_result):
    result = small_result()
    assert "failed" not in head(result)[1]
    result.attrs["outcome"] = "simulation_failed"
    assert head(result)[1] == "value (sd), failed"


def test_a_smoothing_band_is_called_nothing_else(small_result):
    result = small_result("sopr")
    said = words(result).lower()
    assert "smoothing band" in said
    for word in ("equal-tailed", "credible", "95 % interval", "confidence", '"prob"'):
        assert word not in said
        # negative control: a posterior's are called so
    assert "equal-tailed" in words(small_result("newton"))
    assert as_dict(result)["derived"]["sigma"]["interval"] == "smoothing band"


def test_a_point_estimate_has_a_value_and_nothing_around_it(small_result):
    result = small_result("ibi", sigma=[[3.4]])
    assert table(result)[0] == ("σ", "3.4", "–", "Å")
    sigma = as_dict(result)["derived"]["sigma"]
    assert sigma["mean"] == 3.4
    assert [sigma[k] for k in ("sd", "lower", "upper", "interval")] == [None] * 4
    assert head(result)[1:3] == ("value", "no interval")


RNG = np.random.default_rng(3)
FEW = {
    "one draw again and again": np.full((2, 200), 4.81),
    "seven draws": RNG.choice(3.4 + 0.1 * RNG.standard_normal(7), (2, 200)),
    "undefined draws": np.where(np.arange(400).reshape(2, 200) % 20, np.nan, 3.4),
    "chains that hardly move": 3.4 + 0.001 * RNG.standard_normal((2, 200)).cumsum(axis=1),
}


@pytest.mark.parametrize("case", FEW)
def test_a_number_that_rests_on_a_handful_of_draws_is_not_printed(small_result, case):
    result = small_result(sigma=FEW[case])
    row, other = table(result)
    assert row[1].startswith("not determined (")
    assert row[1].endswith(" effective draws)")
    assert row[2] == "–"
    assert other[1].startswith("0.2"), "the other quantity has its draws"
    sigma = as_dict(result)["derived"]["sigma"]
    assert [sigma[k] for k in ("mean", "sd", "lower", "upper")] == [None] * 4
    assert sigma["reason"] == row[1]
    assert sigma["effective_draws"] < 50
    assert "reason" not in as_dict(result)["derived"]["epsilon"]


def test_enough_draws_are_enough(small_result):
    rng = np.random.default_rng(4)
    few, enough = (3.4 + 0.01 * rng.standard_normal((1, n)) for n in (45, 75))
    assert table(small_result(sigma=few))[0][1].startswith("not determined")
    assert table(small_result(sigma=enough))[0][1].startswith("3.4")


def test_every_cost_is_told(small_result):
    said = dict(facts(small_result()))
    assert "2 rounds, 8 simulations" in said["outcome"]
    assert said["time"] == "7 s; molecular dynamics: 8,000 steps, 17 s summed over processes"
    instant = small_result()
    instant["iterations/md_steps"] = instant["iterations/md_steps"] * 0.0
    assert dict(facts(instant))["time"] == "7 s; no molecular dynamics"
    old = small_result(old=True, check={"k_hat": 0.3, "failed": ("check", np.zeros(16))})
    said = dict(facts(old))
    assert "18 simulations" in said["outcome"]
    assert "16 simulations after the last round are not known" in said["time"]
    found = as_dict(old)
    assert (found["rounds"], found["simulations"], found["md_steps"]) == (2, 18, 72000)


@pytest.mark.parametrize("word", ["doubtful", "unexplained"])
def test_a_result_that_is_not_to_be_trusted_is_marked_everywhere(small_result, word):
    result = small_result(check=FAILED, outcome=word)
    said = dict(facts(result))
    assert said["outcome"].startswith(f"{word.upper()}, stopped after 2 rounds, 8 simulations")
    assert said["check"].startswith("NOT passed")
    assert head(result)[1] == f"value (sd), {word}"
    assert as_dict(result)["outcome"] == word
    # negative control
    assert word not in words(small_result(check=PASSED)).lower()


def test_errors_that_were_exceeded_are_told_to_programs(small_result):
    result = small_result()
    assert as_dict(result)["noise_over_stated"] == {}
    g = xr.DataArray(np.ones(3), dims="r_observed", attrs={"noise_over_stated": 3.1})
    result["observed_data"] = xr.DataTree(xr.Dataset({"g": g, "g_used": g.drop_attrs()}))
    assert as_dict(result)["noise_over_stated"] == {"g": 3.1}


def test_the_numbers_of_the_check_are_told(small_result):
    line = dict(facts(small_result(check=PASSED)))["check"]
    assert line == (
        "passed: the last round was predicted with χ² 1.03 per number, p 0.41, each run by the "
        "others with χ² 1.10 per number, k̂ 0.31, 812 of 1000 draws effective, 20 runs, 1 failed"
    )
    found = as_dict(small_result(check=PASSED))["check"]
    assert found == PASSED | {"passed": True}
    assert as_dict(small_result())["check"] is None


def test_numbers_that_there_are_not_are_not_told(small_result):
    result = small_result(check={"passed": 1, "predicted": np.nan, "k_hat": 0.3})
    assert as_dict(result)["check"] == {"passed": True, "k_hat": 0.3}
    assert dict(facts(result))["check"] == "passed: k̂ 0.30"
    json.dumps(as_dict(result), allow_nan=False)


def test_a_result_may_be_doubtful_for_another_reason_than_its_check(small_result):
    result = small_result(check=PASSED, outcome="doubtful")
    assert dict(facts(result))["check"].startswith("passed")
    assert dict(facts(result))["outcome"].startswith("DOUBTFUL")


def test_how_much_is_prior_is_told(small_result):
    said = dict(facts(with_budget(small_result())))
    assert said["prior"] == "of the variance are prior: 62 % of σ's, 70 % of ε's"
    assert "prior" not in dict(facts(small_result()))


@pytest.fixture
def whole(small_result):
    """A result with all that a report wants."""
    result = with_budget(small_result(check=PASSED))
    result.attrs |= {"settings": "{}", "versions": '{"numpy": "2"}', "inputs": "{}"}
    result["observed_data"] = xr.DataTree(xr.Dataset())
    stats = {"max_rhat": 1.01, "energy": (("chain", "draw"), np.zeros((2, 200)))}
    result["sample_stats"] = xr.DataTree(xr.Dataset(stats))
    result["prior"] = xr.DataTree(xr.Dataset(attrs={"sigma": 3.3500001, "sigma_sd": 0.05}))
    variants = ["as configured", "widths halved", "pressure error ×3"]
    columns = {
        "mean": [[3.4, 0.25], [3.41, 0.25], [3.4, 0.22]],
        "sd": [[0.01, 0.01], [0.005, 0.008], [0.01, 0.02]],
    }
    result["prior_sensitivity"] = xr.DataTree(
        xr.Dataset(
            {name: (("variant", "descriptor"), x) for name, x in columns.items()},
            {"variant": variants, "descriptor": ["sigma", "epsilon"]},
        )
    )
    return result


def test_a_report_lays_the_prior_open(whole):
    text = report(whole)
    assert "## Prior\n\n- sigma: 3.35\n- sigma_sd: 0.05\n" in text
    assert "| prior | σ / Å | ε / kcal/mol |" in text
    assert "| widths halved | 3.410(5) | 0.250(8) |" in text
    assert "that of ε, by 3.0 posterior sd (pressure error ×3)" in text
    assert "k̂ 0.31" in text
    assert "- sampler: max_rhat 1.01\n" in text
    assert "62 % of σ's" in text


def test_a_report_without_a_stored_prior_has_no_empty_sections(whole):
    bare = xr.DataTree.from_dict(
        {n: c.to_dataset() for n, c in whole.children.items() if "prior" not in n}
    )
    bare.attrs |= whole.attrs
    assert "## Prior" not in report(bare)
    assert "other priors" not in report(bare)
