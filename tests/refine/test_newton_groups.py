"""What a result of newton holds beside its posterior: check, prior, sensitivity, error budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Mie
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.answer import Answer, learn
from sopr_uq.refine.newton.budget import (
    SOURCES,
    Whitened,
    descriptor_budget,
    descriptor_gradient,
)
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.emulator import PredictionMisfit
from sopr_uq.refine.newton.fit import Fit
from sopr_uq.refine.newton.memory import pack
from sopr_uq.refine.newton.prior import OF_A_PAIR
from sopr_uq.refine.newton.sensitivity import prior_sensitivity
from sopr_uq.refine.newton.trial import Trial
from sopr_uq.refine.rule import RuleState

pytestmark = pytest.mark.usefixtures("short_grid")

ABOUT = [Mie(3.39, 0.245, 12.5), Mie(3.41, 0.235, 13.0), Mie(3.40, 0.25, 13.0)]
PRESSURE = Observation("pressure", np.zeros(1), np.zeros(1))


def rule_of(liquid, noise: float = 0.01, **settings) -> Newton:
    """The rule for g, with errors as stated, and a pressure without."""
    g = liquid.measured(liquid.truth, noise, seed=1)
    g = replace(g, error=np.full(g.x.size, noise))
    pressure = replace(PRESSURE, value=liquid.exact(PRESSURE, liquid.table(liquid.truth)))
    return Newton(liquid.problem(g, pressure, rule="newton", **settings))


def answer_of(liquid, rule: Newton, error: float = 0.0) -> Answer:
    models = [liquid.model(rule.problem, v, error, seed=i) for i, v in enumerate(ABOUT)]
    return learn(rule.conditioner, models)


@pytest.fixture(scope="module")
def rule(liquid) -> Newton:
    return rule_of(liquid)


@pytest.fixture(scope="module")
def exact(liquid, rule) -> Answer:
    return answer_of(liquid, rule)


@pytest.fixture(scope="module")
def noisy(liquid, rule) -> Answer:
    return answer_of(liquid, rule, 0.01)


# The error budget


def test_parts_sum_to_the_posterior_covariance(rule, noisy) -> None:
    whitened = Whitened(rule.conditioner, noisy.fit)
    x = whitened.columns["potential"]
    rest = sum(whitened.covariances.values())
    direct = np.linalg.inv(np.eye(x.shape[1]) + x.T @ np.linalg.solve(rest, x))
    parts = whitened.parts(np.eye(x.shape[1]))
    assert set(parts) == set(SOURCES)
    assert sum(parts.values()) == pytest.approx(np.diag(direct), rel=1e-8, abs=1e-12)
    # and the exact posterior of the coefficients, by another route
    root = noisy.fit.coefficients.root[:OF_A_PAIR]
    assert np.sum(root**2, axis=1) == pytest.approx(np.diag(direct)[:OF_A_PAIR], rel=1e-8)


def of_one_kernel(fit: Fit) -> Fit:
    """The fit as if its most probable kernel were the only one."""
    (mine,) = (part for part in fit.parts if part.theta.kernel == fit.theta.kernel)
    return replace(fit, parts=(mine._replace(probability=1.0),))


def test_descriptor_variances_are_those_of_draws(rule, noisy) -> None:
    """4000 draws: their variance has a relative error of 2.2 %; four of them allowed for.

    A twentieth more is what descriptors are not linear in v.
    """
    fit = of_one_kernel(noisy.fit)
    z = np.random.default_rng(1).normal(size=(4000, fit.coefficients.mean.size))
    beta = rule.problem.liquids[0].state.beta
    drawn = np.var(descriptors(rule.problem.r, fit.draws(z), beta), axis=1)
    found = descriptor_budget(rule.conditioner, fit)
    total = np.sum([np.array(v) for v in found.values()], axis=0)[:, 0]
    assert total == pytest.approx(drawn, rel=0.14)


def test_gradient_is_the_change_of_the_descriptors(rule, noisy) -> None:
    fit, step = noisy.fit, np.zeros(noisy.fit.mine.size)
    gradient = descriptor_gradient(rule.conditioner, fit)
    assert gradient.shape == (4, 1, step.size)
    step[:OF_A_PAIR] = [1e-3, 2e-3, -1e-3, 1e-3]
    centre = fit.coefficients.mean[fit.mine]
    v = fit.of_coefficients(np.array([centre - step, centre + step]))
    beta = rule.problem.liquids[0].state.beta
    before, after = np.array(descriptors(rule.problem.r, v, beta)).T
    assert gradient[:, 0] @ (2 * step) == pytest.approx(after - before, rel=0.02)


def shares(rule: Newton, answer: Answer) -> dict[str, np.ndarray]:
    parts = descriptor_budget(rule.conditioner, answer.fit)
    total = np.sum([np.array(v) for v in parts.values()], axis=0)
    return {name: np.array(v) / total for name, v in parts.items()}


def test_shares_name_the_source(liquid, rule, exact, noisy) -> None:
    """Simulations without error have no share but the tolerance's; with one it grows."""
    found, other = shares(rule, exact), shares(rule, noisy)
    for each in (found, other):
        assert np.all([share >= 0 for share in each.values()])
        np.testing.assert_allclose(np.sum(list(each.values()), axis=0), 1.0)
        assert not each["discrepancy"].any()
    assert np.all(other["simulation"] > 5 * found["simulation"])
    assert np.all(found["simulation"] < 0.03)
    apart = rule_of(liquid, discrepancy=0.01)
    differing = shares(apart, answer_of(liquid, apart))
    assert np.all(differing["discrepancy"] > 0.1)


# What the posterior owes to the prior


def by_name(ds: xr.Dataset, name: str, variant: str, descriptor: str) -> float:
    return float(ds[name].sel(variant=variant, descriptor=descriptor))


@pytest.fixture(scope="module")
def weak(liquid) -> xr.Dataset:
    """Of data with errors of 0.2, which leave much to the prior."""
    loose = rule_of(liquid, noise=0.2)
    return prior_sensitivity(loose.conditioner, answer_of(liquid, loose))


@pytest.mark.parametrize("name", ["sigma", "epsilon"])
def test_a_centre_draws_the_answer_to_it(weak, name: str) -> None:
    """One standard deviation up raises the answer, down lowers it, by less than itself."""
    low, plain, high = (
        by_name(weak, "mean", variant, name)
        for variant in (f"{name} centre −1 sd", "as configured", f"{name} centre +1 sd")
    )
    assert low < plain < high
    sd = {"sigma": 0.05 * 3.35, "epsilon": 0.26 * (np.exp(0.5) - 1.0)}[name]
    assert high - plain < sd


@pytest.mark.parametrize("name", ["sigma", "epsilon", "r_vdw", "d_hp"])
def test_widths_narrow_and_widen_the_answer(weak, name: str) -> None:
    halved, plain, doubled = (
        by_name(weak, "sd", variant, name)
        for variant in ("widths halved", "as configured", "widths doubled")
    )
    assert halved < plain < doubled


def test_a_tail_that_may_be_anyones_leaves_more_open_than_dispersion(weak) -> None:
    narrow, wide = (
        by_name(weak, "sd", v, "epsilon") for v in ("dispersion alone", "other forces alone")
    )
    assert narrow < wide


def test_an_error_of_the_pressure_is_asked_where_none_is_stated(liquid, weak) -> None:
    variants = [str(v) for v in weak["variant"].values]
    assert variants[0] == "as configured"
    assert {"pressure error /3", "pressure error ×3"} <= set(variants)
    narrow, wide = (
        by_name(weak, "sd", v, "epsilon") for v in ("pressure error /3", "pressure error ×3")
    )
    assert narrow < wide
    alone = Newton(liquid.problem(liquid.measured(liquid.truth, 0.01, seed=1), rule="newton"))
    found = prior_sensitivity(alone.conditioner, answer_of(liquid, alone))
    assert not [v for v in found["variant"].values if "pressure" in str(v)]
    assert found.sizes == {"variant": 13, "descriptor": 4}
    # how far it may be stretched or compressed is asked where no pressure tells
    tension = {f"{name} {by}" for name in ("tension", "compression") for by in ("/3", "×3")}
    assert tension <= set(found["variant"].values)
    assert not tension & set(variants)


def test_what_data_know_no_prior_moves(liquid, weak) -> None:
    """Data that are a thousand times better: variants agree within what data leave open.

    The places of well and core, which such data tell; the shifts fall by more than twenty.
    """
    sharp = rule_of(liquid, noise=2e-4)
    found = prior_sensitivity(sharp.conditioner, answer_of(liquid, sharp))
    spread = {
        name: np.ptp(ds["mean"].sel(descriptor=["r_vdw", "d_hp"]).values, axis=0)
        for name, ds in (("weak", weak), ("sharp", found))
    }
    assert np.all(spread["sharp"] < spread["weak"] / 20)
    sd = found["sd"].sel(variant="as configured", descriptor=["r_vdw", "d_hp"]).values
    assert np.all(spread["sharp"] < 3 * sd)


# The check and the groups as a whole


GOOD = Trial(PredictionMisfit(40.0, 40), 1.0, 0.2, 900.0, 1000, 4, 0)


def test_a_good_trial_finds_no_fault() -> None:
    assert GOOD.faults == ""
    assert GOOD.predicted == 1.0
    assert GOOD.predicted_p == pytest.approx(0.47, abs=0.02)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"prediction": None}, "no round was predicted"),
        ({"prediction": PredictionMisfit(90.0, 40)}, "predicted with χ² 2.2 per number"),
        ({"left_out": 2.3}, "predicted from each other with χ² 2.3"),
        ({"k_hat": 0.8, "effective": 500.0}, "k-hat is 0.80"),
        ({"effective": 49.0}, "49 of 1000 draws are effective"),
        ({"failed": 3}, "3 of 4 potentials of the last round failed"),
    ],
)
def test_each_fault_is_told_with_advice(changed: dict, words: str) -> None:
    faults = replace(GOOD, **changed).faults
    assert words in faults
    for key in ("refine.max_iterations", "refine.round_size", "engine.production_steps"):
        assert key in faults


def test_a_tail_of_weights_that_are_nearly_equal_is_no_fault() -> None:
    assert replace(GOOD, k_hat=0.9, effective=950.0).faults == ""


@pytest.fixture(scope="module")
def concluded(liquid, rule) -> dict[str, xr.Dataset]:
    """The groups of a refinement of three simulations, one of them failed."""
    models = [liquid.model(rule.problem, v) for v in ABOUT]
    proposals = np.array([m.potential for m in models])
    kept = pack(rule.problem, models)
    memory = {"predicted": np.array([30.0, 24.0]), "runs": np.array([4, 1]), **kept}
    posterior = xr.Dataset(attrs={"k_hat": 0.1, "effective_draws": 900.0, "weighed": 1000})
    return rule.conclude([RuleState(1, proposals, memory)], posterior)


def test_the_check_is_there_as_numbers(concluded) -> None:
    check = concluded["posterior_check"]
    numbers = {name: float(check[name]) for name in check.data_vars if check[name].ndim == 0}
    assert numbers["predicted"] == pytest.approx(30.0 / 24.0)
    assert 0.1 < numbers["predicted_p"] < 0.3
    assert numbers["left_out"] >= 0.0
    expected = {"k_hat": 0.1, "effective_draws": 900, "draws": 1000, "runs": 4, "failed": 1}
    assert {k: numbers[k] for k in expected} == expected
    assert numbers["passed"] == 1
    assert check["scale"].dims == ("part",)
    assert check.attrs["doubt"] == ""


def test_the_prior_says_what_it_is(liquid, rule, concluded) -> None:
    prior = concluded["prior"]
    assert prior["potential"].dims == ("chain", "draw", "r")
    assert prior["potential"].attrs["units"] == "kcal/mol"
    settings = PriorSettings()
    assert prior.attrs["sigma"] == pytest.approx(3.35)
    assert prior.attrs["epsilon"] == pytest.approx(0.26)
    for name in ("sigma_sd", "exponent", "width", "noise", "pressure_error", "jacobian_error"):
        assert prior.attrs[name] == getattr(settings, name)
    assert "decay" not in prior.attrs, "averaged over: no number of the prior"
    given = replace(rule.problem, prior=PriorSettings(decay=6.0, sigma=3.5))
    assert Conditioner(given).prior.kernels[0].decay == 6.0
    r = prior["r"].values
    narrow = (r > 3.5) & (r < 6.0)
    sd = prior["potential"].std(("chain", "draw")).values[narrow]
    assert np.all(sd > 0)


def test_the_budget_is_labelled(concluded) -> None:
    budget = concluded["error_budget"]
    assert budget["variance_share"].dims == ("descriptor", "source")
    np.testing.assert_allclose(budget["variance_share"].sum("source"), 1.0)
    assert list(budget["source"].values) == list(SOURCES)
    assert np.all(budget["sd"] > 0)


def test_a_curve_that_nothing_explains_is_doubted(liquid, rule) -> None:
    """Pairs where there can be none: the check may be good, the answer is not."""
    g = rule.problem.liquids[0].observations[0]
    filled = replace(g, value=np.where(g.x < 3.2, 1.0, g.value), error=None, name="filled")
    bad = Newton(liquid.problem(filled, rule="newton"))
    models = [liquid.model(bad.problem, v) for v in ABOUT]
    kept = pack(bad.problem, models)
    memory = {"predicted": np.array([30.0, 24.0]), "runs": np.array([4, 0]), **kept}
    posterior = xr.Dataset(attrs={"k_hat": 0.1, "effective_draws": 900.0, "weighed": 1000})
    past = [RuleState(1, np.array([m.potential for m in models]), memory)]
    check = bad.conclude(past, posterior)["posterior_check"]
    assert "variance of filled unexplained" in check.attrs["unexplained"]
