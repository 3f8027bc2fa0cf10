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
    parts = _Parts(shapes, np.exp(-np.multiply.outer((0.0, *_RATES), q - q[0])))
    size = np.full((len(shapes), len(_RATES) + 2), power.mean() / (len(_RATES) + 2))
    size[:, -1] = np.quantile(power, 0.05)
    for _ in range(_UPDATES):
        weight = 1.0 / parts.total(size)
        size *= np.sqrt(parts.sums(power * weight**2) / parts.sums(weight))
    mu = parts.total(size)
    return np.asarray(np.sum(power / mu + np.log(mu), axis=1))


class _Parts(NamedTuple):
    """W² e^{−c_k Q} behind each of m windows, and the floor: m times c + 1 spectra of k values.

    They are never written out, because two small products give all that is asked of them.
    """

    shapes: FloatArray
    """W², shape (m, k)."""

    decays: FloatArray
    """Shape (c, k)."""

    def total(self, size: FloatArray) -> FloatArray:
        """Return the sums of parts of a size, (m, c + 1) → (m, k); nowhere zero."""
        behind = self.shapes * (size[:, :-1] @ self.decays)
        return behind + (size[:, -1:] + _TINY * size.sum(axis=1, keepdims=True))

    def sums(self, weight: FloatArray) -> FloatArray:
        """Return the sums over Q of each part with weights, (m, k) → (m, c + 1)."""
        whole = weight.sum(axis=1, keepdims=True)
        return np.hstack([(weight * self.shapes) @ self.decays.T, whole]) + _TINY * whole
