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

FEWEST_DRAWS = 50
"""Effective draws that a number in a table must rest on."""

_SHORTEST = 4
"""Draws of a chain from which its effective size can be told."""


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
        draws), ``effective`` (see :func:`effective_draws`) and ``text``, the value as
        3.399(7), with the dimension ``quantity``; the coordinate ``unit``; attributes
        ``ci_kind``, ``ci_prob``.

    Raises
    ------
    InputError
        If the probability, the kind or the dimensions make no sense.
    """
    array = draws.to_array("quantity").transpose(..., *sample_dims)
    dims = [d for d in array.dims if d not in sample_dims]
    values = array.values.reshape(*(array.sizes[d] for d in dims), -1)
    lower, upper = interval(values, ci_prob, ci_kind)
    mean, sd = _moments(values)
    columns = {
        "mean": mean,
        "sd": sd,
        "lower": lower,
        "upper": upper,
        "missing": np.isnan(values).sum(axis=-1),
        "effective": _effective(array, sample_dims),
        "text": np.vectorize(concise, otypes=[str])(mean, sd),
    }
    units = [str(draws[name].attrs.get("units", "")) for name in draws.data_vars]
    return xr.Dataset(
        {name: (dims, column) for name, column in columns.items()},
        coords={d: array[d] for d in dims if d in array.coords} | {"unit": ("quantity", units)},
        attrs={"ci_kind": ci_kind, "ci_prob": ci_prob},
    )


def effective_draws(draws: FloatArray) -> float:
    """Return how many independent draws these are worth, at most.

    The smallest of: the number of defined draws; the number of different ones,
    which is small where draws were picked again and again; and, where all are
    defined, the effective size of Markov chains for the bulk.

    Parameters
    ----------
    draws : array, shape (chain, draw)
        Draws of one number; NaN where undefined.

    References
    ----------
    A. Vehtari, A. Gelman, D. Simpson, B. Carpenter, P.-C. Bürkner, Bayesian Analysis 16,
    667 (2021).
    """
    # Imported here because most uses of this file do not need it.
    import arviz as az

    defined = draws[np.isfinite(draws)]
    counts = [float(defined.size), float(np.unique(defined).size)]
    if defined.size == draws.size and draws.shape[1] >= _SHORTEST and counts[1] > 1:
        counts.append(float(az.ess(draws, method="bulk")))
    return float(np.nanmin(counts))


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the defined draws; NaN where there are too few for it."""
    count = np.isfinite(values).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.asarray(np.nansum(values, axis=-1) / count)
        square = np.nansum((values - mean[..., None]) ** 2, axis=-1)
        sd = np.sqrt(square / np.where(count > 1, count - 1, np.nan))
    return mean, np.asarray(sd)


def _effective(array: xr.DataArray, sample_dims: Sequence[str]) -> FloatArray:
    """Return `effective_draws` of every number, shape as without the sample dimensions."""
    shape = array.shape[: array.ndim - len(sample_dims)]
    chains = array.values.reshape(-1, *_chains(array, sample_dims))
    return np.array([effective_draws(each) for each in chains]).reshape(shape)


def _chains(array: xr.DataArray, sample_dims: Sequence[str]) -> tuple[int, int]:
    """Number of chains and of draws in each; draws under one dimension are one chain."""
    sizes = [array.sizes[d] for d in sample_dims]
    return (sizes[0], int(np.prod(sizes[1:]))) if len(sizes) > 1 else (1, sizes[0])


def interval(
    values: FloatArray, ci_prob: float = 0.95, ci_kind: IntervalKind = "eti"
) -> tuple[FloatArray, FloatArray]:
    """Return lower and upper ends, shape (...), of draws of shape (..., n); NaN are left out."""
    check_prob(ci_prob)
    if ci_kind == "eti":
        tail = 0.5 * (1.0 - ci_prob)
        # nanquantile goes number by number, many times slower
        quantile = np.nanquantile if np.isnan(values).any() else np.quantile
        lower, upper = quantile(values, [tail, 1.0 - tail], axis=-1)
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
