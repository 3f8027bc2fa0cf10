"""What a measurement could have shown before it was made.

Draws of the prior lie too far from the answer for its linear response: the liquid of
each is that of the hypernetted-chain equation, which takes hundredths of a second. Its
structure is close to the simulated one, its pressure too high by tens of MPa.
Potentials that are no fluid at a state point have no prediction there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from sopr_uq.engine.instant import energies, exact_simulation
from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.inference.noise import LogNormal
from sopr_uq.observables import InfiniteLiquid, quantity_of
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.problem import Problem
from sopr_uq.rng import stream
from sopr_uq.structure.ornstein_zernike import solve
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray, IntArray

PRIOR_DRAWS = 100
MOST_FLUIDS = 50
_SPACING = 0.04
_REACHES = (40.0, 80.0)
"""Of the grid in Å: a liquid whose correlations fill the longer one is taken for none."""
_SHORTEST_STEP = 1.0 / 16.0
"""On the way to a liquid. Most potentials of a wide prior have none, and to be sure of that by
smaller steps takes longer than all liquids that there are; of forty, one or none is missed."""


class PriorMeasurements(NamedTuple):
    """Measurements of S liquids of the prior.

    Parameters
    ----------
    value : array, shape (S, d)
        The numbers with their errors.
    draw : array of int, shape (S,)
        Which of the draws of :func:`prior_potentials` these are.
    """

    value: FloatArray
    draw: IntArray


class _Shown(NamedTuple):
    """What a liquid shows without error, with first and second derivatives, each (d,)."""

    value: FloatArray
    slope: FloatArray
    bend: FloatArray


def prior_potentials(conditioner: Conditioner) -> FloatArray:
    """Return the draws of v that a result holds, shape (S, n), in kcal/mol."""
    return conditioner.prior.draw(stream(conditioner.problem.seed, "prior"), PRIOR_DRAWS)


def prior_measurements(conditioner: Conditioner, answer: Answer) -> PriorMeasurements | None:
    """Return measurements of liquids of the prior.

    None for molecules, on top of a base, and where motion was measured, of which the equation
    says nothing; or where no draw is a fluid at all state points.

    Parameters
    ----------
    conditioner : Conditioner
    answer : Answer
        How Lorch's window would change a curve is taken from it.
    """
    problem = conditioner.problem
    moving = any(o.logarithmic for s in problem.liquids for o in s.observations)
    if moving or not problem.substance.bare:
        return None
    rng = stream(problem.seed, "prior predictive")
    values: list[FloatArray] = []
    draws: list[int] = []
    for i, v in enumerate(prior_potentials(conditioner)):
        shown = _shown(problem, v) if len(draws) < MOST_FLUIDS else None
        if shown is not None:
            values.append(_measured(conditioner, answer, shown, rng))
            draws.append(i)
    return PriorMeasurements(np.array(values), np.array(draws)) if values else None


def _shown(problem: Problem, v: FloatArray) -> _Shown | None:
    parts = []
    for number, liquid in enumerate(problem.liquids):
        infinite = _infinite(problem, v, number)
        if infinite is None:
            return None
        for o in map(independent, liquid.observations):
            q = quantity_of(o, liquid.substance)
            parts.append((q.predict(infinite).mean, q.slope(infinite), q.bend(infinite)))
    return _Shown(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _infinite(problem: Problem, v: FloatArray, number: int) -> InfiniteLiquid | None:
    """Return the liquid of the hypernetted-chain equation; None where it has none."""
    setup, started = problem.setup(v, number), time.perf_counter()
    for reach in _REACHES:
        grid = RadialGrid.covering(reach, _SPACING)
        energy = energies(setup, grid.r)
        densities, beta = setup.densities, setup.state.beta
        solution = solve(grid, energy, densities, beta, shortest_step=_SHORTEST_STEP)
        if not (solution.converged and solution.truncated):
            break
    if not solution.converged or solution.truncated:
        return None
    g = solution.g.reshape(grid.n, -1)
    simulation = exact_simulation("integral_equation", setup, grid, g, (grid.r, g), started)
    force = np.stack([u.force(grid.r) for u in setup.in_order], axis=1)
    blocks, seen = np.zeros((0, *g.shape)), np.ones(grid.n, dtype=bool)
    return InfiniteLiquid(setup, simulation, grid, g, blocks, seen, energy, force)


def _measured(
    conditioner: Conditioner, answer: Answer, shown: _Shown, rng: np.random.Generator
) -> FloatArray:
    """Add errors by the prior of their sizes, shape (d,)."""
    stacked = conditioner.stacked
    noise, reading = (_drawn(p, rng)[stacked.level] for p in (stacked.noise, stacked.reading))
    shift, blur = reading_effect(shown.slope, shown.bend, reading)
    variance = stacked.stated_variance + noise**2 * stacked.noisy + blur
    linear = replace(answer.linear, prediction=shown.value, bend=shown.bend)
    columns = conditioner.nuisances(linear)
    return np.asarray(
        shown.value
        + shift
        + columns @ rng.standard_normal(columns.shape[1])
        + np.sqrt(variance) * rng.standard_normal(variance.size)
    )


def _drawn(priors: Sequence[LogNormal], rng: np.random.Generator) -> FloatArray:
    return np.array([p.median * np.exp(p.sd * rng.standard_normal()) for p in priors])
