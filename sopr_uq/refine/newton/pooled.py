"""The Jacobian from theory and from fluctuations, each with its error.

Two estimates of one J are there: that of the Ornstein–Zernike equation, exact in its numbers
and wrong by E as bridge functions are, or molecules more than their sites; and that of the
trajectories' fluctuations, right but for their noise, pooled over all simulations. With

    J_fl − J_OZ = E + noise,    noise ~ N(0, f C ⊗ β² ⟨δU δU⟩/R),

C being the sampling covariance of the data of one simulation of R, by which the covariance
of two quantities scatters too, E has a Gaussian prior of relative size a: its signals are half
like those of the theory, half like anything that fluctuates. f is found from how the simulations
differ, a is the most probable one: where theory is right a is small and J that of theory; in
water it is not.

References
----------
The Kronecker structure: A. K. Gupta, D. K. Nagar, Matrix Variate Distributions (2000), ch. 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from scipy import linalg
from scipy.optimize import minimize_scalar

from sopr_uq.refine.newton.data import Stacked, liquid_of
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray

_ALIKE = 0.5
"""Share of E that is like the response by theory."""

_STILL = 1e-8
"""Variances of an energy, to the largest, below which nothing is known of its signal."""

_BOUNDS = (np.log(1e-3), np.log(3.0))
"""Of the logarithm of a."""

_NOISE = 1.0
"""f, where there is one simulation only."""


def pool_jacobians(
    problem: Problem, stacked: Stacked, models: Sequence[LinearModel]
) -> list[LinearModel]:
    """Return linear models whose Jacobians are what theory and all fluctuations say together.

    Parameters
    ----------
    problem : Problem
    stacked : Stacked
        Its measured numbers.
    models : sequence of LinearModel
        One a simulation; of engines that recorded no fluctuations they stay as they are.
    """
    if not models[0].fluctuation.size:
        return list(models)
    error = np.zeros_like(models[0].fluctuation)
    theory = np.array([problem.field.on_splines(m.jacobian) for m in models])
    wrong = np.array([m.fluctuation for m in models]) - theory
    covariance = np.mean([m.covariance for m in models], axis=0)
    liquid = liquid_of(problem)
    for number, unrest in enumerate(np.mean([m.unrest for m in models], axis=0)):
        # numbers have their own response
        rows = np.flatnonzero((liquid == number) & (stacked.noisy > 0.0))
        if not rows.size:
            continue
        scatter = Scatter.of(covariance[np.ix_(rows, rows)], unrest)
        error[rows] = learnt_error(wrong[:, rows], theory[:, rows].mean(axis=0), scatter).mean
    return [replace(m, jacobian=m.jacobian + problem.field.on_grid(error)) for m in models]


@dataclass(frozen=True)
class Scatter:
    """How an estimate by fluctuations scatters, A = L Z Dᵀ, Z having entries of variance f.

    Parameters
    ----------
    root : array, shape (d, d)
        L, lower triangular.
    spread : array, shape (m, k)
        D, of the directions in which energies fluctuate at all.
    narrow : array, shape (m, k)
        Its pseudo-inverse, transposed.
    """

    root: FloatArray
    spread: FloatArray
    narrow: FloatArray

    @classmethod
    def of(cls, covariance: FloatArray, unrest: FloatArray) -> Self:
        """Return it of the covariances of data and of energies, (d, d) and (m, m)."""
        values, vectors = np.linalg.eigh(unrest)
        kept = values > _STILL * values[-1]
        size, vectors = np.sqrt(values[kept]), vectors[:, kept]
        # data that no snapshot changes, such as g inside a core, have no variance at all
        still = max(_STILL * float(np.diagonal(covariance).max()), np.finfo(float).tiny)
        root = np.linalg.cholesky(covariance + still * np.eye(len(covariance)))
        return cls(root, vectors * size, vectors / size)

    def whitened(self, jacobian: FloatArray) -> FloatArray:
        """Return Z of A, (d, m) → (d, k)."""
        return np.asarray(linalg.solve_triangular(self.root, jacobian @ self.narrow, lower=True))

    def coloured(self, whitened: FloatArray) -> FloatArray:
        """Return A of Z, (d, k) → (d, m)."""
        return np.asarray(self.root @ whitened @ self.spread.T)


class LearntError(NamedTuple):
    """E of a Jacobian.

    Parameters
    ----------
    mean : array, shape (d, m)
    size : float
        a.
    noise : float
        f.
    """

    mean: FloatArray
    size: float
    noise: float


def learnt_error(wrong: FloatArray, theory: FloatArray, scatter: Scatter) -> LearntError:
    """Return the error of a Jacobian by theory.

    Parameters
    ----------
    wrong : array, shape (R, d, m)
        J_fl − J_OZ of each simulation.
    theory : array, shape (d, m)
        J_OZ.
    scatter : Scatter
        Of J_fl of one simulation.
    """
    each, g = np.array([scatter.whitened(w) for w in wrong]), scatter.whitened(theory)
    z, noise = each.mean(axis=0), _noise(each)
    (d, k), total, variance = z.shape, float(np.sum(g**2)), noise / len(each)
    u, s, vt = np.linalg.svd(g, full_matrices=k > d)
    share = np.pad(s, (0, len(vt) - s.size)) ** 2 / total
    along = _ALIKE * share + (1.0 - _ALIKE) / k
    row = _ALIKE * share[: u.shape[1]] + (1.0 - _ALIKE) / d
    alike, rest = total * np.outer(row, along), total * (1.0 - _ALIKE) / d * along
    # what no signal of the theory reaches is all alike, and stays as it is
    inside = u.T @ z @ vt.T
    outside = z @ vt.T - u @ inside
    left, count = np.sum(outside**2, axis=0), d - u.shape[1]

    def negative(log: float) -> float:
        near, far = np.exp(2.0 * log) * alike + variance, np.exp(2.0 * log) * rest + variance
        told = np.sum(np.log(near) + inside**2 / near)
        return 0.5 * float(told + np.sum(count * np.log(far) + left / far))

    size = float(np.exp(minimize_scalar(negative, bounds=_BOUNDS, method="bounded").x))
    mean = u @ (inside * (size**2 * alike / (size**2 * alike + variance)))
    mean = (mean + outside * (size**2 * rest / (size**2 * rest + variance))) @ vt
    return LearntError(scatter.coloured(mean), size, noise)


def _noise(each: FloatArray) -> float:
    """Return f, from (R, d, k)."""
    return float(np.mean(np.var(each, axis=0, ddof=1))) if len(each) > 1 else _NOISE
