"""The bridge function behind a known g(r)."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.solution import on_grid
from sopr_uq.structure.transforms import RadialGrid, structure_factor
from sopr_uq.typing import ArrayLike, FloatArray


def implied_bridge(
    grid: RadialGrid, g: ArrayLike, energy: ArrayLike, density: float, beta: float
) -> FloatArray:
    """Return the bridge function B = ln g + βv − h + c that a g(r) implies.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,)
        Radial distribution function, known over the whole grid.
    energy : array, shape (n,)
        v on ``grid.r`` in kcal/mol.
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.

    Returns
    -------
    array, shape (n,)
        Inside the core, where g says nothing (g < 10⁻⁸), the first value
        outside it is held.

    Raises
    ------
    InputError
        If S(q) of this g is not positive everywhere.
    """
    g = on_grid(grid, g, "g")
    v = on_grid(grid, energy, "energy")
    s = structure_factor(grid, g, density)
    if s.min() <= 0.0:
        raise InputError(
            "implied_bridge, g",
            "a g(r) whose S(q) is positive",
            f"S = {s.min():.3g} at q = {grid.q[s.argmin()]:.3g} Å⁻¹",
            "extend g(r) beyond its cut-off or smooth it",
        )
    gamma = g - 1.0 - grid.backward((s - 1.0) / (density * s))
    known = g > 1e-8
    bridge = np.zeros(grid.n)
    bridge[known] = np.log(g[known]) + beta * v[known] - gamma[known]
    first = int(np.argmax(known))
    bridge[:first] = bridge[first]
    return bridge
