"""Diffusion beside g(r): a row that is wrong at first is learnt, and what contradicts is named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.plan import flight_time
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.series import Series
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import Traits
from sopr_uq.errors import InputError
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables.transport import gamma_of
from sopr_uq.potentials import Mie, lennard_jones
from sopr_uq.refine.ibi import Ibi
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.agreement import CaseDeletion, _conflict, _Row, agreement, numbers
from sopr_uq.refine.newton.budget import Whitened, descriptor_gradient
from sopr_uq.refine.newton.surrogate import Surrogate
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.rng import stream

STATE = StatePoint(120.0, 0.018, 39.948)
TRUTH = Mie(3.40, 0.238, 13.0)
R = np.arange(2.8, 12.0, 0.1)
STEEPER = 1.2
"""∂ln D/∂s₂, half as much again as the scaling says."""

BLOCKS = 10
TRAITS = Traits(instant=True, boxed=False, records=frozenset({"diffusion"}))


@dataclass(frozen=True)
class Moving:
    """The liquid of an integral equation, that diffuses as fast as its pair entropy says."""

    name: str = "moving"
    traits: Traits = TRAITS
    error: float = 0.01

    def run(self, setup: Setup, *, progress=None) -> Simulation:
        settings = EngineSettings(r_max=14.0, blocks=BLOCKS)
        inner = IntegralEquationEngine(settings, sampling_error=0.003)
        found = inner.run(replace(setup, record=()))
        (table,) = setup.potentials.values()
        flight = flight_time(setup)
        t, time = np.linspace(0.0, 3.0 * flight, 800), 0.05 * flight
        rng = stream(setup.seed, "motion")
        scatter = 1.0 + self.error * np.sqrt(BLOCKS) * rng.standard_normal((BLOCKS, 1))
        rows = 3.0 * diffusion(table) / 10.0 / time * np.exp(-t / time) * scatter
        series = {**found.series, "vacf A": Series.of_blocks("vacf A", t, rows, "")}
        return replace(found, series=series, counts=(1000,))


def pair_entropy(potential):
    """In k_B: −2πρ ∫ r² (g ln g − g + 1) dr."""
    exact = IntegralEquationEngine(EngineSettings(r_max=14.0)).run(Setup.of(potential, STATE, 1))
    r, g = exact.r, np.maximum(exact.g, 1e-12)
    return float(-2.0 * np.pi * STATE.density * np.trapezoid(r**2 * (g * np.log(g) - g + 1.0), r))


OF_TRUTH = pair_entropy(TRUTH)


def diffusion(potential):
    """10⁻⁹ m²/s in a box of 1000."""
    return float(4.0 * np.exp(STEEPER * (pair_entropy(potential) - OF_TRUTH)))


def problem(factor=1.0, error=0.02, noise=0.02, **settings):
    """A twin whose diffusion, at infinite size, is wrong by a factor."""
    exact = IntegralEquationEngine(EngineSettings(r_max=14.0)).run(Setup.of(TRUTH, STATE, 1))
    g = np.interp(R, exact.r, exact.g) + noise * np.random.default_rng(5).normal(size=R.size)
    quick = {"rule": "newton", "max_iterations": 5, "tune": 200, "draws": 200}
    chosen = RefineSettings(**(quick | {"grid_spacing": 0.05} | settings))
    made = Problem((Liquid(STATE, (Observation("g", R, g),)),), lennard_jones(3.36, 0.25), chosen)
    value = factor * diffusion(TRUTH) / (1.0 - 1000 ** (-1 / 3))
    d = Observation("diffusion", np.zeros(1), np.array([value]), error=np.array([error * value]))
    return replace(made, liquids=(Liquid(STATE, (Observation("g", R, g), d)),))


@pytest.fixture(scope="module")
def right():
    rule = Newton(problem(error=0.01, noise=0.08))
    return rule, refine(rule, Moving(error=0.005))


def steepness(problem, row):
    """∂ln D/∂ln σ of a row of a Jacobian on the grid, over what it is."""
    r, step = problem.r, 1e-2
    ends = [Mie(3.4 * np.exp(s * step), 0.238, 13.0) for s in (1, -1)]
    exact = np.log(diffusion(ends[0]) / diffusion(ends[1]))
    return float(row @ (ends[0].energy(r) - ends[1].energy(r)) / exact)


def slopes(rule, refinement):
    """∂ln D/∂ln σ over what it is: averaged over the runs' own, and learnt from them."""
    answer = rule.answer(refinement.past)
    models = (answer.emulator.average, answer.linear)
    return [steepness(rule.problem, model.jacobian[-1]) for model in models]


def test_the_runs_correct_the_slope_of_the_scaling(right):
    """From 0.7 of what it is to within 10 %."""
    assert slopes(*right)[1] == pytest.approx(1.0, abs=0.1)


def test_the_runs_move_the_slope_towards_what_it_is(right):
    """Negative control: the average of the runs' own slopes stays where it was."""
    before, after = slopes(*right)
    assert before < 0.8
    assert abs(after - 1.0) < abs(before - 1.0)


def test_the_truth_is_found_with_a_diffusion(right):
    rule, refinement = right
    assert refinement.outcome == "converged"
    answer = rule.answer(refinement.past)
    z = np.random.default_rng(1).normal(size=(200, answer.fit.coefficients.mean.size))
    found = rule.problem.field.descriptors(answer.fit.draws(z), STATE.beta)
    for values, true in zip(found[:2], (3.4, 0.238), strict=True):
        assert abs(values.mean() - true) < 3.0 * values.std()


def test_a_row_that_errs_by_itself_spares_the_others(right, monkeypatch):
    """What is wrong with the diffusion's row is not taken for an error of all.

    The negative control has no such row.
    """
    rule, refinement = right
    past = refinement.past[:1]
    plain, scales = Surrogate.fitted, [rule.answer(past).emulator.surrogate.scales[0]]
    monkeypatch.setattr(Surrogate, "fitted", lambda *args: plain(*args[:4]))
    scales.append(Newton(rule.problem).answer(past).emulator.surrogate.scales[0])
    assert 3.0 * scales[0] < scales[1]


def test_a_right_diffusion_agrees_and_narrows(right):
    rule, refinement = right
    found = agreement(rule.conditioner, rule.answer(refinement.past).fit)
    assert found["datum"].values.tolist() == ["diffusion"]
    assert abs(float(found["z"][0])) < 3.0
    assert not found.attrs["doubt"]
    assert (found["sd_without"].isel(datum=0) > found["sd"]).all()
    groups = rule.conclude(refinement.past, rule.posterior(refinement.past))
    assert groups["agreement"].attrs["doubt"] == ""
    plain = {"measured", "expected", "expected_sd", "z"}
    assert set(groups["agreement"].data_vars) == plain | {"sd", "sd_without", "moved"}


def test_what_is_left_out_is_as_if_it_had_never_been_there(right):
    """The closed form is a fit of the other data at the same θ."""
    rule, refinement = right
    fit = rule.answer(refinement.past).fit
    gradient = descriptor_gradient(rule.conditioner, fit)[:, 0]
    (datum,) = numbers(rule.problem)
    found = CaseDeletion(rule.conditioner, fit, gradient).without([datum.row])
    whitened = Whitened(rule.conditioner, fit)
    x, noise = whitened.columns["potential"], sum(whitened.covariances.values())

    def posterior(keep):
        inverse = np.linalg.inv(noise[np.ix_(keep, keep)])
        covariance = np.linalg.inv(np.eye(x.shape[1]) + x[keep].T @ inverse @ x[keep])
        y = fit.model.residual[keep]
        return gradient @ covariance @ x[keep].T @ inverse @ y, gradient @ covariance @ gradient.T

    every = np.arange(len(x))
    whole, rest = posterior(every), posterior(np.delete(every, datum.row))
    np.testing.assert_allclose(found.moved, whole[0] - rest[0], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.narrowed, np.diagonal(rest[1] - whole[1]), rtol=1e-4)


def test_a_diffusion_wrong_by_a_fifth_is_named():
    rule = Newton(problem(1.2, noise=0.01))
    refinement = refine(rule, Moving())
    found = agreement(rule.conditioner, rule.answer(refinement.past).fit)
    assert float(found["z"][0]) > 3.0
    assert "diffusion contradicts the other data" in found.attrs["doubt"]
    assert "standard deviations away" in found.attrs["doubt"]


def test_a_number_may_be_called_as_motion_is():
    """What stands for diffusion and viscosity together is told by its data, not by its name."""
    rest = (np.zeros(4), np.zeros(4))
    one = _Row("dynamics", ("pressure",), "MPa", 1.0, 9.0, 2.0, -4.0, *rest)
    both = one._replace(of=("diffusion", "viscosity"))
    assert "The dynamics contradicts the other data: 1 MPa" in _conflict(one)
    assert "Diffusion and viscosity together" in _conflict(both)


def test_numbers_of_one_name_are_told_apart():
    """Two measurements of one kind are two data."""
    d = next(o for o in problem().liquids[0].observations if o.kind == "diffusion")
    two = problem()
    liquid = replace(two.liquids[0], observations=(*two.liquids[0].observations, d))
    names = [datum.name for datum in numbers(replace(two, liquids=(liquid,)))]
    assert names == ["diffusion", "diffusion (2)"]


def test_engines_are_asked_for_what_was_measured():
    p = problem()
    assert p.setup(p.field.start, 0).record == ("diffusion",)
    assert p.record == {"diffusion"}


def test_other_rules_do_not_take_it():
    with pytest.raises(InputError, match=r"rule ibi.*diffusion as well.*newton"):
        Ibi(problem(rule="ibi"))


def test_a_mixture_has_no_diffusion_of_its_own():
    mixture = Substance.atoms({"Ar": 39.9, "Kr": 83.8})
    state = StatePoint(120.0, 0.018, composition={"Ar": 0.5, "Kr": 0.5})
    d = Observation("diffusion", np.zeros(1), np.ones(1), error=np.ones(1))
    with pytest.raises(InputError, match="a diffusion of one kind of molecule"):
        Liquid(state, (d,), mixture)
    water = Substance((molecule_of(MoleculeSettings(name="water", model="spce")),))
    one = Liquid(StatePoint(298.0, 0.0333, 18.0), (d,), water)
    assert gamma_of(one.substance)[1] > gamma_of(Substance.atom("Ar", 39.9))[1]
