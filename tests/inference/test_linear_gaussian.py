"""The linear Gaussian model: dense formulas, quadrature over θ, calibration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats
from scipy.special import logsumexp

from sopr_uq.gp import Dispersion, factor
from sopr_uq.inference.linear_gaussian import (
    LinearGaussian,
    Theta,
    coefficients,
    gain,
)
from sopr_uq.inference.noise import LogNormal
from sopr_uq.inference.theta_columns import theta_density
from sopr_uq.inference.theta_density import Sizes
from sopr_uq.inference.theta_mode import log_likelihoods, most_probable
from sopr_uq.inference.theta_sampler import finite, sample_theta

R = np.linspace(3.0, 9.0, 40)
LENGTH = 0.7 * np.array([0.6, 1.0, 1.6])
WIDTH = LogNormal(0.1, 0.7)
SETS = 24


def make_model(levels: int = 1, seed: int = 1) -> LinearGaussian:
    """Curves over one potential-like function, each with an offset, and a pressure-like number."""
    rng = np.random.default_rng(seed)
    d = levels * R.size + 1
    response = rng.standard_normal((d, R.size)) / np.sqrt(R.size)
    response[: R.size] = np.eye(R.size)
    roots = [factor(Dispersion(1.0, length, 3.4), R) for length in LENGTH]
    size = max(root.shape[1] for root in roots)
    padded = [np.pad(root, ((0, 0), (0, size - root.shape[1]))) for root in roots]
    level = np.append(np.repeat(np.arange(levels), R.size), 0)
    noisy = np.append(np.ones(levels * R.size), 0.0)
    offsets = [np.where((level == j) & (noisy > 0), 0.02, 0.0) for j in range(levels)]
    tangent = response @ np.stack([(3.4 / R) ** 12, (3.4 / R) ** 6], axis=1) * 0.1
    return LinearGaussian(
        residual=np.zeros(d),
        fixed_variance=np.append(np.full(d - 1, 0.002**2), 0.05**2),
        noisy=noisy,
        slope=np.append(np.tile(np.cos(R), levels), 0.0),
        bend=np.append(np.tile(-40.0 * np.sin(R), levels), 0.0),
        level=level,
        columns=np.hstack([tangent, np.array(offsets).T]),
        correction=response @ np.array(padded),
        log_weight=np.log([0.3, 0.4, 0.3]),
        width=WIDTH,
        noise=(LogNormal(0.01, 0.5),) * levels,
        reading=(LogNormal(0.01, 0.5),) * levels,
    )


def draw_theta(model: LinearGaussian, rng: np.random.Generator) -> Theta:
    def draw(prior: LogNormal) -> float:
        return float(prior.median * np.exp(prior.sd * rng.standard_normal()))

    index = int(rng.choice(model.log_weight.size, p=np.exp(model.log_weight)))
    noise = np.array([draw(p) for p in model.noise])
    return Theta(noise, np.array([draw(p) for p in model.reading]), draw(model.width), index)


def variance(model: LinearGaussian, theta: Theta) -> np.ndarray:
    """f_i + s_j² + (y′_i δ_j)² + ½ (y″_i δ_j²)², written out point by point."""
    return np.array(
        [
            model.fixed_variance[i]
            + model.noisy[i] * theta.noise[j] ** 2
            + (model.slope[i] * theta.reading[j]) ** 2
            + 0.5 * (model.bend[i] * theta.reading[j] ** 2) ** 2
            for i, j in enumerate(model.level)
        ]
    )


def flattening(model: LinearGaussian, theta: Theta) -> np.ndarray:
    """½ y″_i δ_j², written out point by point."""
    pairs = enumerate(model.level)
    return np.array([0.5 * model.bend[i] * theta.reading[j] ** 2 for i, j in pairs])


def design(model: LinearGaussian, theta: Theta) -> np.ndarray:
    return np.hstack([model.columns, theta.width * model.correction[theta.kernel]])


def with_data(
    model: LinearGaussian, theta: Theta, rng: np.random.Generator
) -> tuple[LinearGaussian, np.ndarray]:
    """Return the model with data drawn from it, and the signal without noise."""
    x = design(model, theta)
    signal = x @ rng.standard_normal(x.shape[1])
    error = np.sqrt(variance(model, theta)) * rng.standard_normal(signal.size)
    return replace(model, residual=signal + flattening(model, theta) + error), signal


def ragged(model: LinearGaussian, seed: int = 2) -> LinearGaussian:
    """Two thirds of the points in any order: levels of unequal lengths, all mixed up."""
    rng = np.random.default_rng(seed)
    kept = rng.permutation(model.residual.size)[: 2 * model.residual.size // 3]
    names = ("residual", "fixed_variance", "noisy", "slope", "bend", "level", "columns")
    points = {name: getattr(model, name)[kept] for name in names}
    return replace(model, **points, correction=model.correction[:, kept])


def dense(model: LinearGaussian, sizes: Sizes) -> np.ndarray:
    """Log likelihood of every kernel, by the covariance of all points."""
    found = []
    for g in range(model.log_weight.size):
        theta = Theta(*sizes, g)
        x = design(model, theta)
        covariance = x @ x.T + np.diag(variance(model, theta))
        left = model.residual - flattening(model, theta)
        found.append(float(stats.multivariate_normal.logpdf(left, cov=covariance)))
    return np.array(found)


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_marginal_likelihood_is_the_dense_normal(levels: int) -> None:
    rng = np.random.default_rng(3)
    for _ in range(4):
        theta = draw_theta(make_model(levels), rng)
        model, _ = with_data(make_model(levels), theta, rng)
        for each in (model, ragged(model)):
            found = log_likelihoods(each, *theta[:3])
            np.testing.assert_allclose(found, dense(each, Sizes(*theta[:3])), rtol=1e-9, atol=1e-7)


@pytest.mark.parametrize("levels", [1, 2])
def test_coefficients_are_the_dense_posterior(levels: int) -> None:
    rng = np.random.default_rng(4)
    theta = draw_theta(make_model(levels), rng)
    model, _ = with_data(make_model(levels), theta, rng)
    found = coefficients(model, theta)
    x = design(model, theta)
    gain = x.T @ np.linalg.inv(x @ x.T + np.diag(variance(model, theta)))
    left = model.residual - flattening(model, theta)
    np.testing.assert_allclose(found.mean, gain @ left, atol=1e-8)
    covariance = np.eye(x.shape[1]) - gain @ x
    np.testing.assert_allclose(found.root @ found.root.T, covariance, atol=1e-8)


@pytest.mark.parametrize("levels", [1, 2])
def test_reduction_cannot_be_noticed(levels: int) -> None:
    """At every plausible θ: within two standard deviations of the prior."""
    rng = np.random.default_rng(5)
    full = make_model(levels)
    for _ in range(10):
        theta = draw_theta(full, rng)
        model, _ = with_data(full, theta, rng)
        small = theta_density(model)
        own = small.loading.shape[2]
        assert small.private.shape[2] + own <= model.columns.shape[1] + model.correction.shape[2]
        assert np.count_nonzero(small.of_kernel) < model.correction.shape[2]
        noise = 0.01 * np.exp(0.5 * rng.uniform(-2.0, 2.0, levels))
        width = 0.1 * np.exp(0.7 * rng.uniform(-2.0, 2.0))
        before = log_likelihoods(model, noise, theta.reading, width)
        after = small.log_likelihoods(Sizes(noise, theta.reading, width))
        assert np.abs(after - before).max() < 1e-3


def test_most_probable_theta_is_a_maximum() -> None:
    rng = np.random.default_rng(6)
    model, _ = with_data(make_model(), draw_theta(make_model(), rng), rng)
    best = most_probable(model)
    priors = (*model.noise, *model.reading, model.width)
    centre, sd = np.log([p.median for p in priors]), np.array([p.sd for p in priors])

    def log_posterior(log_theta: np.ndarray) -> float:
        s, delta, w = np.exp(log_theta)
        terms = log_likelihoods(model, np.array([s]), np.array([delta]), w) + model.log_weight
        return float(logsumexp(terms) - 0.5 * np.sum(((log_theta - centre) / sd) ** 2))

    at = np.log([best.noise[0], best.reading[0], best.width])
    around = [log_posterior(at + 0.02 * rng.standard_normal(3)) for _ in range(50)]
    assert max(around) < log_posterior(at) + 1e-4
    likelihood = log_likelihoods(model, best.noise, best.reading, best.width)
    assert best.kernel == np.argmax(likelihood + model.log_weight)


def by_quadrature(model: LinearGaussian) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and sd of standardised (ln s, ln δ, ln w), and the weights of the lengths."""
    axis = np.arange(-3.6, 3.61, 0.3)
    z = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    small = theta_density(model)
    terms = np.array([small.log_likelihoods(small.sizes(each)) for each in z])
    logp = terms + model.log_weight - 0.5 * (z**2).sum(axis=1)[:, None]
    p = np.exp(logp - logsumexp(logp))
    mean = p.sum(axis=1) @ z
    return mean, np.sqrt(p.sum(axis=1) @ (z - mean) ** 2), p.sum(axis=0)


def standardised(draws: xr.Dataset) -> np.ndarray:
    s, delta = (draws[n].values[..., 0].ravel() for n in ("noise", "reading"))
    w = draws["width"].values.ravel()
    columns = [np.log(s / 0.01) / 0.5, np.log(delta / 0.01) / 0.5, np.log(w / 0.1) / 0.7]
    return np.stack(columns, axis=1)


def test_sampled_theta_agrees_with_quadrature() -> None:
    rng = np.random.default_rng(7)
    model, _ = with_data(make_model(), draw_theta(make_model(), rng), rng)
    mean, sd, weight = by_quadrature(model)
    draws = sample_theta(model, seed=3, chains=4, tune=300, draws=1000)
    assert draws.attrs["divergences"] == 0
    assert draws.attrs["max_rhat"] < 1.02
    z, ess = standardised(draws), draws.attrs["min_ess"]
    assert ess > 400
    # 3 means, 3 standard deviations, 3 weights: one false alarm in 1000
    limit = stats.norm.isf(0.5 * 1e-3 / 9)
    assert np.all(np.abs(z.mean(axis=0) - mean) < limit * sd / np.sqrt(ess))
    # for a kurtosis up to 6; the grid's own error is below 1e-3
    assert np.all(np.abs(z.std(axis=0) / sd - 1) < limit * np.sqrt(5 / (4 * ess)) + 1e-3)
    share = np.bincount(draws["kernel"].values.ravel(), minlength=3) / z.shape[0]
    assert np.all(np.abs(share - weight) < limit * np.sqrt(weight * (1 - weight) / ess))


@pytest.fixture(scope="module")
def calibration() -> dict[str, np.ndarray]:
    """Probability integral transforms of θ and of the signal at four points."""
    rng = np.random.default_rng(13)
    pits: dict[str, list[np.ndarray]] = {"noise": [], "width": [], "signal": []}
    where = [2, 10, 20, 35]
    for i in range(SETS):
        theta = draw_theta(make_model(), rng)
        model, signal = with_data(make_model(), theta, rng)
        draws = sample_theta(model, seed=i, chains=1, tune=200, draws=200)
        predicted = drawn_signals(model, draws, rng)[:, where]
        pits["noise"].append(pit(draws["noise"].values[0, :, 0], theta.noise[0], rng))
        pits["width"].append(pit(draws["width"].values[0], theta.width, rng))
        pits["signal"].append(pit(predicted, signal[where], rng))
    return {name: np.array(values) for name, values in pits.items()}


def drawn_signals(model: LinearGaussian, draws: xr.Dataset, rng: np.random.Generator) -> np.ndarray:
    signals = []
    for k in range(draws.sizes["draw"]):
        one = draws.isel(chain=0, draw=k)
        theta = Theta(
            one["noise"].values,
            one["reading"].values,
            float(one["width"]),
            int(one["kernel"]),
        )
        exact = coefficients(model, theta)
        z = exact.mean + exact.root @ rng.standard_normal(exact.mean.size)
        signals.append(design(model, theta) @ z)
    return np.array(signals)


def pit(posterior: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    below = (posterior < truth).sum(axis=0)
    return (below + rng.random(np.shape(truth))) / (len(posterior) + 1)


def spread(values: np.ndarray, shrink: float = 1.0) -> float:
    """Two-sided p-value of Σ z², z the normal scores; ``shrink`` < 1 is a narrower posterior."""
    z = stats.norm.ppf(values.ravel()) / shrink
    p = stats.chi2.cdf(z @ z, z.size)
    return float(2 * min(p, 1 - p))


@pytest.mark.parametrize("name", ["noise", "width", "signal"])
@pytest.mark.slow(seconds=22)
def test_posterior_is_calibrated(calibration: dict[str, np.ndarray], name: str) -> None:
    """Each of two tests of three has a false alarm in 2000: one in 330 together.

    The signal is looked at in four points far enough apart to be independent
    given the data.
    """
    assert spread(calibration[name]) > 5e-4
    bias = stats.norm.ppf(calibration[name]).sum() / np.sqrt(calibration[name].size)
    assert 2 * stats.norm.sf(abs(bias)) > 5e-4


def test_a_posterior_too_narrow_is_seen(calibration: dict[str, np.ndarray]) -> None:
    """Negative control: intervals shrunk by 30 % fail the same test."""
    assert spread(calibration["signal"], shrink=0.7) < 5e-4


def test_equal_seeds_give_equal_draws() -> None:
    rng = np.random.default_rng(8)
    model, _ = with_data(make_model(), draw_theta(make_model(), rng), rng)
    first, second, other = (
        sample_theta(model, seed=s, chains=2, tune=100, draws=50) for s in (1, 1, 2)
    )
    assert first.identical(second)
    assert not first.equals(other)
    assert first["noise"].dims == first["reading"].dims == ("chain", "draw", "level")
    assert first["width"].shape == first["kernel"].shape == (2, 50)


def test_a_level_that_is_given_is_kept() -> None:
    rng = np.random.default_rng(8)
    model, _ = with_data(make_model(), draw_theta(make_model(), rng), rng)
    kept = replace(model, noise=(LogNormal(0.02, 0.0),))
    draws = sample_theta(kept, seed=1, chains=1, tune=100, draws=50)
    np.testing.assert_allclose(draws["noise"], 0.02, rtol=1e-12)
    assert draws["width"].std() > 0


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_slopes_are_those_of_the_density(levels: int) -> None:
    rng = np.random.default_rng(5)
    model, _ = with_data(make_model(levels), draw_theta(make_model(levels), rng), rng)
    density = theta_density(ragged(model))
    size, step = 2 * levels + 1, 1e-4
    for z in rng.standard_normal((5, size)):
        _, slope = density(z)
        moved = [[density(z + s * h)[0] for s in (1, -1)] for h in step * np.eye(size)]
        difference = np.array([(up - down) / (2 * step) for up, down in moved])
        np.testing.assert_allclose(slope, difference, rtol=1e-5, atol=1e-5)


def test_the_density_sums_over_kernels() -> None:
    """ln Σ p_g L_g(θ) − z²/2, up to one constant; a kernel of no weight does not count."""
    rng = np.random.default_rng(5)
    model, _ = with_data(make_model(2), draw_theta(make_model(2), rng), rng)
    only = replace(model, log_weight=np.array([-np.inf, 0.0, -np.inf]))
    every, one = theta_density(model, 0.0), theta_density(only, 0.0)
    left: dict[str, list[float]] = {"all": [], "one": []}
    for z in rng.standard_normal((6, 5)):
        terms = dense(model, every.sizes(z))
        prior = 0.5 * float(z @ z)
        left["all"].append(every(z)[0] + prior - logsumexp(terms + model.log_weight))
        left["one"].append(one(z)[0] + prior - terms[1])
    assert np.ptp(left["all"]) < 1e-9
    assert np.ptp(left["one"]) < 1e-9
    assert left["all"][0] == pytest.approx(left["one"][0])


def test_gain_is_what_data_do_to_coefficients() -> None:
    rng = np.random.default_rng(9)
    theta = draw_theta(make_model(), rng)
    model, _ = with_data(make_model(), theta, rng)
    step = rng.standard_normal(model.residual.size)
    moved = replace(model, residual=model.residual + step)
    change = coefficients(moved, theta).mean - coefficients(model, theta).mean
    np.testing.assert_allclose(gain(model, theta) @ step, change, atol=1e-9)


def test_one_level_alone_is_that_of_its_integral() -> None:
    """Nothing but noise: p(s | y) in one dimension, by quadrature.

    Mean and standard deviation of ln s within their errors at a false-alarm rate of 0.001;
    the negative control is the posterior of other data.
    """
    rng = np.random.default_rng(11)
    nothing = np.zeros(R.size + 1)
    blank = replace(
        make_model(), columns=nothing[:, None], correction=nothing[None, :, None],
        log_weight=np.zeros(1), slope=nothing, bend=nothing,
    )  # fmt: skip
    z = np.linspace(-8.0, 8.0, 4001)
    models, expected = [], []
    for level in (0.02, 0.006):
        error = level * rng.standard_normal(R.size)
        models.append(replace(blank, residual=np.append(error, 0.0)))
        total = blank.fixed_variance[:-1] + (0.01 * np.exp(0.5 * z[:, None])) ** 2
        log = -0.5 * (np.log(total) + error**2 / total).sum(axis=1) - 0.5 * z**2
        weight = np.exp(log - logsumexp(log))
        expected.append((weight @ z, np.sqrt(weight @ (z - weight @ z) ** 2)))
    draws = sample_theta(models[0], seed=2, chains=2, tune=300, draws=1000)
    found, ess = standardised(draws), draws.attrs["min_ess"]
    limit = stats.norm.isf(0.5 * 1e-3 / 3)
    (mean, sd), (other, narrow) = expected
    assert abs(found[:, 0].mean() - mean) < limit * sd / np.sqrt(ess)
    assert abs(found[:, 0].std() / sd - 1) < limit * np.sqrt(5 / (4 * ess))
    assert abs(found[:, 0].mean() - other) > limit * narrow / np.sqrt(ess)
    # what the data do not know stays as it was believed
    assert abs(found[:, 2].mean()) < limit / np.sqrt(ess)


def test_where_algebra_fails_there_is_no_density() -> None:
    """A trajectory that has run away ends as a divergence, not as an exception."""
    density = theta_density(make_model())
    z = np.zeros(density.sd.size)
    assert np.isfinite(finite(density, z)[0])
    broken = replace(density, private=np.full_like(density.private, np.nan))
    monstrous = replace(density, private=1e200 * density.private)
    for each in (broken, monstrous, replace(density, loading=1e200 * density.loading)):
        value, slope = finite(each, z)
        assert not np.isfinite(value)
        assert slope.shape == z.shape
