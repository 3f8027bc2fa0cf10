"""Do intervals hold what they promise? Coverage, ranks, z-scores, with negative controls.

A calibration is a table of simulations whose truth is known: for each, a
quantity's true value and draws of its posterior. Coverage of nominal intervals
is compared with its binomial error, ranks with the uniform distribution
(Talts et al., arXiv 1804.06788; Säilynoja, Bürkner & Vehtari, Stat. Comput. 32,
32 (2022)). The same tests must reject intervals that were shrunk or shifted on
purpose.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy import stats

from sopr_uq.errors import InputError
from sopr_uq.typing import FloatArray

NOMINAL = (0.5, 0.8, 0.95)


class Verdict(NamedTuple):
    """The outcome of a test: its p-value and whether it passes at the stated rate."""

    p_value: float
    passes: bool


def score(truth: FloatArray, draws: FloatArray, *, seed: int = 0) -> xr.Dataset:
    """Set true values beside draws of their posteriors.

    Parameters
    ----------
    truth : array, shape (n,)
        True values, of n simulations or of n quantities of one.
    draws : array, shape (n, d)
        Posterior draws.
    seed : int
        Of the places that a rank takes between two draws.

    Returns
    -------
    Dataset
        Over ``row``: ``truth``, ``mean``, ``sd``, ``z`` = (truth − mean)/sd and
        ``rank``, uniform between 0 and 1 for a calibrated posterior, with those
        of the negative controls, ``rank_shrunk`` and ``rank_shifted``; over
        (row, nominal) the ends ``lower`` and ``upper`` of the equal-tailed
        interval that covers another draw with that probability. Draws in which
        a quantity is undefined are left out, as in the table of a result; NaN
        where none is left.

    Raises
    ------
    InputError
        If the shapes do not match.
    """
    truth, draws = np.asarray(truth, dtype=float), np.asarray(draws, dtype=float)
    if draws.ndim != 2 or truth.shape != draws.shape[:1]:
        raise InputError(
            "calibration", "truth (n,) and draws (n, d)", f"{truth.shape}, {draws.shape}"
        )
    nominal = np.array(NOMINAL)
    tails = np.concatenate([(1 - nominal) / 2, (1 + nominal) / 2])
    # Weibull's quantiles: n draws and the truth are exchangeable, whatever n is
    known = [row[np.isfinite(row)] for row in draws]
    known = [row if row.size > 1 else np.full(2, np.nan) for row in known]
    ends = np.array([np.quantile(row, tails, method="weibull") for row in known]).T
    mean = np.array([row.mean() for row in known])
    sd = np.array([row.std(ddof=1) for row in known])
    return xr.Dataset(
        {
            "truth": ("row", truth),
            "mean": ("row", mean),
            "sd": ("row", sd),
            "z": ("row", (truth - mean) / sd),
            "rank": ("row", _rank(truth, draws, seed)),
            "rank_shrunk": ("row", _rank(truth, shrunk(draws), seed)),
            "rank_shifted": ("row", _rank(truth, shifted(draws), seed)),
            "lower": (("row", "nominal"), ends[: nominal.size].T),
            "upper": (("row", "nominal"), ends[nominal.size :].T),
        },
        coords={"nominal": nominal},
    )


def _rank(truth: FloatArray, draws: FloatArray, seed: int) -> FloatArray:
    below = (draws < truth[:, None]).sum(axis=1)
    known = np.isfinite(draws).sum(axis=1)
    place = np.random.default_rng(seed).random(truth.size)
    rank = (below + place) / (known + 1)
    return np.where((known > 1) & np.isfinite(truth), rank, np.nan)


def joint_rank(truth: FloatArray, draws: FloatArray, *, seed: int = 0) -> float:
    """Return the rank of a truth's distance from the middle of its draws, between 0 and 1.

    Uniform for a calibrated joint posterior, whatever its shape: truth and
    draws are exchangeable, and so are their Mahalanobis distances from the mean
    of them all. Many quantities together see a wrong width with few simulations.

    Parameters
    ----------
    truth : array, shape (n,)
        True values of the quantities of one simulation.
    draws : array, shape (n, d)
        Posterior draws.
    seed : int
        Of the place among draws at the same distance.
    """
    points = np.column_stack([truth, draws[:, np.isfinite(draws).all(axis=0)]])
    if points.shape[1] <= truth.size or not np.isfinite(truth).all():
        return np.nan
    off = points - points.mean(axis=1, keepdims=True)
    inverse = np.linalg.pinv(np.cov(points), rcond=1e-12, hermitian=True)
    distance = np.einsum("ij,ik,kj->j", off, inverse, off)
    return float(_rank(distance[:1], distance[None, 1:], seed)[0])


def covered(scores: xr.Dataset) -> xr.DataArray:
    """Which intervals of :func:`score` hold their truth."""
    return (scores["truth"] >= scores["lower"]) & (scores["truth"] <= scores["upper"])


def summarise(truth: FloatArray, draws: FloatArray) -> xr.Dataset:
    """Return ranks, z-scores and coverage of one quantity.

    Parameters
    ----------
    truth : array, shape (n,)
        True values of n simulations.
    draws : array, shape (n, d)
        Posterior draws.

    Returns
    -------
    Dataset
        ``rank`` and ``z`` (simulation), ``covered`` (simulation, nominal),
        ``width`` and ``coverage`` (nominal), its binomial standard error
        ``coverage_error`` (nominal), and ``rms_error``.
    """
    return of_scores(score(truth, draws).rename(row="simulation"))


def of_scores(scores: xr.Dataset) -> xr.Dataset:
    """Summarise :func:`score` along ``simulation``; other dimensions stay."""
    nominal, n = scores["nominal"], scores.sizes["simulation"]
    held = covered(scores)
    return xr.Dataset(
        {
            "rank": scores["rank"],
            "z": scores["z"],
            "covered": held,
            "width": (scores["upper"] - scores["lower"]).mean("simulation"),
            "coverage": held.mean("simulation"),
            "coverage_error": np.sqrt(nominal * (1 - nominal) / n),
            "rms_error": np.sqrt(((scores["truth"] - scores["mean"]) ** 2).mean("simulation")),
        }
    )


def rank_test(rank: FloatArray, false_alarm: float = 0.01) -> Verdict:
    """Test that ranks (as fractions, shape (n,)) are uniform, by Kolmogorov and Smirnov."""
    p = float(stats.kstest(rank, "uniform").pvalue)
    return Verdict(p, p >= false_alarm)


def coverage_test(covered: FloatArray, nominal: float, false_alarm: float = 0.01) -> Verdict:
    """Test that a share ``nominal`` of intervals (bool, shape (n,)) covered, exactly binomial."""
    n = int(np.size(covered))
    p = float(stats.binomtest(int(np.sum(covered)), n, nominal).pvalue)
    return Verdict(p, p >= false_alarm)


def shrunk(draws: FloatArray, factor: float = 0.7) -> FloatArray:
    """Pull draws, shape (n, d), towards their means: a negative control that must fail."""
    mean = np.ma.masked_invalid(draws).mean(axis=1, keepdims=True).filled(np.nan)
    return np.asarray(mean + factor * (draws - mean))


def shifted(draws: FloatArray, sds: float = 0.5) -> FloatArray:
    """Shift draws, shape (n, d), by a share of their deviation: a negative control."""
    sd = np.ma.masked_invalid(draws).std(axis=1, keepdims=True).filled(np.nan)
    return np.asarray(draws + sds * sd)


def envelope(n: int, prob: float = 0.95, *, seed: int = 0, size: int = 4000) -> FloatArray:
    """Half-width of the simultaneous band around the ECDF of n uniform ranks.

    The band is F ± half-width, with the quantile of the Kolmogorov–Smirnov
    statistic simulated ``size`` times.
    """
    u = np.sort(np.random.default_rng(seed).random((size, n)), axis=1)
    grid = np.arange(1, n + 1) / n
    distance = np.maximum(np.abs(grid - u), np.abs(u - (grid - 1 / n))).max(axis=1)
    return np.asarray(np.quantile(distance, prob))
