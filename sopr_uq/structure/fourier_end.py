"""Where the Fourier integral behind a measured g(r) ended, found from the curve itself.

A g(r) obtained from S(Q) up to Q_max has no Fourier component beyond Q_max: the
power of r h(r) falls off a cliff there, from the noise of S(Q), and from the line
of the ripples that cutting Q(S − 1) leaves, to the noise of the printing. The core is
left out, because it is where curves are set to zero. Where white noise louder
than all this was added behind the transform, nothing shows, and nothing is found.

Damped by a window such as Lorch's, the power dies without a cliff; then the whole
spectrum is told apart as signal, noise, and window (:mod:`.damped_spectrum`).

The power of noise at one wave number is exponentially distributed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from sopr_uq.structure.band import power_spectrum
from sopr_uq.structure.damped_spectrum import DampedEnd, damped_end
from sopr_uq.threads import one_thread
from sopr_uq.typing import ArrayLike, FloatArray

LOWEST = 6.0
"""In Å⁻¹: below, S(Q) of a liquid has structure of its own, and so has every curve."""

HIGHEST = 40.0
"""In Å⁻¹; no diffractometer for liquids goes farther."""

_CLIFF = 4.5
"""By how much the logarithm of the power must fall, beyond what its slope explains. None of the
tests' 144 curves without an end, noise-free or with white noise up to 0.02, falls that far. Smooth,
correlated errors may end above 20 Å⁻¹, where taking that for the end does no harm."""

_DAMPED = 0.8
"""Probability from which on a window is said to be there."""

_EVIDENCE = 8.0
"""Log likelihood ratio from which on an end without a cliff is believed. Of the tests' 144 curves
without an end none has more than 2."""

_SAME = 2.0
"""In Å⁻¹: ends of cliff and window that are nearer are one."""

_BAND, _BELOW = 1.0, 4.0


class FourierEnd(NamedTuple):
    """The end of a Fourier integral.

    Parameters
    ----------
    q_max : float
        In Å⁻¹.
    error : float
        Its standard error, in Å⁻¹.
    damped : float
        Probability that Q(S − 1) was damped towards the end, as by Lorch's window.
    """

    q_max: float
    error: float
    damped: float

    @property
    def window(self) -> bool:
        """Whether it seems to have been damped."""
        return self.damped > _DAMPED


@one_thread
def fourier_end(r: ArrayLike, g: ArrayLike) -> FourierEnd | None:
    """Find where the Fourier integral that gave a g(r) ended.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å, increasing.
    g : array, shape (n,)
        Radial distribution function.

    Returns
    -------
    FourierEnd or None
        None where the curve does not show that it is band-limited, or is too
        short or too coarse to show it.
    """
    distances, values = np.asarray(r, dtype=float), np.asarray(g, dtype=float)
    outside = distances >= 0.97 * distances[np.argmax(values)]
    x, h = distances[outside], values[outside] - 1.0
    if x.size < 40 or x[-1] - x[0] < 6.0:
        return None
    top = min(0.95 * np.pi / float(np.quantile(np.diff(x), 0.9)), HIGHEST)
    cliff, whole = _cliff(x, h, top), _whole(x, h, top)
    if whole is None:
        return cliff
    if cliff is None:
        believed = whole.evidence > _EVIDENCE
        return FourierEnd(whole.q_max, whole.error, whole.damped) if believed else None
    if abs(whole.q_max - cliff.q_max) < _SAME:
        return cliff._replace(damped=whole.damped)
    return cliff


def _whole(r: FloatArray, h: FloatArray, top: float) -> DampedEnd | None:
    """Return what the whole spectrum says of an end, from the first to the last wave number."""
    step = 0.25 * 2.0 * np.pi / (r[-1] - r[0])
    q = np.arange(LOWEST - _BAND, top, step)
    blur = power_spectrum(r, np.ones(r.size), step * np.arange(-12, 13))
    return damped_end(q, power_spectrum(r, r * h, q), blur, 6.0, (LOWEST + _BAND, top - _BAND))


def _cliff(r: FloatArray, h: FloatArray, top: float) -> FourierEnd | None:
    width = 2.0 * np.pi / (r[-1] - r[0])
    gap = 2.0 * width
    q = np.arange(LOWEST - _BAND, top, 0.25 * width)
    power = power_spectrum(r, r * h, q)
    steps = np.flatnonzero((q > LOWEST + _BAND) & (q < top - gap - 2.0 * _BAND))
    if steps.size == 0:
        return None
    fall = np.array([_fall(q, power, q[i], gap) for i in steps])
    if fall.max() < _CLIFF:
        return None
    return _placed(r, q, power, float(q[steps[np.argmax(fall)]]), width)


def _placed(r: FloatArray, q: FloatArray, power: FloatArray, at: float, width: float) -> FourierEnd:
    """Fit the shape of the end: noise that stops, a line, both, or noise that a window damps.

    Each is what Hann's window makes of it. The misfit is Whittle's,
    Σ (P/μ + ln μ), of which the oversampling leaves a sixth.
    """
    gap = 2.0 * width
    near = (q > at - 3.0 * _BAND) & (q < at + 2.0 * gap)
    floor = float(np.mean(power[(q > at + gap) & (q <= at + gap + 2.0 * _BAND)]))
    places = np.arange(at - _BAND, at + 1.5 * gap + 2.0 * _BAND, 0.02)
    shapes = _shapes(r, at)
    misfits = [
        [_misfit(power[near], shape(q[near] - place), floor) / 6.0 for place in places]
        for shape in shapes
    ]
    likely = np.exp(np.min(misfits) - np.array(misfits))
    likely /= likely.sum()
    mean = float(likely.sum(axis=0) @ places)
    spread = float(np.sqrt(likely.sum(axis=0) @ (places - mean) ** 2))
    damped = float(likely[-1].sum())
    return FourierEnd(mean, float(np.hypot(spread, 0.25 * width)), damped)


def _shapes(r: FloatArray, at: float) -> list[Callable[[FloatArray], FloatArray]]:
    """Return powers around an end, as functions of the distance from it in Å⁻¹.

    A plateau that ends there, three mixtures of it with a line, and a plateau
    that Lorch's window damps.
    """
    offsets = np.linspace(-8.0, 4.0, 601)
    inside = np.arange(0.0, 6.0, 0.02)
    noise, line = (_kernel(r, offsets, power) for power in (0.0, 1.0))
    reach = np.interp(np.add.outer(offsets, inside), offsets, noise, left=0.0, right=0.0)
    plateau, damped = reach.sum(axis=1), reach @ np.sinc((at - inside) / at) ** 2
    plateau, damped = plateau / plateau.max(), damped / damped.max()
    mixtures = [(1.0 - part) * plateau + part * line for part in (0.0, 0.2, 0.5, 0.9)]
    return [partial(_between, offsets, shape) for shape in (*mixtures, damped)]


def _between(offsets: FloatArray, shape: FloatArray, offset: FloatArray) -> FloatArray:
    return np.asarray(np.interp(offset, offsets, shape))


def _kernel(r: FloatArray, offsets: FloatArray, power: float) -> FloatArray:
    """Return what Hann's window makes of a single wave that decays as r to minus a power."""
    values = power_spectrum(r, r**-power, offsets)
    return np.asarray(values / values.max())


def _misfit(power: FloatArray, shape: FloatArray, floor: float) -> float:
    """Return the least Σ (P/μ + ln μ) of μ = s · shape + floor, over s."""
    scale = float(np.mean(power[shape > 0.3])) if np.any(shape > 0.3) else float(power.max())
    least = np.inf
    for factor in (0.5, 0.7, 1.0, 1.4, 2.0):
        mean = factor * scale * shape + floor
        least = min(least, float(np.sum(power / mean + np.log(mean))))
    return least


def _fall(q: FloatArray, power: FloatArray, at: float, gap: float) -> float:
    """Return ln(power below / power above), less what the slope below explains."""
    below = (q > at - _BAND) & (q <= at)
    above = (q > at + gap) & (q <= at + gap + 2.0 * _BAND)
    before = (q > at - _BELOW) & (q <= at - 0.5 * _BAND)
    fall = np.log(power[below].mean() / power[above].mean())
    if before.sum() < 4 or q[before][-1] - q[before][0] < 1.5:
        return float(fall - 2.0 * (1.5 * _BAND + gap))
    slope = np.polyfit(q[before], np.log(power[before]), 1)[0]
    return float(fall - max(0.0, -slope) * (1.5 * _BAND + gap))
