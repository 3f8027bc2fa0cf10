"""Gaussian processes in a finite basis, and conditioning that returns a new one.

A zero-mean process with covariance k is written u = L z, z ~ N(0, 1), where
L Lᵀ is k on a set of points, truncated at rounding level. Every operation is
then exact linear algebra in a few dozen dimensions, whatever the number of
data points, and draws need one triangular solve each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from sopr_uq.errors import InputError
from sopr_uq.gp.kernels import Kernel
from sopr_uq.gp.noise import Diagonal, Noise
from sopr_uq.typing import FloatArray

_RELATIVE_CUT = 1e-12


def factor(kernel: Kernel, points: FloatArray) -> FloatArray:
    """Return L, shape (n, m), with L Lᵀ = k(points, points) to rounding.

    Parameters
    ----------
    kernel : Kernel
        The covariance function.
    points : array, shape (n,)
        Distances in Å.
    """
    return _factor(kernel, np.asarray(points, dtype=float).tobytes())


@lru_cache(maxsize=16)
def _factor(kernel: Kernel, points: bytes) -> FloatArray:
    # A refinement asks for the same few length scales at the same points, again and again.
    at = np.frombuffer(points)
    values, vectors = np.linalg.eigh(kernel(at, at))
    keep = values > _RELATIVE_CUT * values[-1]
    found = np.asarray((vectors[:, keep] * np.sqrt(values[keep]))[:, ::-1])
    found.flags.writeable = False
    return found


@dataclass(frozen=True)
class Process:
    """u = mean + factor · z, z ~ N(0, 1), on n points.

    Parameters
    ----------
    mean : array, shape (n,)
        In kcal/mol.
    factor : array, shape (n, m)
        In kcal/mol.
    """

    mean: FloatArray
    factor: FloatArray

    @classmethod
    def prior(cls, kernel: Kernel, points: FloatArray, mean: FloatArray | None = None) -> Process:
        """Return the process of a kernel on ``points``, shape (n,) in Å."""
        zero = np.zeros(points.shape) if mean is None else mean
        return cls(zero, factor(kernel, points))

    @property
    def covariance(self) -> FloatArray:
        """Shape (n, n), in (kcal/mol)²."""
        return np.asarray(self.factor @ self.factor.T)

    @property
    def sd(self) -> FloatArray:
        """Standard deviation, shape (n,), in kcal/mol."""
        return np.asarray(np.linalg.norm(self.factor, axis=1))

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return exact draws, shape (size, n), in kcal/mol."""
        z = rng.standard_normal((size, self.factor.shape[1]))
        return np.asarray(self.mean + z @ self.factor.T)

    def condition(self, design: FloatArray, y: FloatArray, noise: Noise) -> Conditioned:
        """Condition on y = design · u + e.

        Parameters
        ----------
        design : array, shape (k, n)
            The linear map from u to the data.
        y : array, shape (k,)
            Data.
        noise : Noise
            Covariance of e, k points.

        Returns
        -------
        Conditioned
            The log marginal likelihood and the new process.

        Raises
        ------
        InputError
            If the noise covariance is singular.

        References
        ----------
        Rasmussen & Williams (2006), eqs 2.11 and 5.8 in the weight-space view.
        """
        whiten = _Whitener(noise)
        a = whiten(design @ self.factor)
        residual = whiten(y - design @ self.mean)
        precision = np.eye(a.shape[1]) + a.T @ a
        chol = cho_factor(precision, lower=True)
        z = cho_solve(chol, a.T @ residual)
        misfit = residual @ residual - (a.T @ residual) @ z
        log_det = 2 * np.log(np.diagonal(chol[0])).sum() + whiten.log_determinant
        log_probability = -0.5 * (misfit + log_det + y.size * np.log(2 * np.pi))
        root = solve_triangular(chol[0], self.factor.T, lower=True).T
        return Conditioned(float(log_probability), Process(self.mean + self.factor @ z, root))


class Conditioned(NamedTuple):
    """What conditioning returns."""

    log_probability: float
    process: Process


class _Whitener:
    """Multiplies by C⁻¹ᐟ² of a noise covariance C, and knows its determinant."""

    def __init__(self, noise: Noise) -> None:
        self._diagonal = isinstance(noise, Diagonal)
        if self._diagonal:
            if not np.all(noise.diagonal() > 0):
                raise InputError("noise", "positive variances", "a zero", "add a noise floor")
            self._root = np.sqrt(noise.diagonal())
        else:
            self._root = _cholesky(noise.matrix())
        roots = self._root if self._diagonal else np.diagonal(self._root)
        self.log_determinant = 2.0 * float(np.log(roots).sum())

    def __call__(self, a: FloatArray) -> FloatArray:
        if self._diagonal:
            return np.asarray(a / (self._root if a.ndim == 1 else self._root[:, None]))
        return np.asarray(solve_triangular(self._root, a, lower=True))


def _cholesky(covariance: FloatArray) -> FloatArray:
    try:
        return np.asarray(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        raise InputError(
            "noise",
            "a positive definite covariance",
            "a singular one",
            "add a diagonal noise to it",
        ) from None
