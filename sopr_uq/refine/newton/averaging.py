"""How much each simulation counts: by what it knows, and by how far away it is.

All simulations of a refinement speak of the same function F, each linear about
its own potential and each with its own sampling error. A near one knows all but
its sampling error; what a far one says of the answer is wrong besides, by more
the farther it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import BoolArray, FloatArray

_KNOWN_TO = 100.0
"""Σ d⁴ over pairs (posterior variances squared) from which on their word on b is taken."""

_EXACT = 1e-6
"""Sampling variance of an engine that has none, in posterior variances."""


class Ruler(NamedTuple):
    """What errors of the data and changes of v mean, in posterior standard deviations of v.

    Parameters
    ----------
    gain : array, shape (k, d)
        How far an error of each datum moves v at k distances that count.
    where : array of bool, shape (n,)
        These distances.
    sd : array, shape (k,)
        Posterior standard deviation of v there, in kcal/mol.
    """

    gain: FloatArray
    where: BoolArray
    sd: FloatArray

    def of_errors(self, errors: FloatArray) -> FloatArray:
        """Return the mean squared move of v by each error of the data, (m, d) → (m,)."""
        return np.asarray(np.mean((errors @ self.gain.T) ** 2, axis=1))

    def of_covariance(self, covariance: FloatArray) -> float:
        """Return the mean squared move of v by random errors of the data, (d, d)."""
        return float(np.sum((self.gain @ covariance) * self.gain) / len(self.gain))

    def of_change(self, change: FloatArray) -> FloatArray:
        """Return the mean squared change of v, (m, n) → (m,)."""
        return np.asarray(np.mean((change[:, self.where] / self.sd) ** 2, axis=1))


def weights(
    models: Sequence[LinearModel], at: FloatArray, ruler: Ruler, error: float
) -> FloatArray:
    """Return the weight of each simulation at a potential.

    A model is weighed by the inverse of its variance there, as it moves v:
    s + a² d² + b² d⁴, with s that of its sampling error, d its distance, a the
    error of the linear response and b the curvature of F. One b serves all,
    found from what the models say wrongly of each other's potentials beyond s
    and a. A single simulation that disagrees by chance is not told from the
    others: weights that followed the noise would average too little of it.

    Parameters
    ----------
    models : sequence of LinearModel
    at : array, shape (n,)
        v in kcal/mol.
    ruler : Ruler
    error : float
        a.

    Returns
    -------
    array, shape (len(models),)
        Their sum is 1.
    """
    # by its own waves a simulation that happened to see small ones would be the surer
    waves = np.mean([ruler.of_errors(m.waves).sum() for m in models])
    sampling = waves + np.array([ruler.of_covariance(m.covariance) for m in models])
    curvature = _curvature(models, sampling, ruler, error)
    away = ruler.of_change(np.array([m.potential for m in models]) - at)
    w = 1.0 / (sampling + error**2 * away + curvature * away**2 + _EXACT)
    return np.asarray(w / w.sum())


def _curvature(
    models: Sequence[LinearModel], sampling: FloatArray, ruler: Ruler, error: float
) -> float:
    """Return b²."""
    said, went = 0.0, _KNOWN_TO
    for j, at in enumerate(models):
        others = np.arange(len(models)) != j
        wrong = np.array([m.about(at.potential) - at.prediction for m in models])
        away = ruler.of_change(np.array([m.potential for m in models]) - at.potential)
        excess = ruler.of_errors(wrong) - sampling - sampling[j] - error**2 * away
        said += float(excess[others].sum())
        went += float((away[others] ** 2).sum())
    return max(said, 0.0) / went
