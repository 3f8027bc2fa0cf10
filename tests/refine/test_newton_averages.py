"""Which simulations the posterior averages: those that agree, by how much they know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.potentials import Mie
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.answer import well_of
from sopr_uq.refine.newton.averaging import weights
from sopr_uq.refine.newton.linear import LinearModel

pytestmark = pytest.mark.usefixtures("short_grid")

SEEDS = range(1, 6)
NEAR, FAR = Mie(3.40, 0.238, 13.0), Mie(3.36, 0.28, 12.0)


@pytest.fixture(scope="module")
def rule(liquid) -> Newton:
    return Newton(liquid.problem(liquid.measured(NEAR, 0.01, seed=1), rule="newton"))


def concluded(rule: Newton, models: list[LinearModel]) -> LinearModel:
    """Their average, weighed about the posterior that the last of them gives alone."""
    conditioner = rule.conditioner
    fit = conditioner.fit(models[-1], conditioner.prior.centre)
    error = rule.problem.prior.jacobian_error
    share = weights(models, fit.mean, fit.ruler(well_of(conditioner)), error)
    return LinearModel.average(models, share)


def share(average: LinearModel, first: LinearModel, last: LinearModel) -> float:
    """Weight of the first of two models, read off the mean potential."""
    step = last.potential - first.potential
    return float((last.potential - average.potential) @ step / (step @ step))


def test_the_same_function_is_its_own_average(liquid, rule) -> None:
    one = liquid.model(rule.problem, NEAR, error=0.0)
    elsewhere = one.moved(liquid.table(FAR).v)
    average = LinearModel.average([one, elsewhere], np.array([0.3, 0.7]))
    v = liquid.table(Mie(3.38, 0.25, 12.0)).v
    assert average.about(v) == pytest.approx(one.about(v), abs=1e-10)
    assert average.pressure_at(v) == pytest.approx(one.pressure_at(v), abs=1e-8)
    assert average.covariance == pytest.approx(0.58 * one.covariance)


def test_simulations_of_one_potential_count_equally(liquid, rule) -> None:
    runs = [liquid.model(rule.problem, NEAR, error=0.02, seed=s) for s in range(1, 5)]
    average = concluded(rule, runs)
    own = np.mean([np.trace(m.covariance) for m in runs])
    # 4 runs of equal weight, but for the few per cent by which their own error estimates differ
    assert own / np.trace(average.covariance) == pytest.approx(4.0, rel=0.1)


def test_near_simulations_count_whatever_their_noise_says(liquid, rule) -> None:
    """Weights that followed the noise would choose runs that agree by chance."""
    about = [Mie(3.40 + 0.001 * i, 0.238, 13.0) for i in (-1, 1, -1, 1)]
    for first in range(0, 40, 4):
        runs = [
            liquid.model(rule.problem, p, error=0.01, seed=first + i)
            for i, p in enumerate(about, 1)
        ]
        own = np.mean([np.trace(m.covariance) for m in runs])
        assert own / np.trace(concluded(rule, runs).covariance) > 3.5


def test_exact_simulations_leave_no_reason_to_average(liquid, rule) -> None:
    far, near = (liquid.model(rule.problem, p, error=0.0) for p in (FAR, NEAR))
    assert share(concluded(rule, [far, near]), far, near) < 0.01


def test_a_far_simulation_counts_the_less_the_smaller_the_noise(liquid, rule) -> None:
    """On average over five pairs of runs: one tells the curvature of F by its own noise."""
    shares = []
    for error in (0.001, 0.003, 0.01, 0.03, 0.1):
        pairs = [
            [liquid.model(rule.problem, p, error=error, seed=s) for p in (FAR, NEAR)] for s in SEEDS
        ]
        shares.append(np.mean([share(concluded(rule, pair), *pair) for pair in pairs]))
    assert all(np.diff(shares) > 0)
    assert shares[0] < 0.05
    assert shares[-1] < 0.55


def test_a_noisy_engine_settles(liquid) -> None:
    """Averages of more and more runs: the moves die down though no run agrees with the next."""
    noisy = replace(liquid.engine, sampling_error=0.005)
    for seed in (1, 2):
        data = liquid.measured(liquid.truth, 0.01, seed=seed)
        settings = {"rule": "newton", "max_iterations": 10, "round_size": 2}
        problem = replace(liquid.problem(data, **settings), seed=seed)
        done = refine(Newton(problem), noisy)
        assert done.outcome == "converged"
        counts = [float(i.info.values["averaged"]) for i in done.iterations]
        # runs that were added counted, round by round, however few it took
        assert np.all(np.diff(counts) > 0.0)


def test_an_average_knows_what_waves_do(liquid, rule) -> None:
    """Errors by waves of composition are among its variances: of one run all, of four a quarter."""
    one = liquid.model(rule.problem, NEAR, error=0.02, seed=1)
    waves = np.random.default_rng(0).normal(size=(3, one.prediction.size))
    waved = replace(one, waves=0.05 * waves)
    np.testing.assert_allclose(waved.variance - one.variance, 0.05**2 * np.sum(waves**2, axis=0))
    for number in (1, 4):
        average = LinearModel.average([waved] * number, np.full(number, 1.0 / number))
        np.testing.assert_allclose(average.variance, waved.variance / number)
