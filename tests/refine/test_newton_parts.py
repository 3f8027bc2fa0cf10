"""What the Newton rule is made of: linear model, prior, stacked data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.data import (
    LEVEL_SD,
    SCALE_SD,
    covariance_columns,
    independent,
    nuisance_columns,
    stack,
)
from sopr_uq.refine.newton.linear import LinearModel, linearise
from sopr_uq.refine.newton.prior import MIE_SD, Prior, mie_energy
from sopr_uq.refine.newton.rule import LENGTH_WEIGHTS, LENGTHS, WIDTH_SD, pack, unpack
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


def test_pressure_is_linear_too(liquid, observations) -> None:
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"], observations["pressure"])
    run = liquid.run(truth)
    model = linearise(problem, truth.v, [run])
    assert model.pressure == run.pressure == model.prediction[-1]
    np.testing.assert_array_equal(model.pressure_jacobian[0], model.jacobian[-1])


def test_samples_are_stacked(liquid, observations) -> None:
    truth = liquid.table(liquid.truth)
    problem = liquid.problem(observations["g"])
    two = replace(problem, samples=problem.samples * 2)
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
    model = linearise(problem, truth.v, [liquid.run(truth)])
    first, second = unpack(pack([model, replace(model, potential=2 * truth.v)]))
    np.testing.assert_array_equal(first.jacobian, model.jacobian)
    np.testing.assert_array_equal(second.potential, 2 * truth.v)
    assert unpack({}) == []


def test_no_fluid_no_step(liquid, observations) -> None:
    """A g(r) whose fluctuations no fluid has: a droplet in vapour."""
    truth = liquid.table(liquid.truth)
    run = liquid.run(truth)
    g = run["g A-A"]
    more = replace(g, mean=g.mean * (1.0 + 2.0 * np.exp(-((g.x / 9.0) ** 4))))
    droplet = replace(run, series={**run.series, g.name: more})
    with pytest.raises(RuleFailed, match="newton"):
        linearise(liquid.problem(observations["g"]), truth.v, [droplet])


def test_prior_draws_are_potentials(liquid) -> None:
    """A repulsive core, one zero, one well, a tail that dies: 99.5 % of 3000 draws."""
    problem = liquid.problem()
    prior, rng = Prior(problem), np.random.default_rng(0)
    share = np.exp(LENGTH_WEIGHTS)
    draws = np.concatenate(
        [
            prior.draw(rng, round(3000 * w), width_sd=WIDTH_SD, length=prior.length_median * f)
            for w, f in zip(share, LENGTHS, strict=True)
        ]
    )
    slope = np.diff(draws, axis=1)
    zeros = (np.diff(np.sign(draws), axis=1) != 0).sum(axis=1)
    core = np.array(
        [v[0] > 0 and np.all(s[v[:-1] > 0] < 0) for v, s in zip(draws, slope, strict=True)]
    )
    wells = ((slope[:, :-1] < 0) & (slope[:, 1:] > 0)).sum(axis=1)
    tail = np.abs(draws[:, -1]) < 0.1 * np.abs(draws.min(axis=1))
    good = core & (zeros == 1) & (wells == 1) & tail
    # three binomial standard deviations below 99.5 %; the rest have ripples in the tail
    assert good.mean() > 0.995 - 3 * np.sqrt(0.995 * 0.005 / good.size)
    assert np.all(draws[:, 0] > 0)
    sigma = problem.r[np.argmax(draws <= 0, axis=1)]
    assert np.std(np.log(sigma)) == pytest.approx(MIE_SD[0], rel=0.25)


def test_prior_expansion_is_the_mie_potential(liquid) -> None:
    """At the point of expansion exactly, around it to second order."""
    prior = Prior(liquid.problem())
    r = prior.problem.r
    well = r > 3.3
    point = prior.centre + MIE_SD * np.array([0.3, -0.5, 0.4])
    basis = prior.basis(point, 0.7)

    def expanded(p: np.ndarray) -> np.ndarray:
        return basis.base + basis.mie @ ((p - prior.centre) / MIE_SD)

    np.testing.assert_allclose(expanded(point), mie_energy(point, r), rtol=1e-9, atol=1e-12)
    miss = [
        np.abs(expanded(p) - mie_energy(p, r))[well].max()
        for p in (point + t * MIE_SD * np.array([0.1, -0.2, 0.3]) for t in (0.1, 0.2))
    ]
    assert miss[1] / miss[0] == pytest.approx(4.0, rel=0.1)
    coefficients = (point - prior.centre) / MIE_SD
    np.testing.assert_allclose(prior.point(coefficients), point)


def test_prior_mean_is_the_reference(liquid) -> None:
    prior = Prior(liquid.problem())
    np.testing.assert_allclose(np.exp(prior.centre[:2]), [3.35, 0.26], rtol=1e-6)
    mie = replace(liquid, reference=liquid.truth).problem()
    assert Prior(mie).centre[2] == 13.0
    unit = prior.basis(prior.centre, 0.7).correction
    i = int(np.argmin(np.abs(prior.problem.r - prior.problem.sigma)))
    assert np.linalg.norm(unit[i]) == pytest.approx(1.0, rel=0.05)


def test_stacking_keeps_order_and_priors(observations, liquid) -> None:
    g = replace(observations["g"], error=np.full(liquid.x.size, 0.02), abscissa_error=0.01)
    s = stack(liquid.problem(observations["pressure"], g, observations["s"]))
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
    assert np.diff(thin.x) == pytest.approx(0.3), "six steps of 0.05 Å for π/10"
    assert independent(observations["g"]).x.size == observations["g"].x.size
    windowed = replace(observations["s"], window=(1.0, 5.0))
    assert (independent(windowed).x[0], independent(windowed).x[-1]) == (1.0, 5.0)


def test_normalisation_columns(observations, liquid) -> None:
    s = stack(liquid.problem(observations["g"], observations["s"], observations["pressure"]))
    columns = nuisance_columns(s, s.value)
    assert columns.shape == (s.value.size, 4)
    n = liquid.x.size
    np.testing.assert_allclose(columns[:n, 0], SCALE_SD * s.value[:n])
    np.testing.assert_allclose(columns[:n, 1], LEVEL_SD)
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


def test_a_stated_covariance_enters_whole():
    from sopr_uq.experiment.observation import Observation
    from sopr_uq.experiment.state import StatePoint
    from sopr_uq.potentials import lennard_jones
    from sopr_uq.refine.newton.data import stack as stacked
    from sopr_uq.refine.problem import Problem, Sample
    from sopr_uq.refine.settings import RefineSettings

    x = np.linspace(3.0, 9.0, 12)
    covariance = 1e-4 * np.exp(-np.abs(np.subtract.outer(x, x))) + 1e-6 * np.eye(12)
    curve = Observation("g", x, np.ones(12), covariance=covariance)
    sample = Sample(StatePoint(120.0, 0.018, 39.95), (curve,))
    s = stacked(Problem((sample,), lennard_jones(3.4, 0.24), RefineSettings()))
    whole = np.diag(s.stated_variance) + s.stated_columns @ s.stated_columns.T
    np.testing.assert_allclose(whole, covariance, atol=1e-16)
