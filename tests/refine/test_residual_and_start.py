"""Simulation against measurement, problems that make sense, and starts that are fluids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated, lennard_jones
from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import residual
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.refine.start import saturated_density, stabilised, stable_factor


@pytest.mark.parametrize("q_max", [np.inf, 10.0])
def test_truth_against_itself(liquid, q_max: float) -> None:
    """Cut or not, model and measurement differ by the error of the smoothing alone."""
    potential = liquid.table(liquid.truth)
    blank = replace(liquid.blank(), q_max=q_max)
    data = replace(blank, value=liquid.exact(blank, potential))
    c = residual(liquid.run(potential), potential, liquid.state, data)
    assert np.abs(c.difference).max() < 2e-3
    assert c.misfit == pytest.approx(np.mean((c.simulated - c.measured) ** 2))
    assert np.all(c.variance == 0.0), "an engine without error"
    if np.isfinite(q_max):
        uncut = residual(
            liquid.run(potential), potential, liquid.state, replace(data, q_max=np.inf)
        )
        assert uncut.misfit > 100 * c.misfit, "ripples would have been fitted"


def test_variance_is_that_of_repeated_runs(liquid) -> None:
    """40 simulations scatter as the blocks of one say; false alarm below 1e-3."""
    noisy = replace(liquid, engine=replace(liquid.engine, sampling_error=0.01))
    potential = liquid.table(liquid.truth)
    few = Observation("g", np.array([3.5, 3.9, 5.0, 7.0]), np.ones(4))
    found = [
        residual(noisy.run(potential, seed), potential, liquid.state, few) for seed in range(1, 41)
    ]
    scatter = np.var([c.simulated for c in found], axis=0, ddof=1)
    stated = np.mean([c.variance for c in found], axis=0)
    # χ²(39)/39 lies within 0.4 to 2.0 but for 1 case in 5000, four times
    assert np.all((scatter > 0.4 * stated) & (scatter < 2.0 * stated))
    # negative control: variances of one block instead of the mean of twenty
    assert not np.any(scatter > 0.4 * 20 * stated)


def test_only_what_the_simulation_reaches_is_compared(liquid) -> None:
    potential = liquid.table(liquid.truth)
    far = Observation("g", np.arange(3.0, 30.0, 0.5), np.ones(54), window=(3.6, 40.0))
    c = residual(liquid.run(potential), potential, liquid.state, far)
    assert (c.r[0], c.r[-1]) == (4.0, 13.5)


@pytest.mark.parametrize("level", [0.96, 1.03])
def test_level_is_found(liquid, level: float) -> None:
    potential = liquid.table(liquid.truth)
    data = liquid.as_compared(potential)
    off = replace(data, value=level * data.value)
    c = residual(liquid.run(potential), potential, liquid.state, off, level_from=6.7)
    assert c.level == pytest.approx(level, rel=1e-12)
    assert c.misfit < 1e-25


def test_problems_without_sense_are_refused(liquid) -> None:
    with pytest.raises(InputError, match="at least one measurement"):
        Liquid(liquid.state, ())
    with pytest.raises(InputError, match="at least one liquid"):
        Problem((), liquid.reference, RefineSettings())
    with pytest.raises(InputError, match="a repulsive core and a well"):
        replace(liquid.problem(), reference=Tabulated(np.arange(1.0, 9.0), np.ones(8)))


def test_saturated_liquid_is_that_of_argon_by_corresponding_states() -> None:
    critical = PropsSI("Tcrit", "Argon"), PropsSI("rhomolar_critical", "Argon")
    for t in (0.6, 0.75, 0.9, 0.97):
        argon = PropsSI("Dmolar", "T", t * critical[0], "Q", 0, "Argon") / critical[1]
        assert saturated_density(1.312 * t) / 0.316 == pytest.approx(argon, rel=0.02)
    assert saturated_density(1.4) == saturated_density(1.312) == 0.316


@given(st.floats(50.0, 400.0), st.floats(0.003, 0.03), st.floats(0.02, 1.2), st.floats(2.5, 4.2))
def test_stable_start(temperature: float, density: float, epsilon: float, sigma: float) -> None:
    """The factor is 1 for a fluid and leads to the edge of coexistence otherwise."""
    state = StatePoint(temperature, density, 40.0)
    factor = stable_factor(state, sigma, epsilon)
    assert 0 < factor <= 1
    again = stable_factor(state, sigma, factor * epsilon)
    assert again == pytest.approx(1.0, abs=1e-6), "stabilising twice is stabilising once"
    if factor < 1:
        reduced, t = density * sigma**3, 1.0 / (state.beta * factor * epsilon)
        at_edge = saturated_density(t) if reduced > 0.316 else 0.316
        assert max(reduced, 0.316) == pytest.approx(at_edge, abs=1e-6)


def test_a_stable_problem_is_left_alone(liquid) -> None:
    problem = replace(liquid, reference=lennard_jones(3.4, 0.2)).problem()
    assert stabilised(problem).first == problem.reference
    xenon = StatePoint(274.0, 0.00881, 131.29)
    deep = Problem(
        (Liquid(xenon, (liquid.blank(),)),), lennard_jones(3.89, 0.811), problem.settings
    )
    shallow = stabilised(deep)
    assert shallow.first_epsilon < 0.75 * deep.epsilon
    # the start moves, what it is measured in and what is believed do not
    assert (shallow.sigma, shallow.epsilon) == (deep.sigma, deep.epsilon)
    assert shallow.reference is deep.reference
    np.testing.assert_array_equal(Prior(shallow).centre, Prior(deep).centre)
    table = Tabulated(deep.r, deep.reference.energy(deep.r))
    factor = shallow.first_epsilon / deep.epsilon
    scaled = stabilised(replace(deep, reference=table)).first
    np.testing.assert_allclose(scaled.energy(deep.r), factor * table.v, rtol=1e-6)
    np.testing.assert_allclose(scaled.force(deep.r), factor * table.force(deep.r), rtol=1e-6)
