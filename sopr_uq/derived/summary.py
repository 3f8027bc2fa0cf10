"""Summaries of draws: mean, standard deviation and an interval that names its kind."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, log10
from typing import Literal

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray

type IntervalKind = Literal["eti", "hdi"]


def summary(
    draws: xr.Dataset,
    *,
    ci_prob: float = 0.95,
    ci_kind: IntervalKind = "eti",
    sample_dims: Sequence[str] = ("chain", "draw"),
) -> xr.Dataset:
    """Summarise every variable of a dataset over its draws.

    Parameters
    ----------
    draws : Dataset
        Variables with the sample dimensions and, all alike, any others.
    ci_prob : float
        Probability of the interval, between 0 and 1.
    ci_kind : {"eti", "hdi"}
        Equal-tailed or highest-density.

    Returns
    -------
    Dataset
        ``mean``, ``sd``, ``lower``, ``upper``, ``missing`` (number of undefined
        draws) and ``text``, the value as 3.399(7), with the dimension
        ``quantity``; the coordinate ``unit``; attributes ``ci_kind``, ``ci_prob``.

    Raises
    ------
    InputError
        If the probability, the kind or the dimensions make no sense.
    """
    array = draws.to_array("quantity").transpose(..., *sample_dims)
    dims = [d for d in array.dims if d not in sample_dims]
    values = array.values.reshape(*(array.sizes[d] for d in dims), -1)
    lower, upper = interval(values, ci_prob, ci_kind)
    mean, sd = np.nanmean(values, axis=-1), np.nanstd(values, axis=-1, ddof=1)
    columns = {
        "mean": mean,
        "sd": sd,
        "lower": lower,
        "upper": upper,
        "missing": np.isnan(values).sum(axis=-1),
        "text": np.vectorize(concise, otypes=[str])(mean, sd),
    }
    units = [str(draws[name].attrs.get("units", "")) for name in draws.data_vars]
    return xr.Dataset(
        {name: (dims, column) for name, column in columns.items()},
        coords={d: array[d] for d in dims if d in array.coords} | {"unit": ("quantity", units)},
        attrs={"ci_kind": ci_kind, "ci_prob": ci_prob},
    )


def interval(
    values: FloatArray, ci_prob: float = 0.95, ci_kind: IntervalKind = "eti"
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper ends, shape (...), of draws of shape (..., n); NaN are left out."""
    check_prob(ci_prob)
    if ci_kind == "eti":
        tail = 0.5 * (1.0 - ci_prob)
        lower, upper = np.nanquantile(values, [tail, 1.0 - tail], axis=-1)
    elif ci_kind == "hdi":
        # Imported here because it takes seconds and most intervals are equal-tailed.
        import arviz as az

        ends = az.hdi(values, prob=ci_prob, axis=-1, skipna=True)
        lower, upper = ends[..., 0], ends[..., 1]
    else:
        raise InputError("ci_kind", "'eti' or 'hdi'", repr(ci_kind))
    return np.asarray(lower), np.asarray(upper)


def check_prob(ci_prob: float) -> None:
    """Raise InputError unless the probability of an interval lies between 0 and 1."""
    if not 0 < ci_prob < 1:
        raise InputError("probability of an interval", "a number between 0 and 1", str(ci_prob))


def concise(mean: float, sd: float) -> str:
    """Format a value with its standard deviation, as in 3.399(7).

    Digits follow the rule of the Particle Data Group: two if the three leading
    digits of the deviation lie between 100 and 354, one up to 949, else two
    after rounding up to 1000. A number without deviation is given bare.

    References
    ----------
    S. Navas et al. (Particle Data Group), Phys. Rev. D 110, 030001 (2024), section 5.3.
    """
    if not (isfinite(mean) and isfinite(sd)):
        return "undefined"
    if sd <= 1e-12 * abs(mean):
        return f"{mean:.6g}"
    exponent = floor(log10(sd))
    leading = round(sd / 10.0 ** (exponent - 2))
    decimals = (1 if leading <= 354 else 0) - exponent
    if decimals <= 0:
        return f"{round(mean, decimals):.0f}({round(sd, decimals):.0f})"
    digits = round(sd * 10.0**decimals)
    inner = f"{digits * 10.0**-decimals:.{decimals}f}" if digits >= 10 and sd >= 1 else str(digits)
    return f"{mean:.{decimals}f}({inner})"


def interval_text(lower: float, upper: float) -> str:
    """Format an interval as [3.385, 3.413], to two digits of its width."""
    width = upper - lower
    if not isfinite(width):
        return "undefined"
    if width <= 1e-12 * abs(upper):
        return "–"
    digits = max(0, 1 - floor(log10(width)))
    return f"[{lower:.{digits}f}, {upper:.{digits}f}]"
