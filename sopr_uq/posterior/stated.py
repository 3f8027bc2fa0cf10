"""Errors that came with a curve, and those that its residuals show.

Stated errors are lower bounds: a noise level s is inferred besides, so that the
whole error is √(stated² + s²).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from sopr_uq.experiment.observation import Observation
from sopr_uq.typing import FloatArray

_CENTRAL = (0.025, 0.5, 0.975)
_MORE = 1.1
"""A factor below which nobody cares."""


def noise_over_stated(
    observations: Sequence[Observation], posterior: xr.Dataset
) -> list[FloatArray | None]:
    """Return by which factor the errors of curves exceed the stated ones.

    Parameters
    ----------
    observations : sequence of Observation
        Of all state points, in order.
    posterior : Dataset
        With ``noise`` (chain, draw, curve) of the curves among them.

    Returns
    -------
    list of array, shape (3,), or None
        Of every observation the median between the ends of the central 95 %; None for a
        number, and for a curve that came without errors.
    """
    if "noise" not in posterior or "curve" not in posterior["noise"].dims:
        return [None] * len(observations)
    found: list[FloatArray | None] = []
    place = 0
    for o in observations:
        stated = None if not o.is_curve else _stated(o.windowed())
        if stated is None:
            found.append(None)
        else:
            noise = posterior["noise"].isel(curve=place).values
            factor = np.sqrt(1.0 + noise**2 * _shape(o.windowed()) / stated**2)
            found.append(np.quantile(factor, _CENTRAL))
        place += o.is_curve
    return found


def _stated(o: Observation) -> float | None:
    """Return the root mean square of the stated errors of a curve."""
    if o.covariance is not None:
        return float(np.sqrt(np.mean(np.diagonal(o.covariance))))
    return None if o.error is None else float(np.sqrt(np.mean(o.error**2)))


def _shape(o: Observation) -> float:
    """Return the mean of the noise variance along a curve, in that of its first point."""
    return float(np.mean(o.noise_shape))


def sentence(factor: FloatArray) -> str:
    """Say what became of stated errors; ``factor`` as of :func:`noise_over_stated`, shape (3,)."""
    lower, median, upper = factor
    if lower < _MORE:
        return "The stated errors are large enough: the residuals do not contradict them."
    return (
        f"The residuals are {median:.2g} times what the stated errors allow ({lower:.2g} to "
        f"{upper:.2g}): these were taken as lower bounds, and the noise was inferred."
    )
