"""What a finite range of Q does to a measured g(r), and rows that take it along.

A g(r) obtained from S(Q) by Fourier transform up to Q_max is the true one,
low-passed: r h(r), continued as an odd function, convolved with
sin(Q_max r)/(π r). Rows made here apply the same to a model on a grid.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray


def truncation_rows(grid: RadialGrid, r: ArrayLike, q_max: float) -> FloatArray:
    """Return the matrix A with g_cut(r) = 1 + A (g − 1).

    Parameters
    ----------
    grid : RadialGrid
        The grid of g.
    r : array, shape (k,)
        Distances in Å at which the truncated g is wanted; positive.
    q_max : float
        End of the Fourier integral in Å⁻¹.

    Returns
    -------
    array, shape (k, n)

    References
    ----------
    J. L. Yarnell et al., Phys. Rev. A 7, 2130 (1973), section V.
    """
    r = np.asarray(r, dtype=float)
    if np.any(r <= 0) or not q_max > 0:
        raise InputError("truncation_rows", "r > 0 and q_max > 0", f"{r.min():g} and {q_max:g}")
    minus = np.subtract.outer(r, grid.r)
    plus = np.add.outer(r, grid.r)
    kernel = np.sinc(q_max * minus / np.pi) - np.sinc(q_max * plus / np.pi)
    return np.asarray(grid.spacing * q_max / np.pi * grid.r / r[:, None] * kernel)


def interpolation_rows(grid: RadialGrid, r: ArrayLike) -> FloatArray:
    """Return the matrix A of local cubic interpolation, f(r) = A f(grid).

    Parameters
    ----------
    grid : RadialGrid
    r : array, shape (k,)
        Distances in Å inside the grid.

    Returns
    -------
    array, shape (k, n)
    """
    r = np.asarray(r, dtype=float)
    if np.any(r < grid.r[0]) or np.any(r > grid.r[-1]):
        raise InputError(
            "interpolation_rows",
            f"distances from {grid.r[0]:g} to {grid.r[-1]:g} Å",
            f"{r.min():g} to {r.max():g} Å",
        )
    rows = np.zeros((r.size, grid.n))
    # four nearest points, Lagrange cubic: local, so that errors stay local too
    left = np.clip(np.searchsorted(grid.r, r) - 2, 0, grid.n - 4)
    for k, (i, x) in enumerate(zip(left, r, strict=True)):
        nodes = grid.r[i : i + 4]
        for j in range(4):
            others = np.delete(nodes, j)
            rows[k, i + j] = np.prod((x - others) / (nodes[j] - others))
    return rows
