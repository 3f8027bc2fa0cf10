"""The measured quantities as linear functions of the potential, around one simulation.

d ≈ F(v_k) + J (v − v_k): F from the simulation at v_k, J from the
Ornstein–Zernike linear response of its g(r), without further simulation
(M. P. Bernhardt, M. Hanke, N. F. A. van der Vegt, J. Chem. Phys. 154, 084118
(2021)). Model and measurement meet where the measurement was made: at its own
r for g, at its own Q for S, as a number for the pressure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Self

import numpy as np
from scipy.linalg import block_diag

from sopr_uq.engine.blocks import mean_covariance
from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import RuleFailed
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.problem import Problem, Sample
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
class LinearModel:
    """F(v) ≈ prediction + jacobian (v − potential), for stacked data.

    Parameters
    ----------
    potential : array, shape (n,)
        v_k on the grid of the problem, in kcal/mol.
    prediction : array, shape (d,)
        F(v_k), in the units of the data.
    jacobian : array, shape (d, n)
        ∂F/∂v on the grid, per kcal/mol.
    covariance : array, shape (d, d)
        Sampling covariance of the prediction.
    slope : array, shape (d,)
        Derivative of the prediction with respect to the abscissa.
    slope_jacobian : array, shape (d, n)
        How it depends on v, per kcal/mol.
    bend : array, shape (d,)
        Its second derivative.
    pressure : array, shape (samples,)
        Simulated pressures in MPa, observed or not.
    pressure_jacobian : array, shape (samples, n)
        ∂P/∂v in MPa per kcal/mol.
    """

    potential: FloatArray
    prediction: FloatArray
    jacobian: FloatArray
    covariance: FloatArray
    slope: FloatArray
    slope_jacobian: FloatArray
    bend: FloatArray
    pressure: FloatArray
    pressure_jacobian: FloatArray

    @classmethod
    def stack(cls, models: Sequence[Self]) -> Self:
        """Join the models of several liquids that share one potential."""
        return cls(
            models[0].potential,
            np.concatenate([m.prediction for m in models]),
            np.concatenate([m.jacobian for m in models]),
            np.asarray(block_diag(*[m.covariance for m in models])),
            np.concatenate([m.slope for m in models]),
            np.concatenate([m.slope_jacobian for m in models]),
            np.concatenate([m.bend for m in models]),
            np.concatenate([m.pressure for m in models]),
            np.concatenate([m.pressure_jacobian for m in models]),
        )

    @classmethod
    def average(cls, models: Sequence[Self], weights: FloatArray) -> Self:
        """Average models of one problem, expanded about their mean potential.

        Parameters
        ----------
        models : sequence of LinearModel
        weights : array, shape (len(models),)
            Their sum is 1.
        """
        centre = np.average([m.potential for m in models], axis=0, weights=weights)
        moved = [m.moved(centre) for m in models]

        def mean(name: str) -> FloatArray:
            return np.average([getattr(m, name) for m in moved], axis=0, weights=weights)

        kept = {f.name: mean(f.name) for f in fields(cls)}
        square = [w**2 * m.covariance for w, m in zip(weights, models, strict=True)]
        return cls(**kept | {"potential": centre, "covariance": np.sum(square, axis=0)})

    def moved(self, potential: FloatArray) -> Self:
        """Return the same linear functions, expanded about another potential, shape (n,)."""
        return replace(
            self,
            potential=potential,
            prediction=self.about(potential),
            slope=self.slope_at(potential),
            pressure=self.pressure_at(potential),
        )

    def pressure_at(self, potential: FloatArray) -> FloatArray:
        """Return the linear pressures in MPa at other potentials, (..., n) → (..., samples)."""
        step = potential - self.potential
        return np.asarray(self.pressure + step @ self.pressure_jacobian.T)

    def slope_at(self, potential: FloatArray) -> FloatArray:
        """Return the slopes of the curves at other potentials, (..., n) → (..., d)."""
        step = potential - self.potential
        return np.asarray(self.slope + step @ self.slope_jacobian.T)

    def about(self, potential: FloatArray) -> FloatArray:
        """Return the linear prediction at other potentials, (..., n) → (..., d)."""
        step = potential - self.potential
        return np.asarray(self.prediction + step @ self.jacobian.T)


def linearise(
    problem: Problem, potential: FloatArray, simulations: Sequence[Simulation]
) -> LinearModel:
    """Return the stacked linear model of all samples at one potential.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulations : sequence of Simulation
        One of each sample.

    Raises
    ------
    RuleFailed
        If a simulated g(r) belongs to no stable fluid.
    """
    pairs = zip(problem.samples, simulations, strict=True)
    return LinearModel.stack([_one(problem, s, potential, sim) for s, sim in pairs])


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


def simulated(
    problem: Problem, fluids: Sequence[Fluid], simulations: Sequence[Simulation]
) -> tuple[FloatArray, FloatArray]:
    """Return the prediction of all samples and its sampling covariance, without a Jacobian.

    Parameters
    ----------
    problem : Problem
    fluids, simulations : sequence
        Of each sample, from :func:`fluid_of` and the engine.

    Returns
    -------
    array, shape (d,), and array, shape (d, d), in the units of the data
    """
    values, covariances = [], []
    for sample, fluid, simulation in zip(problem.samples, fluids, simulations, strict=True):
        shown = [_shown(fluid, independent(o), simulation) for o in sample.observations]
        values += [s.prediction for s in shown]
        covariances.append(mean_covariance(np.concatenate([s.blocks for s in shown], axis=1)))
    return np.concatenate(values), np.asarray(block_diag(*covariances))


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
    """

    grid: RadialGrid
    g: FloatArray
    g_blocks: FloatArray
    state: StatePoint
    basis: FloatArray
    seen: np.ndarray[tuple[int], np.dtype[np.bool_]]
    energy: FloatArray
    moving_bridge: bool = True

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


def _one(
    problem: Problem, sample: Sample, values: FloatArray, simulation: Simulation
) -> LinearModel:
    fluid = fluid_of(problem, sample.state, values, simulation)
    force = Tabulated(problem.r, values).force(fluid.grid.r)
    pressure_row = fluid.response.pressure(force, fluid.basis, fluid.change_g)
    data = [independent(o) for o in sample.observations]
    shown = [_shown(fluid, o, simulation) for o in data]
    changes = [pressure_row[None] if o.kind == "pressure" else _change(fluid, o) for o in data]
    steep = [_slope_rows(fluid, o) for o in data]
    return LinearModel(
        potential=values,
        prediction=np.concatenate([s.prediction for s in shown]),
        jacobian=np.concatenate(changes),
        covariance=mean_covariance(np.concatenate([s.blocks for s in shown], axis=1)),
        slope=np.concatenate([rows @ (fluid.g - 1.0) for rows in steep]),
        slope_jacobian=np.concatenate([rows @ fluid.change_g for rows in steep]),
        bend=np.concatenate([_bend(fluid, o) for o in data]),
        pressure=np.array([simulation.pressure]),
        pressure_jacobian=pressure_row[None, :],
    )


def _basis(r: FloatArray, grid: RadialGrid) -> FloatArray:
    """Return the matrix that carries v on the problem's grid to the radial grid.

    Zero inside the table, where no pair is seen, and r⁻⁶ beyond it.
    """
    inside = (grid.r >= r[0]) & (grid.r <= r[-1])
    basis = np.zeros((grid.n, r.size))
    basis[inside] = interpolation_rows(r, grid.r[inside])
    basis[grid.r > r[-1], -1] = (r[-1] / grid.r[grid.r > r[-1]]) ** 6
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
    potential, basis = Tabulated(problem.r, values), _basis(problem.r, grid)
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
    return Fluid(grid, whole.g, blocks, state, basis, seen, energy, moving)


@dataclass(frozen=True)
class _Shown:
    """What a measurement would show, shape (k,), and its blocks, shape (b, k)."""

    prediction: FloatArray
    blocks: FloatArray


def _shown(fluid: Fluid, data: Observation, simulation: Simulation) -> _Shown:
    if data.kind == "pressure":
        return _Shown(np.array([simulation.pressure]), simulation.pressure_blocks[:, None])
    rows = _rows(fluid, data, data.x)
    return _Shown(1.0 + rows @ (fluid.g - 1.0), fluid.g_blocks @ rows.T)


def _change(fluid: Fluid, data: Observation) -> FloatArray:
    """Jacobian of a curve, shape (k, n)."""
    return np.asarray(_rows(fluid, data, data.x) @ fluid.change_g)


def _slope_rows(fluid: Fluid, data: Observation, step: float = 1e-3) -> FloatArray:
    """Return A with ∂d/∂x = A h for a measured curve; zero for a pressure."""
    if data.kind == "pressure":
        return np.zeros((1, fluid.grid.n))
    return np.asarray((_rows(fluid, data, data.x + step) - _rows(fluid, data, data.x)) / step)


def _bend(fluid: Fluid, data: Observation, step: float = 0.02) -> FloatArray:
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
        return truncation_rows(fluid.grid, x, data.q_max)
    return interpolation_rows(fluid.grid.r, x)
