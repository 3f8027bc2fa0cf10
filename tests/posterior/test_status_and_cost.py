"""What a result may be taken for, and what it has cost; of old files and of new ones."""

import numpy as np
import pytest
import xarray as xr

from sopr_uq.posterior.cost import cost
from sopr_uq.posterior.status import (
    interval_kind,
    interval_name,
    is_doubtful,
    kind_of_band,
    outcome,
    reserve,
)

OLD_CHECK = {"failed": ("check", np.zeros(16)), "effective_draws": 7.0}


@pytest.mark.parametrize("said", ["converged", "max_iterations", "simulation_failed", "doubtful",
                                  "unexplained"])  # fmt: skip
def test_an_outcome_without_a_check_is_what_is_said(small_result, said):
    assert outcome(small_result(outcome=said)) == said


@pytest.mark.parametrize(
    ("check", "doubted"),
    [
        ({"passed": 1, "k_hat": 0.9}, False),  # the check itself decides where it says so
        ({"passed": 0, "k_hat": 0.2}, True),
        (OLD_CHECK | {"k_hat": 0.7}, False),
        (OLD_CHECK | {"k_hat": 0.71}, True),
        (OLD_CHECK | {"k_hat": np.inf}, True),
        (OLD_CHECK | {"k_hat": np.nan}, True),
        (OLD_CHECK, True),
    ],
)
def test_a_check_that_was_not_passed_makes_a_result_doubtful(small_result, check, doubted):
    for said in ("converged", "max_iterations"):
        result = small_result(check=check, outcome=said)
        assert is_doubtful(result) == doubted
        assert outcome(result) == ("doubtful" if doubted else said)
    assert outcome(small_result(check=check, outcome="simulation_failed")) == "simulation_failed"
    assert outcome(small_result(check=check, outcome="doubtful")) == "doubtful"
    assert outcome(small_result(check=check, outcome="unexplained")) == "unexplained"


@pytest.mark.parametrize(
    ("rule", "kind"), [("newton", "posterior"), ("sopr", "smoothing"), ("ibi", "none")]
)
def test_a_band_is_what_the_file_says_and_of_old_files_what_the_rule_gives(
    small_result, rule, kind
):
    result = small_result(rule)
    assert kind_of_band(result) == kind
    for said in ("posterior", "smoothing", "none"):
        result.attrs["band"] = said
        assert kind_of_band(result) == said


def test_what_is_not_to_be_trusted_has_a_word_for_it(small_result):
    words = {"doubtful": "doubtful", "unexplained": "unexplained", "simulation_failed": "failed"}
    for said, word in words.items():
        result = small_result(outcome=said)
        assert (reserve(result), is_doubtful(result)) == (word, True)
    for said in ("converged", "max_iterations"):
        result = small_result(outcome=said)
        assert (reserve(result), is_doubtful(result)) == ("", False)


def test_only_a_posterior_has_an_interval_with_a_probability():
    assert interval_name("posterior", 0.9) == "90 % equal-tailed interval"
    assert interval_kind("posterior") == "equal-tailed"
    assert "interval" not in interval_name("smoothing", 0.9)
    assert interval_kind("smoothing") == "smoothing band"
    assert (interval_kind("none"), interval_name("none", 0.9)) == (None, "no interval")


def test_every_simulation_is_counted(small_result):
    paid = cost(small_result())
    assert paid == (2, 8, 8000, 17.0, 7.0, 0)


def test_old_files_had_one_run_a_round_and_state_and_a_check_afterwards(small_result):
    result = small_result(old=True)
    assert cost(result)[:3] == (2, 2, 8000)
    result = small_result(old=True, check=OLD_CHECK)
    paid = cost(result)
    assert (paid.simulations, paid.md_steps, paid.untimed) == (18, 18 * 4000, 16)
    result["iterations_2"] = xr.DataTree(result["iterations"].to_dataset())
    paid = cost(result)
    assert (paid.rounds, paid.simulations, paid.md_steps) == (2, 4 + 32, 9 * 8000)


def test_a_check_that_is_part_of_the_rounds_is_not_counted_twice(small_result):
    result = small_result(check={"passed": 1, "runs": 8, "failed": 1})
    assert cost(result).simulations == 8
