"""From a linear model of the data to the Gaussian posterior of v."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sopr_uq.inference.linear_gaussian import LinearGaussian, coefficients
from sopr_uq.inference.noise import LogNormal
from sopr_uq.inference.theta_mode import most_probable
from sopr_uq.refine.newton.data import Stacked, covariance_columns, liquid_of, stack_data
from sopr_uq.refine.newton.discrepancy import discrepancy_columns
from sopr_uq.refine.newton.fit import Fit, parts_of, potential_index
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.nuisances import nuisance_columns
from sopr_uq.refine.newton.prior import Basis, Prior
from sopr_uq.refine.newton.untold_pressure import Pseudodata, Sites, UntoldPressure
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

RANK = 20
"""Columns that a sampling covariance may have beside its diagonal."""

_MOVES = 3
_STILL = np.array([1e-3, 1e-2, 0.05, 0.05])
"""Changes of ln σ, ln ε, n and m that no longer matter to an expansion about them."""


@dataclass(frozen=True)
class Conditioner:
    """What the data of a problem say, given how they depend on v.

    Parameters
    ----------
    problem : Problem
        Any number of liquids and observations, at least one of them a curve.
    moved : tuple of float
        By how much the prior centres of ln σ and ln ε of every pair that is refined as a whole are
        moved.
    """

    problem: Problem
    moved: tuple[float, float] = (0.0, 0.0)

    @cached_property
    def stacked(self) -> Stacked:
        """The measured numbers."""
        return stack_data(self.problem)

    @cached_property
    def prior(self) -> Prior:
        """The prior of v."""
        return Prior(self.problem, self.moved)

    @cached_property
    def untold_pressure(self) -> UntoldPressure:
        """What is believed of pressures that nobody gave."""
        return UntoldPressure(self.problem)

    def fit(
        self,
        linear: LinearModel,
        point: FloatArray,
        sites: Sites | None = None,
        stiffness: float = 1.0,
    ) -> Fit:
        """Return the posterior of v given a linear model.

        Parameters
        ----------
        linear : LinearModel
        point : array, shape (4 p,)
            Mie parameters about which the prior is expanded at first; it is
            moved to the posterior's own point before the result is taken.
        sites : Sites, optional
            What stands at first for what is believed of untold pressures, such as an earlier
            fit's; by default nothing does.
        stiffness : float
            By how much the correction to the Mie potential is to be smaller.
        """
        used = sites or Sites.none(len(self.problem.liquids))
        for _ in range(_MOVES):
            bases = self.prior.bases(point)
            rows = self.untold_pressure.rows(linear, bases[0].base, used)
            model = self._linear_gaussian(linear, bases, stiffness, rows)
            theta = most_probable(model)
            c = coefficients(model, theta)
            moved = self.prior.point(c.mean)
            mine = potential_index(model, bases[theta.kernel])
            columns = bases[theta.kernel].columns(theta.width)
            slopes, root = self.untold_pressure.slopes(linear) @ columns, c.root[mine]
            x = (
                self.untold_pressure.ratios(linear.pressure_at(bases[0].base))
                + slopes @ c.mean[mine]
            )
            variance = np.sum((slopes @ root) ** 2, axis=1)
            used, will_do = self.untold_pressure.sites(x, variance, used)
            still = np.abs(moved - point) < np.tile(_STILL, point.size // _STILL.size)
            if will_do and np.all(still):
                break
            point = moved
        return Fit(self.prior, point, bases, model, theta, c, parts_of(model, theta), rows, used)

    def _linear_gaussian(
        self, linear: LinearModel, bases: Sequence[Basis], stiffness: float, rows: Pseudodata
    ) -> LinearGaussian:
        s, prior = self.stacked, self.prior
        sampling, rest = covariance_columns(linear.covariance, RANK)
        size = max(b.correction.shape[1] for b in bases)
        jacobian = np.vstack([linear.jacobian, rows.jacobian])
        corrections = [jacobian @ b.correction for b in bases]
        still = np.zeros(rows.residual.size)
        # what is believed of a pressure is believed of the potential that all liquids share
        liquid = liquid_of(self.problem)
        between = discrepancy_columns(self.problem, linear.jacobian, liquid, prior)
        errors = np.hstack([self.nuisances(linear), sampling, between])
        return LinearGaussian(
            residual=np.concatenate([s.value - linear.about(bases[0].base), rows.residual]),
            fixed_variance=np.concatenate([s.stated_variance + rest, rows.variance]),
            noisy=np.concatenate([s.noisy, still]),
            slope=np.concatenate([linear.slope, still]),
            bend=np.concatenate([linear.bend, still]),
            level=np.concatenate([s.level, still.astype(np.intp)]),
            columns=np.hstack(
                [
                    jacobian @ bases[0].mie,
                    np.pad(errors, ((0, still.size), (0, 0))),
                ]
            ),
            correction=np.array([np.pad(x, ((0, 0), (0, size - x.shape[1]))) for x in corrections]),
            log_weight=prior.log_weight,
            width=LogNormal(prior.width.median / stiffness, prior.width.sd),
            noise=s.noise,
            reading=s.reading,
        )

    def nuisances(self, linear: LinearModel) -> FloatArray:
        """Return the columns of what else is in the data: of the curves, and stated covariances."""
        s, prior = self.stacked, self.problem.prior
        mine = nuisance_columns(s, prior, linear)
        return np.hstack([mine, s.stated_columns])

    @property
    def nuisance_count(self) -> int:
        """How many of these belong to the data themselves: scales, levels and so on."""
        s = self.stacked
        sizes = (s.smoothing, s.damping, s.drift, s.drift)
        own = 2 * len(s.names) + sum(np.count_nonzero(size) for size in sizes)
        own += np.unique(s.motion[s.motion > 0]).size
        return int(own + s.totals.shape[1])
