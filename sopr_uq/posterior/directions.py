"""The few directions of the data that say something about the potential."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from sopr_uq.inference.linear_gaussian import reading_error
from sopr_uq.refine.newton.budget import Whitened
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import FloatArray

_INFORMED = 0.1
_MOST_DIRECTIONS = 12


@dataclass(frozen=True)
class Directions:
    """The directions of the data that say something about v, in units of their errors.

    Parameters
    ----------
    whitened : Whitened
    model : LinearModel
        That the posterior rests on.
    """

    whitened: Whitened
    model: LinearModel

    @cached_property
    def _svd(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        x = solve_triangular(self.whitened.root, self.whitened.columns["potential"], lower=True)
        u, s, vt = np.linalg.svd(x, full_matrices=False)
        keep = np.flatnonzero(s > _INFORMED)[:_MOST_DIRECTIONS]
        return u[:, keep], s[keep], vt[keep]

    @cached_property
    def project(self) -> FloatArray:
        """Data to coordinates, shape (K, d)."""
        u = self._svd[0]
        return np.asarray(solve_triangular(self.whitened.root, u, lower=True, trans="T").T)

    @cached_property
    def directions(self) -> FloatArray:
        """A: coordinates to data, shape (d, K)."""
        return np.asarray(self.whitened.root @ self._svd[0])

    def signal(self, potential: FloatArray) -> FloatArray:
        """Linear signals about the simulated potentials, shape (S, n) → (S, K)."""
        step = potential - self.model.potential
        return np.asarray(step @ (self.project @ self.model.jacobian).T)

    @cached_property
    def shared(self) -> FloatArray:
        """Sampling covariance of the linear model in these coordinates, shape (K, K)."""
        return np.asarray(self.project @ self.whitened.covariances["simulation"] @ self.project.T)

    def effect(self, gradient: FloatArray) -> FloatArray:
        """Change of numbers by an error of the prediction, (k, p) → (k, K)."""
        _, s, vt = self._svd
        return np.asarray(-(gradient @ vt.T) * (s / (1.0 + s**2)))

    def information(self, posterior: xr.Dataset) -> tuple[FloatArray, FloatArray]:
        """Return what the data say about an error of the prediction, draw by draw.

        Parameters
        ----------
        posterior : Dataset
            ``potential`` (every, r), ``noise`` and ``reading`` (every, curve).

        Returns
        -------
        array, shape (S, K), and array, shape (S, K, K)
            AᵀΣ⁻¹(d − F) and AᵀΣ⁻¹A, with the linear prediction F and the
            covariance Σ of the data at the noise levels of each draw.
        """
        w, model = self.whitened, self.whitened.fit.model
        potential = posterior["potential"].values
        residuals = w.rule.stacked.value - self.model.about(potential)
        slopes = self.model.slope_at(potential)
        others = [columns for name, columns in w.columns.items() if name != "potential"]
        columns = np.hstack([self.directions, *others])
        left, right = [], []
        noise, reading = posterior["noise"].values, posterior["reading"].values
        for s, residual in enumerate(residuals):
            shift, blur = reading_error(slopes[s], model.bend, reading[s, model.curve])
            variance = model.fixed_variance + noise[s, model.curve] ** 2 * model.noisy + blur
            y, p = _marginal(columns, residual - shift, variance, self.directions.shape[1])
            left.append(y)
            right.append(p)
        return np.array(left), np.array(right)


def _marginal(
    columns: FloatArray, residual: FloatArray, variance: FloatArray, k: int
) -> tuple[FloatArray, FloatArray]:
    """AᵀΣ⁻¹r and AᵀΣ⁻¹A for Σ = diag(variance) + B Bᵀ and columns [A, B], A of k columns."""
    root = np.sqrt(variance)
    scaled = columns / root[:, None]
    gram = scaled.T @ scaled
    with_residual = scaled.T @ (residual / root)
    inner = cho_factor(np.eye(len(gram) - k) + gram[k:, k:], lower=True)
    solved = cho_solve(inner, np.column_stack([gram[k:, :k], with_residual[k:]]))
    mixed = gram[:k, k:] @ solved
    return with_residual[:k] - mixed[:, k], gram[:k, :k] - mixed[:, :k]
