"""Structure of a simple liquid from its pair potential, and the other way round.

The Ornstein–Zernike equation h = c + ρ c * h with a closure (HNC, PY, or HNC
with a given bridge function), the bridge function that a known g(r) implies,
and the continuation of a g(r) known up to a distance R
(L. Verlet, Phys. Rev. 165, 201 (1968)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.closures import (
    Closure,
    ClosureName,
    HypernettedChain,
    Measured,
    make_closure,
)
from sopr_uq.structure.finite_size import infinite_rdf
from sopr_uq.structure.newton import Root, follow, newton
from sopr_uq.structure.transforms import RadialGrid, structure_factor
from sopr_uq.typing import ArrayLike, FloatArray


@dataclass(frozen=True)
class Solution:
    """A solution of the Ornstein–Zernike equation, or the attempt at one.

    Parameters
    ----------
    grid : RadialGrid
    density : float
        Number density ρ in Å⁻³.
    g, gamma : array, shape (n,)
        g(r) and γ(r) = h − c on ``grid.r``.
    converged : bool
        Whether the numbers may be used.
    message : str
        What went wrong and what to try; empty after success.
    iterations : int
        Newton steps made.
    residual : float
        Largest |r Δγ| by which the equation is missed, in Å.
    """

    grid: RadialGrid
    density: float
    g: FloatArray
    gamma: FloatArray
    converged: bool
    message: str
    iterations: int
    residual: float

    @property
    def h(self) -> FloatArray:
        """Total correlation function g − 1, shape (n,)."""
        return self.g - 1.0

    @property
    def c(self) -> FloatArray:
        """Direct correlation function, shape (n,)."""
        return self.h - self.gamma

    @property
    def s(self) -> FloatArray:
        """Structure factor S(q) on ``grid.q``, shape (n,)."""
        return structure_factor(self.grid, self.g, self.density)

    @property
    def s_zero(self) -> float:
        """S(0) = 1/(1 − ρ ĉ(0)), from the short-ranged c."""
        c_zero = 4.0 * np.pi * self.grid.integrate(self.grid.r**2 * self.c)
        return float(1.0 / (1.0 - self.density * c_zero))

    @property
    def truncated(self) -> bool:
        """Whether correlations reach the end of the grid, so that it shapes the result.

        True if |r h| over the last quarter of the grid exceeds 1/500 of its
        largest value. S(0) is then wrong by more than about one per cent; near
        a critical point a longer grid helps, beyond the spinodal none does.
        """
        rh = np.abs(self.grid.r * self.h)
        return bool(rh[-(self.grid.n // 4) :].max() > 0.002 * rh.max())


def solve(
    grid: RadialGrid,
    energy: ArrayLike,
    density: float,
    beta: float,
    closure: ClosureName = "hnc",
    *,
    bridge: ArrayLike | None = None,
    start: ArrayLike | None = None,
) -> Solution:
    """Solve the Ornstein–Zernike equation for a pair potential.

    Newton–Krylov from γ = 0 (or ``start``); where that fails the liquid is
    cooled from infinite temperature at fixed density, then compressed from
    zero density at fixed temperature.

    Parameters
    ----------
    grid : RadialGrid
    energy : array, shape (n,)
        v on ``grid.r`` in kcal/mol; infinity for hard cores.
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    closure : {"hnc", "py"}
    bridge : array, shape (n,), optional
        Bridge function B(r), added to the HNC closure.
    start : array, shape (n,), optional
        γ of a neighbouring state, to begin with.

    Returns
    -------
    Solution
        ``converged`` is false where the closure has no solution (inside its
        spinodal) or none was found; ``message`` then says what to try.

    Raises
    ------
    InputError
        If an array does not fit the grid or holds NaN, or PY is given a bridge.
    """
    boltzmann = np.exp(-beta * _on_grid(grid, energy, "energy"))
    b = None if bridge is None else _on_grid(grid, bridge, "bridge")
    zero = np.zeros(grid.n)

    def attempt(cooling: float, dilution: float, gamma: FloatArray) -> Root:
        rule = make_closure(closure, boltzmann**cooling, b)
        return newton(grid, dilution * density, rule, gamma)

    if start is not None:
        root = attempt(1.0, 1.0, _on_grid(grid, start, "start"))
        if root.converged:
            return _solution(grid, density, make_closure(closure, boltzmann, b), root, "")
    root, cooled = follow(lambda t, gamma: attempt(t, 1.0, gamma), zero)
    message = ""
    if cooled < 1.0:
        root, squeezed = follow(lambda t, gamma: attempt(1.0, t, gamma), zero)
        if squeezed < 1.0:
            message = _no_solution(closure, cooled, squeezed)
    return _solution(grid, density, make_closure(closure, boltzmann, b), root, message)


def extend(
    grid: RadialGrid,
    g: ArrayLike,
    radius: float,
    energy: ArrayLike,
    density: float,
    beta: float,
    *,
    bridge: ArrayLike | None = None,
    particles: int = 0,
) -> Solution:
    """Continue a g(r) known for r < R over the whole grid.

    Inside R the measured g stands; beyond it ln g = −βv + h − c (+ B). The
    Ornstein–Zernike equation joins the two (L. Verlet, Phys. Rev. 165, 201
    (1968)), which gives S(q) without truncation.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,)
        Known g on ``grid.r``; values at r ≥ R are not looked at.
    radius : float
        R in Å.
    energy : array, shape (n,)
        v on ``grid.r`` in kcal/mol.
    density : float
        Number density ρ in Å⁻³.
    beta : float
        1/(k_B T) in mol/kcal.
    bridge : array, shape (n,), optional
        Bridge function used beyond R; zero by default.
    particles : int
        N of the canonical simulation that g comes from; its leading
        finite-size error is then removed, with the S(0) that results
        (:func:`~sopr_uq.structure.finite_size.infinite_rdf`). 0: none.

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If R lies outside the grid or an array does not fit it.
    """
    if not grid.spacing < radius < grid.r_max:
        raise InputError("extend, radius", f"a distance below {grid.r_max:g} Å", f"{radius:g} Å")
    inside = grid.r < radius
    known = np.where(inside, _on_grid(grid, np.where(inside, g, 1.0), "g"), 1.0)
    boltzmann = np.exp(-beta * _on_grid(grid, energy, "energy"))
    outer = HypernettedChain(boltzmann, _bridge_on_grid(grid, bridge))
    solution = _extended(grid, density, known, inside, outer, np.zeros(grid.n))
    for _ in range(50 if particles else 0):
        if not solution.converged:
            break
        before = solution.s_zero
        target = infinite_rdf(known, before, particles)
        solution = _extended(grid, density, target, inside, outer, solution.gamma)
        if abs(solution.s_zero - before) < 1e-9 * before:
            break
    return solution


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
    g = _on_grid(grid, g, "g")
    v = _on_grid(grid, energy, "energy")
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


def _extended(
    grid: RadialGrid,
    density: float,
    g: FloatArray,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]],
    outer: Closure,
    start: FloatArray,
) -> Solution:
    def attempt(strength: float, gamma: FloatArray) -> Root:
        rule = Measured(1.0 + strength * (g - 1.0), inside, outer)
        return newton(grid, density, rule, gamma)

    root, reached = follow(attempt, start)
    message = (
        ""
        if reached == 1.0
        else (
            "no continuation of this g(r) satisfies the Ornstein–Zernike equation: its "
            "fluctuations are too large for the density. Try a larger R, a longer or larger "
            "simulation, or see whether the box has phase-separated"
        )
    )
    return _solution(grid, density, Measured(g, inside, outer), root, message)


def _solution(
    grid: RadialGrid, density: float, closure: Closure, root: Root, message: str
) -> Solution:
    g, _ = closure(root.gamma)
    converged = root.converged and not message
    return Solution(
        grid, density, g, root.gamma, converged, message, root.iterations, root.residual
    )


def _no_solution(closure: ClosureName, cooled: float, squeezed: float) -> str:
    hot = f"{1.0 / cooled:.2f} times the temperature" if cooled else "no temperature"
    return (
        f"no solution of the {closure.upper()} closure was found: cooling at this density "
        f"ended at {hot}, compression at this temperature at {squeezed:.2f} times the density. "
        "The state probably lies inside the closure's spinodal. "
        "Try a higher temperature, a shallower potential, or molecular dynamics"
    )


def _bridge_on_grid(grid: RadialGrid, bridge: ArrayLike | None) -> FloatArray:
    return np.zeros(grid.n) if bridge is None else _on_grid(grid, bridge, "bridge")


def _on_grid(grid: RadialGrid, array: ArrayLike, name: str) -> FloatArray:
    array = np.asarray(array, dtype=float)
    if array.shape != (grid.n,) or np.isnan(array).any():
        found = f"shape {array.shape}" if array.shape != (grid.n,) else "NaN"
        raise InputError(name, f"numbers of shape ({grid.n},)", found)
    return array
