"""Time correlations of a trajectory, taken while it runs: rows of one stretch of origins each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy import fft

from sopr_uq.typing import FloatArray

type LagAverage = Callable[[FloatArray, FloatArray], FloatArray]
"""Takes origins and targets, and gives an average over the origins for every lag."""


def correlate(origins: FloatArray, targets: FloatArray) -> FloatArray:
    """Return Σ_c ⟨a_c(i) b_c(i + l)⟩ over origins i for every lag l that all origins have.

    By the convolution theorem (Frenkel & Smit, Understanding Molecular
    Simulation, 2nd ed., section 4.4.2, without its long blocks).

    Parameters
    ----------
    origins : array, shape (n, ...)
        a at n times; the other axes are channels c.
    targets : array, shape (n + m, ...)
        b at the same times and m more.

    Returns
    -------
    array, shape (m,)
    """
    n, size = len(origins), len(targets)
    # of a length that transforms fast; lags below m do not wrap around in any as long
    length = fft.next_fast_len(size, real=True)
    a = fft.rfft(origins.reshape(n, -1), length, axis=0)
    b = fft.rfft(targets.reshape(size, -1), length, axis=0)
    spectrum = np.sum(a.conj() * b, axis=1)
    return np.asarray(fft.irfft(spectrum, length)[: size - n] / n, dtype=float)


def displacements(origins: FloatArray, targets: FloatArray) -> FloatArray:
    """Return Σ_c ⟨(b_c(i + l) − a_c(i))²⟩; arguments as of :func:`correlate`."""
    n = len(origins)
    lags = range(len(targets) - n)
    return np.array([np.sum((targets[lag : lag + n] - origins) ** 2) / n for lag in lags])


@dataclass
class Stretches:
    """Keeps as much of a trajectory as correlations need, and turns it into rows.

    Parameters
    ----------
    average : callable
        :func:`correlate` or :func:`displacements`.
    lags : int
        m, how many lags from zero on.
    origins : int
        n, origins of a row.
    """

    average: LagAverage
    lags: int
    origins: int
    _rows: list[FloatArray] = field(default_factory=list)
    _kept: list[FloatArray] = field(default_factory=list)

    def add(self, value: FloatArray) -> None:
        """Take the next time, an array of channels."""
        self._kept.append(value)
        if len(self._kept) == self.origins + self.lags:
            whole = np.stack(self._kept)
            self._rows.append(self.average(whole[: self.origins], whole))
            del self._kept[: self.origins]

    @property
    def rows(self) -> FloatArray:
        """What each stretch gave, shape (k, m)."""
        return np.array(self._rows, dtype=float).reshape(-1, self.lags)
