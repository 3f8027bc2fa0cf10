"""What the measured numbers say of any potential, by all that was learnt of F."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sopr_uq.inference.linear_gaussian import reading_effect
from sopr_uq.refine.newton.conditioner import RANK, Conditioner
from sopr_uq.refine.newton.data import covariance_columns, liquid_of
from sopr_uq.refine.newton.discrepancy import discrepancy_columns
from sopr_uq.refine.newton.emulator import Emulator
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import BoolArray, FloatArray

IMPOSSIBLE = 1e6
"""What a potential without a repulsive core loses of its log density."""

_TOGETHER = 128
"""Potentials that are weighed at a time: each has all columns of the data's errors."""


class Emulated(NamedTuple):
    """Predictions (S, d), and roots of the doubt about them (S, K, K)."""

    prediction: FloatArray
    doubt_root: FloatArray

    def some(self, mine: slice) -> Emulated:
        """Return those of some potentials."""
        return Emulated(self.prediction[mine], self.doubt_root[mine])


@dataclass(frozen=True)
class Likelihood:
    """The data given a potential, the linear errors of both integrated out.

    Parameters
    ----------
    conditioner : Conditioner
    emulator : Emulator
        Predictions and their doubt.
    linear : LinearModel
        Near the answer: slopes of the curves, and what is taken from them.
    """

    conditioner: Conditioner
    emulator: Emulator
    linear: LinearModel

    def emulated(self, v: FloatArray) -> Emulated:
        """Return what is predicted at potentials, (S, n)."""
        prediction, doubt = self.emulator.at(v)
        values, vectors = np.linalg.eigh(doubt)
        return Emulated(prediction, vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])

    def log_density(
        self,
        v: FloatArray,
        noise: FloatArray,
        reading: FloatArray,
        known: Emulated | None = None,
    ) -> FloatArray:
        """Return ln p(data | v, θ), less its constant, shape (S,); see :meth:`standing`.

        What is believed of pressures that nobody gave (:mod:`.untold_pressure`) is part of it.
        """
        whole = self.conditioner.untold_pressure.log_probability(self.linear.pressure_at(v))
        found = np.empty(len(v))
        for first in range(0, len(v), _TOGETHER):
            some = slice(first, first + _TOGETHER)
            own, read = (x if x.ndim < 2 else x[some] for x in (noise, reading))
            here = None if known is None else known.some(some)
            found[some] = gaussian_log_density(*self.standing(v[some], own, read, here))
        return found + whole

    def standing(
        self,
        v: FloatArray,
        noise: FloatArray,
        reading: FloatArray,
        known: Emulated | None = None,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return what the data are beside the emulator's prediction at potentials.

        Parameters
        ----------
        v : array, shape (S, n)
            In kcal/mol.
        noise, reading : array, shape (J,) or (S, J)
            Noise and reading error of every level.
        known : Emulated, optional
            At these potentials; made here where it is not given.

        Returns
        -------
        array, shape (S, d)
            Data less prediction and mean reading error.
        array, shape (S, d, p)
            Columns of the errors that data share, for standard normal coefficients.
        array, shape (S, d)
            Variances of independent errors.
        """
        prediction, doubt_root = self.emulated(v) if known is None else known
        stacked, linear = self.conditioner.stacked, self.linear
        shift, blur = reading_effect(linear.slope_at(v), linear.bend, reading[..., stacked.level])
        others, fixed = self._others
        variance = fixed + noise[..., stacked.level] ** 2 * stacked.noisy + blur
        doubt = self.emulator.embed @ doubt_root
        common = np.broadcast_to(others, (len(v), *others.shape))
        columns = np.concatenate([common, doubt], axis=2)
        return stacked.value - prediction - shift, columns, variance

    def repulsive(self, v: FloatArray) -> BoolArray:
        """Which of some v, shape (S, p n), fall from high cores all the way to their wells."""
        field, height = self.conditioner.problem.field, self.conditioner.prior.core_height
        each = field.split(v)[:, field.shaped]
        core = np.cumsum(each <= 0.0, axis=-1) == 0
        with np.errstate(invalid="ignore", over="ignore"):
            falls = np.all((np.diff(each, axis=-1) < 0.0) | ~core[..., :-1], axis=(1, 2))
            high = np.all(each[..., 0] > height, axis=1)
            return np.asarray(high & falls & field.repulsive(v))

    @cached_property
    def _others(self) -> tuple[FloatArray, FloatArray]:
        """What is in the data beside v and the doubt about F: columns (d, p), variances (d,)."""
        linear, problem = self.linear, self.conditioner.problem
        outside, rest = covariance_columns(self.emulator.outside, RANK)
        between = discrepancy_columns(
            problem, linear.jacobian, liquid_of(problem), self.conditioner.prior
        )
        columns = [self.conditioner.nuisances(linear), outside, between]
        return np.hstack(columns), self.conditioner.stacked.stated_variance + rest


def gaussian_log_density(
    residual: FloatArray, columns: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return ln N(residual; 0, diag(variance) + columns columnsᵀ), less its constant.

    Parameters
    ----------
    residual : array, shape (S, d)
    columns : array, shape (d, p) or (S, d, p)
    variance : array, shape (d,) or (S, d)

    Returns
    -------
    array, shape (S,)
    """
    root = np.sqrt(variance)
    x = columns / root[..., None]
    y = residual / root
    turned = np.swapaxes(x, -1, -2)
    chol = np.linalg.cholesky(np.eye(columns.shape[-1]) + turned @ x)
    projected = np.linalg.solve(chol, turned @ y[..., None])[..., 0]
    determinant = np.log(root).sum(axis=-1)
    determinant = determinant + np.log(np.diagonal(chol, axis1=-2, axis2=-1)).sum(axis=-1)
    return np.asarray(0.5 * ((projected**2).sum(axis=1) - (y**2).sum(axis=1)) - determinant)
