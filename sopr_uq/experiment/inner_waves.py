"""Distances within the molecules, left in an S(Q) that is to be between molecules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

_FROM = 4.0
"""In Å⁻¹: beyond, what is between molecules has nearly died, and sin(ql)/(ql) has not."""

_SPREAD = 0.07
"""Of a distance within a molecule, in Å."""

_SHARE = (0.4, 2.5)
"""Of the waves that the molecules make; a spread told wrongly may halve or double them."""

_LIKE = 0.7
"""Correlation from which on the curve has them."""

_FEWEST, _SHORTEST = 10, 3.0


def check_inner_waves(observation: Observation, mixture: Mixture, pairs: Sequence[Pair]) -> None:
    """Check that an S(Q) of sites does not hold the waves of distances within the molecules.

    Parameters
    ----------
    observation : Observation
        A partial S(Q) or a total without a unit.
    mixture : Mixture
        The sites, with the distances within molecules.
    pairs : sequence of Pair
        In the order of the mixture.

    Raises
    ------
    InputError
        If they are in it, as measured they always are.
    """
    weights = observation.weights(pairs)
    far = observation.x > _FROM
    x = observation.x[far]
    if mixture.within is None or far.sum() < _FEWEST or x[-1] - x[0] < _SHORTEST:
        return
    inside = _straight(x, _waves(x, mixture, np.array([weights.get(p, 0.0) for p in pairs])))
    curve = _straight(x, observation.value[far])
    power, overlap = float(inside @ inside), float(inside @ curve)
    if power == 0.0:
        return
    share, likeness = overlap / power, overlap / np.sqrt(power * float(curve @ curve) + 1e-30)
    if _SHARE[0] < share < _SHARE[1] and likeness > _LIKE:
        raise InputError(
            f"observation {observation.name}",
            "an S(Q) between molecules",
            f"{100 * share:.0f} % of the waves that distances within the molecules make, beyond "
            f"{x[0]:.1f} Å⁻¹",
            'subtract them, or kind = "f" of Σ w (S − 1), which knows of them',
        )


def _waves(q: FloatArray, mixture: Mixture, weights: FloatArray) -> FloatArray:
    """Return Σ w_ab of what the molecules themselves add to S_ab, shape (k,)."""
    within = mixture.within
    assert within is not None
    # fractions and not densities, whose squares may be too small for a number
    shares = mixture.fractions[mixture.pairs[0]] * mixture.fractions[mixture.pairs[1]]
    each = (1.0 + mixture.like) * weights / shares
    pairs = within.densities / mixture.density
    return np.asarray(within.waves(q, _SPREAD) @ (pairs * each[within.columns]))


def _straight(x: FloatArray, y: FloatArray) -> FloatArray:
    """Return a curve, shape (k,), less the straight line through it."""
    return np.asarray(y - np.polyval(np.polyfit(x, y, 1), x))
