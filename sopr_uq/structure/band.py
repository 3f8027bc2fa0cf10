"""How fast a curve can change at all: the band that its table fills."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray

_NOTHING = 1e-5
"""Of the largest power. White noise of 0.0005 in a g(r) is more."""

_OVERSAMPLED = 4
_FILLED = 0.9


def power_spectrum(x: FloatArray, f: FloatArray, k: FloatArray) -> FloatArray:
    """Return |∫ w f exp(ikx) dx|² with Hann's window w, shape (m,).

    Parameters
    ----------
    x, f : array, shape (n,)
        Abscissae, increasing, and values.
    k : array, shape (m,)
        Conjugate to x.
    """
    taper = np.sin(np.pi * (x - x[0]) / (x[-1] - x[0])) ** 2
    weighted = taper * f * np.gradient(x)
    return np.asarray(np.abs(np.exp(1j * np.outer(k, x)) @ weighted) ** 2) + 1e-30


def band_limit(x: ArrayLike, f: ArrayLike) -> float:
    """Return beyond which wave number a function has nothing.

    A table that is finer than π over it repeats itself: its points cannot have errors of
    their own, whatever smoothed it, be it a transform, a window, or a spline.

    Parameters
    ----------
    x, f : array, shape (n,)
        Abscissae, increasing, and values that oscillate about zero.

    Returns
    -------
    float
        In the inverse of the unit of x; infinite where the table is no finer than its
        band, as one with white noise is.
    """
    x, f = np.asarray(x, dtype=float), np.asarray(f, dtype=float)
    if x.size < 20:
        return np.inf
    step = 2.0 * np.pi / (x[-1] - x[0]) / _OVERSAMPLED
    top = np.pi / float(np.quantile(np.diff(x), 0.9))
    k = np.arange(step, top, step)
    power = power_spectrum(x, f, k)
    smooth = np.convolve(power, np.full(2 * _OVERSAMPLED + 1, 1.0), "same")
    last = k[np.flatnonzero(smooth > _NOTHING * smooth.max())[-1]]
    return float(last) if last < _FILLED * top else np.inf
