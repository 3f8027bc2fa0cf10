"""Strength of the attractive tail."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.potentials.descriptors import well
from sopr_uq.typing import ArrayLike, FloatArray


def tail_strength(
    r: ArrayLike, v: ArrayLike, window: tuple[float, float] = (1.5, 2.5)
) -> FloatArray:
    """Return C in kcal Å⁶/mol of the least-squares fit v = −C r⁻⁶ in a window.

    It is like a C₆ coefficient, but an effective one: it holds what higher
    multipoles and the many-body forces of the liquid add in the window.

    Parameters
    ----------
    r : array, shape (n,)
        Distances in Å.
    v : array, shape (..., n)
        Energies in kcal/mol.
    window : (float, float)
        Limits of the fit in multiples of each row's r_vdW.

    Returns
    -------
    array, shape (...)
        NaN for rows without a well or without a point in the window.

    Raises
    ------
    InputError
        If the window does not open outward.
    """
    if not 0 < window[0] < window[1]:
        raise InputError("tail_strength: window", "0 < lower < upper", str(window))
    r, v = np.asarray(r, dtype=float), np.asarray(v, dtype=float)
    x = r / well(r, v)[0][..., None]
    weight = np.where((x >= window[0]) & (x <= window[1]), r**-6.0, 0.0)
    with np.errstate(invalid="ignore"):
        # The core may hold infinities; outside the window they must not count.
        moment = np.sum(np.where(weight > 0, v, 0.0) * weight, axis=-1)
        return np.asarray(-moment / np.sum(weight**2, axis=-1))
