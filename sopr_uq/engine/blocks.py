"""Sampling errors of a trajectory from block averages."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import FloatArray

_SOKAL_C = 5.0
_BLOCK_BIAS = 0.1


def standard_error(blocks: FloatArray) -> FloatArray:
    """Return the standard error of the mean of blocks, shape (b, m) → (m,); zero for b < 2."""
    b = blocks.shape[0]
    if b < 2:
        return np.zeros(blocks.shape[1])
    return np.asarray(blocks.std(axis=0, ddof=1) / np.sqrt(b))


def mean_covariance(blocks: FloatArray) -> FloatArray:
    """Covariance of the mean of independent blocks, shrunk towards its diagonal.

    The correlations of the sample covariance are multiplied by 1 − λ, with

    λ = Σ_{i≠j} Var(ρ_ij) / Σ_{i≠j} ρ_ij²

    the value of least expected squared error (Schäfer & Strimmer, Stat. Appl.
    Genet. Mol. Biol. 4, 32 (2005), target D and eq 10, after Ledoit & Wolf).
    The variances are those of the blocks, unchanged, and the result is positive
    definite for any b ≥ 2 wherever they are positive.

    Parameters
    ----------
    blocks : array, shape (b, m)
        Averages over b independent blocks of equal length.

    Returns
    -------
    array, shape (m, m)
        In the squared unit of ``blocks``; zeros for b < 2.
    """
    b, m = blocks.shape
    if b < 2:
        return np.zeros((m, m))
    return shrunk_covariance((blocks - blocks.mean(axis=0)) / np.sqrt(b * (b - 1.0)), b - 1.0)


def shrunk_covariance(deviations: FloatArray, freedom: float) -> FloatArray:
    """Covariance DᵀD of a mean, shrunk towards its diagonal as :func:`mean_covariance` says.

    What directions the columns are matters: where neighbours err alike a sum of them errs by more
    than the diagonal says, and is told too sure.

    Parameters
    ----------
    deviations : array, shape (b, m)
        D: of blocks from their mean, scaled so that DᵀD estimates the covariance without bias.
        Those of several runs follow each other.
    freedom : float
        Degrees of freedom of DᵀD.

    Returns
    -------
    array, shape (m, m)
        In the squared unit of ``deviations``.
    """
    error = np.sqrt(np.sum(deviations**2, axis=0))
    x = deviations / np.where(error > 0, error, 1.0) * np.sqrt(freedom)
    correlation = x.T @ x / freedom
    shrunk = (1.0 - _shrinkage(x, correlation, freedom + 1.0)) * correlation
    np.fill_diagonal(shrunk, 1.0)
    return np.asarray(shrunk * np.outer(error, error))


def _shrinkage(x: FloatArray, correlation: FloatArray, b: float) -> float:
    """λ of :func:`mean_covariance` of standardised deviations (·, m), b − 1 degrees of freedom."""
    mean = correlation * (b - 1) / b
    variance = b / (b - 1) ** 3 * ((x**2).T @ x**2 - b * mean**2)
    total = _off_diagonal_sum(correlation**2)
    if total == 0 or b < 3:
        return 1.0
    return float(np.clip(_off_diagonal_sum(variance) / total, 0.0, 1.0))


def _off_diagonal_sum(matrix: FloatArray) -> float:
    return float(matrix.sum() - np.trace(matrix))


def autocorrelation_time(series: FloatArray) -> float:
    """Integrated autocorrelation time τ = 1 + 2 Σ_t ρ(t) of a series, shape (n,).

    The sum ends at the first t ≥ 5 τ(t) (Sokal, "Monte Carlo methods in
    statistical mechanics", 1997, eq 3.16); ρ comes from an FFT. In units of the
    distance of two samples; never below 1, and 1 for a constant series.
    """
    n = series.size
    x = series - series.mean()
    if n < 2 or not np.any(np.abs(x) > 1e-14 * np.max(np.abs(series))):
        return 1.0
    spectrum = np.abs(np.fft.rfft(x, 2 * n)) ** 2
    covariance = np.fft.irfft(spectrum)[:n]
    tau = 2.0 * np.cumsum(covariance / covariance[0]) - 1.0
    window = np.arange(n) >= _SOKAL_C * tau
    end = int(np.argmax(window)) if window.any() else n - 1
    return float(max(tau[end], 1.0))


def independent_blocks(samples: FloatArray, most: int, least: int = 8) -> int:
    """Choose a number of blocks that are long enough to be independent.

    For an exponential autocorrelation the variance of the mean of a block of
    L samples falls short of σ²τ/L by the fraction (τ − 1/τ)/(2L); L is chosen
    so that this is at most 10 %.

    Parameters
    ----------
    samples : array, shape (n, k)
        Series of the observables; the slowest decides.
    most : int
        Blocks to make of uncorrelated samples.
    least : int
        Blocks to make however long the correlation, because the spread of fewer
        says less than a bias of some 10 % would spoil.

    Returns
    -------
    int
        Between ``least`` and ``most``.
    """
    tau = max(autocorrelation_time(column) for column in samples.T)
    length = max(2.0, (tau - 1.0 / tau) / (2.0 * _BLOCK_BIAS))
    return int(np.clip(len(samples) / length, min(least, most), most))


def block_means(samples: FloatArray, blocks: int) -> FloatArray:
    """Average consecutive samples, shape (n, m) → (b, m).

    Blocks have equal length; samples that do not fill one are left out at the
    beginning. b can be less than ``blocks`` when that leaves out fewer.
    """
    length = -(-len(samples) // blocks)
    count = len(samples) // length
    return np.asarray(samples[len(samples) - count * length :].reshape(count, length, -1).mean(1))
