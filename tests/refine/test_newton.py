"""The Bayesian Newton rule on liquids whose potential is known.

One curve everywhere, so that the model of the noise is compiled once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Exp6, Mie, Tabulated
from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.loop import Refinement, refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.round import Run

NOISE = 0.01
SAMPLED = {"chains": 2, "tune": 300, "draws": 300}
# Four descriptors of three twins, two-sided: one false alarm in 1000
LIMIT = stats.norm.isf(0.5 * 1e-3 / 12)


@dataclass(frozen=True)
class Outcome:
    rule: Newton
    done: Refinement
    posterior: xr.Dataset
    truth: Tabulated

    def scores(self, truth: Tabulated | None = None) -> np.ndarray:
        """(posterior mean − truth)/sd of σ, ε, r_vdW and d_hp."""
        r, beta = self.rule.problem.r, self.rule.problem.samples[0].state.beta
        draws = descriptors(r, self.posterior["potential"].values, beta)
        true = descriptors(r, (truth or self.truth).v, beta)
        return np.array([(d.mean() - t) / d.std() for d, t in zip(draws, true, strict=True)])

    def widths(self) -> Descriptors:
        """Posterior standard deviations."""
        r, beta = self.rule.problem.r, self.rule.problem.samples[0].state.beta
        draws = descriptors(r, self.posterior["potential"].values, beta)
        return Descriptors(*(d.std() for d in draws))


def run(
    liquid, potential, *, seed, pressure=False, scale=1.0, level=0.0, error=0.0, **settings
) -> Outcome:
    truth = liquid.table(potential)
    g = liquid.measured(truth, NOISE, seed)
    g = replace(g, value=scale * g.value + level)
    engine = replace(liquid.engine, sampling_error=error)
    observed = [g]
    if pressure:
        blank = Observation("pressure", np.zeros(1), np.zeros(1))
        observed.append(replace(blank, value=liquid.exact(blank, truth)))
    prior = settings.pop("prior", PriorSettings())
    settings = {"rule": "newton", "max_iterations": 4, **SAMPLED} | settings
    rule = Newton(replace(liquid.problem(*observed, **settings), prior=prior))
    done = refine(rule, engine)
    return Outcome(rule, done, rule.posterior(done.past), truth)


@pytest.fixture(scope="module")
def twins(liquid) -> dict[str, Outcome]:
    return {
        "hard": run(liquid, Mie(3.40, 0.238, 13.0), seed=1, pressure=True),
        "soft": run(liquid, Mie(3.42, 0.245, 11.0), seed=2),
        "exp-6": run(liquid, Exp6(3.83, 0.235, 13.8), seed=3, error=0.01),
    }


TWINS = pytest.mark.parametrize("name", ["hard", "soft", "exp-6"])


@TWINS
def test_truth_is_found_in_four_runs(twins, name: str) -> None:
    twin = twins[name]
    assert len(twin.done.iterations) <= 4
    assert np.abs(twin.scores()).max() < LIMIT
    last = twin.done.iterations[-1].info
    assert last.misfit < 1.2 * NOISE**2 * (1 + (name == "exp-6"))
    assert bool(last.values["at_floor"])
    assert twin.widths().sigma < 0.01
    assert twin.widths().epsilon < 0.015


@TWINS
def test_truth_lies_in_the_band_over_the_well(twins, name: str) -> None:
    """In 95 % of a pointwise 95 % band on average; neighbours go together, so at least 60 %."""
    twin = twins[name]
    r = twin.rule.problem.r
    well = (r > 3.3) & (r < 7.0)
    draws = twin.posterior["potential"].values.reshape(-1, r.size)[:, well]
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
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
    assert predicted.shape == (2, 300, 1)
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
    assert p.attrs["max_rhat"] < 1.03
    assert p.attrs["min_ess"] > 150
    again = twin.rule.posterior(twin.done.past)
    assert again.identical(p)


@TWINS
def test_every_draw_has_a_core_and_a_well(twins, name: str) -> None:
    v = twins[name].posterior["potential"].values
    assert np.all(v[..., 0] > 0)
    r = twins[name].rule.problem.r
    core = r < 2.9
    assert np.all(np.diff(v[..., core], axis=-1) < 0)
    assert np.isfinite(twins[name].scores()).all()


def test_normalisation_is_absorbed(liquid, twins) -> None:
    off = run(liquid, liquid.truth, seed=1, pressure=True, scale=1.02, level=0.005)
    assert np.abs(off.scores()).max() < LIMIT
    assert np.abs(off.scores() - twins["hard"].scores()).max() < 1.5


def test_without_a_nuisance_it_would_not_be(liquid) -> None:
    """Negative control of the above."""
    prior = PriorSettings(scale_sd=1e-6, level_sd=1e-6)
    off = run(liquid, liquid.truth, seed=1, pressure=True, scale=1.02, prior=prior)
    assert np.abs(off.scores()).max() > LIMIT


def test_the_right_potential_is_a_fixed_point(liquid) -> None:
    """With the prediction at the reference as data there is nothing to move for."""
    start = liquid.table(liquid.reference)
    run = liquid.run(start)
    model = linearise(liquid.problem(), start.v, [run])
    rule = Newton(liquid.problem(replace(liquid.blank(), value=model.prediction), rule="newton"))
    state, info = rule.step([rule.init()], [Run(start.v, (run,))])
    assert info.misfit < 1e-14
    well = rule.problem.r > 3.2
    np.testing.assert_allclose(state.potential[well], start.v[well], atol=1e-5)


def test_a_step_is_limited(liquid) -> None:
    """|βΔv| ≤ 1 over the well, however far the data are."""
    far = liquid.measured(liquid.table(Mie(3.75, 0.20, 13.0)), NOISE, seed=1)
    rule = Newton(liquid.problem(far, rule="newton"))
    start = rule.init()
    run = liquid.run(Tabulated(rule.problem.r, start.potential))
    state, info = rule.step([start], [Run(start.potential, (run,))])
    r, sigma = rule.problem.r, rule.problem.sigma
    well = (r >= sigma) & (r <= 2 * sigma)
    step = liquid.state.beta * np.abs(state.potential - start.potential)[well].max()
    assert step == pytest.approx(1.0)
    assert not info.converged
