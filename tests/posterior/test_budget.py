"""Error budgets: an exact decomposition, with the right source for each experiment."""

from dataclasses import replace

import numpy as np
import pytest
from sopr_uq.posterior.budget import error_budget
from sopr_uq.posterior.check import end_check

from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.budget import (
    SOURCES,
    Whitened,
    descriptor_budget,
    descriptor_gradient,
)


def test_parts_sum_to_the_posterior_covariance(noisy_twin):
    fit, _ = noisy_twin.rule.conclusion(noisy_twin.refinement.state)
    whitened = Whitened(noisy_twin.rule, fit)
    x = whitened.columns["potential"]
    rest = sum(whitened.covariances.values())
    direct = np.linalg.inv(np.eye(x.shape[1]) + x.T @ np.linalg.solve(rest, x))
    parts = whitened.parts(np.eye(x.shape[1]))
    assert set(parts) == set(SOURCES)
    assert sum(parts.values()) == pytest.approx(np.diag(direct), rel=1e-8, abs=1e-12)
    # and the sampler of coefficients, by another route, has the same variances
    root = fit.coefficients.root[:3]
    assert np.sum(root**2, axis=1) == pytest.approx(np.diag(direct)[:3], rel=1e-8)


def test_descriptor_variances_are_those_of_draws(noisy_twin):
    """4000 draws: their variance has a relative error of 2.2 %; four of them allowed for."""
    rule = noisy_twin.rule
    fit, _ = rule.conclusion(noisy_twin.refinement.state)
    z = np.random.default_rng(1).normal(size=(4000, fit.coefficients.mean.size))
    beta = rule.problem.samples[0].state.beta
    drawn = np.var(descriptors(rule.problem.r, fit.draws(z), beta), axis=1)
    total = np.sum([np.array(v) for v in descriptor_budget(rule, fit).values()], axis=0)
    assert total == pytest.approx(drawn, rel=0.09)


def test_gradient_is_the_change_of_the_descriptors(noisy_twin):
    rule = noisy_twin.rule
    fit, _ = rule.conclusion(noisy_twin.refinement.state)
    gradient = descriptor_gradient(rule, fit)
    step = np.zeros(gradient.shape[1])
    step[:3] = [1e-3, 2e-3, -1e-3]
    first = fit.model.columns.shape[1]
    size = fit.bases[fit.theta.index].correction.shape[1]
    centre = np.r_[fit.coefficients.mean[:3], fit.coefficients.mean[first : first + size]]
    v = fit.of_coefficients(np.array([centre - step, centre + step]))
    beta = rule.problem.samples[0].state.beta
    before, after = np.array(descriptors(rule.problem.r, v, beta)).T
    assert gradient @ (2 * step) == pytest.approx(after - before, rel=0.02)


def test_shares_sum_to_one_and_name_the_source(noisy_twin, exact_twin):
    noisy, exact = (error_budget(t.rule, t.refinement) for t in (noisy_twin, exact_twin))
    for budget in (noisy, exact):
        share = budget["variance_share"]
        assert share.dims == ("descriptor", "source")
        assert share.sum("source").values == pytest.approx(np.ones(4))
        assert np.all(share >= 0)
    assert np.all(exact["variance_share"].sel(source="simulation") == 0)
    assert np.all(noisy["variance_share"].sel(source="simulation") > 0.005)
    assert np.all(noisy["variance_share"].sel(source="discrepancy") == 0)
    assert np.all(exact["variance_share"].sel(source="measurement") > 0.5)


def test_linearisation_is_a_source_where_it_was_checked(exact_twin):
    t = exact_twin
    check = end_check(t.rule, t.engine, t.refinement, t.posterior)
    budget = error_budget(t.rule, t.refinement, check)
    assert budget["variance_share"].sum("source").values == pytest.approx(np.ones(4))
    share = budget["variance_share"].sel(source="linearisation")
    assert np.all((share > 0) & (share < 0.5))
    total = budget["sd"].values ** 2
    assert share.values * total == pytest.approx(check["linearisation_variance"].values)


def test_a_discrepancy_between_states_takes_its_share(exact_twin):
    problem = exact_twin.rule.problem
    settings = problem.settings.model_copy(update={"discrepancy": 0.01})
    free = Newton(replace(problem, settings=settings))
    budget = error_budget(free, exact_twin.refinement)
    tied = error_budget(exact_twin.rule, exact_twin.refinement)
    assert np.all(budget["variance_share"].sel(source="discrepancy") > 0.2)
    assert np.all(budget["sd"] > tied["sd"])
