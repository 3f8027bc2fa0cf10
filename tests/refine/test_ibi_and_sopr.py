"""The two update rules that know g(r) alone: fixed points, closed forms, twins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sopr_uq.engine.dilute import DiluteEngine
from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.gp import Dispersion, SquaredExponential
from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.potentials.core import repulsive
from sopr_uq.refine.ibi import Ibi
from sopr_uq.refine.loop import refine
from sopr_uq.refine.presets import preset
from sopr_uq.refine.residual import residual
from sopr_uq.refine.round import Run
from sopr_uq.refine.sopr import Sopr

SAMPLED = {"max_iterations": 4, "chains": 1, "tune": 200, "draws": 100}
GIVEN = {"width": 0.1, "length": 0.7, "noise": 0.005}
NEVER = {"stop": "published", "tolerance": 1e-12}


def first(rule, simulation):
    """Return what a first step takes: the states so far, and the one run."""
    start = rule.init()
    return [start], [Run(start.potential, (simulation,))]


@pytest.mark.parametrize(
    ("rule", "settings"),
    [(Ibi, {}), (Sopr, GIVEN), (Sopr, SAMPLED)],
    ids=["ibi", "sopr, given", "sopr, inferred"],
)
def test_the_right_potential_is_a_fixed_point(liquid, rule, settings) -> None:
    data = liquid.as_compared(liquid.table(liquid.reference))
    made = rule(liquid.problem(data, fit_level=False, **settings))
    start = made.init()
    state, info = made.step(*first(made, liquid.run(Tabulated(made.problem.r, start.potential))))
    assert info.misfit < 1e-25
    np.testing.assert_allclose(state.potential, start.potential, rtol=1e-12, atol=1e-13)
    assert state.iteration == 1


@pytest.mark.parametrize(("rule", "settings"), [(Ibi, {}), (Sopr, GIVEN)], ids=["ibi", "sopr"])
def test_a_twin_is_approached(liquid, rule, settings) -> None:
    truth = liquid.table(liquid.truth)
    data = Observation("g", liquid.x, liquid.exact(liquid.blank(), truth))
    problem = liquid.problem(data, max_iterations=8, **settings, **NEVER)
    done = refine(rule(problem), liquid.engine)
    assert done.outcome == "max_iterations"
    misfit = [each.info.misfit for each in done.iterations]
    # later it is at the noise of the data, and wanders there
    assert np.all(np.diff(misfit[:4]) < 0)
    assert misfit[-1] < 0.15 * misfit[0]
    well = problem.r > 3.4
    error = [np.abs(i.potential - truth.v)[well].max() for i in done.iterations]
    assert error[-1] < 0.6 * error[0]


def test_inversion_of_a_thin_gas_takes_one_step(liquid) -> None:
    """Where g = exp(−βv), the step k_B T ln(g_sim/g_exp) is the whole error of v."""
    thin, truth = (
        replace(liquid, engine=DiluteEngine(liquid.engine.settings)),
        liquid.table(liquid.truth),
    )
    x = liquid.problem().r[::2]
    g = np.exp(-liquid.state.beta * truth.energy(x))
    rule = Ibi(thin.problem(Observation("g", x, g), gamma=1.0, fit_level=False))
    state, _ = rule.step(
        [rule.init()],
        [Run(rule.init().potential, (thin.run(Tabulated(rule.problem.r, rule.init().potential)),))],
    )
    start, found = rule.init().potential[::2], state.potential[::2]
    inside = (g > 0.06) & (x < 0.79 * rule.problem.r_cut)
    before, after = (np.abs(v - truth.energy(x))[inside].max() for v in (start, found))
    assert after < 3e-3 * before


def test_inversion_keeps_a_core_and_a_tail(liquid) -> None:
    truth = liquid.table(liquid.truth)
    rule = Ibi(liquid.problem(Observation("g", liquid.x, liquid.exact(liquid.blank(), truth))))
    start = rule.init()
    state, _ = rule.step(*first(rule, liquid.run(Tabulated(rule.problem.r, start.potential))))
    change = state.potential - start.potential
    assert change[-1] == 0.0
    core = rule.problem.r < 2.8
    np.testing.assert_allclose(change[core], change[0])


def plain_regression(r, y, r_new, width, length, noise) -> np.ndarray:
    """Rasmussen & Williams eq 2.25 with zero mean, dense."""
    kernel = SquaredExponential(width, length)
    gain = np.linalg.solve(kernel(r, r) + noise**2 * np.eye(r.size), y)
    return kernel(r_new, r) @ gain


def test_published_preset_is_the_published_equation(liquid) -> None:
    """Eqs 2 and 4: y = v_ref + γ/β Σ Δg, and the posterior mean of a zero-mean process."""
    settings = preset("published")["refine"] | {"max_iterations": 3}
    assert (settings["gamma"], settings["width"], settings["length"]) == (0.2, 0.05, 1.0)
    data = Observation("g", liquid.x, liquid.exact(liquid.blank(), liquid.table(liquid.truth)))
    problem = liquid.problem(data, **settings)
    rule = Sopr(problem)
    state, total = rule.init(), 0.0
    for _ in range(2):
        potential = Tabulated(problem.r, state.potential)
        simulation = liquid.run(potential)
        c = residual(simulation, potential, liquid.state, data)
        use = (c.r >= 0.9 * problem.sigma) & (c.r <= problem.r_cut)
        r, total = c.r[use], total + c.difference[use]
        state, info = rule.step([state], [Run(state.potential, (simulation,))])
        assert info.misfit == pytest.approx(np.mean(c.difference**2))
    y = problem.reference.energy(r) + 0.2 / liquid.state.beta * total
    expected = plain_regression(r, y, problem.r, 0.05, 1.0, 0.01)
    np.testing.assert_allclose(state.potential, expected, atol=1e-6)
    assert problem.r[0] == pytest.approx(0.9 * problem.sigma)


def test_posterior_of_given_hyperparameters_is_the_textbook(liquid) -> None:
    settings = preset("published")["refine"] | {"chains": 2, "draws": 1000}
    data = Observation("g", liquid.x, liquid.exact(liquid.blank(), liquid.table(liquid.truth)))
    problem = liquid.problem(data, **settings)
    rule = Sopr(problem)
    state, _ = rule.step(*first(rule, liquid.run(liquid_table(problem))))
    draws = rule.posterior([state])
    assert draws["potential"].dims == ("chain", "draw", "r")
    assert draws["potential"].shape == (2, 1000, problem.r.size)
    kernel, r = SquaredExponential(0.05, 1.0), state.memory["r"]
    gain = np.linalg.solve(kernel(r, r) + 0.01**2 * np.eye(r.size), kernel(r, problem.r))
    variance = np.diag(kernel(problem.r, problem.r) - kernel(problem.r, r) @ gain)
    flat = draws["potential"].values.reshape(-1, problem.r.size)
    # some ten independent directions: means and variances within 4.5 sd, false alarm < 1e-3
    mean = (flat.mean(axis=0) - state.potential) / np.sqrt(variance / 2000)
    spread = (flat.var(axis=0) / variance - 1) / np.sqrt(2 / 2000)
    assert max(np.abs(mean).max(), np.abs(spread).max()) < 4.5
    # negative control: a variance larger by a quarter is refused
    assert np.abs((flat.var(axis=0) / (1.25 * variance) - 1) / np.sqrt(2 / 2000)).max() > 4.5


def liquid_table(problem) -> Tabulated:
    return Tabulated(problem.r, problem.reference.energy(problem.r))


def test_inferred_noise_enters_the_posterior(liquid) -> None:
    """With noise of 0.02 on g the inferred level is γ/β times that, and draws differ by it."""
    data = liquid.measured(liquid.table(liquid.reference), 0.02, seed=3)
    problem = liquid.problem(data, fit_level=False, **SAMPLED | {"draws": 400})
    rule = Sopr(problem)
    state, info = rule.step(*first(rule, liquid.run(liquid_table(problem))))
    expected = problem.settings.gamma / liquid.state.beta * 0.02
    # 140 points know a standard deviation to 6 %: four of those
    assert info.noise == pytest.approx(expected, rel=0.25)
    draws = rule.posterior([state])
    assert {"divergences", "max_rhat", "min_ess"} <= set(draws.attrs)
    assert draws["noise"].dims == ("chain", "draw")
    # the width of the band is that of a regression with the typical hyperparameters
    width, length, noise = (float(draws[name].median()) for name in ("width", "length", "noise"))
    kernel, r = Dispersion(width, length, problem.sigma), state.memory["r"]
    well = problem.r[(problem.r > 3.4) & (problem.r < 7.0)]
    errors = noise**2 * np.eye(r.size) + np.diag(state.memory["variance"])
    gain = np.linalg.solve(kernel(r, r) + errors, kernel(r, well))
    textbook = np.sqrt(np.diag(kernel(well, well) - kernel(well, r) @ gain))
    spread = draws["potential"].std(("chain", "draw")).sel(r=well).values
    np.testing.assert_allclose(spread, textbook, rtol=0.3)
    again = rule.posterior([state])
    assert again.identical(draws)


ROUNDS = 4


def test_the_measured_curve_counts_once_however_many_rounds_there_are(liquid) -> None:
    """Four rounds at one potential add up to one round of four times the step, and know no more."""
    data = liquid.measured(liquid.table(liquid.truth), 0.02, seed=3)
    options = SAMPLED | {"tune": 300, "draws": 1000, "fit_level": False}
    found = []
    for gamma, rounds in ((0.05, ROUNDS), (0.05 * ROUNDS, 1)):
        rule = Sopr(liquid.problem(data, gamma=gamma, **options))
        start = rule.init()
        simulation, state = liquid.run(Tabulated(rule.problem.r, start.potential)), start
        for _ in range(rounds):
            past = [replace(state, proposals=start.proposals)]
            state, info = rule.step(past, [Run(start.potential, (simulation,))])
        found.append(state.memory)
        # the one error of the data enters every round: its share of y grows with them
        expected = rounds * gamma / liquid.state.beta * 0.02
        assert info.noise == pytest.approx(expected, rel=0.25)
    np.testing.assert_allclose(found[0]["y"], found[1]["y"], atol=1e-12)
    for name in ("theta_noise", "theta_width"):
        many, once = (np.log(memory[name]) for memory in found)
        # 1000 draws, some 400 effective: 3.5 % of a deviation, 7 of which are allowed; counting
        # the curve once a round would make the width's deviation half as large
        assert many.std() == pytest.approx(once.std(), rel=0.25)
        assert many.mean() == pytest.approx(once.mean(), abs=0.3 * once.std())


def test_refinement_by_inferred_noise_converges_and_stays_by_its_data(liquid) -> None:
    truth = liquid.table(liquid.truth)
    data = liquid.measured(truth, 0.01, seed=5)
    problem = liquid.problem(data, **SAMPLED | {"max_iterations": 12}, fit_level=False)
    done = refine(Sopr(problem), liquid.engine)
    assert done.outcome == "converged"
    misfit = [each.info.misfit for each in done.iterations]
    # later it is at the noise of the data, and wanders there
    assert np.all(np.diff(misfit[:4]) < 0)
    assert misfit[-1] < 0.2 * misfit[0]
    noise = [each.info.noise for each in done.iterations]
    rounds = np.arange(1, len(noise) + 1)
    expected = problem.settings.gamma / liquid.state.beta * 0.01 * rounds
    np.testing.assert_allclose(noise[2:], expected[2:], rtol=0.4)


def test_a_drawn_core_is_repulsive(liquid) -> None:
    """A wide kernel of short range leaves the core, where nothing is measured, to chance."""
    settings = {"width": 1.0, "length": 0.15, "noise": 0.002, "chains": 1, "draws": 400}
    data = liquid.measured(liquid.table(liquid.reference), 0.0, seed=3)
    problem = liquid.problem(data, **settings)
    rule = Sopr(problem)
    state, _ = rule.step(*first(rule, liquid.run(liquid_table(problem))))
    drawn = rule.posterior([state])["potential"].values[0]
    assert np.all(repulsive(problem.r, drawn, problem.sigma))
    m = state.memory
    (strand,) = rule.strands
    process = strand._smooth(m, strand._unit_factor(m["r"], 0.15), 1.0, 0.002)
    plain = process.draw(np.random.default_rng(1), 400)
    assert not np.all(repulsive(problem.r, plain, problem.sigma)), "chance alone makes holes"


@pytest.mark.parametrize("given", ["width", "length"])
def test_what_is_given_is_not_inferred(liquid, given: str) -> None:
    data = liquid.measured(liquid.table(liquid.reference), 0.02, seed=3)
    rule = Sopr(liquid.problem(data, **SAMPLED, **{given: GIVEN[given]}))
    state, _ = rule.step(*first(rule, liquid.run(liquid_table(rule.problem))))
    draws = rule.posterior([state])
    np.testing.assert_allclose(draws[given], GIVEN[given], rtol=1e-12)
    others = {"width", "length", "noise"} - {given}
    assert all(float(draws[name].std()) > 0 for name in others)


def test_level_of_a_curve_is_fitted_where_it_is_flat(liquid) -> None:
    table = liquid.table(liquid.reference)
    data = liquid.as_compared(table)
    off = Observation("g", data.x, 1.02 * data.value)
    for fit, misfit in ((True, 1e-25), (False, np.inf)):
        rule = Ibi(liquid.problem(off, fit_level=fit))
        state, info = rule.step([rule.init()], [Run(rule.init().potential, (liquid.run(table),))])
        assert float(info.values["level"]) == pytest.approx(1.02 if fit else 1.0)
        assert info.misfit < misfit
        assert (np.abs(state.potential - table.v).max() < 1e-12) == fit


@pytest.mark.parametrize("rule", [Ibi, Sopr])
def test_other_data_are_refused(liquid, rule) -> None:
    s = Observation("s", np.array([1.0, 2.0]), np.ones(2))
    for observations in ((s,), (liquid.blank(), liquid.blank())):
        with pytest.raises(InputError, match="one state point with one measured g"):
            rule(liquid.problem(*observations))
    pressure = Observation("pressure", np.zeros(1), np.array([10.0]), np.array([1.0]))
    for more in (s, pressure):
        with pytest.raises(InputError, match=f"{more.kind} as well.*newton rule"):
            rule(liquid.problem(liquid.blank(), more))


def test_what_a_rule_declares_is_what_it_takes(liquid) -> None:
    class Wider(Ibi):
        kinds = ("g", "pressure")

    pressure = Observation("pressure", np.zeros(1), np.array([10.0]), np.array([1.0]))
    problem = liquid.problem(liquid.blank(), pressure)
    assert Wider(problem).problem is problem
    diffusion = Observation("diffusion", np.zeros(1), np.array([2.0]), np.array([0.1]))
    with pytest.raises(InputError, match=r"g, pressure alone.*diffusion as well.*g,pressure"):
        Wider(liquid.problem(liquid.blank(), pressure, diffusion))


def test_rules_say_when_they_cannot_go_on(liquid) -> None:
    few = Observation("g", np.array([3.0, 3.5, 4.0, 4.5]), np.ones(4))
    sopr = Sopr(liquid.problem(few, **GIVEN))
    simulation = liquid.run(liquid_table(sopr.problem))
    with pytest.raises(RuleFailed, match="at least 5 are needed"):
        sopr.step([sopr.init()], [Run(sopr.init().potential, (simulation,))])
    nothing = Observation("g", liquid.x, np.zeros(liquid.x.size))
    ibi = Ibi(liquid.problem(nothing, fit_level=False))
    with pytest.raises(RuleFailed, match="fewer than 5"):
        ibi.step([ibi.init()], [Run(ibi.init().potential, (simulation,))])


def test_an_attractive_core_is_not_accepted(liquid) -> None:
    """A measured g of 5 inside the core wants an attraction there."""
    wrong = Observation("g", liquid.x, np.where(liquid.x < 3.4, 30.0, 1.0))
    settings = GIVEN | {"regressed": "potential", "gamma": 2.0, "fit_level": False}
    rule = Sopr(liquid.problem(wrong, **settings))
    with pytest.raises(RuleFailed, match="attractive"):
        rule.step(*first(rule, liquid.run(liquid_table(rule.problem))))


def test_settings_reach_the_grid(liquid) -> None:
    correction = liquid.problem().r
    assert correction[0] == pytest.approx(0.7 * 3.35, rel=1e-6)
    assert correction[-1] == pytest.approx(3.0 * 3.35, rel=1e-6)
    assert np.diff(correction) == pytest.approx(0.02, rel=0.02)
    shifted = replace(liquid, reference=lennard_jones(3.0, 0.26)).problem()
    assert shifted.sigma == pytest.approx(3.0, abs=1e-6)
    assert shifted.epsilon == pytest.approx(0.26, rel=1e-6)
