"""GMRES against what is known without it."""

from __future__ import annotations

import numpy as np
import pytest

from sopr_uq.structure.krylov import gmres

RNG = np.random.default_rng(7)


@pytest.mark.parametrize("size", [1, 2, 5, 60])
def test_a_system_is_solved_to_what_was_asked_for(size: int) -> None:
    matrix = np.eye(size) + 0.3 * RNG.standard_normal((size, size)) / np.sqrt(size)
    right = RNG.standard_normal(size)
    x = gmres(lambda u: matrix @ u, right, rtol=1e-11, restart=80, cycles=2)
    assert np.linalg.norm(matrix @ x - right) < 1e-10 * np.linalg.norm(right)
    np.testing.assert_allclose(x, np.linalg.solve(matrix, right), rtol=1e-8, atol=1e-9)


def test_it_begins_again_where_its_vectors_are_few() -> None:
    matrix = np.diag(np.linspace(1.0, 4.0, 50)) + np.diag(np.full(49, 0.5), 1)
    right = RNG.standard_normal(50)
    few = gmres(lambda u: matrix @ u, right, rtol=1e-9, restart=8, cycles=40)
    assert np.linalg.norm(matrix @ few - right) < 1e-8 * np.linalg.norm(right)
    one = gmres(lambda u: matrix @ u, right, rtol=1e-9, restart=8, cycles=1)
    assert 1e-8 < np.linalg.norm(matrix @ one - right) / np.linalg.norm(right) < 0.1


def test_each_cycle_leaves_least_of_all_that_lie_in_its_space() -> None:
    """Four vectors of b, Ab, A²b, A³b cannot do better than least squares in them, nor worse."""
    matrix = np.eye(30) + RNG.standard_normal((30, 30)) / 12.0
    right = RNG.standard_normal(30)
    x = gmres(lambda u: matrix @ u, right, rtol=0.0, restart=4, cycles=1)
    space = np.stack([np.linalg.matrix_power(matrix, k) @ right for k in range(4)], axis=1)
    best = np.linalg.lstsq(matrix @ space, right, rcond=None)[0]
    np.testing.assert_allclose(x, space @ best, rtol=1e-8, atol=1e-9)


def test_nothing_asked_for_is_nothing_found() -> None:
    assert not gmres(lambda u: 2.0 * u, np.zeros(4), rtol=1e-8, restart=5, cycles=2).any()


def test_an_eigenvector_ends_it_at_once() -> None:
    calls = []

    def twice(u: np.ndarray) -> np.ndarray:
        calls.append(u)
        return 2.0 * u

    x = gmres(twice, np.arange(1.0, 6.0), rtol=1e-12, restart=5, cycles=3)
    np.testing.assert_allclose(x, np.arange(1.0, 6.0) / 2.0, rtol=1e-14)
    assert len(calls) == 2  # the second is the check


def test_what_cannot_be_solved_is_left_finite() -> None:
    """A nilpotent matrix of which b is no image."""
    matrix = np.diag(np.ones(3), 1)
    x = gmres(lambda u: matrix @ u, np.array([0.0, 0.0, 0.0, 1.0]), rtol=1e-8, restart=4, cycles=2)
    assert np.isfinite(x).all()
