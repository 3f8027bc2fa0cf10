"""A covariance of low rank is the dense one that it stands for."""

from __future__ import annotations

import numpy as np

from sopr_uq.inference.low_rank import LowRank


def test_it_is_its_dense_covariance():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((30, 4)), rng.standard_normal((30, 3))
    inverse = np.linalg.inv(np.eye(30) + x @ x.T)
    np.testing.assert_allclose(LowRank(x).solve(y), inverse @ y, atol=1e-12)
    np.testing.assert_allclose(LowRank(x).solve(y[:, 0]), inverse @ y[:, 0], atol=1e-12)
    np.testing.assert_allclose(LowRank(x).gain, x.T @ inverse, atol=1e-12)


def test_without_columns_it_is_the_unit_matrix():
    y = np.arange(5.0)
    np.testing.assert_array_equal(LowRank(np.zeros((5, 0))).solve(y), y)
