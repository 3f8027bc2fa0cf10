"""Draws of log D as a Gaussian mixture of a few dozen components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sopr_uq.inference.power_law_density import ABSENT, LawData
from sopr_uq.typing import FloatArray

_MAX_BINS = 400
_MIN_SD = 1e-6


@dataclass(frozen=True)
class KernelDensity:
    """The distribution of one element's draws, with the way back to the draws.

    A kernel density estimate whose draws are first drawn together, so that the
    mixture has exactly the mean and variance of the draws, then binned at half
    the kernel's width.

    Parameters
    ----------
    points, weight : array, shape (K,)
        Component centres (means of their bins) and weights, summing to 1.
    kernel_variance : float
        Variance of every component.
    mean, variance : float
        Moments of the draws and of the mixture.
    bins, bin_variance : array, shape (K,), and float
        Mean of the draws in each bin as they were, and their variance inside bins.
    order : array of int, shape (S,)
        Draw indices sorted by bin.
    start : array of int, shape (K + 1,)
        Component k holds the draws ``order[start[k]:start[k + 1]]``.

    References
    ----------
    M. West, J. R. Stat. Soc. B 55, 409 (1993), section 2 (shrunken kernels).
    B. W. Silverman, Density Estimation (1986), eq 3.28 (width of the kernel).
    """

    points: FloatArray
    weight: FloatArray
    kernel_variance: float
    mean: float
    variance: float
    bins: FloatArray
    bin_variance: float
    order: NDArray[np.intp]
    start: NDArray[np.intp]


def kernel_density(draws: FloatArray) -> KernelDensity:
    """Return the kernel density of draws of shape (S,)."""
    mean, sd = float(draws.mean()), max(float(draws.std()), _MIN_SD)
    quartiles = np.quantile(draws, [0.25, 0.75])
    robust = min(sd, float(np.diff(quartiles)[0]) / 1.349) or sd
    kernel = robust * (4.0 / (3.0 * draws.size)) ** 0.2
    pulled = mean + np.sqrt(1.0 - (kernel / sd) ** 2) * (draws - mean)
    width = max(kernel / 2.0, float(np.ptp(pulled)) / _MAX_BINS)
    label = np.round((pulled - mean) / width).astype(int)
    _, component, count = np.unique(label, return_inverse=True, return_counts=True)
    points = np.bincount(component, pulled) / count
    weight = count / draws.size
    bins = np.bincount(component, draws) / count
    inside = float(np.mean((pulled - points[component]) ** 2))
    return KernelDensity(
        points=points,
        weight=weight,
        kernel_variance=kernel**2 + inside,
        mean=mean,
        variance=sd**2,
        bins=bins,
        bin_variance=float(np.mean((draws - bins[component]) ** 2)),
        order=np.argsort(component, kind="stable"),
        start=np.concatenate([[0], np.cumsum(count)]),
    )


def stack(each: Sequence[KernelDensity], x: FloatArray, x_variance: FloatArray) -> LawData:
    """Join those of E elements, padded to equal length, with their abscissae (E,)."""
    size = max(m.points.size for m in each)

    def padded(values: FloatArray, fill: float) -> FloatArray:
        return np.pad(values, (0, size - values.size), constant_values=fill)

    return LawData(
        x=x,
        x_variance=x_variance,
        points=np.array([padded(m.points, m.mean) for m in each]),
        log_weight=np.array([padded(np.log(m.weight), ABSENT) for m in each]),
        kernel_variance=np.array([m.kernel_variance for m in each]),
        mean=np.array([m.mean for m in each]),
        variance=np.array([m.variance for m in each]),
    )


def choose_draws(
    m: KernelDensity, centre: FloatArray, variance: FloatArray, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Pick for every draw of the law the draw of the ensemble that goes with it.

    Given the law, the posterior of log D_e is the ensemble's draws weighted by
    N(y; centre, variance); one is picked with that probability, to within a bin.

    Parameters
    ----------
    m : KernelDensity
        The ensemble.
    centre, variance : array, shape (T,)
        c + b x_e and τ² + b² s_e² of every draw of the law.

    Returns
    -------
    array of int, shape (T,)
        Indices of the ensemble's draws.
    """
    # The draws stand for themselves here: no kernel, only the width of a bin.
    total = (variance + m.bin_variance)[:, None]
    terms = np.log(m.weight) - 0.5 * (m.bins - centre[:, None]) ** 2 / total
    p = np.cumsum(np.exp(terms - terms.max(axis=1, keepdims=True)), axis=1)
    threshold = rng.random(centre.size) * p[:, -1]
    component = (p < threshold[:, None]).sum(axis=1)
    count = m.start[component + 1] - m.start[component]
    member = np.floor(rng.random(centre.size) * count).astype(int)
    return np.asarray(m.order[m.start[component] + member])
