"""What every prior of potentials must do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from sopr_uq.refine.problem import Problem
from sopr_uq.testing.require import require, require_close, require_same, require_shape
from sopr_uq.typing import FloatArray

_DRAWS = 200


class Believed(Protocol):
    """What a prior must have."""

    @property
    def problem(self) -> Problem:
        """What it was made for."""
        ...

    @property
    def centre(self) -> FloatArray:
        """Prior means of its parameters, shape (q,)."""
        ...

    @property
    def log_weight(self) -> FloatArray:
        """Log prior probability of every kernel, shape (G,)."""
        ...

    def energy(self, point: FloatArray) -> FloatArray:
        """Return the potentials of parameters, (..., q) → (..., n), in kcal/mol."""
        ...

    def bases(self, point: FloatArray) -> Sequence[Any]:
        """Return the prior linearised about a point, one basis a kernel."""
        ...

    def draw(self, rng: np.random.Generator, size: int) -> FloatArray:
        """Return draws, shape (size, n), in kcal/mol."""
        ...


def check_prior(prior: Believed) -> FloatArray:
    """Check a prior of potentials.

    Weights are probabilities; draws depend on the random numbers alone and are potentials, with
    a repulsive core of every pair that is refined; at the centre every basis is the
    potential of the centre.

    Returns
    -------
    array, shape (200, n)
        Draws, for further checks.

    Raises
    ------
    AssertionError
        With what is not as it must be.
    """
    size = prior.problem.field.size
    draws = prior.draw(np.random.default_rng(1), _DRAWS)
    require_shape(draws, (_DRAWS, size), "draws")
    again = prior.draw(np.random.default_rng(1), _DRAWS)
    require_same(again, draws, "the same draws of the same random numbers")
    other = prior.draw(np.random.default_rng(2), _DRAWS)
    require(not np.array_equal(other, draws), "other draws of other random numbers")
    each = prior.problem.field.split(draws)
    for term, v in zip(prior.problem.field.terms, np.moveaxis(each, -2, 0), strict=True):
        if term.whole:
            require(np.all(v[:, 0] > 0.0), f"a repulsive core in all draws of {term.pair}")
    require_close(np.exp(prior.log_weight).sum(), 1.0, 1e-9, "probabilities of kernels that sum to")
    bases = prior.bases(prior.centre)
    require(len(bases) == prior.log_weight.size, "one basis for each kernel", len(bases))
    right = prior.energy(prior.centre)
    for basis in bases:
        require_close(basis.base, right, 1e-9, "the potential of the centre as base of a basis")
        width = basis.columns(1.0).shape
        require(width[0] == size, f"columns of {size} numbers", width)
    return draws
