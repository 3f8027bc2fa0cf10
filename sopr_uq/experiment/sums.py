"""Whether the partials that were measured add up to the total that was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.typing import FloatArray

_SHARE = 0.25
"""Of the total's own size, as root mean squares: what other windows and resolutions may make of
it. Peaks of another pair instead make 0.5 and more."""

_NOISE = 3.0
_SMALL = 0.02
"""Weights below do not count."""

_FEWEST = 10


def check_sums(observations: Sequence[Observation], pairs: Sequence[Pair]) -> None:
    """Check that 1 + Σ w (partial − 1) of measured partials is the measured total.

    A level and a scale of the total are free, as those of any curve are inferred.

    Parameters
    ----------
    observations : sequence of Observation
        Of one liquid; totals of which a partial was not measured pass.
    pairs : sequence of Pair
        Of its substance.

    Raises
    ------
    InputError
        If a total is another curve than the sum, beyond noise and windows.
    """
    for total in observations:
        if not isinstance(total.of, Mapping):
            continue
        weights = {p: w for p, w in total.weights(pairs).items() if abs(w) > _SMALL}
        partials = {
            o.of: o for o in observations if o.kind == total.kind and isinstance(o.of, Pair)
        }
        if weights and set(weights) <= set(partials):
            _check_sum(total.windowed(), [(w, partials[p].windowed()) for p, w in weights.items()])


def _check_sum(total: Observation, parts: list[tuple[float, Observation]]) -> None:
    low = max([total.x[0], *(part.x[0] for _, part in parts)])
    high = min([total.x[-1], *(part.x[-1] for _, part in parts)])
    x = total.x[(total.x >= low) & (total.x <= high)]
    if x.size < _FEWEST:
        return
    measured = np.interp(x, total.x, total.value) - 1.0
    expected = sum(w * (np.interp(x, part.x, part.value) - 1.0) for w, part in parts)
    columns = np.stack([expected, np.ones_like(x)], axis=1)
    rest = measured - columns @ np.linalg.lstsq(columns, measured)[0]
    noise = np.sqrt(sum((w * _noise(o.value)) ** 2 for w, o in [(1.0, total), *parts]))
    off, size = float(np.std(rest)), float(np.std(measured))
    if off > _SHARE * size + _NOISE * float(noise):
        names = ", ".join(part.name for _, part in parts)
        raise InputError(
            f"observation {total.name}",
            f"the weighted sum of {names}",
            f"another curve: off by {off:.2g} (root mean square), where it varies by {size:.2g}",
            "check the weights, the files, and which pair each partial is of",
        )


def _noise(value: FloatArray) -> float:
    """Return the scatter from point to point, by third differences."""
    return float(np.median(np.abs(np.diff(value, 3))) / 0.6745 / np.sqrt(20.0))
