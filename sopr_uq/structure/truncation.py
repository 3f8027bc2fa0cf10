"""What a finite range of Q does to a measured g(r), and rows that take it along.

A g(r) obtained from S(Q) by Fourier transform up to Q_max is the true one,
low-passed: r h(r), continued as an odd function, convolved with
sin(Q_max r)/(π r). Rows made here apply the same to a model on a grid.
"""

from __future__ import annotations

import numpy as np
from scipy.special import sici

from sopr_uq.errors import InputError
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray


def truncation_rows(
    grid: RadialGrid, r: ArrayLike, q_max: float, *, lorch: bool = False
) -> FloatArray:
    """Return the matrix A with g_cut(r) = 1 + A (g − 1).

    Parameters
    ----------
    grid : RadialGrid
        The grid of g.
    r : array, shape (k,)
        Distances in Å at which the truncated g is wanted; positive.
    q_max : float
        End of the Fourier integral in Å⁻¹. Beyond the grid's own largest wave
        number π/Δr nothing is cut.
    lorch : bool
        Whether S(Q) − 1 was multiplied by Lorch's window sin(πQ/Q_max)/(πQ/Q_max)
        before: in r, an average over ± π/Q_max.

    Returns
    -------
    array, shape (k, n)

    References
    ----------
    J. L. Yarnell et al., Phys. Rev. A 7, 2130 (1973), section V.
    E. Lorch, J. Phys. C 2, 229 (1969).
    """
    r = np.asarray(r, dtype=float)
    if np.any(r <= 0) or not q_max > 0:
        raise InputError("truncation_rows", "r > 0 and q_max > 0", f"{r.min():g} and {q_max:g}")
    # the sum over grid points would count wave numbers beyond π/Δr twice
    q_max = min(q_max, np.pi / grid.spacing)
    minus = np.subtract.outer(r, grid.r)
    plus = np.add.outer(r, grid.r)
    shape = _averaged if lorch else _sharp
    kernel = shape(minus, q_max) - shape(plus, q_max)
    return np.asarray(grid.spacing * grid.r / r[:, None] * kernel)


def _sharp(x: FloatArray, q_max: float) -> FloatArray:
    """sin(Q_max x)/(π x)."""
    return np.asarray(q_max / np.pi * np.sinc(q_max * x / np.pi))


def _averaged(x: FloatArray, q_max: float) -> FloatArray:
    """The same averaged over x ± π/Q_max."""
    up, down = (sici(q_max * x + sign * np.pi)[0] for sign in (1.0, -1.0))
    return np.asarray(q_max * (up - down) / (2.0 * np.pi**2))


def interpolation_rows(nodes: ArrayLike, x: ArrayLike) -> FloatArray:
    """Return the matrix A of local cubic interpolation, f(x) = A f(nodes).

    Parameters
    ----------
    nodes : array, shape (n,)
        Increasing distances in Å, n ≥ 4.
    x : array, shape (k,)
        Distances in Å between the first and the last node.

    Returns
    -------
    array, shape (k, n)
        Four non-zero entries a row: errors at a node stay near it.

    Raises
    ------
    InputError
        If a distance lies outside the nodes.
    """
    nodes, x = np.asarray(nodes, dtype=float), np.asarray(x, dtype=float)
    if np.any(x < nodes[0]) or np.any(x > nodes[-1]):
        raise InputError(
            "interpolation_rows",
            f"distances from {nodes[0]:g} to {nodes[-1]:g} Å",
            f"{x.min():g} to {x.max():g} Å",
        )
    left = np.clip(np.searchsorted(nodes, x) - 2, 0, nodes.size - 4)
    rows = np.zeros((x.size, nodes.size))
    for j in range(4):
        weight = np.ones(x.size)
        for k in {0, 1, 2, 3} - {j}:
            weight *= (x - nodes[left + k]) / (nodes[left + j] - nodes[left + k])
        rows[np.arange(x.size), left + j] = weight
    return rows
