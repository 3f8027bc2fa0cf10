"""Several state points that share one potential, and what may differ between them."""

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, Scaled, lennard_jones
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.data import liquid_of
from sopr_uq.refine.newton.discrepancy import discrepancy_columns, discrepancy_root
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.newton.state_evidence import SIZES, state_evidence
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings

ENGINE = IntegralEquationEngine(EngineSettings(particles=500))
TRUTH = Mie(3.4, 0.24, 13.0)
STATES = (StatePoint(140.0, 0.0185, 39.948), StatePoint(220.0, 0.012, 39.948))
R = np.arange(3.0, 10.5, 0.1)


def liquid(state, potential, seed, noise=0.01):
    exact = ENGINE.run(Setup.of(potential, state, seed=1))
    g = np.interp(R, exact.r, exact.g) + noise * np.random.default_rng(seed).normal(size=R.size)
    return Liquid(state, (Observation("g", R, g),))


def rule_for(*liquids, **settings):
    chosen = RefineSettings(rule="newton", max_iterations=4, **settings)
    return Newton(Problem(liquids, lennard_jones(3.36, 0.25), chosen))


def result(rule):
    """Most probable fit about the truth, and mean and standard deviation of the descriptors."""
    v = TRUTH.energy(rule.problem.r)
    runs = [ENGINE.run(Setup.of(TRUTH, s.state, seed=1)) for s in rule.problem.liquids]
    conditioner = rule.conditioner
    fit = conditioner.fit(linearise(rule.problem, v, runs), conditioner.prior.centre)
    z = np.random.default_rng(2).normal(size=(400, fit.coefficients.mean.size))
    found = np.array(descriptors(rule.problem.r, fit.draws(z), STATES[0].beta))
    return fit, found.mean(axis=1), found.std(axis=1)


@pytest.fixture(scope="module")
def liquids():
    return tuple(liquid(state, TRUTH, seed) for seed, state in enumerate(STATES))


@pytest.fixture(scope="module")
def alone(liquids):
    return result(rule_for(liquids[0]))


def test_the_stacked_model_is_that_of_each_state(liquids):
    both, v = rule_for(*liquids), rule_for(liquids[0]).problem.reference
    v = v.energy(both.problem.r)
    runs = [ENGINE.run(Setup.of(both.problem.reference, s.state, seed=1)) for s in liquids]
    stacked = linearise(both.problem, v, runs)
    size = R.size
    for i, (one, run) in enumerate(zip(liquids, runs, strict=True)):
        mine = slice(i * size, (i + 1) * size)
        single = linearise(rule_for(one).problem, v, [run])
        assert np.array_equal(stacked.jacobian[mine], single.jacobian)
        assert np.array_equal(stacked.prediction[mine], single.prediction)
        assert stacked.pressure[i] == single.pressure[0]
    assert not stacked.covariance[:size, size:].any()


def test_a_state_of_which_nothing_is_known_changes_nothing(liquids, alone):
    """A second curve and a pressure with huge errors: the answer of the first alone.

    Without that pressure something is known of it: that there was a liquid.
    """
    blank = liquids[1].observations[0]
    useless = replace(blank, error=np.full(R.size, 300.0))
    vague = Observation("pressure", np.zeros(1), np.zeros(1), error=np.full(1, 1e7))
    both = rule_for(liquids[0], Liquid(STATES[1], (useless, vague)))
    fit, _, _ = result(both)
    seen = both.problem.r > 0.95 * both.problem.sigma
    assert fit.mean[seen] == pytest.approx(alone[0].mean[seen], abs=1e-6)
    assert fit.theta.noise[0] == pytest.approx(alone[0].theta.noise[0], rel=1e-4)


def test_two_states_know_more_than_one(liquids, alone):
    """Truth within 4 sd (false-alarm rate below 3e-4), and a narrower band."""
    fit, mean, sd = result(rule_for(*liquids))
    truth = np.array(descriptors(np.arange(2.5, 10, 0.01), TRUTH.energy(np.arange(2.5, 10, 0.01)),
                                 STATES[0].beta))  # fmt: skip
    assert np.all(np.abs(mean - truth) < 4 * sd)
    assert np.all(sd < 1.05 * alone[2])
    assert np.any(sd < 0.8 * alone[2])
    assert fit.theta.noise == pytest.approx([0.01, 0.01], rel=0.4)


def test_discrepancy_lets_states_disagree(liquids):
    """A well 12 % deeper at the second state: noise pays for it, or the discrepancy does."""
    other = liquid(STATES[1], Scaled(TRUTH, 1.12), 1)
    tied, _, _ = result(rule_for(liquids[0], other))
    free, _, wide = result(rule_for(liquids[0], other, discrepancy=0.03))
    assert tied.theta.noise.max() > 1.3 * free.theta.noise.max()
    assert free.theta.noise == pytest.approx([0.01, 0.01], rel=0.4)
    _, _, agreed = result(rule_for(*liquids))
    assert np.all(wide > agreed)


def evidence(rule):
    v = TRUTH.energy(rule.problem.r)
    runs = [ENGINE.run(Setup.of(TRUTH, s.state, seed=1)) for s in rule.problem.liquids]
    linear = linearise(rule.problem, v, runs)
    fit = rule.conditioner.fit(linear, rule.conditioner.prior.centre)
    return state_evidence(rule.problem, fit, linear.jacobian)


def test_the_evidence_says_whether_states_differ(liquids):
    """The same liquid at both; a well 12 % deeper at the second."""
    other = liquid(STATES[1], Scaled(TRUTH, 1.12), 1)
    same, differs = evidence(rule_for(*liquids)), evidence(rule_for(liquids[0], other))
    assert float(same["log_bayes_factor"]) < 0.0
    assert float(differs["log_bayes_factor"]) > 5.0
    best = float(differs["log_evidence"].idxmax())
    # 12 % of a well of 0.24 kcal/mol is 0.03
    assert 0.005 < best < 0.1


def test_the_evidence_does_not_depend_on_what_the_refinement_allowed(liquids):
    tied = evidence(rule_for(*liquids))
    free = evidence(rule_for(*liquids, discrepancy=0.03))
    assert free["log_evidence"].values == pytest.approx(tied["log_evidence"].values, abs=0.5)


def test_corrections_belong_to_one_state_each(liquids):
    rule = rule_for(*liquids, discrepancy=0.02)
    p = rule.problem
    jacobian = np.random.default_rng(3).normal(size=(2 * R.size, p.r.size))
    columns = discrepancy_columns(p, jacobian, liquid_of(p), Prior(p))
    covariance = columns @ columns.T
    root = discrepancy_root(p, Prior(p))
    first, second = jacobian[: R.size], jacobian[R.size :]
    assert covariance[: R.size, : R.size] == pytest.approx(first @ root @ root.T @ first.T)
    assert covariance[R.size :, R.size :] == pytest.approx(second @ root @ root.T @ second.T)
    assert not covariance[: R.size, R.size :].any()
    at_sigma = np.interp(p.sigma, p.r, np.linalg.norm(root, axis=1))
    assert at_sigma == pytest.approx(0.02, rel=0.01)


def test_no_discrepancy_is_no_column_at_all(liquids):
    rule = rule_for(liquids[0])
    p = rule.problem
    assert discrepancy_columns(p, np.ones((R.size, p.r.size)), liquid_of(p), Prior(p)).size == 0


def test_a_discrepancy_changes_nothing_of_what_is_believed_of_pressures(liquids):
    """Nobody gave them; a discrepancy of nothing is none, and with one of something the belief is
    of the same rows as before: of the potential that both states share."""

    def fitted(size, point=None):
        rule = rule_for(*liquids, discrepancy=size)
        runs = [ENGINE.run(Setup.of(TRUTH, s.state, seed=1)) for s in liquids]
        model = linearise(rule.problem, TRUTH.energy(rule.problem.r), runs)
        conditioner = rule.conditioner
        below = replace(model, pressure=model.pressure - 4.0 * conditioner.untold_pressure.ideal)
        return conditioner.fit(below, conditioner.prior.centre if point is None else point)

    none, nothing, some = (fitted(size) for size in (0.0, 1e-9, 0.03))
    assert np.all(none.sites.precision > 0.0)
    np.testing.assert_allclose(nothing.sites.precision, none.sites.precision, rtol=1e-3)
    np.testing.assert_allclose(nothing.sites.value, none.sites.value, rtol=1e-3)
    mine = none.measured + np.arange(len(STATES))
    for fit in (none, some):
        # its rows are moved by coefficients of v alone
        columns = fit.model.columns[mine]
        between = columns[:, fit.bases[0].mie.shape[1] :]
        assert not between.any()
    again = fitted(0.03, some.point)
    np.testing.assert_allclose(again.sites.value, some.sites.value, atol=0.1)


def test_the_sizes_that_are_tried_do_not_depend_on_an_order(liquids):
    """They are measured in the ε by which the prior measures, not in that of the first pair."""
    rule = rule_for(*liquids)
    fit, _, _ = result(rule)
    runs = [ENGINE.run(Setup.of(TRUTH, s.state, seed=1)) for s in liquids]
    model = linearise(rule.problem, TRUTH.energy(rule.problem.r), runs)
    found = state_evidence(rule.problem, fit, model.jacobian)
    np.testing.assert_allclose(found["discrepancy"], SIZES * fit.prior.scale[1])
