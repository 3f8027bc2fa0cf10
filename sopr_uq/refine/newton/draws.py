"""Posterior draws of v, equally weighted.

Given θ the posterior of the linear model is Gaussian. What a Gaussian cannot say
is told by weighing several of its draws and drawing among them: that a core is
repulsive, that the liquid is not linear in v and its Jacobian known to a part only
(:mod:`.emulator`), that reading errors scatter a curve by its slope at v.

References
----------
D. B. Rubin, Bayesian Statistics 3, 395 (1988): sampling/importance resampling.
A. Vehtari, D. Simpson, A. Gelman, Y. Yao, J. Gabry, J. Mach. Learn. Res. 25, 72 (2024).
R. Douc, O. Cappé, E. Moulines, Proc. ISPA 64 (2005), section 2.2 (systematic resampling).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sopr_uq.inference.linear_gaussian import Theta, coefficients, reading_effect
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.fit import potential_index
from sopr_uq.refine.newton.likelihood import IMPOSSIBLE, Likelihood, gaussian_log_density
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray, IntArray


class Pool(NamedTuple):
    """Draws of the linear posterior with weights.

    Parameters
    ----------
    potential : array, shape (S, n)
        In kcal/mol.
    theta : array of int, shape (S,)
        Which θ each belongs to.
    log_weight : array, shape (S,)
        Pareto-smoothed; the weights sum to one.
    k_hat : float
        Of the Pareto tail; up to 0.7 the weights are good.
    log_prior : array, shape (S,)
        Log prior density of the Mie parameters, less its constant.
    """

    potential: FloatArray
    theta: IntArray
    log_weight: FloatArray
    k_hat: float
    log_prior: FloatArray = np.empty(0)

    @property
    def effective(self) -> float:
        """To how many independent draws the weights amount."""
        return float(1.0 / np.sum(np.exp(2.0 * self.log_weight)))

    def drawn(self, size: int, rng: np.random.Generator) -> IntArray:
        """Return indices of equally weighted draws by systematic resampling, shape (size,)."""
        edges = np.cumsum(np.exp(self.log_weight))
        places = (rng.random() + np.arange(size)) / size * edges[-1]
        # the last edge may fall short by rounding
        found = np.searchsorted(edges, places, side="right")
        return np.asarray(np.minimum(found, edges.size - 1))


@dataclass(frozen=True)
class Draws:
    """What potentials are drawn from.

    Parameters
    ----------
    conditioner : Conditioner
    answer : Answer
    """

    conditioner: Conditioner
    answer: Answer

    @cached_property
    def likelihood(self) -> Likelihood:
        """Of any potential, by what was learnt of F."""
        return Likelihood(self.conditioner, self.answer.emulator, self.answer.linear)

    def pool(self, thetas: Sequence[Theta], each: int) -> Pool:
        """Return weighted draws, a number of them at each θ.

        Parameters
        ----------
        thetas : sequence of Theta
            Draws of the linear model's posterior.
        each : int
            Potentials for each of them.
        """
        rng = stream(self.conditioner.problem.seed, "posterior")
        drawn = zip(*(self._linear(t, each, rng) for t in thetas), strict=True)
        linear, potential, log_prior = drawn
        v = np.concatenate(potential)
        said = self.likelihood.emulated(v)
        ratio = np.empty(len(v))
        for i, theta in enumerate(thetas):
            mine = slice(i * each, (i + 1) * each)
            known = said.some(mine)
            true = self.likelihood.log_density(v[mine], theta.noise, theta.reading, known)
            ratio[mine] = true - linear[i]
        good = self.likelihood.repulsive(v)
        ratio = np.where(good, ratio, ratio[good].min() - IMPOSSIBLE if good.any() else ratio)
        log_weight, k_hat = smoothed(ratio)
        which = np.repeat(np.arange(len(thetas)), each)
        return Pool(v, which, log_weight, k_hat, np.concatenate(log_prior))

    def _linear(
        self, theta: Theta, size: int, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw from the linear posterior at one θ.

        Log likelihoods (size,), v (size, n), log priors of the Mie parameters (size,).
        """
        fit = self.answer.fit
        model, exact = fit.proposal, coefficients(fit.proposal, theta)
        mine = potential_index(model, fit.bases[theta.kernel])
        c = exact.mean[mine] + rng.standard_normal((size, exact.mean.size)) @ exact.root[mine].T
        mie = fit.prior.mie
        correction = theta.width * model.correction[theta.kernel][:, : mine.size - mie]
        columns = np.hstack([model.columns[:, :mie], correction])
        reading = theta.reading[model.level]
        shift, blur = reading_effect(model.slope, model.bend, reading)
        variance = model.fixed_variance + theta.noise[model.level] ** 2 * model.noisy + blur
        residual = model.residual - shift - c @ columns.T
        likelihood = gaussian_log_density(residual, model.columns[:, mie:], variance)
        basis = fit.bases[theta.kernel]
        log_prior = -0.5 * np.sum(c[:, :mie] ** 2, axis=1)
        return likelihood, fit.prior.potentials(basis, theta.width, c), log_prior


def smoothed(log_ratio: FloatArray) -> tuple[FloatArray, float]:
    """Return normalised, Pareto-smoothed log weights, shape (S,), and k̂.

    Equal ratios have equal weights, and −∞ for k̂: no tail at all.
    """
    from arviz_stats.base.array import array_stats

    psislw: Any = array_stats.psislw
    if np.ptp(log_ratio) < 1e-9:
        return np.full(log_ratio.size, -np.log(log_ratio.size)), -np.inf
    # arviz takes the log likelihoods of points to leave out, whose ratios are their inverses
    weights, k_hat = psislw(-log_ratio)
    return np.asarray(weights), float(k_hat)
