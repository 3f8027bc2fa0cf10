"""A start that is a fluid at its state point.

Ab initio dimer potentials are much deeper than effective ones. At 0.95 of the
critical temperature such a start separates the box into droplet and vapour,
whose g(r) is no fluid's. A start that lies inside the two-phase region of the
Lennard-Jones fluid is therefore made shallower, until it lies on its edge.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from sopr_uq.experiment.makeup import one_fluid
from sopr_uq.experiment.reference import Shape
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Mie, Potential, Scaled
from sopr_uq.refine.problem import Problem

CRITICAL_TEMPERATURE = 1.312
_CRITICAL_DENSITY = 0.316
_DIAMETER = 0.15
_WIDTH = 0.50


def saturated_density(temperature: float) -> float:
    """Return ρσ³ of the Lennard-Jones liquid at coexistence.

    A rectilinear diameter and a cube-root law through the critical point
    (J. J. Potoff, A. Z. Panagiotopoulos, J. Chem. Phys. 109, 10914 (1998)),
    with rounded amplitudes: good to about 0.01 for T* > 0.7, enough for a start.

    Parameters
    ----------
    temperature : float
        k_B T/ε.
    """
    t = CRITICAL_TEMPERATURE - temperature
    if t <= 0:
        return _CRITICAL_DENSITY
    return float(_CRITICAL_DENSITY + _DIAMETER * t + _WIDTH * np.cbrt(t))


def stable_factor(state: StatePoint, sigma: float, epsilon: float) -> float:
    """Return the largest factor ≤ 1 for ε that makes the state a Lennard-Jones fluid.

    Parameters
    ----------
    state : StatePoint
    sigma : float
        σ of the start in Å.
    epsilon : float
        ε of the start in kcal/mol.
    """
    density = state.density * sigma**3
    temperature = 1.0 / (state.beta * epsilon)
    if temperature >= CRITICAL_TEMPERATURE or density >= saturated_density(temperature):
        return 1.0
    if density <= _CRITICAL_DENSITY:
        return temperature / CRITICAL_TEMPERATURE
    edge = brentq(lambda t: saturated_density(t) - density, temperature, CRITICAL_TEMPERATURE)
    return float(temperature / edge)


def stabilised(problem: Problem) -> Problem:
    """Return the problem with a start that is a fluid at all its state points.

    The reference, and what is believed, stay what they were. Where pairs alone do not make the
    liquid, so does the start.
    """
    if not (problem.substance.bare and problem.field.shaped.all()):
        return problem
    states = [liquid.state for liquid in problem.liquids]
    factor = min(stable_factor(state, *_mean_size(problem, state)) for state in states)
    start = {
        term.pair: _scaled(term.reference, factor) if term.refined else term.reference
        for term in problem.field.terms
    }
    return replace(problem, start=start)


def _mean_size(problem: Problem, state: StatePoint) -> Shape:
    shapes = [Shape(t.sigma, t.epsilon) for t in problem.field.terms]
    return one_fluid(problem.substance, state, shapes)


def _scaled(potential: Potential, factor: float) -> Potential:
    if factor == 1.0:
        return potential
    if isinstance(potential, Mie):
        return replace(potential, epsilon=factor * potential.epsilon)
    return Scaled(potential, factor)
