"""The infinite liquid that a simulation implies, with its response, and what it would show."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated
from sopr_uq.potentials.tail import DISPERSION, tail_power_change
from sopr_uq.refine.problem import Problem
from sopr_uq.structure.cavity import CavitySmoother
from sopr_uq.structure.moving_bridge import bridge_motion, diameter_change
from sopr_uq.structure.ornstein_zernike import extend, implied_bridge
from sopr_uq.structure.response import LinearResponse, linear_response
from sopr_uq.structure.transforms import RadialGrid, structure_rows
from sopr_uq.structure.truncation import interpolation_rows, truncation_rows
from sopr_uq.typing import FloatArray

GRID_SPACING = 0.025
GRID_REACH = 50.0


@dataclass(frozen=True)
class Fluid:
    """The infinite liquid that a simulation implies, with its response.

    Parameters
    ----------
    grid : RadialGrid
        n distances.
    g : array, shape (n,)
        g(r) on it.
    g_blocks : array, shape (b, n)
        Its block averages; zero where g was not simulated.
    state : StatePoint
    basis : array, shape (n, m)
        Carries v from the problem's grid to this one.
    seen : array of bool, shape (n,)
        Where the simulation had a potential.
    energy : array, shape (n,)
        v in kcal/mol, zero where it had none.
    moving_bridge : bool
        Whether the bridge function rides on the core
        (:mod:`sopr_uq.structure.moving_bridge`) or is held.
    tail_power : float
        Exponent with which v is continued beyond its table.
    """

    grid: RadialGrid
    g: FloatArray
    g_blocks: FloatArray
    state: StatePoint
    basis: FloatArray
    seen: np.ndarray[tuple[int], np.dtype[np.bool_]]
    energy: FloatArray
    moving_bridge: bool = True
    tail_power: float = DISPERSION

    def structure_factor(self, q: FloatArray) -> FloatArray:
        """S at wave numbers q (Å⁻¹), shape (k,)."""
        rows = structure_rows(self.grid, q, self.state.density)
        return np.asarray(1.0 + rows @ (self.g - 1.0))

    @cached_property
    def response(self) -> LinearResponse:
        """The linear response of g; raises RuleFailed where the fluid is unstable."""
        response = linear_response(self.grid, self.g, self.state.density, self.state.beta)
        if not response.stable:
            raise RuleFailed(
                "newton: the simulated g(r) belongs to no stable fluid at this density and "
                "temperature (the box may have begun to separate into phases); start from a "
                "shallower reference potential"
            )
        return response

    @cached_property
    def change_g(self) -> FloatArray:
        """∂g/∂v on the radial grid, shape (grid.n, n), per kcal/mol."""
        directions = self.basis * self.seen[:, None]
        if self.moving_bridge:
            # B stands beside −βv in the closure: a change of it acts as one of v
            directions -= self._bridge_change(directions) / self.state.beta
        return self.response.rdf(directions)

    def _bridge_change(self, directions: FloatArray) -> FloatArray:
        """∂B/∂v on the radial grid, shape (grid.n, n), per kcal/mol."""
        density, beta = self.state.density, self.state.beta
        bridge = implied_bridge(self.grid, self.g, self.energy, density, beta)
        diameter, change = diameter_change(self.grid, self.energy, beta, directions)
        motion = bridge_motion(self.grid, bridge, self.g, density, diameter)
        return np.outer(motion, change)


def _basis(potential: Tabulated, grid: RadialGrid) -> FloatArray:
    """Return the matrix that carries changes of v on the problem's grid to the radial grid.

    Zero inside the table, where no pair is seen. Beyond it v = v_N (r_N/r)ᵐ changes with
    its last value and with the slope that the table ends with.
    """
    r, v = potential.r, potential.v
    inside, beyond = (grid.r >= r[0]) & (grid.r <= r[-1]), grid.r > r[-1]
    basis = np.zeros((grid.n, r.size))
    basis[inside] = interpolation_rows(r, grid.r[inside])
    ratio = r[-1] / grid.r[beyond]
    tail = ratio**potential.tail_power
    basis[beyond] = np.outer(v[-1] * tail * np.log(ratio), tail_power_change(r, v))
    basis[beyond, -1] += tail
    return basis


def fluid_of(
    problem: Problem, state: StatePoint, values: FloatArray, simulation: Simulation
) -> Fluid:
    """Return the infinite liquid that a simulation of a sample implies.

    Parameters
    ----------
    problem : Problem
    state : StatePoint
        Of the sample.
    values : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulation : Simulation

    Raises
    ------
    RuleFailed
        If its g(r) has no continuation to all distances.
    """
    grid = RadialGrid.covering(max(GRID_REACH, 1.5 * simulation.r[-1]), GRID_SPACING)
    potential = Tabulated(problem.r, values)
    basis = _basis(potential, grid)
    seen = grid.r <= problem.r_cut
    smoother = CavitySmoother(simulation.r, simulation.bin_width, potential.energy, state.beta)
    radius = float(simulation.r[-1])
    inside = grid.r < radius
    rows = np.zeros((grid.n, simulation.r.size))
    rows[inside] = smoother.predict(grid.r[inside])
    # the simulation ignores the potential beyond its cut-off; the continuation must too
    energy = np.where(seen, potential.energy(grid.r), 0.0)
    whole = extend(
        grid,
        rows @ simulation.g,
        radius,
        energy,
        state.density,
        state.beta,
        particles=simulation.particles,
    )
    if not whole.converged:
        raise RuleFailed(f"newton: {whole.message}")
    blocks = simulation.g_blocks @ rows.T
    moving = problem.settings.bridge == "moving"
    return Fluid(grid, whole.g, blocks, state, basis, seen, energy, moving, potential.tail_power)


def linear_rdf(
    problem: Problem, potential: FloatArray, simulation: Simulation, r: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return g of the first sample and ∂g/∂v at distances ``r``.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulation : Simulation
        Of the first sample.
    r : array, shape (k,)
        Distances in Å.

    Returns
    -------
    array, shape (k,), and array, shape (k, n), per kcal/mol
    """
    fluid = fluid_of(problem, problem.samples[0].state, potential, simulation)
    rows = interpolation_rows(fluid.grid.r, r)
    return 1.0 + rows @ (fluid.g - 1.0), rows @ fluid.change_g


def observed_at(
    problem: Problem,
    potential: FloatArray,
    simulation: Simulation,
    data: Observation,
    x: FloatArray,
) -> FloatArray:
    """Return what a simulated liquid would show in a measurement without error.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulation : Simulation
        Of the first sample.
    data : Observation
        A measured curve; its kind and its end of the Fourier integral are used.
    x : array, shape (k,)
        Abscissae in Å or Å⁻¹.

    Returns
    -------
    array, shape (k,)
    """
    fluid = fluid_of(problem, problem.samples[0].state, potential, simulation)
    return np.asarray(1.0 + _rows(fluid, data, x) @ (fluid.g - 1.0))


@dataclass(frozen=True)
class Shown:
    """What a measurement would show, shape (k,), and its blocks, shape (b, k)."""

    prediction: FloatArray
    blocks: FloatArray


def shown(fluid: Fluid, data: Observation, simulation: Simulation) -> Shown:
    """Return what a measurement of the simulated liquid would show."""
    if data.kind == "pressure":
        return Shown(np.array([simulation.pressure]), simulation.pressure_blocks[:, None])
    rows = _rows(fluid, data, data.x)
    return Shown(1.0 + rows @ (fluid.g - 1.0), fluid.g_blocks @ rows.T)


def curve_change(fluid: Fluid, data: Observation) -> FloatArray:
    """Jacobian of a curve, shape (k, n)."""
    return np.asarray(_rows(fluid, data, data.x) @ fluid.change_g)


def slope_rows(fluid: Fluid, data: Observation, step: float = 1e-3) -> FloatArray:
    """Return A with ∂d/∂x = A h for a measured curve; zero for a pressure."""
    if data.kind == "pressure":
        return np.zeros((1, fluid.grid.n))
    return np.asarray((_rows(fluid, data, data.x + step) - _rows(fluid, data, data.x)) / step)


def bend(fluid: Fluid, data: Observation, step: float = 0.02) -> FloatArray:
    """Second derivative of a curve with respect to its abscissa, shape (k,)."""
    if data.kind == "pressure":
        return np.zeros(1)
    before, at, after = (_rows(fluid, data, data.x + k * step) for k in (-1, 0, 1))
    return np.asarray((before - 2.0 * at + after) @ (fluid.g - 1.0) / step**2)


def _rows(fluid: Fluid, data: Observation, x: FloatArray) -> FloatArray:
    """Return A with d = 1 + A h for a measured curve."""
    if data.kind == "s":
        return structure_rows(fluid.grid, x, fluid.state.density)
    if np.isfinite(data.q_max):
        return truncation_rows(fluid.grid, x, data.q_max, lorch=data.lorch)
    return interpolation_rows(fluid.grid.r, x)
