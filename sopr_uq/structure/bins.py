"""Averages over the spherical shells of a histogram."""

from __future__ import annotations

import numpy as np

from sopr_uq.typing import ArrayLike, FloatArray


def shell_quadrature(r: ArrayLike, width: float, order: int = 6) -> tuple[FloatArray, FloatArray]:
    """Return Gauss–Legendre nodes and weights of the average over each shell.

    The average of f over a shell is ∫ f r² dr / ∫ r² dr, which is what a
    histogram of pair distances measures.

    Parameters
    ----------
    r : array, shape (m,)
        Bin centres in Å.
    width : float
        Bin width in Å.
    order : int
        Nodes per bin.

    Returns
    -------
    nodes : array, shape (m, order)
        Distances in Å.
    weights : array, shape (m, order)
        Each row sums to one.
    """
    x, w = np.polynomial.legendre.leggauss(order)
    nodes = np.asarray(r, dtype=float)[:, None] + 0.5 * width * x
    weights = w * nodes**2
    return nodes, weights / weights.sum(axis=1, keepdims=True)


def shell_volume(r: ArrayLike, width: float) -> FloatArray:
    """Return ∫ 4π r² dr over each bin, in Å³; centres of shape (m,) in Å → (m,)."""
    centre = np.asarray(r, dtype=float)
    return np.asarray(4.0 * np.pi * width * (centre**2 + width**2 / 12.0))
