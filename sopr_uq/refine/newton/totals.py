"""What totals F(Q) have of their own: distances within molecules, and smooth errors.

What corrects a measurement for absorption, multiple scattering and recoil is smooth in Q, and
so is what is wrong with it. An error that is smooth over 1 Å⁻¹ is a feature of the curve's
Fourier transform at distances below some 2 Å, where of other molecules there is little, in water
the hydrogen bonds: most of it can be told from their order. Counting errors say nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import block_diag

from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.typing import FloatArray

WIDTHS = (0.4, 0.8, 1.6)
"""In Å⁻¹: Gaussians at Q = 0 of which the smooth error of a level is made, equal in size. Their
standard deviation is down to 0.6 of itself at 0.8 Å⁻¹, 0.4 at 1.6 and 0.1 at 3."""


SMOOTH = 1.0
"""Length in Å⁻¹ over which the error of a whole curve is smooth."""

SHARE = 0.1
"""Its size where none is given, to the root mean square of the curve. Published partial g(r) of
water, each total with a scale of its own, miss its four totals by 5 to 11 % of that."""

_SMALL = 1e-3


def total_columns(observations: Sequence[Observation], prior: PriorSettings) -> FloatArray:
    """Return the columns of all totals among stacked observations, shape (d, c).

    Times a standard normal number each is what a distance's length, or the logarithm of its
    amplitude, changes in all totals at once; and what a level is off at low Q, of each by itself.

    Parameters
    ----------
    observations : sequence of Observation
        In the order of the stacked numbers.
    prior : PriorSettings
        How well distances and amplitudes are known.
    """
    distances = [_distances(o, prior) for o in observations]
    count = max(each.shape[1] for each in distances)
    shared = [np.pad(each, ((0, 0), (0, count - each.shape[1]))) for each in distances]
    levels = block_diag(*[np.hstack([_level(o), _background(o)]) for o in observations])
    return np.hstack([np.concatenate(shared), levels])


def _distances(o: Observation, prior: PriorSettings) -> FloatArray:
    if not o.is_total or not o.total.intramolecular:
        return np.zeros((o.x.size, 0))
    columns = o.total.distance_columns(o.x)
    lengths = columns.shape[1] // 2
    sizes = np.repeat([prior.distance_sd, prior.amplitude_sd], lengths)
    return np.asarray(sizes * columns)


def _level(o: Observation) -> FloatArray:
    size = o.total.inelastic if o.is_total else 0.0
    if not size:
        return np.zeros((o.x.size, 0))
    each = np.exp(-0.5 * np.divide.outer(o.x, np.array(WIDTHS)) ** 2)
    return np.asarray(size / np.sqrt(len(WIDTHS)) * each)


def _background(o: Observation) -> FloatArray:
    """Return a factor of a Gaussian process of Q, shape (k, c)."""
    if not o.is_total:
        return np.zeros((o.x.size, 0))
    given = o.total.background
    size = SHARE * float(np.sqrt(np.mean(o.value**2))) if given is None else given
    apart = np.subtract.outer(o.x, o.x) / SMOOTH
    values, vectors = np.linalg.eigh(np.exp(-0.5 * apart**2))
    kept = values > _SMALL * values[-1] if size else np.zeros(values.size, dtype=bool)
    return np.asarray(size * vectors[:, kept] * np.sqrt(values[kept]))
