"""Liquids of like potentials: exact where what they are taken to share is shared."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.engine.integral_equation import IntegralEquationEngine
from sopr_uq.engine.protocol import Setup
from sopr_uq.errors import SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.kindred import Kindred
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import Mie

STATE = StatePoint(100.0, 0.0205, 39.948)
NEAR = (Mie(3.4, 0.24, 12.0), Mie(3.38, 0.25, 13.0))
FAR = Mie(3.42, 0.225, 11.5)


def simulated(potential, closure):
    setup = Setup.of(potential, STATE, seed=1)
    return SimulatedLiquid(setup, IntegralEquationEngine(closure=closure).run(setup))


def kindred(closure):
    return Kindred.of([simulated(each, closure).infinite for each in NEAR])


def numbers(simulation):
    return np.array([simulation["pressure"].mean[0], simulation["energy"].mean[0]])


def test_without_a_bridge_function_they_are_exact():
    found, truth = kindred("hnc").simulation([FAR]), simulated(FAR, "hnc").simulation
    np.testing.assert_allclose(numbers(found), numbers(truth), rtol=1e-3)
    here = truth.r < 12.0
    g = np.interp(truth.r[here], found.r, found["g A-A"].mean)
    np.testing.assert_allclose(g, truth["g A-A"].mean[here], atol=0.01)


def test_a_liquid_is_its_own_kin():
    """With a bridge function, whatever it is."""
    run = simulated(NEAR[0], "py")
    found = Kindred.of([run.infinite]).simulation([NEAR[0]])
    np.testing.assert_allclose(numbers(found), numbers(run.simulation), rtol=2e-3)
    hnc = IntegralEquationEngine(closure="hnc").run(run.setup)
    assert abs(hnc.pressure - run.simulation.pressure) > 10.0, "negative control"


def test_most_of_a_change_is_known_where_the_bridge_function_follows_the_potential():
    here, there = (numbers(simulated(each, "py").simulation) for each in (NEAR[0], FAR))
    known = kindred("py")
    told = numbers(known.simulation([FAR])) - numbers(known.simulation([NEAR[0]]))
    change = there - here
    assert abs(told[1] - change[1]) < 0.25 * abs(change[1])
    assert abs(told[0] - change[0]) < abs(change[0])


def test_a_potential_without_a_liquid_is_said():
    with pytest.raises(SimulationFailed, match="no solution"):
        kindred("hnc").simulation([Mie(3.4, 0.9, 12.0)])
