"""What simulations without a correction say, beside those with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sopr_uq.errors import SimulationFailed
from sopr_uq.observables.property import Property
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.order import Order
from sopr_uq.workflow.simulated_parts import state_labels

WITHOUT = "without"


def without_correction(order: Order, runs: Sequence[Mapping[int, SimulatedLiquid]]) -> xr.Dataset:
    """Return every property without the correction.

    Parameters
    ----------
    order : Order
    runs : sequence of mapping
        Simulations of the reference alone, by state; a state may have none.

    Returns
    -------
    Dataset
        ``pressure`` and so on, the mean of the simulations, and ``pressure_error``, its standard
        error, (state) or of a curve (state, r_g); NaN where nothing succeeded.
    """
    found = xr.Dataset()
    for which in order.told:
        rows = [_mean(which, list(each.values())) for each in runs]
        size = min((x.size for x, _, _ in rows if x.size), default=0)
        dims: tuple[str, ...] = ("state",)
        if which.axis:
            axis, unit = which.dim, which.axis.unit
            dims = ("state", axis)
            longest = next((x for x, _, _ in rows if x.size), np.empty(0))
            found = found.assign_coords({axis: (axis, longest[:size], {"units": unit})})
        for name, place in ((which.title, 1), (f"{which.title}_error", 2)):
            values = np.stack([_cut(row[place], size) for row in rows])
            values = values if which.axis else values[:, 0]
            found[name] = (dims, values, {"units": which.unit})
    return found.assign_coords(state_labels(order.states))


def _mean(
    which: Property, runs: list[SimulatedLiquid]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return abscissa, mean and its standard error, each (k,); empty where there is none."""
    if not runs:
        return np.empty(0), np.empty(0), np.empty(0)
    try:
        found = which.tell(runs)
    except SimulationFailed:
        return np.empty(0), np.empty(0), np.empty(0)
    error = np.hypot(np.sqrt(found.noise / len(runs)), found.common)
    return found.x, found.values.mean(axis=0), error


def _cut(values: FloatArray, size: int) -> FloatArray:
    return values[:size] if values.size else np.full(max(size, 1), np.nan)
