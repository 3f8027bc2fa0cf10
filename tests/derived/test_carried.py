"""Directions of a posterior, the draws that span them, and what they say of all others."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.derived.carried import carry
from sopr_uq.derived.directions import Directions, Felt
from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import PROPERTIES
from sopr_uq.observables.simulated_liquid import Reading
from sopr_uq.potentials import Mie
from sopr_uq.rng import stream

STATE = StatePoint(85.0, 0.02125, 39.948)
R = np.arange(2.6, 10.0, 0.05)


@pytest.fixture(scope="module")
def directions():
    """Of 300 Mie potentials."""
    rng = stream(1, "posterior")
    draws = [
        Mie(3.4 + 0.02 * a, 0.24 + 0.01 * b, 12.0 + c).energy(R)
        for a, b, c in rng.standard_normal((300, 3))
    ]
    return Directions.of(R, [Felt(np.array(draws), STATE.density)], STATE.beta)


def test_three_parameters_are_three_directions(directions):
    variance = np.mean(directions.scores**2, axis=0)
    assert variance.sum() == pytest.approx(1.0, abs=1e-4)
    assert variance[:3].sum() > 0.99
    np.testing.assert_allclose(directions.scores.mean(axis=0), 0.0, atol=1e-9)


def test_scores_follow_the_unit_of_nothing(directions):
    """A finer table of the same potentials has the same coordinates."""
    fine = np.arange(2.6, 9.951, 0.025)
    rng = stream(1, "posterior")
    draws = [
        Mie(3.4 + 0.02 * a, 0.24 + 0.01 * b, 12.0 + c).energy(fine)
        for a, b, c in rng.standard_normal((300, 3))
    ]
    other = Directions.of(fine, [Felt(np.array(draws), STATE.density)], STATE.beta)
    np.testing.assert_allclose(
        np.abs(other.scores[:, :2]), np.abs(directions.scores[:, :2]), atol=0.02
    )


def _mean_variance(directions, chosen, noise=0.03):
    rows = np.concatenate([np.ones((300, 1)), directions.scores], axis=1)
    prior = np.diag([0.01, *np.ones(directions.scores.shape[1])])
    covariance = np.linalg.inv(prior + rows[chosen].T @ rows[chosen] / noise)
    return np.mean(np.sum(rows @ covariance * rows, axis=1))


def test_the_spread_says_more_than_chance(directions):
    chosen = directions.spread(16)
    assert len(set(chosen.tolist())) == 16
    rng = stream(2, "chance")
    chance = [_mean_variance(directions, rng.choice(300, 16, replace=False)) for _ in range(50)]
    assert _mean_variance(directions, chosen) < min(chance)
    assert _mean_variance(directions, np.arange(16)) > _mean_variance(directions, chosen)


def test_more_draws_begin_with_fewer(directions):
    assert directions.spread(20)[:8].tolist() == directions.spread(8).tolist()


def test_one_potential_has_no_directions():
    same = np.repeat(Mie(3.4, 0.24, 12.0).energy(R)[None], 5, axis=0)
    with pytest.raises(InputError, match="point estimate"):
        Directions.of(R, [Felt(same, STATE.density)], STATE.beta)


@pytest.mark.parametrize("number", [3, 301])
def test_draws_that_there_are_not(directions, number):
    with pytest.raises(InputError, match="from 4 to 300"):
        directions.spread(number)


@pytest.mark.parametrize("name", ["pressure", "diffusion"])
def test_few_speak_for_all(directions, name):
    """A straight world, in the logarithm of D: all draws are right; a tail is added as known."""
    slopes = stream(3, "slopes").standard_normal(directions.scores.shape[1])
    known = 0.1 * stream(4, "known").standard_normal(300)
    truth = 0.1 * directions.scores @ slopes + 1.0
    if name == "diffusion":
        truth, known = np.exp(truth), np.zeros(300)
    chosen = directions.spread(16)
    reading = Reading(np.zeros(1), (truth + known)[chosen, None], np.zeros(1))
    found = carry(PROPERTIES[name], reading, directions, chosen, stream(5, "error"), known=known)
    np.testing.assert_allclose(found.mean[:, 0], truth + known, atol=2e-4)
    np.testing.assert_allclose(found.draws[:, 0], truth + known, atol=2e-3)
    assert found.sampling[0] < 1e-3
    assert np.std(truth) > 0.03, "negative control: there was something to tell"


def test_what_all_runs_share_is_in_the_draws(directions):
    chosen = directions.spread(16)
    reading = Reading(np.zeros(1), np.ones((16, 1)), np.full(1, 1e-12), common=0.2)
    found = carry(PROPERTIES["pressure"], reading, directions, chosen, stream(6, "error"))
    assert found.draws.std() == pytest.approx(0.2, rel=0.15)
    assert found.mean.std() < 1e-6
