"""Calibrations as datasets to be drawn: everything a figure shows, computed beforehand.

Every function takes the dataset of
:func:`sopr_uq.workflow.calibration.calibrate`; refinements that failed have no
interval and do not come.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from sopr_uq.posterior.calibrate import NOMINAL, envelope
from sopr_uq.posterior.calibration_table import finished
from sopr_uq.typing import FloatArray

Z_LIMIT = 4.0
_MANY = 100


def rank_ecdf(calibration: xr.Dataset, quantities: Sequence[str], prob: float) -> xr.Dataset:
    """Return how far the distribution of ranks is from uniform.

    Parameters
    ----------
    calibration : Dataset
    quantities : sequence of str
    prob : float
        With which the whole curve of a calibrated quantity stays in the envelope.

    Returns
    -------
    Dataset
        ``deviation`` (quantity, rank), the share of ranks below minus the rank, and
        ``half_width`` of the envelope.
    """
    done = finished(calibration)
    x = np.linspace(0.0, 1.0, 401)
    ranks = [np.sort(_known(done["rank"].sel(quantity=name))) for name in quantities]
    deviation = [np.searchsorted(r, x, side="right") / max(r.size, 1) - x for r in ranks]
    half = float(envelope(max(done.sizes["simulation"], 1), prob))
    return xr.Dataset(
        {"deviation": (("quantity", "rank"), np.array(deviation)), "half_width": half},
        {"quantity": list(quantities), "rank": x},
        attrs={"prob": prob},
    )


def z_histogram(calibration: xr.Dataset, quantities: Sequence[str]) -> xr.Dataset:
    """Return histograms of (truth − mean)/sd; what lies outside is counted in the last bins.

    Returns
    -------
    Dataset
        ``density`` (quantity, bin), ``edges`` (edge), ``mean`` and ``sd`` of z (quantity).
    """
    done = finished(calibration)
    count = 33 if done.sizes["simulation"] > _MANY else 17
    edges = np.linspace(-Z_LIMIT, Z_LIMIT, count)
    inside = 0.9975 * Z_LIMIT
    z = [np.clip(_known(done["z"].sel(quantity=n)), -inside, inside) for n in quantities]
    shares = [np.histogram(each, edges)[0] / max(each.size, 1) / np.diff(edges) for each in z]
    columns = {"mean": [each.mean() for each in z], "sd": [each.std() for each in z]}
    return xr.Dataset(
        {
            "density": (("quantity", "bin"), np.array(shares)),
            "edges": ("edge", edges),
            **{name: ("quantity", np.array(values)) for name, values in columns.items()},
        },
        {"quantity": list(quantities)},
    )


def relative_intervals(calibration: xr.Dataset, quantity: str, most: int) -> xr.Dataset:
    """Return the widest nominal intervals minus their truths, in per cent of these.

    Parameters
    ----------
    calibration : Dataset
    quantity : str
    most : int
        Twins at most; the first ones.

    Returns
    -------
    Dataset
        ``lower``, ``upper``, ``holds`` (simulation), ordered by truth.
    """
    one = finished(calibration).sel(quantity=quantity)
    one = one.sel(nominal=NOMINAL[-1]) if "nominal" in one.dims else one
    one = one.isel(simulation=slice(most)).sortby("truth")
    ends = {end: 100.0 * (one[end] - one["truth"]) / one["truth"] for end in ("lower", "upper")}
    ds = xr.Dataset({name: x.assign_attrs(units="%") for name, x in ends.items()})
    return ds.assign(holds=(ds["lower"] <= 0) & (ds["upper"] >= 0)).assign_attrs(prob=NOMINAL[-1])


def _known(values: xr.DataArray) -> FloatArray:
    return np.asarray(values.values[np.isfinite(values.values)], dtype=float)
