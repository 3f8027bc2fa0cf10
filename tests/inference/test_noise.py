"""The noise hierarchy: dense formulas, quadrature, and calibration on data of known noise.

All calls share the number of slots, so that the model is compiled once; it has two
more than there are systems, and they must count for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.integrate import quad

from sopr_uq.errors import InputError
from sopr_uq.gp import Dispersion, factor
from sopr_uq.inference import noise as module
from sopr_uq.inference.noise import (
    MU_SD,
    TAU_SCALE,
    LogNormal,
    NoisePriors,
    Projected,
    log_likelihood,
    project,
    sample_noise,
)

R = np.linspace(3.1, 10.0, 60)
SLOTS, SYSTEMS = 6, 4
PRIORS = NoisePriors(0.01, LogNormal(0.1, 1.0), LogNormal(0.7, 0.5))
LENGTH = 0.7 * np.exp(0.5 * np.linspace(-2.5, 2.5, 13))
SAMPLING = 0.003**2
SETS = 24


KERNELS = [Dispersion(1.0, length, 3.4)(R, R) for length in LENGTH]
FACTORS = [factor(Dispersion(1.0, length, 3.4), R) for length in LENGTH]


class Truth(NamedTuple):
    noise: np.ndarray
    width: float
    length: float
    mu: float
    tau: float


def truth_and_data(rng: np.random.Generator, systems: int = SYSTEMS) -> tuple[Truth, np.ndarray]:
    """Draw everything from the model as its docstring states it."""
    log_weight = -0.5 * (np.log(LENGTH / 0.7) / 0.5) ** 2
    weight = np.exp(log_weight) / np.exp(log_weight).sum()
    g = int(rng.choice(LENGTH.size, p=weight))
    tau = abs(TAU_SCALE * rng.standard_normal())
    mu = np.log(0.01) + MU_SD * rng.standard_normal()
    noise = np.exp(mu + tau * rng.standard_normal(systems))
    width = 0.1 * np.exp(rng.standard_normal())
    smooth = width * rng.standard_normal((systems, FACTORS[g].shape[1])) @ FACTORS[g].T
    error = np.sqrt(noise[:, None] ** 2 + SAMPLING) * rng.standard_normal((systems, R.size))
    return Truth(noise, width, LENGTH[g], mu, tau), smooth + error


def projected(y: np.ndarray) -> Projected:
    return project(KERNELS, LENGTH, PRIORS.length, y, np.full(y.shape, SAMPLING))


def sample(y: np.ndarray, *, seed: int = 1, **options) -> xr.Dataset:
    return sample_noise(projected(y), PRIORS, slots=SLOTS, seed=seed, **options)


def test_eigenbasis_gives_the_dense_likelihood() -> None:
    rng = np.random.default_rng(2)
    noise, width = np.array([0.004, 0.02, 0.01]), 0.13
    _, y = truth_and_data(rng, systems=3)
    found = log_likelihood(projected(y).arrays(), width, noise)
    dense = [
        sum(
            stats.multivariate_normal.logpdf(
                y_k, cov=width**2 * c + (s**2 + SAMPLING) * np.eye(R.size)
            )
            for y_k, s in zip(y, noise, strict=True)
        )
        for c in KERNELS
    ]
    constant = 0.5 * y.size * np.log(2 * np.pi)
    np.testing.assert_allclose(found - constant, dense, atol=1e-5)


def test_prior_of_the_length_scale_is_on_the_grid() -> None:
    _, y = truth_and_data(np.random.default_rng(3), systems=1)
    weight = np.exp(projected(y).log_weight)
    assert weight.sum() == pytest.approx(1.0)
    density = stats.lognorm.pdf(LENGTH, 0.5, scale=0.7) * LENGTH
    np.testing.assert_allclose(weight, density / density.sum(), rtol=1e-10)


@pytest.mark.parametrize("tau", [0.05, 0.4])
def test_hierarchy_integrates_the_mean_out(tau: float) -> None:
    """∫ N(μ; μ₀, 1) Π N(x_k; μ, τ²) dμ by quadrature, x relative to μ₀."""
    x, used = np.array([0.3, 0.1, -0.2, 9.9]), np.array([1.0, 1.0, 1.0, 0.0])

    def integrand(mu: float) -> float:
        return float(stats.norm.pdf(mu, 0.0, MU_SD) * np.prod(stats.norm.pdf(x[:3], mu, tau)))

    exact = np.log(quad(integrand, -3.0, 3.0, points=[0.07], epsabs=0.0, epsrel=1e-10)[0])
    found = module._hierarchy(x, tau, used) - 1.5 * np.log(2 * np.pi)
    assert found == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("tau", [1e-3, 0.3, 2.0])
def test_sampling_coordinates_have_their_jacobian(tau: float) -> None:
    arrays = {
        "used": np.array([1.0, 1.0, 1.0]),
        "guess": np.array([0.2, -0.1, 0.4]),
        "guess_variance": np.array(0.01),
    }
    z, step = np.array([0.3, -1.2, 0.5]), 1e-5
    columns = [
        (module._log_noise(z + e, tau, arrays)[0] - module._log_noise(z - e, tau, arrays)[0])
        / (2 * step)
        for e in step * np.eye(3)
    ]
    determinant = np.linalg.slogdet(np.array(columns))[1]
    assert module._log_noise(z, tau, arrays)[1] == pytest.approx(determinant, abs=1e-6)


@pytest.fixture(scope="module")
def calibration() -> dict[str, np.ndarray]:
    """Probability integral transforms of the truth, shape (SETS, ...) each."""
    rng = np.random.default_rng(11)
    ranks: dict[str, list[np.ndarray]] = {}
    for i in range(SETS):
        truth, y = truth_and_data(rng)
        draws = sample(y, seed=i, chains=1, tune=300, draws=400)
        for name, value in truth._asdict().items():
            posterior = draws[name].values[0]
            below, ties = (posterior < value).sum(axis=0), (posterior == value).sum(axis=0)
            # the length scale lives on a grid: ties are broken by chance
            position = below + rng.random(np.shape(value)) * (ties + 1)
            ranks.setdefault(name, []).append(position / (len(posterior) + 1))
    return {name: np.array(values) for name, values in ranks.items()}


def spread(pit: np.ndarray, shrink: float = 1.0) -> float:
    """Two-sided p-value of Σ z², z the normal scores; ``shrink`` < 1 is a narrower posterior."""
    z = stats.norm.ppf(pit.ravel()) / shrink
    p = stats.chi2.cdf(z @ z, z.size)
    return float(2 * min(p, 1 - p))


@pytest.mark.parametrize("name", Truth._fields)
def test_posterior_is_calibrated(calibration: dict[str, np.ndarray], name: str) -> None:
    """Simulation-based calibration; each of two tests of five has a false alarm in 2000.

    Together that is one in 200. The systems' noise levels are taken as
    independent: each is known from its own data far better than from the others.
    """
    pit = calibration[name]
    assert spread(pit) > 5e-4
    bias = stats.norm.ppf(pit).sum() / np.sqrt(pit.size)
    assert 2 * stats.norm.sf(abs(bias)) > 5e-4


def test_a_posterior_too_narrow_is_seen(calibration: dict[str, np.ndarray]) -> None:
    """Negative control: intervals shrunk by 30 % fail the same test."""
    assert spread(calibration["noise"], shrink=0.7) < 5e-4
    everything = np.concatenate([calibration[n].ravel() for n in Truth._fields])
    assert spread(everything, shrink=0.7) < 5e-4 < spread(everything)


def test_known_noise_is_recovered() -> None:
    rng = np.random.default_rng(4)
    noise = np.array([0.005, 0.01, 0.02])
    smooth = 0.1 * rng.standard_normal((3, FACTORS[6].shape[1])) @ FACTORS[6].T
    errors = np.sqrt(noise[:, None] ** 2 + SAMPLING) * rng.standard_normal((3, R.size))
    draws = sample(smooth + errors)
    low, high = draws["noise"].quantile([0.0005, 0.9995], ("chain", "draw")).values
    # three intervals of 99.9 %: one false alarm in 300
    assert np.all((low < noise) & (noise < high))
    assert np.all(high < 2.5 * low), "the data say more than the prior"
    assert draws.attrs["max_rhat"] < 1.03
    assert draws.attrs["min_ess"] > 200
    assert draws.attrs["divergences"] <= 1


@pytest.mark.parametrize("tau", [0.0, 0.5])
def test_the_sampler_copes_with_equal_and_with_unequal_noise(tau: float) -> None:
    rng = np.random.default_rng(6)
    noise = 0.01 * np.exp(tau * np.array([-1.5, -0.5, 0.5, 1.5]))
    y = np.sqrt(noise[:, None] ** 2 + SAMPLING) * rng.standard_normal((4, R.size))
    draws = sample(y + 0.1 * rng.standard_normal((4, FACTORS[6].shape[1])) @ FACTORS[6].T)
    assert draws.attrs["max_rhat"] < 1.03
    assert draws.attrs["min_ess"] > 200
    # of 1000 draws; centred coordinates have some 30
    assert draws.attrs["divergences"] <= 1


def test_equal_seeds_give_equal_draws() -> None:
    _, y = truth_and_data(np.random.default_rng(9), systems=2)
    first, second, other = (sample(y, seed=s, chains=2, tune=150, draws=60) for s in (5, 5, 6))
    assert first.identical(second)
    assert not first.equals(other)
    assert first["noise"].dims == ("chain", "draw", "system")
    assert first["noise"].shape == (2, 60, 2)


def test_given_width_and_length_are_kept() -> None:
    _, y = truth_and_data(np.random.default_rng(9), systems=2)
    priors = NoisePriors(0.01, LogNormal(0.05, 0.0), LogNormal(1.0, 0.0))
    length = np.full(13, 1.0)
    kernels = [Dispersion(1.0, 1.0, 3.4)(R, R)] * 13
    data = project(kernels, length, priors.length, y, np.full(y.shape, SAMPLING))
    draws = sample_noise(data, priors, slots=SLOTS, seed=1, chains=1, tune=150, draws=60)
    np.testing.assert_allclose(draws["width"], 0.05, rtol=1e-12)
    np.testing.assert_array_equal(draws["length"], 1.0)
    assert draws["noise"].std() > 0
    assert np.isnan(draws.attrs["max_rhat"]), "one chain has no R-hat"


def test_nonsense_is_refused() -> None:
    _, y = truth_and_data(np.random.default_rng(9), systems=2)
    with pytest.raises(InputError, match="at least 2, the number of systems"):
        sample_noise(projected(y), PRIORS, slots=1, seed=1)
    for median, sd in ((0.0, 1.0), (1.0, -1.0), (np.nan, 1.0)):
        with pytest.raises(InputError, match="median > 0"):
            LogNormal(median, sd)
