"""The bridge function behind a known g(r)."""

from __future__ import annotations

import numpy as np

from sopr_uq.structure.mixture import Mixture, positive_inverse, product
from sopr_uq.structure.solution import on_grid
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray


def implied_bridge(
    grid: RadialGrid, g: ArrayLike, energy: ArrayLike, density: ArrayLike | Mixture, beta: float
) -> FloatArray:
    """Return the bridge function B = ln g + βv − h + c that a g(r) implies.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,) or (n, p)
        Radial distribution function, known over the whole grid.
    energy : array, shape (n,) or (n, p)
        v on ``grid.r`` in kcal/mol.
    density : float, array of shape (t,), or Mixture
        Number density, of each type, in Å⁻³; of molecules the mixture of their sites.
    beta : float
        1/(k_B T) in mol/kcal.

    Returns
    -------
    array, shape (n,) or (n, p)
        Inside the core, where g says nothing (g < 10⁻⁸), the first value
        outside it is held.

    Raises
    ------
    InputError
        If S(q) of this g is not positive everywhere.
    """
    mixture = Mixture.of(density)
    g = on_grid(grid, mixture, g, "g")
    v = on_grid(grid, mixture, energy, "energy")
    gamma = _indirect(grid, g, mixture)
    known = g > 1e-8
    bridge = np.zeros_like(g)
    bridge[known] = np.log(g[known]) + beta * v[known] - gamma[known]
    for column, seen in zip(bridge.T, known.T, strict=True):
        column[: np.argmax(seen)] = column[np.argmax(seen)]
    return mixture.plain(bridge)


def indirect_correlation(
    grid: RadialGrid, g: ArrayLike, density: ArrayLike | Mixture
) -> FloatArray:
    """Return γ = h − c of a g(r), with the arguments and errors of :func:`implied_bridge`."""
    mixture = Mixture.of(density)
    return mixture.plain(_indirect(grid, on_grid(grid, mixture, g, "g"), mixture))


def _indirect(grid: RadialGrid, g: FloatArray, mixture: Mixture) -> FloatArray:
    h = grid.forward(g - 1.0)
    solved = positive_inverse(mixture.correlations(h), grid.q, "implied_bridge, g")
    c = mixture.of_matrix(product(solved, mixture.matrix(mixture.scale * h))) / mixture.scale
    return np.asarray(g - 1.0 - grid.backward(c))
