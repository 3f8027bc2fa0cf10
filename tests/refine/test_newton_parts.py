"""What the Newton rule is made of: linear models, stacked data."""

from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import block_diag

from sopr_uq.engine.blocks import shrunk_covariance
from sopr_uq.errors import CheckpointError, InputError, RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import (
    covariance_columns,
    independent,
    stack_data,
)
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.memory import pack, unpack
from sopr_uq.refine.newton.nuisances import nuisance_columns
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

Q = np.arange(0.5, 10.0, 0.25)
ROWS = ("prediction", "jacobian", "slope", "slope_jacobian", "bend")


@pytest.fixture(scope="module")
def observations(liquid) -> dict[str, Observation]:
    """One of each kind, without error."""
    blank = {
        "g": liquid.blank(),
        "cut": replace(liquid.blank(), q_max=10.0, name="cut"),
        "s": Observation("s", Q, np.ones(Q.size)),
        "pressure": Observation("pressure", np.zeros(1), np.zeros(1)),
    }
    truth = liquid.table(liquid.truth)
    return {k: replace(o, value=liquid.exact(o, truth)) for k, o in blank.items()}


@pytest.fixture(scope="module")
def linear(liquid, observations) -> dict[str, LinearModel]:
    """The linear model at the truth, one a kind."""
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(*observations.values())
    whole = linearise(problem, truth.v, [liquid.run(truth)])
    parts, start = {}, 0
    for kind, o in observations.items():
        mine = slice(start, start := start + independent(o).x.size)
        rows = {n: getattr(whole, n)[mine] for n in ROWS}
        parts[kind] = replace(whole, **rows)
    assert start == whole.prediction.size
    return parts


KINDS = pytest.mark.parametrize("kind", ["g", "cut", "s", "pressure"])


@KINDS
def test_prediction_is_the_exact_one(linear, observations, kind: str) -> None:
    """To the error of the cavity's local polynomials, far below any measurement's."""
    data = independent(observations[kind])
    np.testing.assert_allclose(linear[kind].prediction, data.value, rtol=1e-9, atol=1e-3)


@KINDS
@pytest.mark.parametrize(("centre", "width"), [(3.2, 0.15), (3.8, 0.3), (5.0, 0.6), (7.0, 0.8)])
def test_jacobian_is_that_of_the_engine(
    liquid, linear, observations, kind: str, centre: float, width: float
) -> None:
    """Central differences of the integral equation, the potential changed by a bump."""
    model, data, step = linear[kind], independent(observations[kind]), 1e-4
    r = liquid.problem().r
    bump = np.exp(-(((r - centre) / width) ** 2)) * (1 - (r / r[-1]) ** 8)
    up, down = (liquid.exact(data, Tabulated(r, model.potential + s * bump)) for s in (step, -step))
    exact = (up - down) / (2 * step)
    assert np.abs(model.jacobian @ bump - exact).max() < 3e-3 * np.abs(exact).max()


@KINDS
@pytest.mark.parametrize(
    "change", [lambda r, v: v, lambda r, v: v * np.log(r / 10.0), lambda r, v: -((4.0 / r) ** 3.5)]
)
def test_jacobian_is_that_of_the_engine_out_to_the_tail(
    liquid, linear, observations, kind: str, change
) -> None:
    """Of what does not vanish at the end of the table: its depth, its exponent, a slow tail."""
    model, data, step = linear[kind], independent(observations[kind]), 1e-4
    r = liquid.problem().r
    # what is inside the core nobody sees
    added = change(r, model.potential) * (1.0 - np.exp(-((r / 3.2) ** 40)))
    up, down = (
        liquid.exact(data, Tabulated(r, model.potential + s * added)) for s in (step, -step)
    )
    exact = (up - down) / (2 * step)
    assert np.abs(model.jacobian @ added - exact).max() < 1e-2 * np.abs(exact).max()


def test_slope_is_the_derivative_of_the_prediction(linear, observations) -> None:
    """A reading error of the abscissa shifts a point by the slope of its curve."""
    x = observations["g"].x
    by_differences = np.gradient(linear["g"].prediction, x)
    smooth = x > 4.5
    np.testing.assert_allclose(linear["g"].slope[smooth], by_differences[smooth], atol=0.02)
    assert linear["pressure"].slope == 0.0


def test_slopes_move_with_the_potential(liquid, linear, observations) -> None:
    """The slope's own Jacobian is the derivative of the Jacobian along the curve."""
    x, model = observations["g"].x, linear["g"]
    bump = np.exp(-0.5 * ((liquid.problem().r - 4.2) / 0.4) ** 2)
    by_differences = np.gradient(model.jacobian @ bump, x)
    smooth = x > 4.5
    found = (model.slope_jacobian @ bump)[smooth]
    np.testing.assert_allclose(found, by_differences[smooth], atol=0.05)
    assert np.abs(found).max() > 1.0
    assert not linear["pressure"].slope_jacobian.any()


def test_bend_is_the_derivative_of_the_slope(linear, observations) -> None:
    """Reading errors δ take ½ g″ δ² off a point, on average."""
    x = observations["g"].x
    by_differences = np.gradient(linear["g"].slope, x)
    smooth = x > 4.5
    np.testing.assert_allclose(linear["g"].bend[smooth], by_differences[smooth], atol=0.05)
    assert np.abs(by_differences[smooth]).max() > 0.5
    assert linear["pressure"].bend == 0.0


def test_linear_prediction_elsewhere(liquid, observations) -> None:
    """About another potential it is right to second order."""
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"])
    model = linearise(problem, truth.v, [liquid.run(truth)])
    np.testing.assert_array_equal(model.about(truth.v), model.prediction)
    # this engine has no cut-off, the linear model has: leave the last point alone
    direction = liquid.table(lennard_jones(3.41, 0.235)).v - truth.v
    direction *= 1 - (problem.r / problem.r[-1]) ** 8
    near = {}
    for share in (0.1, 0.2):
        there = truth.v + share * direction
        exact = linearise(problem, there, [liquid.run(Tabulated(truth.r, there))]).prediction
        near[share] = np.abs(model.about(there) - exact).max()
    assert near[0.2] / near[0.1] == pytest.approx(4.0, rel=0.25)


def test_sampling_covariance_is_that_of_the_blocks(liquid, observations) -> None:
    """20 blocks tell a standard error to a sixth; pressure goes along with g."""
    noisy = replace(liquid, engine=replace(liquid.engine, sampling_error=0.01))
    problem = liquid.problem(observations["g"], observations["pressure"])
    truth = liquid.table(liquid.truth)
    runs = [noisy.run(truth, seed) for seed in range(1, 9)]
    models = [linearise(problem, truth.v, [run]) for run in runs]
    scatter = np.std([m.prediction for m in models], axis=0, ddof=1)
    stated = np.mean([np.sqrt(np.diag(m.covariance)) for m in models], axis=0)
    seen = stated > 0.05 * stated[:-1].max()
    ratio = np.log(scatter[seen] / stated[seen])
    # the mean of some 30 independent logarithms, 7 degrees of freedom each: sd 0.05
    assert abs(ratio.mean() + 0.5 / 7) < 0.2
    assert scatter[-1] / stated[-1] == pytest.approx(1.0, abs=0.7)


def test_blocks_are_an_unbiased_covariance_of_the_mean(liquid, observations) -> None:
    """BᵀB has b − 1 degrees of freedom; an exact engine has neither blocks nor freedom."""
    problem = liquid.problem(observations["g"], observations["pressure"])
    truth = liquid.table(liquid.truth)
    run = replace(liquid, engine=replace(liquid.engine, sampling_error=0.01)).run(truth)
    model = linearise(problem, truth.v, [run])
    b = len(run.pressure_blocks)
    assert model.freedom == b - 1
    product = model.blocks.T @ model.blocks
    assert product[-1, -1] == pytest.approx(run.pressure_blocks.var(ddof=1) / b, rel=1e-9)
    np.testing.assert_allclose(model.blocks.sum(axis=0), 0.0, atol=1e-12)
    exact = linearise(problem, truth.v, [liquid.run(truth)])
    assert exact.freedom == 0
    assert not exact.blocks.size
    assert not exact.covariance.any()


def test_pressure_is_linear_too(liquid, observations) -> None:
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"], observations["pressure"])
    run = liquid.run(truth)
    model = linearise(problem, truth.v, [run])
    assert model.pressure == run.pressure == model.prediction[-1]
    np.testing.assert_array_equal(model.pressure_jacobian[0], model.jacobian[-1])


def test_liquids_are_stacked(liquid, observations) -> None:
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"])
    two = replace(problem, liquids=problem.liquids * 2)
    run = liquid.run(truth)
    one, both = linearise(problem, truth.v, [run]), linearise(two, truth.v, [run, run])
    np.testing.assert_array_equal(both.prediction, np.tile(one.prediction, 2))
    np.testing.assert_array_equal(both.jacobian, np.tile(one.jacobian, (2, 1)))
    assert both.pressure_jacobian.shape == (2, problem.r.size)
    n = one.prediction.size
    assert not both.covariance[:n, n:].any()


def test_models_survive_memory(liquid, observations) -> None:
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"])
    exact = linearise(problem, truth.v, [liquid.run(truth)])
    model = liquid.model(problem, liquid.truth, error=0.01)
    longer = replace(exact, potential=2 * truth.v)
    kept = pack(problem, [longer, model])
    first, second = unpack(problem, kept)
    followed = {"jacobian", "slope_jacobian", "pressure_jacobian", "covariance"}
    for name in {f.name for f in fields(LinearModel)} - {"blocks"} - followed:
        np.testing.assert_array_equal(getattr(first, name), getattr(longer, name))
        np.testing.assert_array_equal(getattr(second, name), getattr(model, name))
    for name in followed:
        size = np.abs(getattr(model, name)).max()
        for a, b in ((first, longer), (second, model)):
            np.testing.assert_allclose(getattr(a, name), getattr(b, name), atol=1e-9 * size)
    np.testing.assert_array_equal(second.blocks, model.blocks)
    assert not first.blocks.any(), "rows of zeros where one has fewer: its products are the same"
    assert unpack(problem, {}) == []
    with pytest.raises(CheckpointError, match="told otherwise"):
        unpack(problem, kept | {"model_jacobian": np.array([exact.jacobian] * 2)})


def test_models_of_several_liquids_survive_memory(liquid, observations) -> None:
    """Each with the sampling covariance of its own blocks, however many; they are independent."""
    problem = liquid.problem(observations["g"])
    one = liquid.model(problem, liquid.truth, error=0.01)
    other = replace(one, blocks=one.blocks[:7], covariance=shrunk_covariance(one.blocks[:7], 6.0))
    both = replace(problem, liquids=problem.liquids * 2)
    (found,) = unpack(both, pack(both, [LinearModel.stack([one, other])]))
    expected = block_diag(one.covariance, other.covariance)
    np.testing.assert_allclose(found.covariance, expected, atol=1e-12)


def test_no_fluid_no_step(liquid, observations) -> None:
    """A g(r) whose fluctuations no fluid has: a droplet in vapour."""
    truth = liquid.table(liquid.truth)
    run = liquid.run(truth)
    g = run["g A-A"]
    more = replace(g, mean=g.mean * (1.0 + 2.0 * np.exp(-((g.x / 9.0) ** 4))))
    droplet = replace(run, series={**run.series, g.name: more})
    with pytest.raises(RuleFailed, match="newton"):
        linearise(liquid.problem(observations["g"]), truth.v, [droplet])


def test_stacking_keeps_order_and_priors(observations, liquid) -> None:
    g = replace(observations["g"], error=np.full(liquid.x.size, 0.02), abscissa_error=0.01)
    s = stack_data(liquid.problem(observations["pressure"], g, observations["s"]))
    n, m = g.x.size, Q.size
    np.testing.assert_array_equal(
        s.value, [*observations["pressure"].value, *g.value, *observations["s"].value]
    )
    np.testing.assert_array_equal(s.noisy, [0.0, *np.ones(n + m)])
    np.testing.assert_array_equal(s.curve[1:], np.repeat([0, 1], [n, m]))
    assert (s.names, s.kinds) == (("g", "s"), ("g", "s"))
    np.testing.assert_array_equal(s.stated_variance[1:], np.repeat([0.02**2, 0.0], [n, m]))
    ideal = liquid.state.density / liquid.state.beta * MPA_PER_KCAL_MOL_A3
    assert np.sqrt(s.stated_variance[0]) == pytest.approx(0.1 * ideal)
    assert s.reading[0].median == 0.01
    assert s.noise[0].median == pytest.approx(0.3 * 0.02)
    assert s.noise[1].median == 0.01
    for j, count in ((0, n), (1, m)):
        assert s.of_curve(j).sum() == count


def test_a_transformed_curve_counts_its_independent_points(observations) -> None:
    """Spacing π/Q_max, and noise that falls with distance."""
    thin = independent(observations["cut"])
    assert np.diff(thin.x) == pytest.approx(0.35), "seven steps of 0.05 Å for π/10"
    assert independent(observations["g"]).x.size == observations["g"].x.size
    windowed = replace(observations["s"], window=(1.0, 5.0))
    assert (independent(windowed).x[0], independent(windowed).x[-1]) == (1.0, 5.0)


def test_normalisation_columns(observations, liquid) -> None:
    measured = (observations["g"], observations["s"], observations["pressure"])
    prior = PriorSettings(scale_sd=0.03, level_sd=0.002)
    s = stack_data(replace(liquid.problem(*measured), prior=prior))
    nothing = np.zeros(s.value.size)
    measured = SimpleNamespace(prediction=s.value, bend=nothing, damping=nothing)
    columns = nuisance_columns(s, prior, measured)
    assert columns.shape == (s.value.size, 4)
    n = liquid.x.size
    np.testing.assert_allclose(columns[:n, 0], 0.03 * s.value[:n])
    np.testing.assert_allclose(columns[:n, 1], 0.002)
    assert not columns[n:, :2].any()
    assert not columns[-1].any(), "a pressure has no normalisation"


def test_covariance_is_split_without_loss() -> None:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((30, 5))
    covariance = a @ a.T + 0.1 * np.eye(30)
    columns, rest = covariance_columns(covariance, 5)
    np.testing.assert_allclose((columns**2).sum(axis=1) + rest, np.diag(covariance))
    assert np.abs(columns @ columns.T + np.diag(rest) - covariance).max() < 0.1
    columns, rest = covariance_columns(covariance, 50)
    np.testing.assert_allclose(columns @ columns.T, covariance, atol=1e-12)
    np.testing.assert_allclose(rest, 0.0, atol=1e-12)


def test_pressures_alone_are_refused(liquid, observations) -> None:
    with pytest.raises(InputError, match="at least one measured g"):
        Newton(liquid.problem(observations["pressure"]))


def test_a_stated_covariance_enters_whole(liquid) -> None:
    x = np.linspace(3.0, 9.0, 12)
    covariance = 1e-4 * np.exp(-np.abs(np.subtract.outer(x, x))) + 1e-6 * np.eye(12)
    s = stack_data(liquid.problem(Observation("g", x, np.ones(12), covariance=covariance)))
    whole = np.diag(s.stated_variance) + s.stated_columns @ s.stated_columns.T
    np.testing.assert_allclose(whole, covariance, atol=1e-16)


def test_every_prior_of_the_data_is_a_number_of_the_configuration(liquid, observations) -> None:
    stated = replace(observations["g"], error=np.full(liquid.x.size, 0.02), abscissa_error=0.01)
    numbers = {"noise": 0.02, "noise_beyond": 0.5, "noise_sd": 0.7, "reading_sd": 0.3}
    prior = PriorSettings(pressure_error=0.3, **numbers)
    problem = liquid.problem(stated, observations["s"], observations["pressure"])
    s = stack_data(replace(problem, prior=prior))
    assert [(p.median, p.sd) for p in s.noise] == [(pytest.approx(0.01), 0.7), (0.02, 0.7)]
    assert [p.sd for p in s.reading] == [0.3, 0.3]
    ideal = liquid.state.density / liquid.state.beta * MPA_PER_KCAL_MOL_A3
    assert np.sqrt(s.stated_variance[-1]) == pytest.approx(0.3 * ideal)


def transformed(liquid, **changes) -> Observation:
    """A stranger's g(r) that is a transform and reaches far, without error."""
    x = np.arange(2.8, 20.0, 0.1)
    blank = Observation("g", x, np.ones(x.size), q_max=12.0, drift=1e-6)
    return replace(blank, value=liquid.exact(blank, liquid.table(liquid.truth)), **changes)


@pytest.mark.parametrize(
    ("changes", "levels"),
    [
        ({}, 2),
        ({"q_max": np.inf}, 1),
        ({"window": (2.8, 10.0)}, 1),
        ({"window": (8.0, 20.0)}, 1),
        ({"abscissa_error": 0.01}, 1),
        ({"drift": 0.0}, 1),
        ({"error": np.full(172, 0.01)}, 1),
    ],
)
def test_only_far_points_of_a_transform_have_a_noise_of_their_own(liquid, changes, levels) -> None:
    """Where nothing is stated of them, and enough of either kind are there."""
    s = stack_data(liquid.problem(transformed(liquid, **changes), observation_of_pressure()))
    assert len(s.noise) == len(s.reading) == levels
    assert s.far == [0] * (levels - 1)
    far = np.flatnonzero(s.level)
    assert far.size == 0 or far[0] == s.value.size - 1 - far.size


def observation_of_pressure() -> Observation:
    return Observation("pressure", np.zeros(1), np.zeros(1))


def test_noise_near_and_far_is_told_apart(liquid) -> None:
    """Forty curves whose near noise is five times the far one: one false alarm in 1000.

    Of n points the mean of ln s is ½/n less than the truth's, and the prior of deviation 1
    pulls it by a share 1/(1 + 2n) towards its own. One level for both is the negative
    control: it lies between, and far from the near one.
    """
    clean, rng = transformed(liquid), np.random.default_rng(5)
    problem = liquid.problem(clean)
    linear = linearise(problem, liquid.table(liquid.truth).v, [liquid.run(liquid.truth)])
    found, alone = [], []
    for _ in range(40):
        far = clean.x > 3.0 * clean.x[0]
        noise = np.where(far, 0.004, 0.02) * np.sqrt(clean.noise_shape)
        value = clean.value + noise * rng.standard_normal(clean.x.size)
        for into, given in ((found, {}), (alone, {"drift": 0.0})):
            o = replace(clean, value=value, **given)
            conditioner = Conditioner(liquid.problem(o))
            into.append(np.log(conditioner.fit(linear, conditioner.prior.centre).theta.noise))
    s = stack_data(problem)
    limit = stats.t.isf(0.25e-3, 39) / np.sqrt(40)
    for x, truth, n in zip(np.transpose(found), (0.02, 0.004), np.bincount(s.level), strict=True):
        pull = np.log(s.noise[0].median / truth) / (1.0 + 2.0 * n)
        assert abs(x.mean() - np.log(truth) - pull + 0.5 / n) < limit * x.std(ddof=1)
    assert np.mean(alone) < np.log(0.02) - 0.5


def test_a_result_tells_both_levels(liquid) -> None:
    """And counts either in the prior and the likelihood of a draw; two curves may have one name."""
    o, rng = transformed(liquid), np.random.default_rng(3)
    noise = 0.01 * np.sqrt(o.noise_shape) * rng.standard_normal((2, o.x.size))
    measured = [replace(o, value=o.value + e) for e in noise]
    problem = liquid.problem(*measured, tune=100, draws=50, round_size=2, max_iterations=2)
    rule = Newton(problem)
    done = refine(rule, liquid.engine)
    posterior = rule.posterior(done.past)
    assert posterior["noise_far"].dims == ("chain", "draw", "far")
    assert list(posterior["far"].values) == list(posterior["curve"].values)
    groups = rule.data_groups(done.past, posterior)
    assert np.isfinite(groups["log_likelihood"]["data"]).all()
    z = np.log(np.append(posterior["noise"].values, posterior["noise_far"].values, axis=-1) / 0.01)
    assert z.shape[-1] == 4
    np.testing.assert_allclose(
        groups["log_prior"]["noise"], -0.5 * np.sum(z**2, axis=-1), rtol=1e-5, atol=1e-6
    )
