"""The infinite liquid of a simulation, with its response to the unknown potentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.observables import InfiniteLiquid, OrnsteinZernike, continued
from sopr_uq.observables.observed import curve_of
from sopr_uq.potentials import Corrected, Tabulated
from sopr_uq.potentials.tail import POWERS, tail_rows
from sopr_uq.refine.problem import Problem
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.structure.truncation import interpolation_rows
from sopr_uq.typing import FloatArray

GRID_SPACING = 0.025
GRID_REACH = 50.0


@dataclass(frozen=True)
class Implied:
    """What a simulation says of the infinite liquid, and of how it changes with the unknown.

    Parameters
    ----------
    at : InfiniteLiquid
    change : OrnsteinZernike
        With each spline of each potential.
    """

    at: InfiniteLiquid
    change: OrnsteinZernike


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
        liquid = continued(setup, simulation, grid)
    except RuleFailed as failure:
        raise RuleFailed(f"newton: {failure}") from None
    tables = field.tables(values)
    splines = field.splines.shape[1]
    energy = np.zeros((grid.n, len(tables), len(tables) * splines))
    for i, table in enumerate(tables.values()):
        energy[:, i, i * splines : (i + 1) * splines] = _basis(table, grid) @ field.splines
    # bridge functions ride on the cores of pair potentials, which a base need not have
    moving = problem.settings.bridge == "moving" and problem.substance.bare
    return Implied(liquid, OrnsteinZernike(liquid, energy, moving))


def _basis(potential: Tabulated | Corrected, grid: RadialGrid) -> FloatArray:
    """Return the matrix that carries changes of v on the problem's grid to the radial grid.

    Zero inside the table, where no pair is seen. Beyond it v goes on from the table's end
    (:mod:`sopr_uq.potentials.tail`); a correction ends there.
    """
    r = potential.r
    inside, beyond = (grid.r >= r[0]) & (grid.r <= r[-1]), grid.r > r[-1]
    basis = np.zeros((grid.n, r.size))
    basis[inside] = interpolation_rows(r, grid.r[inside])
    if isinstance(potential, Corrected):
        return basis
    basis[beyond] = (r[-1] / grid.r[beyond, None]) ** POWERS @ tail_rows(r)
    return basis


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
