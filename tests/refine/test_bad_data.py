"""Data that no liquid of simple particles can have given: said, not diverged from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import xarray as xr

from sopr_uq.errors import NoPotential, RuleFailed
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.scattering import Given
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.totals import Total
from sopr_uq.potentials import Mie
from sopr_uq.refine.journal import InMemory
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.acceptable import require_potential
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.unexplained import doubt, unexplained, white_variance
from sopr_uq.refine.notices import notices, stretched
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.structure.mixture import Mixture

pytestmark = pytest.mark.usefixtures("short_grid")


def newton(liquid, observation, **settings) -> Newton:
    quick = {"rule": "newton", "round_size": 2, "grid_spacing": 0.05, "tune": 200, "draws": 200}
    settings = quick | settings
    return Newton(liquid.problem(observation, **settings))


def test_an_ideal_gas_has_no_potential_with_a_core(liquid) -> None:
    """No answer is told as one: the refinement does not converge, and says what it leaves."""
    rule = newton(liquid, Observation("g", liquid.x, np.ones(liquid.x.size)), max_iterations=4)
    done = refine(rule, liquid.engine)
    assert done.outcome != "converged"
    posterior = xr.Dataset(attrs={"k_hat": 0.1, "effective_draws": 900.0, "weighed": 1000})
    told = rule.conclude(done.past, posterior)["posterior_check"].attrs["unexplained"]
    assert "100 % of the variance of g unexplained" in told
    assert "density" in told
    assert not any(each.info.values["at_floor"] for each in done.iterations)


@pytest.mark.parametrize(("sigma", "epsilon"), [(3.60, 0.30), (3.70, 0.18), (3.20, 0.20)])
def test_a_poor_start_moves_as_a_mie_potential(liquid, sigma: float, epsilon: float) -> None:
    """From σ 9 % too large the first linear steps have no core; Mie potentials lead there."""
    data = liquid.measured(liquid.truth, 0.01, seed=1)
    far = replace(liquid, reference=Mie(sigma, epsilon, 12.0))
    rule = newton(far, data, max_iterations=15)
    done = refine(rule, far.engine)
    assert done.outcome == "converged"
    r = rule.problem.r
    well = (r > 3.4) & (r < 6.8)
    error = done.state.potential[well] - liquid.truth.energy(r[well])
    assert np.sqrt(np.mean(error**2)) < 0.05 * liquid.truth.epsilon


def test_proposals_are_judged_by_core_and_well(liquid) -> None:
    problem = liquid.problem()
    v = liquid.truth.energy(problem.r)
    require_potential(problem, v)
    with pytest.raises(NoPotential, match="repulsive core"):
        require_potential(problem, -v)
    with pytest.raises(NoPotential, match="well"):
        require_potential(problem, np.abs(v) + 1e-6)


def test_pairs_inside_the_core_are_unexplained(liquid) -> None:
    """g = 1 inside 3.2 Å passes for noise; the share that it leaves gives it away."""
    good = liquid.measured(liquid.truth, 0.01, seed=1)
    filled = replace(good, value=np.where(good.x < 3.2, 1.0, good.value), name="filled")
    shares = {}
    for observation in (good, filled):
        rule = newton(liquid, observation, max_iterations=3)
        past = refine(rule, liquid.engine).past
        leading = unpack(rule.problem, past[-1].memory)[0]
        residual = rule.misfit.residual(rule.answer(past).fit, leading)
        shares |= unexplained(rule.conditioner, residual, leading)
    assert shares["g"] < 0.01
    assert shares["filled"] > 0.1
    assert doubt({"g": shares["g"]}) == ""
    assert "variance of filled unexplained" in doubt(shares)


def test_noise_is_not_unexplained_and_waves_are(liquid) -> None:
    """White noise as large as the structure of the curve, 40 draws: none is called unexplained.

    Its negative control is a wave of the same variance.
    """
    stacked = newton(liquid, liquid.measured(liquid.truth, 0.01, seed=1)).conditioner.stacked
    size, n = 0.15, int(stacked.of_curve(0).sum())
    for seed in range(40):
        noise = size * np.random.default_rng(seed).standard_normal(n)
        assert np.mean(noise**2) - white_variance(stacked, 0, noise) < 0.1 * size**2
    wave = np.sqrt(2.0) * size * np.sin(np.arange(n) / 4.0)
    assert np.mean(wave**2) - white_variance(stacked, 0, wave) > 0.8 * size**2
    huge = 5.0 * np.random.default_rng(1).standard_normal(n)
    assert white_variance(stacked, 0, huge) < 0.1, "noise that nobody believes in"


@dataclass(frozen=True)
class Failing:
    """A rule that cannot use some of its simulations."""

    problem: Problem
    error: type[RuleFailed]
    unusable: set = field(default_factory=set)
    seen: list = field(default_factory=list)
    name: str = "failing"

    def init(self) -> RuleState:
        return RuleState(0, self.problem.reference.energy(self.problem.r)[None])

    def step(self, past, runs) -> tuple[RuleState, StepInfo]:
        state = past[-1]
        self.seen.append(float(state.potential.min()))
        if len(self.seen) in self.unusable:
            raise self.error("no fluid")
        done = state.iteration + 1
        return RuleState(done, 1.04 * state.proposals), StepInfo(0.1, 0.0, 0.0, done == 2)


def test_a_simulation_that_the_rule_cannot_use_is_made_again_nearer(liquid) -> None:
    rule = Failing(liquid.problem(max_iterations=3), RuleFailed, unusable={2})
    done = refine(rule, liquid.engine)
    assert done.outcome == "converged"
    depth = rule.seen[0]
    assert rule.seen == pytest.approx([depth, 1.04 * depth, 1.02 * depth])


def test_a_rule_that_goes_on_failing_leaves_the_last_good_result(liquid) -> None:
    rule = Failing(liquid.problem(max_iterations=3), RuleFailed, unusable={2, 3, 4, 5})
    done = refine(rule, liquid.engine)
    assert (done.outcome, done.message, len(done.iterations)) == (
        "simulation_failed",
        "no fluid",
        1,
    )


def test_no_potential_at_all_is_an_error_at_once(liquid) -> None:
    rule = Failing(liquid.problem(max_iterations=3), NoPotential, unusable={2})
    kept = InMemory([])
    with pytest.raises(NoPotential):
        refine(rule, liquid.engine, kept)
    assert len(rule.seen) == 2
    assert len(kept.iterations) == 1


def test_a_curve_that_ends_inside_the_cut_off_says_what_is_lost(liquid) -> None:
    short = Observation("g", liquid.x, np.ones(liquid.x.size), window=(0.0, 7.5))
    (sentence,) = notices(liquid.problem(short))
    assert "ends at 7.5 Å" in sentence
    assert f"{liquid.problem().r_cut:.2f} Å" in sentence
    assert notices(liquid.problem(liquid.blank())) == []
    q = np.arange(1.0, 10.0, 0.1)
    assert notices(liquid.problem(short, Observation("s", q, np.ones(q.size)))) == []
    # a total F(Q) sees all distances too
    state, pairs = liquid.problem().liquids[0].state, liquid.problem().substance.pairs
    total = Total(Given(np.ones(1)), Mixture.of(np.array([state.density])), pairs, np.empty(0))
    f = Observation("f", q, np.zeros(q.size), of=total)
    assert notices(liquid.problem(short, f)) == []


def test_each_state_point_is_looked_at(liquid) -> None:
    short = Observation("g", liquid.x, np.ones(liquid.x.size), window=(0.0, 7.5))
    problem = liquid.problem()
    two = (problem.liquids[0], Liquid(StatePoint(300.0, 0.01, 40.0), (short,)))
    (sentence,) = notices(replace(problem, liquids=two))
    assert "at state point 2" in sentence


def test_a_liquid_that_would_tear_asks_for_its_pressure(liquid) -> None:
    problem = liquid.problem(liquid.blank())

    def found(pressure: float, *problem_of: Problem) -> list[str]:
        values = pressure + np.linspace(-5.0, 5.0, 20).reshape(2, 10, 1)
        posterior = xr.Dataset({"pressure": (("chain", "draw", "state"), values)})
        return stretched(problem_of[0] if problem_of else problem, posterior)

    (sentence,) = found(-200.0)
    assert "below -200 MPa" in sentence
    assert found(0.0) == found(300.0) == []
    pressure = Observation("pressure", np.zeros(1), np.full(1, -200.0), np.ones(1))
    given = liquid.problem(liquid.blank(), pressure)
    assert found(-200.0, given) == []
    assert stretched(problem, xr.Dataset()) == []
