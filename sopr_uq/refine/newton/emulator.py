"""What all simulations together say of the measured quantities at any potential.

F(v) ≈ the average of the linear models near the answer, corrected by what the
simulations show beyond it (:mod:`.surrogate`) in the directions in which the
data say anything about v. So the Jacobian is J = J_OZ + E: that of the
Ornstein–Zernike response, and an error that every simulation helps to learn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import solve_triangular

from sopr_uq.engine.blocks import shrunk_covariance
from sopr_uq.refine.newton.budget import Whitened
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.refine.newton.surrogate import SCALES, Surrogate
from sopr_uq.typing import FloatArray

_INFORMED = 0.1
_MOST_DIRECTIONS = 20
_SMALLEST_SHARE = 1e-3
_MOST_RUNS, _FEWEST_RUNS = 24, 4
_SEEN_TO = 0.005
"""Of ε: to what v is seen when its Mie parameters are asked for."""


class PredictionMisfit(NamedTuple):
    """How far simulations are from what was predicted of them, in units of all errors of the data.

    Parameters
    ----------
    chi2 : float
        Of all numbers together.
    numbers : int
        How many they are.
    """

    chi2: float
    numbers: int


@dataclass(frozen=True)
class Emulator:
    """The measured quantities as a function of the potential, with its uncertainty.

    Parameters
    ----------
    average : LinearModel
        Of the simulations near the answer.
    project : array, shape (K, d)
        Data to the directions that count, in units of all errors.
    embed : array, shape (d, K)
        Back to the data.
    surrogate : Surrogate
        What is beyond the average there.
    mie : array, shape (q, n)
        Potentials to their Mie parameters, each in units of the signal that it has by itself.
    """

    average: LinearModel
    project: FloatArray
    embed: FloatArray
    surrogate: Surrogate
    mie: FloatArray

    @classmethod
    def learnt(
        cls,
        whitened: Whitened,
        average: LinearModel,
        models: Sequence[LinearModel],
        share: FloatArray,
        error: float,
    ) -> Self:
        """Return the emulator of simulations.

        Parameters
        ----------
        whitened : Whitened
            Of a fit of ``average``.
        average : LinearModel
        models : sequence of LinearModel
        share : array, shape (len(models),)
            Weights of the average; what weighs next to nothing is too far away to learn from, but
            for a few: of a single run nothing is learnt of the Jacobian, and all is doubted.
        error : float
            Median relative error of the Jacobian.
        """
        project, embed = directions(whitened)
        near = np.argsort(-share)[:_MOST_RUNS]
        counts = share[near] > _SMALLEST_SHARE * share.max()
        counts[:_FEWEST_RUNS] = True
        near = near[counts]
        kept = [models[i] for i in near]
        own = _own_error(whitened, project, embed)
        mie = mie_signals(whitened, project @ average.jacobian)
        empty = cls(average, project, embed, Surrogate(*_nothing(project), own), mie)
        x, eta = empty.observed(kept)
        noise = empty.noise(kept, share[near])
        return replace(empty, surrogate=Surrogate.fitted(x, eta, noise, error, own))

    def observed(self, models: Sequence[LinearModel]) -> tuple[FloatArray, FloatArray]:
        """Return signals, (M, K + q), and what simulations show beyond the average, (M, K)."""
        potential = np.array([m.potential for m in models])
        beyond = np.array([m.prediction for m in models]) - self.average.about(potential)
        return self.signal(potential), beyond @ self.project.T

    def noise(self, models: Sequence[LinearModel], share: FloatArray) -> FloatArray:
        """Return sampling covariances in the directions, shape (M, K, K).

        Few blocks tell a covariance badly. Simulations of one length near one
        potential scatter alike, so their blocks are taken together, in these directions, and
        shrunk; for what is still not known the variances are those of Student's t.
        """
        k, freedom = len(self.project), float(np.sum([m.freedom for m in models]))
        if freedom < 3.0:
            return np.zeros((len(models), k, k))
        size = np.sqrt(share / share.sum())
        each = [w * m.blocks @ self.project.T for w, m in zip(size, models, strict=True)]
        common = freedom / (freedom - 2.0) * shrunk_covariance(np.concatenate(each), freedom)
        common += self.project @ LinearModel.of_waves(models, share) @ self.project.T
        return np.broadcast_to(common, (len(models), k, k))

    def signal(self, potential: FloatArray) -> FloatArray:
        """Return linear signals of potentials and of their Mie parameters, (S, n) → (S, K + q)."""
        return np.asarray((potential - self.average.potential) @ self._columns.T)

    @property
    def _columns(self) -> FloatArray:
        """∂signal/∂v, shape (K + q, n)."""
        return np.vstack([self.project @ self.average.jacobian, self.mie])

    def at(self, potential: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return predictions, (S, n) → (S, d), and their covariance in the directions (S, K, K)."""
        found = self.surrogate.at(self.signal(potential))
        return self.average.about(potential) + found.mean @ self.embed.T, found.covariance

    def linear(self, potential: FloatArray) -> LinearModel:
        """Return the linear model about a potential, shape (n,), with the Jacobian learnt.

        Its covariance is that of the sampling of the average.
        """
        moved = self.average.moved(potential)
        x = self.signal(potential[None])
        beyond = self.surrogate.at(x).mean[0]
        slope = self.surrogate.slope(x[0]) @ self._columns
        return replace(
            moved,
            prediction=moved.prediction + self.embed @ beyond,
            jacobian=moved.jacobian + self.embed @ slope,
        )

    def doubtful(self, potential: FloatArray, spread: FloatArray) -> LinearModel:
        """Return the linear model with a covariance of all that is not known of F.

        Parameters
        ----------
        potential : array, shape (n,)
            In kcal/mol.
        spread : array, shape (S, n)
            Potentials over which that is averaged, in kcal/mol.
        """
        doubt = self.surrogate.at(self.signal(spread)).covariance.mean(axis=0)
        covariance = self.outside + self.embed @ doubt @ self.embed.T
        return replace(self.linear(potential), covariance=covariance)

    @property
    def outside(self) -> FloatArray:
        """Sampling covariance of the average outside the directions, shape (d, d)."""
        left = np.eye(len(self.embed)) - self.embed @ self.project
        return np.asarray(left @ self.average.covariance @ left.T)

    def predicted(self, models: Sequence[LinearModel]) -> PredictionMisfit:
        """Compare simulations that the emulator does not know with what it says of them."""
        x, eta = self.observed(models)
        said = self.surrogate.jointly(x)
        covariance = said.covariance[0]
        k = eta.shape[1]
        for i, own in enumerate(self.noise(models, np.ones(len(models)))):
            mine = slice(i * k, (i + 1) * k)
            covariance[mine, mine] += own + self.surrogate.unseen * np.eye(k)
        wrong = (eta - said.mean).ravel()
        return PredictionMisfit(float(wrong @ np.linalg.solve(covariance, wrong)), wrong.size)


def directions(whitened: Whitened) -> tuple[FloatArray, FloatArray]:
    """Return the directions of the data that say something about v, (K, d) and (d, K).

    They are the leading left singular vectors of the columns of the potential in
    units of all that is not the potential.
    """
    measured = slice(whitened.fit.measured)
    root = whitened.root[measured, measured]
    x = solve_triangular(root, whitened.columns["potential"][measured], lower=True)
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    u = u[:, np.flatnonzero(s > _INFORMED)[:_MOST_DIRECTIONS]]
    project = solve_triangular(root, u, lower=True, trans="T").T
    return np.asarray(project), np.asarray(root @ u)


def mie_signals(whitened: Whitened, response: FloatArray) -> FloatArray:
    """Return what gives the Mie parameters of potentials in units of their signals, (q, n).

    They are the means of the prior's Mie coefficients, given v where pairs meet: what no Mie
    potential is is left to δ, of any kernel, and has no part in them.

    Parameters
    ----------
    whitened : Whitened
    response : array, shape (K, n)
        ∂signal/∂v.
    """
    fit, prior = whitened.fit, whitened.conditioner.prior
    mie, base = fit.bases[0].mie, fit.bases[0].base
    # of a pair that is kept there is none; of a correction they are its factors
    whole = np.flatnonzero(np.any(mie != 0.0, axis=0))
    if not whole.size:
        return np.empty((0, base.size))
    shares = np.sqrt(np.exp(prior.log_weight)) * fit.theta.width
    delta = [share * b.correction for share, b in zip(shares, fit.bases, strict=True)]
    field = prior.field
    # a reference that is corrected may turn over far inside its core
    near = np.where(field.shaped, 0.0, [term.counts[0] for term in field.terms])
    outside = np.ravel(field.r >= near[:, None])
    seen, scale = outside & (base < prior.core_height / 2.0), _SEEN_TO * prior.scale[1]
    x = np.hstack([mie, *delta])[seen] / scale
    gain = np.linalg.solve(x.T @ x + np.eye(x.shape[1]), x.T / scale)
    coefficients = np.zeros((whole.size, base.size))
    coefficients[:, seen] = gain[whole]
    return np.linalg.norm(response @ mie[:, whole], axis=0)[:, None] * coefficients


def _own_error(whitened: Whitened, project: FloatArray, embed: FloatArray) -> FloatArray:
    """Return the covariance in the directions of rows of the Jacobian that err by themselves.

    A row of relative error f is wrong by entries of size f |row|/√K in one direction of the
    data, that of its datum; shape (K, K), for signals of unit length.
    """
    error = whitened.conditioner.stacked.row_error
    size = error**2 * np.sum(embed**2, axis=1) / len(project)
    return np.asarray(project * size @ project.T)


def _nothing(project: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The data of a surrogate that knows nothing yet."""
    k = len(project)
    return np.empty((0, k)), np.empty((0, k)), np.empty((0, k, k)), np.zeros(SCALES)
