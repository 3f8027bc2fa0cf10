"""What a change of the potentials does to the data, distance by distance.

A linear response is wrong by a share of what it says, and its errors at different
distances have little to do with each other. Where a well becomes deeper and narrower
the parts of its signal cancel, but not their errors: they are as large as if the parts
added up. So an error is measured by the parts of a signal, never by their sum.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.refine.field import Field
from sopr_uq.typing import FloatArray

WIDTH = 0.3
"""Of a stretch of distances, in σ: in a supercooled liquid, where the sums of signals failed,
what simulations showed was as probable with half and twice as much."""


def parts(field: Field, response: FloatArray) -> FloatArray:
    """Return a response of K numbers to each stretch of distances of each pair by itself.

    Parameters
    ----------
    field : Field
    response : array, shape (K, p n)
        Change of the numbers with the potentials.

    Returns
    -------
    array, shape (K m, p n)
        m stretches, all those of the first number first. Its rows of one number add up to
        that of ``response``.
    """
    number = np.floor(field.r / (WIDTH * field.sigmas[:, None]))
    stretch = number + np.arange(len(field.sigmas))[:, None] * (number.max() + 1.0)
    inside = np.unique(stretch)[:, None] == stretch.ravel()
    found = response[:, None, :] * inside
    return np.asarray(found.reshape(-1, response.shape[1]))
