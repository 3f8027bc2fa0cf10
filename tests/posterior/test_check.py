"""The end check on twins of the integral equation, whose truth is the engine itself."""

from dataclasses import replace

import numpy as np
import pytest
from sopr_uq.posterior.check import end_check
from sopr_uq.posterior.check_runs import CheckFolder

from sopr_uq.engine.protocol import Setup
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.loop import refine
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.rule import pack, unpack
from sopr_uq.refine.problem import Sample


@pytest.fixture(scope="module")
def checked(exact_twin):
    return end_check(
        exact_twin.rule, exact_twin.engine, exact_twin.refinement, exact_twin.posterior
    )


def with_wrong_jacobian(twin, factor):
    """The same refinement, had its last linear model been wrong by a factor."""
    last = twin.refinement.iterations[-1]
    models = [replace(unpack(last.state.memory)[-1])]
    models = [replace(m, jacobian=factor * m.jacobian) for m in models]
    state = replace(last.state, memory={**last.state.memory, **pack(models)})
    return replace(
        twin.refinement,
        iterations=(*twin.refinement.iterations[:-1], replace(last, state=state)),
    )


def test_runs_are_in_the_file_as_the_engine_makes_them(checked, exact_twin):
    problem, run = exact_twin.rule.problem, checked.isel(check=2)
    place = {"chain": int(run["chain_of"]), "draw": int(run["draw_of"])}
    drawn = exact_twin.posterior["potential"].isel(place).values
    assert np.array_equal(run["potential"], drawn)
    again = exact_twin.engine.run(
        Setup.of(Tabulated(problem.r, drawn), problem.samples[0].state, seed=1)
    )
    assert np.array_equal(run["g"], again.g)
    assert float(run["pressure"][0]) == again.pressure
    assert run["s"].sel(q=11.5, method="nearest") == pytest.approx(1.0, abs=0.05)
    assert run["simulated"].sizes["datum"] == exact_twin.rule.stacked.value.size
    assert run["simulated"][-1] == pytest.approx(again.pressure)
    assert not checked["failed"].any()


def test_a_good_linear_posterior_passes(checked, exact_twin):
    total = exact_twin.posterior["potential"].sizes["draw"] * 2
    assert checked.attrs["warning"] == ""
    assert float(checked["k_hat"]) < 0.7
    assert float(checked["effective_draws"]) > 0.15 * total
    weights = np.exp(checked["log_weight"].values)
    assert weights.sum() == pytest.approx(1.0)
    assert np.all(np.sqrt(checked["linearisation_variance"]) < checked["sd"])


def test_weights_mend_the_band_of_a_wrong_jacobian(exact_twin, redraw):
    """A Jacobian 25 % too large makes every band as much too narrow."""
    wrong = with_wrong_jacobian(exact_twin, 1.25)
    posterior = redraw(exact_twin.rule, wrong)
    ds = end_check(exact_twin.rule, exact_twin.engine, wrong, posterior)
    right = redraw(exact_twin.rule, with_wrong_jacobian(exact_twin, 1.0))
    truth = end_check(exact_twin.rule, exact_twin.engine, exact_twin.refinement, right)["sd"]
    assert np.all(ds["sd"] < ds["weighted_sd"])
    assert np.all(np.abs(ds["weighted_sd"] - truth) < 0.6 * np.abs(ds["sd"] - truth))


def test_the_truth_lies_where_the_weighted_posterior_says(checked, true_descriptors):
    """Four correlated numbers within 3.5 sd: false-alarm rate below 0.2 %."""
    z = (true_descriptors - checked["weighted_mean"]) / checked["weighted_sd"]
    assert np.all(np.abs(z) < 3.5)
    # the negative control: a band a tenth as wide would not hold it
    assert np.any(np.abs(10 * z) > 3.5)


def test_runs_scatter_as_their_own_errors_say(noisy_twin):
    """54 numbers, and errors from eight blocks: the χ² per number is 1 ± 0.3.

    Between 0.3 and 2.2 rejects good errors once in 10⁴; errors half or twice as
    large would be found.
    """
    twin = noisy_twin
    ds = end_check(twin.rule, twin.engine, twin.refinement, twin.posterior)
    scatter = ds["excess"] - ds["excess"].mean("check_good")
    chi2 = float((scatter**2 / ds["excess_error"] ** 2).mean()) * 10 / 9
    assert 0.3 < chi2 < 2.2
    assert float(ds["effective_draws"]) > 0.2 * ds["log_weight"].size
    assert np.all(ds["shared_error"] < ds["excess_error"].mean("check_good"))


def test_runs_on_disk_are_not_made_again(exact_twin, counting, tmp_path):
    twin = exact_twin
    whole = end_check(twin.rule, counting, twin.refinement, twin.posterior, tmp_path)
    assert len(counting.seeds) == len(set(counting.seeds)) == 6
    assert min(f.name for f in tmp_path.iterdir()) == "0000.simulation"
    (tmp_path / "0004.simulation").unlink()
    damaged = tmp_path / "0001.simulation"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    with pytest.warns(UserWarning, match=r"0001.*simulated again"):
        again = end_check(twin.rule, counting, twin.refinement, twin.posterior, tmp_path)
    assert sorted(counting.seeds[6:]) == sorted([counting.seeds[1], counting.seeds[4]])
    assert again.equals(whole)


def test_a_run_of_another_potential_is_not_mistaken_for_this_one(exact_twin, tmp_path):
    v = exact_twin.rule.problem.reference.energy(exact_twin.rule.problem.r)
    folder = CheckFolder(tmp_path)
    folder.save(3, v, exact_twin.refinement.iterations[0].simulations[0])
    assert folder.load(3, v) is not None
    assert folder.load(3, v + 1e-9) is None
    assert CheckFolder(None).load(3, v) is None


def test_failed_runs_are_said_and_left_out(exact_twin):
    """Draws that are no potential, or no fluid, leave NaN; one in four is too many to be silent."""
    posterior = exact_twin.posterior.copy(deep=True)
    flat = posterior["potential"].values.reshape(-1, posterior.sizes["r"])
    places = ((np.arange(6) + 0.5) * len(flat) / 6).astype(int)
    flat[places[1]] *= -1.0
    flat[places[4]] *= 4.0
    told = []
    ds = end_check(
        exact_twin.rule, exact_twin.engine, exact_twin.refinement, posterior, told=told.append
    )
    assert ds["failed"].values.tolist() == [0, 1, 0, 0, 1, 0]
    assert "no potential" in str(ds["message"][1].item())
    assert np.isnan(ds["g"][1]).all()
    assert np.isfinite(ds["g"][0]).all()
    assert "2 of 6 simulations" in ds.attrs["warning"]
    assert told[-1] == 1.0
    assert "k_hat" in ds


def test_nothing_left_to_weigh_is_a_warning_not_an_exception(exact_twin):
    posterior = exact_twin.posterior.copy(deep=True)
    posterior["potential"] *= -1.0
    ds = end_check(exact_twin.rule, exact_twin.engine, exact_twin.refinement, posterior)
    assert "too few are left" in ds.attrs["warning"]
    assert "k_hat" not in ds


def test_several_states_are_checked_together(exact_twin, redraw):
    problem = exact_twin.rule.problem
    first = problem.samples[0]
    hotter = StatePoint(200.0, 0.015, first.state.mass)
    run = exact_twin.engine.run(Setup.of(problem.reference, hotter, seed=1))
    g = replace(first.observations[0], value=np.interp(first.observations[0].x, run.r, run.g))
    settings = problem.settings.model_copy(update={"check_draws": 2, "max_iterations": 1})
    samples = (first, Sample(hotter, (g,)))
    rule = Newton(replace(problem, samples=samples, settings=settings))
    refinement = refine(rule, exact_twin.engine)
    ds = end_check(rule, exact_twin.engine, refinement, redraw(rule, refinement))
    assert ds["pressure"].dims == ("check", "sample")
    assert ds.sizes["sample"] == 2
    assert ds["simulated"].sizes["datum"] == rule.stacked.value.size
    # the boxes of the two densities differ, and with them how far g reaches
    assert ds["g_2"].sizes["r_g_2"] > ds["g"].sizes["r_g"]
    assert np.isfinite(ds["g_2"]).all()
    assert "k_hat" in ds
