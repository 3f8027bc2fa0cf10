"""The density of a power law: known forms, one formula for all samplers, sampler agreement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sopr_uq.inference import emcee_power_law, power_law
from sopr_uq.inference.power_law_density import (
    LawData,
    LawPrior,
    log_density,
    log_likelihood,
    parameters,
    sampling_density,
    scatter,
)
from sopr_uq.laws.agreement import SamplersDisagree, compare_samples, require_agreement
from sopr_uq.laws.kernel_density import kernel_density, stack
from sopr_uq.laws.quadrature import quadrature

X = np.log([0.394, 1.642, 2.487, 4.048]) - np.log([0.394, 1.642, 2.487, 4.048]).mean()
FREE = LawPrior(1.2, 1.0, 0.25, 0.25, 0.05)
CAUCHY = FREE._replace(heavy=1.0)
FIXED = LawPrior(1.2, 1.0, 1 / 7, 0.0, 0.05)
PRIORS = pytest.mark.parametrize("prior", [FREE, CAUCHY, FIXED], ids=["free", "cauchy", "fixed"])


@pytest.fixture(scope="module")
def data() -> LawData:
    rng = np.random.default_rng(8)
    centres = 1.2 + X / 7 + 0.01 * rng.standard_normal(4)
    draws = centres[:, None] + 0.005 * rng.standard_normal((4, 2000))
    return stack([kernel_density(d) for d in draws], X, np.array([0.0, 1e-6, 1e-6, 5e-5]))


@PRIORS
def test_density_is_likelihood_times_prior_times_jacobian(data: LawData, prior: LawPrior) -> None:
    a, z1, z2, tau = data.arrays(), 0.7, -1.1, np.array(0.013)
    q = parameters(a, prior, z1, z2, tau)
    expected = _log_likelihood_in_words(data, q.level, q.exponent, tau)
    expected += stats.norm.logpdf(q.level, prior.level, prior.level_sd) + np.log(prior.level_sd)
    expected += stats.norm.logpdf(q.slope)
    family = stats.halfcauchy if prior.heavy else stats.halfnorm
    expected += family.logpdf(tau, scale=prior.scatter) + np.log(tau)
    expected += np.log(_jacobian(a, prior, z1, z2, tau))
    np.testing.assert_allclose(log_density(a, prior, z1, z2, tau), expected, rtol=1e-6)


def _log_likelihood_in_words(data: LawData, level: float, exponent: float, tau: float) -> float:
    total = 0.0
    for e in range(data.x.size):
        sd = np.sqrt(data.kernel_variance[e] + tau**2 + exponent**2 * data.x_variance[e])
        each = stats.norm.pdf(data.points[e], level + exponent * data.x[e], sd)
        total += np.log(np.exp(data.log_weight[e]) @ each)
    return float(total)


def _jacobian(a: dict, prior: LawPrior, z1: float, z2: float, tau: np.ndarray) -> float:
    """|∂(p, t)/∂(z₁, z₂)| by central differences."""
    step, columns = 1e-5, []
    for dz in ((step, 0.0), (0.0, step)):
        up = parameters(a, prior, z1 + dz[0], z2 + dz[1], tau)
        down = parameters(a, prior, z1 - dz[0], z2 - dz[1], tau)
        p = (up.level - down.level) / prior.level_sd
        columns.append(np.array([p, up.slope - down.slope]) / (2 * step))
    return float(abs(np.linalg.det(np.array(columns))))


@PRIORS
def test_pymc_and_numpy_evaluate_one_density(data: LawData, prior: LawPrior) -> None:
    import pymc as pm

    model = power_law.build_model()
    with model:
        pm.set_data({**data.arrays(), "prior": np.array(prior)})
    logp = model.compile_logp()
    for z in np.random.default_rng(2).normal(size=(5, 3)):
        point = dict(zip(("z1", "z2", "v"), z, strict=True))
        ours = sampling_density(data.arrays(), prior, *np.atleast_1d(*z))
        np.testing.assert_allclose(logp(point), ours[0], rtol=1e-10)


def test_sampling_coordinate_of_the_scatter_has_its_jacobian(data: LawData) -> None:
    v, step = np.array(0.4), 1e-6
    slope = (np.log(scatter(FREE, v + step)) - np.log(scatter(FREE, v - step))) / (2 * step)
    a = data.arrays()
    moved = sampling_density(a, FREE, 0.1, 0.2, v) - log_density(
        a, FREE, 0.1, 0.2, scatter(FREE, v)
    )
    np.testing.assert_allclose(moved, np.log(slope), rtol=1e-6)


def test_likelihood_of_gaussian_draws_is_gaussian() -> None:
    # 100 000 draws of a known normal; the mixture keeps their exact mean and variance
    draws = np.random.default_rng(1).normal(1.2, 0.01, 100_000)
    data = stack([kernel_density(draws)], np.array([0.5]), np.array([1e-4]))
    level, exponent = np.array([1.13, 1.15, 1.10]), np.array([0.14, 0.1, 0.2])
    tau = np.array([0.003, 1e-5, 0.1])
    found = log_likelihood(data.arrays(), level, exponent, tau)[:, 0]
    sd = np.sqrt(draws.var() + tau**2 + exponent**2 * 1e-4)
    expected = stats.norm.logpdf(draws.mean(), level + 0.5 * exponent, sd)
    np.testing.assert_allclose(found, expected, atol=0.02)


@PRIORS
def test_nuts_emcee_and_quadrature_agree(data: LawData, prior: LawPrior) -> None:
    # false alarm below 1e-4 for the samplers, below 1e-4 against quadrature (4.1 sd, 3 numbers)
    nuts = power_law.sample(data, prior, seed=11)
    check = emcee_power_law.sample(data, prior, seed=12)
    require_agreement(compare_samples(nuts, check))
    assert nuts.attrs["divergences"] == 0
    q = quadrature(data, prior)
    exact = {"level": q.level, "exponent": q.exponent, "tau": np.log(q.tau)}
    for name, values in exact.items():
        draws = np.log(nuts["tau"]) if name == "tau" else nuts[name]
        error = q.sd(values) / np.sqrt(0.5 * draws.size)
        assert abs(float(draws.mean()) - q.mean(values)) < 4.1 * error + 1e-12


def test_samples_of_another_posterior_do_not_agree(data: LawData) -> None:
    nuts = power_law.sample(data, FREE, seed=11)
    shrunk = nuts.copy(deep=True)
    shrunk["exponent"] = nuts["exponent"].mean() + 0.7 * (
        nuts["exponent"] - nuts["exponent"].mean()
    )
    with pytest.raises(SamplersDisagree, match="exponent"):
        require_agreement(compare_samples(nuts, shrunk))


def test_equal_seeds_give_equal_draws(data: LawData) -> None:
    for module in (power_law, emcee_power_law):
        first, second = (module.sample(data, FREE, seed=5) for _ in range(2))
        np.testing.assert_array_equal(first["level"], second["level"])
    assert not np.array_equal(first["level"], module.sample(data, FREE, seed=6)["level"])
