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
from typing import Self

import numpy as np
from scipy.linalg import block_diag

from sopr_uq.engine.blocks import mean_covariance
from sopr_uq.engine.protocol import Simulation
from sopr_uq.observables import (
    CompositionWaves,
    Fluctuation,
    Pressure,
    Quantity,
    Response,
    quantity_of,
)
from sopr_uq.observables.observed import damped
from sopr_uq.refine.newton.data import independent
from sopr_uq.refine.newton.implied import implied
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray


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
    damping : array, shape (d,)
        What Lorch's window would change in it; see :func:`~sopr_uq.observables.observed.damped`.
    common : array, shape (d,)
        Standard error of the prediction that all simulations share.
    pressure : array, shape (liquids,)
        Simulated pressures in MPa, observed or not.
    pressure_jacobian : array, shape (liquids, n)
        ∂P/∂v in MPa per kcal/mol.
    blocks : array, shape (b, d)
        Deviations of block averages from the prediction, scaled so that BᵀB estimates its
        sampling covariance without bias; no rows where there is no such error.
    freedom : array, shape ()
        Degrees of freedom of the sampling covariance; 0 where there is none.
    fluctuation : array, shape (d, m)
        ∂F with respect to the m splines of all potentials as fluctuations have it, per
        kcal/mol; m = 0 where no engine recorded any.
    unrest : array, shape (liquids, m, m)
        Covariance of the splines' energies over the snapshots of each liquid, in (k_B T)².
    waves : array, shape (w, d)
        Independent standard errors of the prediction by slow waves of composition, which blocks
        and ``covariance`` do not show.
    """

    potential: FloatArray
    prediction: FloatArray
    jacobian: FloatArray
    covariance: FloatArray
    slope: FloatArray
    slope_jacobian: FloatArray
    bend: FloatArray
    damping: FloatArray
    common: FloatArray
    pressure: FloatArray
    pressure_jacobian: FloatArray
    blocks: FloatArray
    freedom: FloatArray
    fluctuation: FloatArray
    unrest: FloatArray
    waves: FloatArray

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
            np.concatenate([m.damping for m in models]),
            np.concatenate([m.common for m in models]),
            np.concatenate([m.pressure for m in models]),
            np.concatenate([m.pressure_jacobian for m in models]),
            np.asarray(block_diag(*[m.blocks for m in models])),
            np.asarray(min(float(m.freedom) for m in models)),
            np.concatenate([m.fluctuation for m in models]),
            np.concatenate([m.unrest for m in models]),
            np.asarray(block_diag(*[m.waves for m in models])),
        )

    @classmethod
    def average(cls, models: Sequence[Self], weights: FloatArray) -> Self:
        """Average models of one problem, expanded about their mean potential.

        Its covariance is that of all errors. What waves do is taken to be the same in all: by
        its own waves a simulation that happened to see small ones would be the surer.

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

        apart = ("potential", "covariance", "blocks", "freedom", "unrest", "waves")
        kept = {f.name: mean(f.name) for f in fields(cls) if f.name not in apart}
        square = [w**2 * m.covariance for w, m in zip(weights, models, strict=True)]
        freedom = np.sum([m.freedom for m in models], axis=0)
        covariance = np.sum(square, axis=0) + np.sum(weights**2) * cls.of_waves(models, weights)
        known = {"potential": centre, "covariance": covariance, "freedom": freedom}
        first = models[0]
        gone = {
            "blocks": first.blocks[:0],
            "unrest": first.unrest[:, :0, :0],
            "waves": first.waves[:0],
        }
        return cls(**kept | known | gone)

    @classmethod
    def of_waves(cls, models: Sequence[Self], weights: FloatArray) -> FloatArray:
        """Return the covariance by waves of composition, averaged over models, shape (d, d)."""
        return np.average([m.waves.T @ m.waves for m in models], axis=0, weights=weights)

    @property
    def variance(self) -> FloatArray:
        """Sampling variance of each number, that by waves included, shape (d,)."""
        return np.asarray(np.diagonal(self.covariance) + np.sum(self.waves**2, axis=0))

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
        """Return the linear pressures in MPa at other potentials, (..., n) → (..., liquids)."""
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
    """Return the stacked linear model of all liquids at one potential.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulations : sequence of Simulation
        One of each liquid.

    Raises
    ------
    RuleFailed
        If a simulated g(r) belongs to no stable fluid.
    """
    return LinearModel.stack(
        [_one(problem, i, potential, simulation) for i, simulation in enumerate(simulations)]
    )


def _one(problem: Problem, number: int, values: FloatArray, simulation: Simulation) -> LinearModel:
    liquid, field = problem.liquids[number], problem.field
    infinite = implied(problem, number, values, simulation)
    data = [independent(o) for o in liquid.observations]
    measured = [quantity_of(o, liquid.substance) for o in data]
    pressure, change = Pressure(), infinite.change
    seen = [q.predict(infinite.at) for q in measured]
    blocks = np.concatenate([s.blocks for s in seen], axis=1)
    b = len(blocks)
    fluctuation, unrest = _of_snapshots(change, measured, blocks.shape[1])
    waves = CompositionWaves(infinite.at)
    return LinearModel(
        potential=values,
        prediction=np.concatenate([s.mean for s in seen]),
        jacobian=field.on_grid(np.concatenate([q.jacobian(change) for q in measured])),
        covariance=mean_covariance(blocks),
        slope=np.concatenate([q.slope(infinite.at) for q in measured]),
        slope_jacobian=field.on_grid(np.concatenate([q.slope_jacobian(change) for q in measured])),
        bend=np.concatenate([q.bend(infinite.at) for q in measured]),
        damping=np.concatenate([damped(o, liquid.substance, infinite.at) for o in data]),
        common=np.concatenate([q.common(infinite.at) for q in measured]),
        pressure=pressure.predict(infinite.at).mean,
        pressure_jacobian=field.on_grid(pressure.jacobian(change)),
        blocks=(blocks - blocks.mean(axis=0)) / np.sqrt(b * (b - 1.0)) if b > 1 else blocks[:0],
        freedom=np.asarray(max(b - 1.0, 0.0)),
        fluctuation=fluctuation,
        unrest=unrest,
        waves=np.concatenate([q.jacobian(waves) for q in measured]).T,
    )


def _of_snapshots(
    change: Response, measured: Sequence[Quantity], numbers: int
) -> tuple[FloatArray, FloatArray]:
    """Return what fluctuations say of the Jacobian, (d, m), and what moves them, (1, m, m).

    Nothing of atoms, on a base or not: there theory and what the simulations show beyond it lead to
    the noise, while with fluctuations one correction of molten aluminium doubled in size.
    """
    seen = Fluctuation(change.liquid, change.energy)
    if not seen.recorded or change.liquid.setup.substance.simple:
        return np.zeros((numbers, 0)), np.zeros((1, 0, 0))
    return np.concatenate([q.jacobian(seen) for q in measured]), seen.variance[None]
