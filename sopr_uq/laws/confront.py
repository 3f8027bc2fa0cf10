"""Where a number from elsewhere falls in a posterior."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr


def confront(draws: xr.Dataset, values: Mapping[str, float]) -> xr.Dataset:
    """Compare draws with single numbers, such as those of a paper or a force field.

    Parameters
    ----------
    draws : Dataset
        Positive quantities with dims (chain, draw): an ensemble, or the
        predictive draws of a law.
    values : mapping of str to float
        By quantity, in the unit of the draws; quantities without draws are left out.

    Returns
    -------
    Dataset
        Over ``quantity``: the ``value``; ``z``, its distance from the mean in standard
        deviations, both of log D; ``percentile``, the fraction of draws below it;
        ``ratio`` of the value to the geometric mean of the draws.
    """
    names = [name for name in values if name in draws]
    rows = [_row(draws[name].values, values[name]) for name in names]
    columns = {key: ("quantity", [row[key] for row in rows]) for key in _row(np.ones(2), 1.0)}
    return xr.Dataset(columns, {"quantity": names}, attrs=dict(draws.attrs))


def _row(draws: np.ndarray, value: float) -> dict[str, float]:
    log_d = np.log(draws[np.isfinite(draws)])
    sd = float(log_d.std())
    distance = float(np.log(value) - log_d.mean())
    return {
        "value": value,
        "z": distance / sd if sd > 0 else float("nan"),
        "percentile": float(np.mean(log_d < np.log(value))),
        "ratio": float(np.exp(distance)),
    }
