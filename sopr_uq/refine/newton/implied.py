"""The infinite liquid of a simulation, with its response to the unknown potentials."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables import (
    Change,
    InfiniteLiquid,
    Pressure,
    Quantity,
    Rdf,
    StructureFactor,
    TotalScattering,
    continued,
)
from sopr_uq.observables.motion import MOTION
from sopr_uq.observables.quantity import Curve
from sopr_uq.potentials import Corrected, Tabulated
from sopr_uq.potentials.tail import DISPERSION, tail_power_change
from sopr_uq.refine.problem import Problem
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.truncation import interpolation_rows
from sopr_uq.typing import FloatArray

GRID_SPACING = 0.025
GRID_REACH = 50.0

UNSEEN_END = 9.0
"""End in Å⁻¹ of a window of Lorch's that leaves no trace in a spectrum: it damps all that lies
there, and what is left of the liquid's structure dies by itself."""


@dataclass(frozen=True)
class Implied:
    """What a simulation says of the infinite liquid, and of how it changes with the unknown.

    Parameters
    ----------
    at : InfiniteLiquid
    change : Change
        With each spline of each potential.
    """

    at: InfiniteLiquid
    change: Change


def implied(problem: Problem, number: int, values: FloatArray, simulation: Simulation) -> Implied:
    """Return the infinite liquid that a simulation implies.

    Parameters
    ----------
    problem : Problem
    number : int
        Of the liquid.
    values : array, shape (p n,)
        The potentials that were simulated, in kcal/mol.
    simulation : Simulation

    Raises
    ------
    RuleFailed
        If its g(r) has no continuation to all distances.
    """
    setup, field = problem.setup(values, number), problem.field
    grid = RadialGrid.covering(max(GRID_REACH, 1.5 * simulation.r[-1]), GRID_SPACING)
    try:
        liquid = continued(setup, simulation, grid, problem.r_cut)
    except RuleFailed as failure:
        raise RuleFailed(f"newton: {failure}") from None
    tables = field.tables(values)
    splines = field.splines.shape[1]
    energy = np.zeros((grid.n, len(tables), len(tables) * splines))
    for i, table in enumerate(tables.values()):
        energy[:, i, i * splines : (i + 1) * splines] = _basis(table, grid) @ field.splines
    power = np.array([getattr(table, "tail_power", DISPERSION) for table in tables.values()])
    # bridge functions ride on the cores of pair potentials, which a base need not have
    moving = problem.settings.bridge == "moving" and problem.substance.bare
    return Implied(liquid, Change(liquid, energy, power, moving))


def _basis(potential: Tabulated | Corrected, grid: RadialGrid) -> FloatArray:
    """Return the matrix that carries changes of v on the problem's grid to the radial grid.

    Zero inside the table, where no pair is seen. Beyond it v = v_N (r_N/r)ᵐ changes with
    its last value and with the slope that the table ends with; a correction ends there.
    """
    r = potential.r
    inside, beyond = (grid.r >= r[0]) & (grid.r <= r[-1]), grid.r > r[-1]
    basis = np.zeros((grid.n, r.size))
    basis[inside] = interpolation_rows(r, grid.r[inside])
    if isinstance(potential, Corrected):
        return basis
    v = potential.v
    ratio = r[-1] / grid.r[beyond]
    tail = ratio**potential.tail_power
    basis[beyond] = np.outer(v[-1] * tail * np.log(ratio), tail_power_change(r, v))
    basis[beyond, -1] += tail
    return basis


def quantity_of(observation: Observation, substance: Substance) -> Quantity:
    """Return what predicts an observation."""
    if observation.kind in MOTION:
        return MOTION[observation.kind]
    if observation.kind == "pressure":
        return Pressure()
    return curve_of(observation, substance)


def curve_of(observation: Observation, substance: Substance) -> Curve:
    """Return what predicts a curve."""
    if observation.kind == "f":
        return TotalScattering(observation.total, observation.x)
    weights = observation.weights(substance.pairs)
    if observation.kind == "s":
        return StructureFactor(weights, observation.x)
    return Rdf(weights, observation.x, observation.q_max, observation.lorch)


def damped(observation: Observation, substance: Substance, liquid: InfiniteLiquid) -> FloatArray:
    """Return what Lorch's window would change in a curve, or its absence, shape (k,).

    Zero where nothing is unsure about it.
    """
    if observation.kind != "g" or observation.damping == 0.0:
        return np.zeros(observation.x.size)
    end = observation.q_max if np.isfinite(observation.q_max) else UNSEEN_END
    other = replace(observation, q_max=end, lorch=not observation.lorch)
    curves = [curve_of(o, substance).at(liquid, o.x) for o in (other, observation)]
    return np.asarray(curves[0] - curves[1])


def observed_at(
    problem: Problem,
    potential: FloatArray,
    simulation: Simulation,
    data: Observation,
    x: FloatArray,
) -> FloatArray:
    """Return what the first liquid, simulated, would show in a measurement without error.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (p n,)
        The potentials that were simulated, in kcal/mol.
    simulation : Simulation
        Of the first liquid.
    data : Observation
        A measured curve: of what, and where its Fourier integral ended.
    x : array, shape (k,)
        Abscissae in Å or Å⁻¹.

    Returns
    -------
    array, shape (k,)
    """
    curve = curve_of(data, problem.substance)
    return curve.at(implied(problem, 0, potential, simulation).at, x)
