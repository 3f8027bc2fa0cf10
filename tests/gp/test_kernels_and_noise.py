"""Laws of covariance functions and of noise objects."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopr_uq.errors import InputError
from sopr_uq.gp import Dense, Diagonal, Dispersion, Kernel, SquaredExponential, factor

WIDTHS = st.floats(1e-3, 2.0)
LENGTHS = st.floats(0.05, 3.0)
KERNELS = st.one_of(
    st.builds(SquaredExponential, WIDTHS, LENGTHS),
    st.builds(Dispersion, WIDTHS, LENGTHS, st.floats(2.0, 5.0)),
)
POINTS = st.lists(st.floats(2.0, 12.0), min_size=1, max_size=30, unique=True).map(np.sort)


def correlated(n: int, seed: int = 3) -> np.ndarray:
    a = np.random.default_rng(seed).standard_normal((n, 2 * n))
    return a @ a.T / n


NOISES = [
    Diagonal(np.array([0.1, 0.0, 2.0])),
    Diagonal(np.array([1.0, 1.0, 3.0])),
    Dense(correlated(3)),
    Dense(correlated(3, 4)),
]


@given(KERNELS, POINTS)
def test_kernels_are_positive_semidefinite(kernel: Kernel, x: np.ndarray) -> None:
    k = kernel(x, x)
    np.testing.assert_array_equal(k, k.T)
    values = np.linalg.eigvalsh(k)
    assert values[0] > -1e-13 * x.size * values[-1]


@given(KERNELS, POINTS, POINTS)
def test_kernels_obey_cauchy_schwarz(kernel: Kernel, x: np.ndarray, y: np.ndarray) -> None:
    bound = np.sqrt(np.outer(np.diag(kernel(x, x)), np.diag(kernel(y, y))))
    assert np.all(np.abs(kernel(x, y)) <= bound * (1 + 1e-12))
    np.testing.assert_array_equal(kernel(x, y), kernel(y, x).T)


@given(WIDTHS, LENGTHS, st.floats(2.0, 5.0), st.floats(1.0, 12.0), POINTS)
def test_dispersion_is_a_stationary_kernel_in_the_logarithm(
    width: float, length: float, sigma: float, decay: float, x: np.ndarray
) -> None:
    found = Dispersion(width, length, sigma, decay)(x, x)
    u = sigma * np.log(x)
    stationary = SquaredExponential(width, length)(u, u)
    amplitude = (sigma / x) ** decay
    expected = stationary * np.outer(amplitude, amplitude)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-300)


@given(KERNELS, POINTS, st.floats(0.1, 10.0), st.floats(0.1, 10.0))
def test_a_change_of_units_changes_nothing(
    kernel: Kernel, x: np.ndarray, length: float, energy: float
) -> None:
    lengths = {k: v * length for k, v in vars(kernel).items() if k in ("length", "sigma")}
    values = vars(kernel) | lengths | {"width": energy * kernel.width}
    scaled = type(kernel)(**values)(length * x, length * x)
    np.testing.assert_allclose(scaled, energy**2 * kernel(x, x), rtol=1e-7, atol=1e-300)


@given(KERNELS, POINTS)
def test_factor_is_a_square_root(kernel: Kernel, x: np.ndarray) -> None:
    k = kernel(x, x)
    root = factor(kernel, x)
    assert root.shape[1] <= x.size
    np.testing.assert_allclose(root @ root.T, k, atol=1e-11 * x.size * k.max())


@pytest.mark.parametrize("noise", NOISES)
def test_noise_is_its_dense_matrix(noise) -> None:
    assert noise.matrix().shape == (3, 3)
    np.testing.assert_array_equal(noise.diagonal(), np.diag(noise.matrix()))


@pytest.mark.parametrize(("a", "b"), list(product(NOISES, NOISES)))
def test_noise_adds_like_its_matrices(a, b) -> None:
    np.testing.assert_array_equal((a + b).matrix(), a.matrix() + b.matrix())
    np.testing.assert_array_equal((a + b).matrix(), (b + a).matrix())
    assert isinstance(a + b, Diagonal) == (isinstance(a, Diagonal) and isinstance(b, Diagonal))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SquaredExponential(0.0, 1.0), "SquaredExponential.width"),
        (lambda: SquaredExponential(1.0, np.inf), "SquaredExponential.length"),
        (lambda: Dispersion(1.0, 1.0, -3.0), "Dispersion.sigma"),
        (lambda: Dispersion(1.0, 1.0, 3.0, -1.0), "Dispersion.decay"),
        (lambda: Diagonal(np.array([1.0, -1.0])), "non-negative variances"),
        (lambda: Diagonal(np.array([1.0, np.nan])), "non-negative variances"),
        (lambda: Diagonal(np.ones((2, 2))), "shape"),
        (lambda: Dense(np.array([[1.0, 0.5], [0.1, 1.0]])), "symmetric"),
        (lambda: Dense(np.ones((2, 3))), "symmetric"),
    ],
)
def test_nonsense_is_refused(make, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
