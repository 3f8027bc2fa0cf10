"""The power spectrum of a curve as signal and noise behind a window, and where that ended.

The power of r h(r) at Q is W²(Q) [A + Σ B_k e^{−c_k Q}] + F: noise of S(Q) and what is left of
its structure, multiplied by the square of a window W that ends somewhere, and what was
added behind the transform. Power of noise at one wave number is exponentially distributed, so the
misfit is Whittle's, Σ (P/μ + ln μ), the divergence of Itakura and Saito.

References
----------
P. Whittle, Ark. Mat. 2, 423 (1953).
C. Févotte, N. Bertin, J.-L. Durrieu, Neural Comput. 21, 793 (2009), eq 2.22: the updates of
the amplitudes; with the exponent ½ they only ever lower the misfit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import convolve1d
from scipy.special import logsumexp

from sopr_uq.typing import FloatArray

WINDOWS = ("none", "lorch", "cosine")
"""Shapes of W: one up to the end, sin(πx)/(πx), cos(πx/2), with x = Q/Q_end."""

_RATES = (0.4, 0.8, 1.6)
"""c_k in Å: how the power of liquids' structure dies with Q."""

_SMOOTHED = (0.0, 0.05)
"""Standard deviations in Å of Gaussians that smoothed the curve besides."""

_FREE = (0.0, 0.02, 0.04, 0.06, 0.08)
"""The same where there was no end at all."""

_STEP = 0.5
_UPDATES = 100
_TINY = 1e-12


class DampedEnd(NamedTuple):
    """What a spectrum says of its end.

    Parameters
    ----------
    q_max : float
        In Å⁻¹.
    error : float
        Its standard error, in Å⁻¹.
    damped : float
        Probability that a window damped it.
    evidence : float
        Logarithm of the likelihood with an end, over that without one.
    """

    q_max: float
    error: float
    damped: float
    evidence: float


def window_shape(window: str, share: FloatArray) -> FloatArray:
    """Return W at shares Q/Q_end, shape (k,); zero from one on."""
    inside = share < 1.0
    if window == "lorch":
        return np.asarray(inside * np.sinc(share))
    if window == "cosine":
        return np.asarray(inside * np.cos(0.5 * np.pi * np.minimum(share, 1.0)))
    return inside.astype(float)


def damped_end(
    q: FloatArray,
    power: FloatArray,
    blur: FloatArray,
    oversampled: float,
    between: tuple[float, float],
) -> DampedEnd | None:
    """Find the end of a window in a spectrum.

    Parameters
    ----------
    q, power : array, shape (k,)
        Equally spaced wave numbers in Å⁻¹, and the power of r h(r) there.
    blur : array, shape (2m + 1,)
        What the spectrum of a single wave is, on the same spacing.
    oversampled : float
        How many of the k values stand for one independent one.
    between : tuple of float
        Where the end may be, in Å⁻¹.

    Returns
    -------
    DampedEnd or None
        None where there is no room for an end.
    """
    ends = np.arange(between[0], between[1], _STEP)
    if ends.size < 2 or q.size < 8:
        return None
    known = [(w, end, s) for w in WINDOWS for end in ends for s in _SMOOTHED]
    shapes = [window_shape(w, q / end) ** 2 * np.exp(-((q * s) ** 2)) for w, end, s in known]
    free = [np.exp(-((q * s) ** 2)) for s in _FREE]
    blurred = convolve1d(np.array([*shapes, *free]), blur / blur.sum(), axis=1, mode="nearest")
    log = -_misfits(q, power, blurred) / oversampled
    ended, never = log[: len(known)], log[len(known) :]
    share = np.exp(ended - logsumexp(ended))
    places = np.array([end for _, end, _ in known])
    mean = float(share @ places)
    spread = float(np.sqrt(share @ (places - mean) ** 2))
    damped = float(share[[w != "none" for w, _, _ in known]].sum())
    evidence = float(ended.max() - never.max())
    return DampedEnd(mean, float(np.hypot(spread, 0.5 * _STEP)), damped, evidence)


def _misfits(q: FloatArray, power: FloatArray, shapes: FloatArray) -> FloatArray:
    """Return the least Σ (P/μ + ln μ) of each shape W², (m, k) → (m,), over its amplitudes."""
    decays = np.array([np.ones(q.size), *(np.exp(-c * (q - q[0])) for c in _RATES)])
    floor = np.ones((len(shapes), 1, q.size))
    parts = np.concatenate([shapes[:, None, :] * decays, floor], axis=1) + _TINY
    size = np.full(parts.shape[:2], power.mean() / parts.shape[1])
    size[:, -1] = np.quantile(power, 0.05)
    for _ in range(_UPDATES):
        mu = np.einsum("mc,mck->mk", size, parts)
        pull = np.einsum("mck,mk->mc", parts, power / mu**2)
        size *= np.sqrt(pull / np.einsum("mck,mk->mc", parts, 1.0 / mu))
    mu = np.einsum("mc,mck->mk", size, parts)
    return np.asarray(np.sum(power / mu + np.log(mu), axis=1))
