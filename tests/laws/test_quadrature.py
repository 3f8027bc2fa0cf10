"""Marginal likelihoods, leaving one out, and calibration of the posterior of a law."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import logsumexp

from sopr_uq.inference.power_law_density import LawData, LawPrior, log_likelihood
from sopr_uq.laws.choice import leave_out
from sopr_uq.laws.kernel_density import kernel_density, stack
from sopr_uq.laws.quadrature import Quadrature, quadrature

X = np.log([0.394, 1.642, 2.487, 4.048]) - np.log([0.394, 1.642, 2.487, 4.048]).mean()
X_VARIANCE = np.array([0.0, 1e-6, 1e-6, 5e-5])
FREE = LawPrior(1.2, 1.0, 0.25, 0.25, 0.05)
PRIORS = pytest.mark.parametrize(
    "prior",
    [FREE, FREE._replace(heavy=1.0), LawPrior(1.2, 1.0, 1 / 7, 0.0, 0.05)],
    ids=["free", "cauchy", "fixed"],
)


def simulated(skewed: bool = False, draws: int = 2000) -> LawData:
    rng = np.random.default_rng(3)
    size = (4, draws)
    noise = np.log(rng.gamma(3.0, size=size)) if skewed else rng.standard_normal(size)
    draws = (1.2 + X / 6 + 0.02 * rng.standard_normal(4))[:, None] + 0.02 * noise
    return stack([kernel_density(d) for d in draws], X, X_VARIANCE)


@pytest.mark.parametrize("skewed", [False, True])
@PRIORS
def test_evidence_equals_brute_force(prior: LawPrior, skewed: bool) -> None:
    """Riemann sums over plain (c, b, log τ), wider and finer than the posterior."""
    data = simulated(skewed=skewed, draws=300)
    c = np.linspace(0.85, 1.55, 86)
    b = np.linspace(-0.2, 0.55, 76) if prior.exponent_sd else np.array([prior.exponent])
    tau = np.exp(np.linspace(np.log(1e-5), np.log(20.0), 60))
    log_prior = stats.norm.logpdf(c, prior.level, prior.level_sd)[:, None] + np.log(c[1] - c[0])
    if prior.exponent_sd:
        log_prior = log_prior + stats.norm.logpdf(b, prior.exponent, prior.exponent_sd)
        log_prior = log_prior + np.log(b[1] - b[0])
    family = stats.halfcauchy if prior.heavy else stats.halfnorm
    log_tau = family.logpdf(tau, scale=prior.scatter) + np.log(tau * np.log(tau[1] / tau[0]))
    a, (cc, bb) = data.arrays(), np.meshgrid(c, b, indexing="ij")
    terms = [
        logsumexp(log_likelihood(a, cc, bb, np.full_like(cc, t)).sum(-1) + log_prior) + lt
        for t, lt in zip(tau, log_tau, strict=True)
    ]
    # the sums leave out τ below 1e-5 and, at large τ, c and b far out: a few 1e-4 of the mass
    np.testing.assert_allclose(quadrature(data, prior).log_evidence, logsumexp(terms), atol=1e-3)


def test_evidence_of_gaussian_data_without_scatter_is_the_gaussian_formula() -> None:
    """With τ → 0 the law is linear regression, whose marginal likelihood is multivariate normal."""
    centres, variance = 1.2 + X / 7 + np.array([0.01, -0.02, 0.02, 0.0]), np.full(4, 0.02**2)
    data = LawData(X, np.zeros(4), centres[:, None], np.zeros((4, 1)), variance, centres, variance)
    prior = FREE._replace(scatter=1e-7)
    covariance = np.diag(variance) + 1.0 + 0.25**2 * np.outer(X, X)
    expected = stats.multivariate_normal.logpdf(centres, 1.2 + 0.25 * X, covariance)
    np.testing.assert_allclose(quadrature(data, prior).log_evidence, expected, atol=1e-6)


@PRIORS
def test_finer_nodes_change_nothing(prior: LawPrior) -> None:
    data = simulated(skewed=True)
    coarse, fine = quadrature(data, prior), quadrature(data, prior, z_step=0.3, log_tau_step=0.125)
    np.testing.assert_allclose(coarse.log_evidence, fine.log_evidence, atol=1e-4)
    np.testing.assert_allclose(coarse.sd(coarse.tau), fine.sd(fine.tau), rtol=1e-3)


@PRIORS
@pytest.mark.parametrize("element", [0, 3])
def test_leaving_one_out_is_a_refit_without_it(prior: LawPrior, element: int) -> None:
    """The predictive density of the left-out, averaged over a posterior of the others alone."""
    data = simulated()
    others = [e for e in range(4) if e != element]
    q = quadrature(data.only(others), prior, z_step=0.15)
    one = data.only([element])
    likelihood = log_likelihood(one.arrays(), q.level, q.exponent, q.tau)[:, 0]
    expected = logsumexp(likelihood, b=q.weight)
    found = leave_out(data, prior, element)
    np.testing.assert_allclose(found.log_density, expected, atol=1e-4)
    centre = q.level + q.exponent * one.x
    spread = q.tau**2 + q.exponent**2 * one.x_variance + one.variance
    z = (one.mean - q.mean(centre)) / np.sqrt(q.sd(centre) ** 2 + q.mean(spread))
    np.testing.assert_allclose(found.z, z[0], atol=1e-3)


def test_leaving_out_an_outlier_notices_it_and_only_it_unduly() -> None:
    rng = np.random.default_rng(4)
    x = np.linspace(-1.5, 1.5, 8)
    centres = 1.2 + x / 7 + 0.003 * rng.standard_normal(8)
    centres[5] += 0.1
    draws = centres[:, None] + 0.003 * rng.standard_normal((8, 1000))
    data = stack([kernel_density(d) for d in draws], x, np.zeros(8))
    z = np.array([leave_out(data, FREE, e).z for e in range(8)])
    assert z[5] > 8
    assert np.abs(np.delete(z, 5)).max() < 2


def test_prediction_of_the_left_out_has_its_interval() -> None:
    left = leave_out(simulated(), FREE, 1, ci_prob=0.8)
    wide = leave_out(simulated(), FREE, 1, ci_prob=0.95)
    assert wide.lower < left.lower < left.mean < left.upper < wide.upper
    assert abs(left.mean - np.exp(1.2 + X[1] / 6)) < 3 * left.sd


# --- calibration -----------------------------------------------------------------------------

TRIALS = 300
LEVELS = np.array([0.95, 0.8])
# Each count of hits is Binomial(300, level) if the intervals mean what they say. Below or above
# these limits it falls with probability 5e-5 a side: eight counts, false alarm 8e-4 in all.
LOWEST, HIGHEST = (stats.binom.ppf(p, TRIALS, LEVELS)[:, None] for p in (5e-5, 1 - 5e-5))


@pytest.fixture(scope="module")
def hits() -> dict[float, np.ndarray]:
    """Hits (level, quantity) of b, c, τ and an unseen element, by the width of the interval."""
    rng = np.random.default_rng(20)
    counts = {1.0: np.zeros((2, 4)), 0.7: np.zeros((2, 4))}
    for _ in range(TRIALS):
        truth, middle, lower, upper = _trial(rng)
        for width, count in counts.items():
            low = middle - width * (middle - lower)
            high = middle + width * (upper - middle)
            count += (low < truth) & (truth < high)
    return counts


def _trial(rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw a law from its prior and data from the law; return truths, medians and ends."""
    level = rng.normal(FREE.level, FREE.level_sd)
    exponent = rng.normal(FREE.exponent, FREE.exponent_sd)
    tau = abs(rng.normal(0.0, FREE.scatter))
    sd = rng.uniform(0.002, 0.03, 4)
    true_x = X + np.sqrt(X_VARIANCE) * rng.standard_normal(4)
    log_d = level + exponent * true_x + tau * rng.standard_normal(4)
    seen = log_d + sd * rng.standard_normal(4)
    draws = seen[:, None] + sd[:, None] * rng.standard_normal((4, 1000))
    data = stack([kernel_density(d) for d in draws], X, X_VARIANCE)
    q = quadrature(data, FREE, z_step=0.8, log_tau_step=0.5)
    helium = -2.1
    unseen = level + exponent * helium + tau * rng.standard_normal()
    p = np.array([0.5, *(0.5 - LEVELS / 2), *(0.5 + LEVELS / 2)])
    quantiles = [q.quantile(v, p) for v in (q.exponent, q.level, q.tau)]
    found = np.array([*quantiles, _predictive_quantiles(q, helium, p)]).T
    return np.array([exponent, level, tau, unseen]), found[0], found[1:3], found[3:5]


def _predictive_quantiles(q: Quadrature, x: float, probabilities: np.ndarray) -> np.ndarray:
    keep = q.weight > 1e-9
    centre, tau, weight = (q.level + q.exponent * x)[keep], q.tau[keep], q.weight[keep]
    spread = np.sqrt(weight @ (centre - weight @ centre) ** 2 + weight @ tau**2)
    y = weight @ centre + spread * np.linspace(-7, 7, 141)
    below = weight @ stats.norm.cdf((y - centre[:, None]) / tau[:, None])
    return np.interp(probabilities, below, y)


def test_intervals_cover_as_often_as_they_say(hits: dict[float, np.ndarray]) -> None:
    assert np.all((hits[1.0] >= LOWEST) & (hits[1.0] <= HIGHEST)), hits[1.0]


def test_intervals_shrunk_by_30_percent_fail_the_same_test(hits: dict[float, np.ndarray]) -> None:
    for quantity in range(4):
        count = hits[0.7][:, quantity]
        assert np.any(count < LOWEST[:, 0]), (quantity, count)
