"""The Gaussian posterior of v at one θ, and potentials of its coefficients."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sopr_uq.inference.linear_gaussian import Coefficients, LinearGaussian, Theta, gain
from sopr_uq.potentials.core import continue_core
from sopr_uq.refine.newton.averaging import Scale
from sopr_uq.refine.newton.prior import Basis
from sopr_uq.typing import BoolArray, FloatArray, IntArray

MIE = 3
"""Coefficients of the Mie potential, the first of all."""


class Fit(NamedTuple):
    """The Gaussian posterior of v at the most probable θ."""

    point: FloatArray
    bases: list[Basis]
    model: LinearGaussian
    theta: Theta
    coefficients: Coefficients

    def of_coefficients(self, values: FloatArray) -> FloatArray:
        """Return v for coefficients of the potential, shape (size, 3 + m) → (size, n)."""
        return _potential(self.bases[self.theta.index], self.theta.width, values)

    def draws(self, z: FloatArray) -> FloatArray:
        """Return v for standard normal z, shape (size, p + m) → (size, n)."""
        return potentials(self.bases, self.model, self.theta, self.coefficients, z)

    @property
    def mean(self) -> FloatArray:
        """Posterior mean of v on the grid, shape (n,)."""
        z = np.zeros((1, self.coefficients.mean.size))
        return np.asarray(self.draws(z)[0])

    @property
    def gain(self) -> FloatArray:
        """How far each datum moves v, outside the core, kcal/mol per unit, shape (n, d)."""
        columns, mine = self._linear
        return np.asarray(columns @ gain(self.model, self.theta)[mine])

    @property
    def sd(self) -> FloatArray:
        """Posterior standard deviation of v given θ, outside the core, shape (n,)."""
        columns, mine = self._linear
        return np.asarray(np.sqrt(np.sum((columns @ self.coefficients.root[mine]) ** 2, axis=1)))

    def scale(self, where: BoolArray) -> Scale:
        """Return the measure of errors and changes at some distances, shape (n,)."""
        sd = self.sd[where]
        return Scale(self.gain[where] / sd[:, None], where, sd)

    @property
    def _linear(self) -> tuple[FloatArray, IntArray]:
        """∂v/∂coefficients outside the core, shape (n, 3 + m), and which coefficients these are."""
        basis, first = self.bases[self.theta.index], self.model.columns.shape[1]
        mine = np.r_[0:MIE, first : first + basis.correction.shape[1]]
        return basis.columns(self.theta.width), mine


def potentials(
    bases: list[Basis], model: LinearGaussian, theta: Theta, c: Coefficients, z: FloatArray
) -> FloatArray:
    """Return v of coefficients mean + root z, shape (size, p + m) → (size, n)."""
    basis = bases[theta.index]
    values = c.mean + z @ c.root.T
    first = model.columns.shape[1]
    b = values[:, first : first + basis.correction.shape[1]]
    return _potential(basis, theta.width, np.hstack([values[:, :MIE], b]))


def _potential(basis: Basis, width: float, values: FloatArray) -> FloatArray:
    """Return v of standardised coefficients, shape (size, 3 + m) → (size, n)."""
    v = basis.base + values @ basis.columns(width).T
    return continue_core(basis.r, v, basis.core_height)
