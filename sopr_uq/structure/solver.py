"""Structure of a liquid from its pair potentials: Ornstein–Zernike with a closure."""

from __future__ import annotations

import numpy as np

from sopr_uq.structure.chains import short_ranged
from sopr_uq.structure.closures import ClosureName, make_closure
from sopr_uq.structure.iteration import SHORTEST_STEP, Root, find_root, follow
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.solution import Solution, on_grid
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray


def solve(
    grid: RadialGrid,
    energy: ArrayLike,
    density: ArrayLike | Mixture,
    beta: float,
    closure: ClosureName = "hnc",
    *,
    bridge: ArrayLike | None = None,
    start: ArrayLike | None = None,
    shortest_step: float = SHORTEST_STEP,
) -> Solution:
    """Solve the Ornstein–Zernike equation for a pair potential, or for those of a mixture.

    Newton–Krylov from γ = 0 (or ``start``); where that fails the liquid is
    cooled from infinite temperature at fixed density, then compressed from
    zero density at fixed temperature.

    Parameters
    ----------
    grid : RadialGrid
    energy : array, shape (n,) or (n, p)
        v on ``grid.r`` in kcal/mol; infinity for hard cores. Of a mixture a
        column for each pair, ordered as in :mod:`.mixture`.
    density : float, array of shape (t,), or Mixture
        Number density, of each type, in Å⁻³; of molecules the mixture of their sites.
    beta : float
        1/(k_B T) in mol/kcal.
    closure : {"hnc", "py"}
    bridge : array, shape of ``energy``, optional
        Bridge function B(r), added to the HNC closure.
    start : array, shape of ``energy``, optional
        γ of a neighbouring state, to begin with.
    shortest_step : float
        Of the cooling and the compression, as parts of the whole way; longer ones give up sooner
        where there is no solution, and miss some close to the spinodal.

    Returns
    -------
    Solution
        ``converged`` is false where the closure has no solution (inside its
        spinodal) or none was found; ``message`` then says what to try. Near a
        critical point look at ``truncated`` too: a short grid can have a
        solution where an infinite liquid has none.

    Raises
    ------
    InputError
        If an array does not fit the grid or holds NaN, or PY is given a bridge.
    """
    mixture = Mixture.of(density)
    v = on_grid(grid, mixture, energy, "energy")
    boltzmann = np.exp(-beta * v - short_ranged(mixture, grid.r))
    b = None if bridge is None else on_grid(grid, mixture, bridge, "bridge")
    zero = np.zeros_like(boltzmann)

    def attempt(cooling: float, dilution: float, gamma: FloatArray) -> Root:
        rule = make_closure(closure, boltzmann**cooling, b)
        return find_root(grid, mixture.eased(cooling, dilution), rule, gamma)

    if start is not None:
        root = attempt(1.0, 1.0, on_grid(grid, mixture, start, "start"))
        if root.converged:
            return Solution.of(grid, mixture, make_closure(closure, boltzmann, b), root, "")
    root, cooled = follow(lambda t, gamma: attempt(t, 1.0, gamma), zero, shortest_step)
    message = ""
    if cooled < 1.0:
        root, squeezed = follow(lambda t, gamma: attempt(1.0, t, gamma), zero, shortest_step)
        if squeezed < 1.0:
            message = _no_solution(closure, cooled, squeezed)
    return Solution.of(grid, mixture, make_closure(closure, boltzmann, b), root, message)


def _no_solution(closure: ClosureName, cooled: float, squeezed: float) -> str:
    hot = f"{1.0 / cooled:.2f} times the temperature" if cooled else "no temperature"
    return (
        f"no solution of the {closure.upper()} closure was found: cooling at this density "
        f"ended at {hot}, compression at this temperature at {squeezed:.2f} times the density. "
        "The state probably lies inside the closure's spinodal. "
        "Try a higher temperature, a shallower potential, or molecular dynamics"
    )
