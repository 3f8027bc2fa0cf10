"""That a liquid of unknown pressure holds together is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import norm

from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.inference.linear_gaussian import LinearGaussian, coefficients
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.answer import learn
from sopr_uq.refine.newton.draws import Draws
from sopr_uq.refine.newton.fit import potential_index
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.untold_pressure import Sites

LIMIT = norm.isf(0.5 * 1e-3)
BELOW = 4.0
"""How far the pressure of the liquids of these tests is moved down, in ρ k_B T."""


class Stretched:
    """A liquid that is linear in v and whose pressure is far below zero where g(r) leaves it."""

    def __init__(self, liquid, tension: float = 1.0, below: float = BELOW, **numbers) -> None:
        problem = liquid.problem(liquid.measured(liquid.truth, 0.01, seed=1), rule="newton")
        prior = problem.prior.model_copy(update={"tension": tension, **numbers})
        self.conditioner = Newton(replace(problem, prior=prior)).conditioner
        exact = liquid.model(problem, liquid.truth)
        ideal = self.conditioner.untold_pressure.ideal
        self.model: LinearModel = replace(exact, pressure=exact.pressure - below * ideal)
        self.fit = self.conditioner.fit(self.model, self.conditioner.prior.centre)

    def marginal(self, model: LinearGaussian) -> tuple[float, float]:
        """Return mean and standard deviation of x = βP/ρ by a model, at the θ of the fit."""
        fit, tension = self.fit, self.conditioner.untold_pressure
        basis = fit.bases[fit.theta.kernel]
        c, mine = coefficients(model, fit.theta), potential_index(fit.model, basis)
        slope = (tension.slopes(self.model) @ basis.columns(fit.theta.width))[0]
        start = float(tension.ratios(self.model.pressure_at(basis.base))[0])
        return start + float(slope @ c.mean[mine]), float(np.linalg.norm(slope @ c.root[mine]))

    @property
    def alone(self) -> LinearGaussian:
        """What was measured, without what is known beforehand."""
        model, d = self.fit.model, self.fit.measured
        rows = ("residual", "fixed_variance", "noisy", "slope", "bend", "level", "columns")
        kept = {name: getattr(model, name)[:d] for name in rows}
        return replace(model, **kept, correction=model.correction[:, :d])


def integrated(mean: float, sd: float, s: float = 1.0) -> tuple[float, float, float]:
    """Return mean, sd and the share below −s of a Gaussian times p(x), by quadrature.

    p(x) is the density of Z + e, Z exponential with mean 2 and e normal with sd s.
    """
    x = np.linspace(mean - 12.0 * sd, mean + 12.0 * sd, 20_001)
    z = np.linspace(0.0, 60.0, 3001)
    p = np.array([np.trapezoid(np.exp(-z / 2.0 - 0.5 * ((y - z) / s) ** 2)) for y in x])
    weight = np.exp(-0.5 * ((x - mean) / sd) ** 2) * p
    weight /= weight.sum()
    middle = float(weight @ x)
    return middle, float(np.sqrt(weight @ (x - middle) ** 2)), float(weight[x < -s].sum())


@pytest.mark.parametrize("variance", [0.3, 9.0])
@pytest.mark.parametrize("mean", [-6.0, -1.0, 2.0])
def test_a_site_gives_a_gaussian_the_moments_of_the_truth(liquid, mean, variance) -> None:
    tension = Stretched(liquid).conditioner.untold_pressure
    nothing = Sites.none(1)
    sites, will_do = tension.sites(np.array([mean]), np.array([variance]), nothing)
    wanted, sd, _ = integrated(mean, np.sqrt(variance))
    precision = 1.0 / variance + sites.precision[0]
    found = (mean / variance + sites.precision[0] * sites.value[0]) / precision
    assert (found, precision) == pytest.approx((wanted, sd**-2), rel=1e-3)
    # a second one finds nothing to do
    again, right = tension.sites(np.array([found]), np.array([1.0 / precision]), sites)
    assert right
    assert not (will_do and abs(wanted - mean) > 0.1)
    assert [*again.value, *again.precision] == pytest.approx([*sites.value, *sites.precision])


@pytest.mark.parametrize("mean", [-1e3, -1e6, -2e8])
def test_a_site_of_an_absurd_pressure_is_finite(liquid, mean) -> None:
    """Where two large numbers nearly cancel: a Gaussian as narrow as what is believed, at zero."""
    tension = Stretched(liquid).conditioner.untold_pressure
    sites, _ = tension.sites(np.array([mean]), np.array([1e8]), Sites.none(1))
    precision = 1e-8 + sites.precision[0]
    assert np.isfinite([*sites.value, precision]).all()
    # x is no more certain than the virial is right, to 1
    assert precision <= 1.0 + 1e-6


def test_the_fit_is_that_of_a_liquid_that_holds_together(liquid) -> None:
    case = Stretched(liquid)
    free = case.marginal(case.alone)
    assert free[0] < -1.5, "else this test asks for nothing"
    wanted, sd, _ = integrated(*free)
    found = case.marginal(case.fit.model)
    assert found[0] == pytest.approx(wanted, abs=0.1 * sd)
    assert found[1] == pytest.approx(sd, rel=0.1)
    # wide ones say nothing
    vague = Stretched(liquid, tension=1e3, compression=1e4)
    assert vague.fit.pseudodata.residual.size == 0


def test_draws_are_those_of_the_gaussian_times_the_probability(liquid) -> None:
    """Mean and lower tail at a false-alarm rate of 0.001 each; unweighted draws have another."""
    s = 0.2
    case = Stretched(liquid, tension=s)
    rng = np.random.default_rng(5)
    z = rng.standard_normal((8, case.fit.coefficients.mean.size))
    answer = learn(case.conditioner, [case.model.moved(v) for v in case.fit.draws(z)])
    pool = Draws(case.conditioner, answer).pool([answer.fit.theta], 8000)
    case.fit = answer.fit
    case.model = answer.linear
    wanted, sd, below = integrated(*case.marginal(case.alone), s)
    x = case.conditioner.untold_pressure.ratios(answer.linear.pressure_at(pool.potential))[:, 0]
    weight = np.exp(pool.log_weight)
    assert pool.k_hat < 0.7
    assert abs(weight @ x - wanted) < LIMIT * sd / np.sqrt(pool.effective)
    error = np.sqrt(below * (1.0 - below) / pool.effective)
    assert abs(weight[x < -s].sum() - below) < LIMIT * error
    assert abs(np.mean(x < -s) - below) > LIMIT * np.sqrt(below * (1.0 - below) / x.size)


def test_of_a_high_pressure_little_is_believed(liquid) -> None:
    """A slope, that moves a posterior of sd t by t²/L, and makes it no narrower."""
    case = Stretched(liquid, below=-20.0)
    mean, sd = case.marginal(case.alone)
    found = case.marginal(case.fit.model)
    assert found[0] == pytest.approx(mean - sd**2 / 2.0, abs=0.1 * sd)
    assert found[1] == pytest.approx(sd, rel=2e-3)


def test_a_pressure_that_is_known_asks_for_nothing(liquid) -> None:
    high = Stretched(liquid)
    known = Observation("pressure", np.zeros(1), np.array([10.0]), error=np.ones(1))
    problem = high.conditioner.problem
    told = Liquid(liquid.state, (*problem.liquids[0].observations, known))
    conditioner = Newton(replace(problem, liquids=(told,))).conditioner
    assert not conditioner.untold_pressure.untold.any()
    assert conditioner.untold_pressure.log_probability(np.array([[-1e4]])) == pytest.approx(0.0)


def test_two_liquids_of_one_potential_are_told_apart(liquid) -> None:
    """What is known of one of them is no row of the other, and each has its own ρ k_B T."""
    problem = liquid.problem(liquid.measured(liquid.truth, 0.01, seed=1), rule="newton")
    known = Observation("pressure", np.zeros(1), np.array([10.0]), error=np.ones(1))
    first = problem.liquids[0]
    second = Liquid(replace(liquid.state, density=0.016), (*first.observations, known))
    tension = Newton(replace(problem, liquids=(first, second))).conditioner.untold_pressure
    assert tension.untold.tolist() == [True, False]
    assert tension.ideal[1] / tension.ideal[0] == pytest.approx(0.016 / 0.018)
    both = np.array([[-tension.ideal[0], -1e5]])
    assert tension.log_probability(both) == pytest.approx(np.log(ndtr(-1.5)) + 0.5)
