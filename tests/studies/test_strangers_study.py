"""The strangers' study: how it counts, and its README against what is stored."""

import numpy as np
import pytest


@pytest.fixture(scope="module")
def study(modules_of):
    """The study's own modules."""
    names = ("plan", "errors", "stripped", "tables")
    with modules_of("strangers", *names) as modules:
        yield dict(zip(names, modules, strict=True))


def test_twins_are_counted_and_not_their_numbers(study):
    """Four equal numbers a twin say no more than one, and the error knows it."""
    rank = np.random.default_rng(1).random((400, 1))
    share, error = study["tables"].holds(np.repeat(rank, 4, axis=1), 0.95)
    assert error == pytest.approx(100 * np.sqrt(0.95 * 0.05 / 400), rel=0.3)
    assert abs(share - 95.0) < 4 * error
    assert study["tables"].holds(np.random.default_rng(1).random((400, 4)), 0.95)[1] < 0.6 * error


def test_nothing_is_told_but_state_and_a_rough_start(study):
    campaign = study["plan"].WORLDS["fast"].campaign("argon-85K")
    problem = campaign.problem
    assert problem.prior.sigma == pytest.approx(1.03 * 3.40)
    assert problem.sigma == pytest.approx(problem.prior.sigma, rel=1e-3)
    assert problem.first_epsilon <= problem.prior.epsilon * 1.001


def test_the_readme_says_what_is_stored(study, filled_again):
    stored, again = filled_again("strangers", study["tables"].fill)
    assert again == stored
