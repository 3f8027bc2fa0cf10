"""The leading directions of a posterior over potentials, and few draws that span them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import NamedTuple, Self

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray, IntArray

_LEFT_OVER = 1e-5
"""Share of the variance that directions of no account hold together."""

_MOST = 24
_CROWDED = 3.0
"""Most that a pair distribution is taken to be: a deep well at a low temperature holds no more."""

_BENT = 2
_FARTHEST = 2.5
"""Distance from the mean, in root mean squares of a leading direction, within which draws are
chosen: a straight line through the outermost draws would be one through their curvature."""

_ALIKE = 1e-12
"""Sum of squared deviations below which draws differ by rounding alone."""

_RELUCTANT, _LEVEL, _BEND = 1e-6, 100.0, 0.1

_NOISE = 0.03
"""Variance of one simulation that a choice assumes, of that over the posterior."""


class Felt(NamedTuple):
    """The potential of a pair in every draw, and where such pairs are."""

    draws: FloatArray
    """In kcal/mol, shape (d, n)."""
    density: float
    """Of such pairs about a molecule, in Å⁻³; of an element its number density."""
    crowd: FloatArray | None = None
    """Their g(r), shape (n,). Where more than these potentials holds the liquid together, they do
    not say where its pairs are; where None is given they do."""


@dataclass(frozen=True)
class Directions:
    """Draws in the coordinates that a liquid at a state point feels.

    A deviation δv counts by the change of the Boltzmann factor, δe^(−βv), which knows
    how soft the core is, and by the energy β δv of the pairs that are at that distance
    in a thin gas; both weighted by the volume there, (4πρ r² dr)^(1/2).

    Parameters
    ----------
    scores : array, shape (d, p)
        Coordinates of every draw along the p leading directions, of mean zero; their
        variances sum to one.
    """

    scores: FloatArray

    @classmethod
    def of(cls, r: FloatArray, pairs: Sequence[Felt], beta: float) -> Self:
        """Return the directions of draws.

        A deviation of a pair with a g(r) of its own counts by β δv of those pairs alone.

        Parameters
        ----------
        r : array, shape (n,)
            In Å.
        pairs : sequence of Felt
        beta : float
            1/(k_B T) in mol/kcal.

        Raises
        ------
        InputError
            If all draws are the same.
        """
        felt = np.concatenate([_felt(r, pair, beta) for pair in pairs], axis=1)
        variance, scores = _principal(felt)
        total = float(variance.sum())
        if not total > _ALIKE:
            raise InputError("posterior", "draws that differ", "one potential, a point estimate")
        held = np.cumsum(variance) / total
        count = min(int(np.searchsorted(held, 1.0 - _LEFT_OVER)) + 1, _MOST, len(felt) - 1)
        return cls(np.asarray(scores[:, :count] / np.sqrt(total)))

    @property
    def bent(self) -> FloatArray:
        """Products of the two leading coordinates, in which a response may be curved."""
        lead = self.scores[:, :_BENT]
        pairs = combinations_with_replacement(range(lead.shape[1]), 2)
        products = np.stack([lead[:, i] * lead[:, j] for i, j in pairs], axis=1)
        return np.asarray(products - products.mean(axis=0))

    def spread(self, number: int) -> IntArray:
        """Choose the draws whose simulation would say most of all others.

        One after the other, that which lowers the mean variance of a linear
        prediction over the posterior the most (A-optimality; Chaloner & Verdinelli,
        Stat. Sci. 10, 273 (1995), section 2).

        Parameters
        ----------
        number : int
            How many.

        Returns
        -------
        array of int, shape (number,)
            Their places, in the order chosen; the first lies near the mean.

        Raises
        ------
        InputError
            If there are fewer draws.
        """
        if not 4 <= number <= len(self.scores):
            raise InputError("draws", f"a number from 4 to {len(self.scores)}", f"{number}")
        near, rows = self._distances, self._rows
        covariance, wanted = np.diag(self._prior), rows.T @ rows / len(rows)
        chosen = [int(np.argmin(near))]
        while True:
            last = rows[chosen[-1]]
            seen = covariance @ last
            covariance = covariance - np.outer(seen, seen) / (_NOISE + last @ seen)
            if len(chosen) == number:
                return np.array(chosen)
            ahead = rows @ covariance
            gain = np.sum(ahead @ wanted * ahead, axis=1) / (_NOISE + np.sum(ahead * rows, axis=1))
            gain[near > _FARTHEST] *= _RELUCTANT
            gain[chosen] = -1.0
            chosen.append(int(np.argmax(gain)))

    @property
    def _rows(self) -> FloatArray:
        return np.concatenate([np.ones((len(self.scores), 1)), self.scores, self.bent], axis=1)

    @property
    def _prior(self) -> FloatArray:
        """Variance of each coefficient before any simulation, in that of the slopes."""
        slopes, bends = np.ones(self.scores.shape[1]), np.full(self.bent.shape[1], _BEND)
        return np.concatenate([[_LEVEL], slopes, bends])

    @property
    def _distances(self) -> FloatArray:
        """How far each draw is from the mean along the leading directions, shape (d,)."""
        lead = self.scores[:, : 2 * _BENT]
        return np.asarray(np.sqrt(np.mean(lead**2 / np.mean(lead**2, axis=0), axis=1)))


def _felt(r: FloatArray, pair: Felt, beta: float) -> FloatArray:
    """Return what the liquid feels of each draw, of mean zero, shape (d, 2 n) or (d, n)."""
    volume = np.sqrt(4.0 * np.pi * pair.density * r**2 * np.gradient(r))
    draws = pair.draws
    if pair.crowd is not None:
        there = volume * np.sqrt(np.minimum(pair.crowd, _CROWDED))
        return np.asarray(there * beta * (draws - draws.mean(axis=0)))
    factor = np.exp(-beta * draws)
    crowd = np.sqrt(np.minimum(np.exp(-beta * draws.mean(axis=0)), _CROWDED))
    both = np.concatenate([volume * factor, volume * crowd * beta * draws], axis=1)
    return np.asarray(both - both.mean(axis=0))


def _principal(felt: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return variances, largest first, and scores of draws along their directions, (d, k)."""
    d, m = felt.shape
    if m <= d:
        variance, vectors = np.linalg.eigh(felt.T @ felt / d)
        return variance[::-1], np.asarray(felt @ vectors[:, ::-1])
    # of a mixture there are more distances than draws
    variance, scores = np.linalg.eigh(felt @ felt.T / d)
    variance = np.maximum(variance[::-1], 0.0)
    return variance, np.asarray(scores[:, ::-1] * np.sqrt(d * variance))
