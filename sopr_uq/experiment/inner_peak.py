"""A distance within the molecule, left in a g(r) that is to be between molecules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

_HALF_WIDTH = 0.3
"""In Å: a distance within a molecule is spread over less, and no shell of neighbours is."""

_SHARE = 0.5
"""Of the neighbours that a molecule gives; half may be lost by a window or a coarse table."""


def check_inner_peak(observation: Observation, mixture: Mixture, pairs: Sequence[Pair]) -> None:
    """Check that no peak of a g(r) is a distance within the molecules.

    A peak there holds as many neighbours as the molecule has at that distance. What stands
    between its two feet is not counted, so that a shell of neighbours at the same place passes.

    Parameters
    ----------
    observation : Observation
        A partial g(r) or a total, all points of which are looked at.
    mixture : Mixture
        The sites, with the distances within molecules.
    pairs : sequence of Pair
        In the order of the mixture.

    Raises
    ------
    InputError
        If the distance is in the curve, with the window that leaves it out.
    """
    within, weights = mixture.within, observation.weights(pairs)
    if within is None:
        return
    for i, column in enumerate(within.columns):
        pair = pairs[column]
        weight = weights.get(pair, 0.0)
        if weight == 0.0:
            continue
        first, second = (ends[column] for ends in mixture.pairs)
        own = (1.0 + pair.like) * within.densities[i] / mixture.densities[first]
        length, density = float(within.lengths[i]), float(mixture.densities[second])
        found = _neighbours(observation.x, observation.value, length, density) / weight
        if found > _SHARE * own:
            raise InputError(
                f"observation {observation.name}",
                f"a g(r) of {pair.label} between molecules",
                f"a peak of {found:.2g} neighbours at {length:.2f} Å, which is a distance within "
                "the molecule",
                "subtract it, or begin behind it: "
                f"window = [{length + _HALF_WIDTH:.2f}, {observation.x[-1]:g}]",
            )


def _neighbours(x: FloatArray, g: FloatArray, length: float, density: float) -> float:
    """Return how many neighbours a peak holds above the line between its feet."""
    near = np.abs(x - length) <= _HALF_WIDTH
    if near.sum() < 3:
        return 0.0
    feet = np.interp(x[near], x[near][[0, -1]], g[near][[0, -1]])
    shell = 4.0 * np.pi * density * x[near] ** 2
    return float(np.trapezoid(shell * (g[near] - feet), x[near]))
