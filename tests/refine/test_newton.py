"""The Bayesian Newton rule on liquids whose potential is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from threadpoolctl import threadpool_limits

from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.inference.theta_sampler import sample_theta
from sopr_uq.potentials import Exp6, Mie, Tabulated
from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.loop import Refinement, refine
from sopr_uq.refine.newton import Newton, trial
from sopr_uq.refine.newton.answer import learn
from sopr_uq.refine.newton.change import changed, predictions_moved
from sopr_uq.refine.newton.draws import Draws, Pool
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.proposals import Proposals
from sopr_uq.refine.newton.trial import Trial
from sopr_uq.refine.round import Run
from sopr_uq.rng import integer_seed, stream
from sopr_uq.threads import one_thread
from sopr_uq.typing import FloatArray

pytestmark = pytest.mark.usefixtures("short_grid")

NOISE = 0.01
SETTINGS = {
    "rule": "newton", "max_iterations": 6, "round_size": 3,
    "chains": 2, "tune": 200, "draws": 200,
}  # fmt: skip
# Four descriptors of three twins, two-sided: one false alarm in 1000
LIMIT = stats.norm.isf(0.5 * 1e-3 / 12)


@dataclass(frozen=True)
class Outcome:
    """A refinement, with draws of its posterior of shape (size, n)."""

    rule: Newton
    done: Refinement
    draws: FloatArray
    truth: Tabulated

    def scores(self, truth: Tabulated | None = None) -> np.ndarray:
        """(posterior mean − truth)/sd of σ, ε, r_vdW and d_hp."""
        r, beta = self.rule.problem.r, self.rule.problem.liquids[0].state.beta
        draws = descriptors(r, self.draws, beta)
        true = descriptors(r, (truth or self.truth).v, beta)
        return np.array([(d.mean() - t) / d.std() for d, t in zip(draws, true, strict=True)])

    def widths(self) -> Descriptors:
        """Posterior standard deviations."""
        r, beta = self.rule.problem.r, self.rule.problem.liquids[0].state.beta
        return Descriptors(*(d.std() for d in descriptors(r, self.draws, beta)))

    def at_most_probable(self) -> FloatArray:
        """Draws at the most probable noise and kernel, without the sampler."""
        answer = self.rule.answer(self.done.past)
        pool = Draws(self.rule.conditioner, answer).pool([answer.fit.theta], 1000)
        return pool.potential[pool.drawn(1000, stream(1, "drawn"))]


def run(
    liquid, potential, *, seed, pressure=False, scale=1.0, level=0.0, error=0.0,
    prior=None, **settings,
) -> Outcome:  # fmt: skip
    truth = liquid.table(potential)
    g = liquid.measured(truth, NOISE, seed)
    g = replace(g, value=scale * g.value + level)
    engine = replace(liquid.engine, sampling_error=error)
    observed = [g]
    if pressure:
        blank = Observation("pressure", np.zeros(1), np.zeros(1))
        observed.append(replace(blank, value=liquid.exact(blank, truth)))
    problem = liquid.problem(*observed, **SETTINGS | settings)
    rule = Newton(replace(problem, prior=prior or PriorSettings()))
    outcome = Outcome(rule, refine(rule, engine), np.empty(0), truth)
    return replace(outcome, draws=outcome.at_most_probable())


@dataclass(frozen=True)
class Twin(Outcome):
    """A refinement with its sampled posterior."""

    posterior: xr.Dataset


def sampled(found: Outcome) -> Twin:
    posterior = found.rule.posterior(found.done.past)
    draws = posterior["potential"].values.reshape(-1, posterior.sizes["r"])
    return Twin(found.rule, found.done, draws, found.truth, posterior)


@pytest.fixture(scope="module")
def twins(liquid) -> dict[str, Twin]:
    return {
        "hard": sampled(run(liquid, Mie(3.40, 0.238, 13.0), seed=1, pressure=True)),
        "soft": sampled(run(liquid, Mie(3.42, 0.245, 11.0), seed=2)),
        "exp-6": sampled(run(liquid, Exp6(3.83, 0.235, 13.8), seed=3, error=0.01)),
    }


TWINS = pytest.mark.parametrize("name", ["hard", "soft", "exp-6"])


@TWINS
def test_the_check_that_ends_a_refinement_is_of_the_draws_of_its_result(twins, name) -> None:
    twin = twins[name]
    assert twin.done.outcome == "converged"
    last = twin.done.iterations[-1].info.values
    assert float(last["k_hat"]) == twin.posterior.attrs["k_hat"]


def test_another_round_is_made_where_draws_of_the_result_fail(liquid, twins, monkeypatch) -> None:
    """As long as rounds are left; then it is doubtful, and says why."""
    plain = twins["hard"]
    monkeypatch.setattr(
        Trial, "of", lambda trial, pool: replace(trial, k_hat=2.0, effective=9.0, draws=1600)
    )
    found = run(liquid, Mie(3.40, 0.238, 13.0), seed=1, pressure=True)
    assert plain.done.outcome == "converged"
    assert len(found.done.iterations) == SETTINGS["max_iterations"] > len(plain.done.iterations)
    assert found.done.outcome == "doubtful"
    assert "Pareto k-hat is 2.00" in found.done.iterations[-1].info.doubt


def test_what_the_sampler_says_is_of_the_theta_of_each_draw(twins, monkeypatch) -> None:
    """Draws chosen in another order than θ was sampled, and not all of them."""
    monkeypatch.setattr(Pool, "drawn", lambda _, size, __: 4 * np.arange(size)[::-1])
    twin = twins["soft"]
    p, answer = twin.rule.problem, twin.rule.answer(twin.done.past)
    s = p.settings
    # as a refinement does: sums of several threads round otherwise
    theta = one_thread(sample_theta)(
        answer.fit.proposal, seed=integer_seed(p.seed, "theta"), chains=s.chains, tune=s.tune,
        draws=s.draws,
    )  # fmt: skip
    posterior = twin.rule.posterior(twin.done.past)
    order = posterior["sampler_draw"].values.ravel()
    assert np.unique(order).size < order.size
    for name in ("lp", "energy", "tree_depth", "width"):
        expected = theta[name].values.ravel()[order]
        np.testing.assert_array_equal(posterior[name].values.ravel(), expected)


def test_a_move_that_v_hardly_shows_is_seen_in_what_is_predicted(twins) -> None:
    """Along what the data fix best, and by draws of the posterior, which move them little."""
    rule, done = twins["soft"].rule, twins["soft"].done
    answer = rule.answer(done.past)
    leading = unpack(rule.problem, done.past[-1].memory)[0]

    def moved(v: FloatArray) -> float:
        return predictions_moved(rule.conditioner, answer, replace(leading, potential=v))

    mean, theta, s = answer.fit.mean, answer.fit.theta, rule.conditioner.stacked
    assert moved(mean) == 0.0
    error = np.sqrt(theta.noise[s.level] ** 2 * s.noisy + np.diagonal(leading.covariance))
    mine = s.of_curve(0)
    jacobian = answer.emulator.linear(mean).jacobian[mine] / error[mine, None]
    _, size, direction = np.linalg.svd(jacobian, full_matrices=False)
    small = 0.2 * np.sqrt(mine.sum()) / size[0]
    assert moved(mean + small * direction[0]) == pytest.approx(0.2, rel=0.1)
    z = np.random.default_rng(5).standard_normal((8, answer.fit.coefficients.mean.size))
    for draw in answer.fit.draws(z):
        assert np.linalg.norm(draw - mean) > 3.0 * small
        assert moved(draw) < 0.5


def test_to_a_draw_of_the_posterior_is_a_move_of_one_standard_deviation(twins) -> None:
    """However many numbers describe v.

    Of 200 draws to 5 %, and in standard deviations that 400 tell to 5 %: 3.5 errors are allowed.
    The largest of the moves is 1.4 times that.
    """
    rule, done = twins["soft"].rule, twins["soft"].done
    fit = rule.answer(done.past).fit
    z = np.random.default_rng(6).standard_normal((200, fit.coefficients.mean.size))
    moves = np.array([changed(rule.conditioner, v, fit)[0] for v in fit.draws(z)])
    assert np.sqrt(np.mean(moves**2)) == pytest.approx(1.0, abs=0.25)
    assert changed(rule.conditioner, fit.mean, fit)[0] == 0.0


@TWINS
def test_truth_is_found_in_a_few_rounds(twins, name: str) -> None:
    """The data are met in three, and in two more the answer is what a round confirms."""
    twin = twins[name]
    assert twin.done.outcome == "converged"
    assert len(twin.done.iterations) <= 5
    assert np.abs(twin.scores()).max() < LIMIT
    for iteration in twin.done.iterations[2:]:
        assert iteration.info.misfit < 1.2 * NOISE**2 * (1 + (name == "exp-6"))
    last = twin.done.iterations[-1].info
    # in units of the noise that is believed beforehand: its median squared, and what it may be
    believed = np.exp(2.0 * PriorSettings().noise_sd ** 2)
    assert believed * float(last.values["reduced_misfit"]) == pytest.approx(1.1, abs=0.35)
    assert last.values["at_floor"] == 1.0
    # a tenth of what was believed, 0.05 σ
    assert twin.widths().sigma < 0.05 * 3.4 / 10


@TWINS
def test_the_depth_is_told_to_a_seventh_of_what_was_believed(twins, name: str) -> None:
    """Of 0.5 ε."""
    assert twins[name].widths().epsilon < 0.5 * 0.24 / 7


@TWINS
def test_truth_lies_in_the_band_over_the_well(twins, name: str) -> None:
    """In 95 % of a pointwise 95 % band on average; neighbours go together, so at least 60 %."""
    twin = twins[name]
    r = twin.rule.problem.r
    well = (r > 3.3) & (r < 7.0)
    low, high = np.quantile(twin.draws[:, well], [0.025, 0.975], axis=0)
    assert np.mean((low < twin.truth.v[well]) & (twin.truth.v[well] < high)) > 0.6


def test_another_truth_is_excluded(liquid, twins) -> None:
    """Negative control: a σ larger by 2 % lies outside by far."""
    other = liquid.table(Mie(3.47, 0.238, 13.0))
    assert np.abs(twins["hard"].scores(other)).max() > 2 * LIMIT


@TWINS
def test_noise_is_inferred(twins, name: str) -> None:
    """184 points tell it to 5 %: within four of those (and MD noise is not counted as such)."""
    noise = twins[name].posterior["noise"]
    assert float(noise.median()) == pytest.approx(NOISE, rel=0.2)


def test_pressure_narrows_the_well(twins) -> None:
    assert twins["hard"].widths().epsilon < 0.6 * twins["soft"].widths().epsilon


@TWINS
def test_pressure_is_predicted(liquid, twins, name: str) -> None:
    twin = twins[name]
    predicted = twin.posterior["pressure"].values
    assert predicted.shape == (2, 200, 1)
    exact = liquid.run(twin.truth).pressure
    assert abs(predicted.mean() - exact) < LIMIT * predicted.std()


def test_posterior_is_complete_and_repeatable(twins) -> None:
    twin = twins["hard"]
    p = twin.posterior
    assert p["potential"].dims == ("chain", "draw", "r")
    np.testing.assert_array_equal(p["r"], twin.rule.problem.r)
    assert p["noise"].dims == p["reading"].dims == ("chain", "draw", "curve")
    assert list(p["curve"].values) == ["g"]
    assert p.attrs["divergences"] == 0
    assert p.attrs["max_rhat"] < 1.05
    assert p.attrs["min_ess"] > 100
    assert set(np.unique(p["decay"])) <= {6.0, 2.5}
    kernels = twin.rule.conditioner.prior.kernels
    assert set(np.unique(p["length"])) <= {k.length for k in kernels}
    assert p["width"].dims == p["length"].dims == p["decay"].dims == ("chain", "draw")
    assert {"k_hat", "effective_draws", "weighed"} <= set(p.attrs)
    for threads in (1, 2):
        with threadpool_limits(threads):
            again = Newton(twin.rule.problem).posterior(twin.done.past)
        assert again.identical(p), f"{threads} threads of the linear algebra"


@TWINS
def test_every_draw_has_a_core_and_a_well(twins, name: str) -> None:
    v = twins[name].draws
    inside = np.cumsum(v <= 0, axis=1)[:, :-1] == 0
    assert np.all(v[:, 0] > 0)
    assert np.all((np.diff(v, axis=1) < 0) | ~inside), "it falls all the way to its zero"
    assert np.isfinite(twins[name].scores()).all()


def test_normalisation_is_absorbed(liquid, twins) -> None:
    off = run(
        liquid, liquid.truth, seed=1, pressure=True, scale=1.02, level=0.005, max_iterations=3
    )
    assert np.abs(off.scores()).max() < LIMIT
    assert np.abs(off.scores() - twins["hard"].scores()).max() < 1.5
    # negative control: without a belief in scales and levels the same error moves the answer
    sure = PriorSettings(scale_sd=1e-6, level_sd=1e-6)
    off = run(liquid, liquid.truth, seed=1, pressure=True, scale=1.02, prior=sure, max_iterations=3)
    assert np.abs(off.scores() - twins["hard"].scores()).max() > 1.5


def simulated(liquid, rule: Newton, potential: FloatArray) -> Run:
    return Run(potential, (liquid.run(Tabulated(rule.problem.r, potential)),))


def test_the_right_potential_is_a_fixed_point(liquid) -> None:
    """With the prediction at the reference as data there is nothing to move for."""
    start = liquid.table(liquid.reference)
    model = linearise(liquid.problem(), start.v, [liquid.run(start)])
    data = replace(liquid.blank(), value=model.prediction)
    rule = Newton(liquid.problem(data, **SETTINGS))
    state, info = rule.step([rule.init()], [simulated(liquid, rule, start.v)])
    assert info.misfit < 1e-14
    well = rule.problem.r > 3.2
    np.testing.assert_allclose(state.potential[well], start.v[well], atol=1e-5)


def test_a_step_is_limited(liquid) -> None:
    """|βΔv| ≤ 1 over the well from the nearest that was simulated, however far the data are."""
    far = liquid.measured(liquid.table(Mie(3.75, 0.20, 13.0)), NOISE, seed=1)
    rule = Newton(liquid.problem(far, **SETTINGS))
    start = rule.init().potential
    model = linearise(rule.problem, start, simulated(liquid, rule, start).simulations)
    # with doubt about F a first step is short by itself
    certain = rule.conditioner.fit(model, rule.conditioner.prior.centre)
    answer = learn(rule.conditioner, [model])._replace(fit=certain, linear=model)
    found = Proposals(rule.conditioner).round(1, answer, [model])
    r, sigma = rule.problem.r, rule.problem.sigma
    well = (r >= sigma) & (r <= 2 * sigma)
    steps = liquid.state.beta * np.abs(found - start)[:, well].max(axis=1)
    assert steps[0] == pytest.approx(1.0)
    assert steps.max() < 1.0 + 1e-9
    assert liquid.state.beta * np.abs(certain.mean - start)[well].max() > 1.0


def test_the_first_round_is_no_deeper_than_the_start(liquid) -> None:
    for size in (1, 3, 4, 9):
        rule = Newton(liquid.problem(**SETTINGS | {"round_size": size}))
        v = rule.init().proposals
        assert v.shape == (size, rule.problem.r.size)
        np.testing.assert_array_equal(v[0], liquid.reference.energy(rule.problem.r))
        assert np.all(-v.min(axis=1) <= -v[0].min() * (1 + 1e-9))
        assert len(np.unique(v, axis=0)) == size
        np.testing.assert_array_equal(v, rule.init().proposals)


def test_a_round_is_the_mean_and_draws_about_it(twins) -> None:
    """The best guess first; the others as far from it as the posterior is wide, all potentials."""
    twin = twins["exp-6"]
    proposals, r = twin.done.state.proposals, twin.rule.problem.r
    assert proposals.shape == (3, r.size)
    answer = twin.rule.answer(twin.done.past)
    well = (r > 3.4) & (r < 6.8)
    np.testing.assert_allclose(proposals[0][well], answer.fit.mean[well], atol=1e-9)
    away = (proposals[1:] - proposals[0])[:, well] / answer.fit.sd[well]
    assert 0.1 < np.sqrt(np.mean(away**2)) < 3.0


def test_a_run_that_failed_is_left_out(liquid) -> None:
    """What a step says is what it says of the good runs alone; how many failed is counted."""
    rule = Newton(liquid.problem(liquid.measured(liquid.truth, NOISE, seed=1), **SETTINGS))
    start = rule.init()
    good = [simulated(liquid, rule, v) for v in start.proposals[:2]]
    alone, _ = rule.step([start], good)
    state, _ = rule.step([start], [*good, Run(start.proposals[2], (), "exploded")])
    np.testing.assert_array_equal(state.proposals, alone.proposals)
    assert list(state.memory["runs"]) == [3, 1]


def test_a_run_that_is_of_no_liquid_is_counted_as_failed(liquid, monkeypatch) -> None:
    rule = Newton(liquid.problem(liquid.measured(liquid.truth, NOISE, seed=1), **SETTINGS))
    start = rule.init()
    runs = [simulated(liquid, rule, v) for v in start.proposals]

    def only_the_first(problem, potential, simulations):
        if potential is not runs[0].potential:
            raise RuleFailed("its fluctuations are too large for the density")
        return linearise(problem, potential, simulations)

    monkeypatch.setattr("sopr_uq.refine.newton.rule.linearise", only_the_first)
    state, _ = rule.step([start], runs)
    assert list(state.memory["runs"]) == [3, 2]


def test_noise_that_only_the_fit_knows_is_not_the_floor(liquid) -> None:
    """A curve with ten times the noise that was believed: inferred, and yet not at the floor."""
    found = []
    for noise in (NOISE, 10 * NOISE):
        data = liquid.measured(liquid.truth, noise, seed=1)
        rule = Newton(liquid.problem(data, **SETTINGS))
        v = liquid.table(liquid.truth).v
        found.append(rule.step([rule.init()], [simulated(liquid, rule, v)])[1])
    assert [each.values["at_floor"] for each in found] == [1.0, 0.0]
    assert found[1].noise == pytest.approx(10 * NOISE, rel=0.2)


def test_a_check_that_fails_is_doubted(liquid, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that stands still, and rounds that are predicted too badly up to the last."""
    monkeypatch.setattr(trial, "WORST", 1e-9)
    found = run(liquid, liquid.truth, seed=1, pressure=True, max_iterations=4)
    assert (found.done.outcome, len(found.done.iterations)) == ("doubtful", 4)
    assert "the last round was predicted with χ²" in found.done.message
    assert "refine.round_size" in found.done.message
    groups = found.rule.conclude(found.done.past, checked(found))
    assert not groups["posterior_check"]["passed"]
    assert "χ²" in groups["posterior_check"].attrs["doubt"]


def checked(found: Outcome) -> xr.Dataset:
    """What `conclude` looks at of a posterior."""
    return xr.Dataset(attrs={"k_hat": 0.1, "effective_draws": 900.0, "weighed": 1000})


@dataclass(frozen=True)
class Morse:
    """ε [(1 − e^{−a (r/r_min − 1)})² − 1]: a well without a dispersion tail."""

    epsilon: float
    r_min: float
    a: float

    def energy(self, r: FloatArray) -> FloatArray:
        """Return v in kcal/mol."""
        return self.epsilon * ((1.0 - np.exp(-self.a * (r / self.r_min - 1.0))) ** 2 - 1.0)


def test_a_well_without_a_dispersion_tail_is_averaged_over(liquid) -> None:
    """Scores of ε of independent liquids, summed: by default they cancel, with r⁻⁶ they do not."""
    limit = stats.norm.isf(0.5 * 1e-3)
    quick = {"round_size": 2, "max_iterations": 3}
    total = {}
    for decay in (None, 6.0):
        believed = PriorSettings(decay=decay)
        scores = [
            run(
                liquid, Morse(0.2, 3.85, a), seed=k, pressure=True, prior=believed, **quick
            ).scores()[1]
            for k, a in enumerate((6.4, 6.8, 7.2), 2)
        ]
        total[decay] = np.abs(np.sum(scores)) / np.sqrt(len(scores))
    assert total[None] < limit
    assert total[6.0] > limit
