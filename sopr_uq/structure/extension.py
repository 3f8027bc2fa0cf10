"""A g(r) known up to a distance R, continued to all distances.

Inside R the known g stands; beyond it the HNC closure ln g = −βv + h − c (+ B)
does, which is accurate where v and h are small. The Ornstein–Zernike equation
joins the two (L. Verlet, Phys. Rev. 165, 201 (1968)). The result has an S(q)
without truncation, down to q = 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.closures import HypernettedChain, Measured
from sopr_uq.structure.finite_size import infinite_rdf
from sopr_uq.structure.newton import Root, follow, newton
from sopr_uq.structure.solution import Solution, on_grid
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray

_SECANT_STEPS = 30
_LEVEL_TOLERANCE = 1e-4


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
        ``converged`` is false where no homogeneous liquid has this g(r);
        ``message`` then says what to try.

    Raises
    ------
    InputError
        If R lies outside the grid or an array does not fit it.
    """
    if not grid.spacing < radius < grid.r_max:
        raise InputError("extend, radius", f"a distance below {grid.r_max:g} Å", f"{radius:g} Å")
    inside = grid.r < radius
    known = on_grid(grid, np.where(inside, g, 1.0), "g")
    boltzmann = np.exp(-beta * on_grid(grid, energy, "energy"))
    b = np.zeros(grid.n) if bridge is None else on_grid(grid, bridge, "bridge")
    problem = _Continuation(grid, density, inside, boltzmann, b)
    return problem.corrected(known, particles) if particles else problem.solve(known)


@dataclass(frozen=True)
class _Continuation:
    grid: RadialGrid
    density: float
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]]
    boltzmann: FloatArray
    bridge: FloatArray

    def solve(self, known: FloatArray, start: FloatArray | None = None) -> Solution:
        """Continue g from the γ of a neighbour, or from the HNC liquid."""
        closure = Measured(known, self.inside, self._outer(1.0))
        if start is not None:
            root = newton(self.grid, self.density, closure, start)
            if root.converged:
                return Solution.of(self.grid, self.density, closure, root)
        root, reached = self._from_hnc(known)
        return Solution.of(
            self.grid, self.density, closure, root, "" if reached == 1.0 else _ADVICE
        )

    def corrected(self, known: FloatArray, particles: int) -> Solution:
        """Take the finite-size error out of the known g, so that it goes on smoothly.

        The level (N − s)/(N − 1) of a canonical g is wrong by as much as the
        closure is missed just inside R, averaged over one shell. This is far
        better conditioned than asking that s be the S(0) that results: near a
        critical point that equation has a second, false root.
        """
        solution = self.solve(infinite_rdf(known, 0.0, particles))
        if not solution.converged:
            return solution
        # The miss is concave in s, so that secants from the left never overshoot.
        s, step, miss = 0.0, 0.1, self._miss(solution)
        for _ in range(_SECANT_STEPS):
            if miss * particles > -_LEVEL_TOLERANCE:
                break
            solution = self.solve(infinite_rdf(known, s + step, particles), solution.gamma)
            if not solution.converged:
                break
            old, s, miss = miss, s + step, self._miss(solution)
            step *= -miss / (miss - old)
        return solution

    def _miss(self, solution: Solution) -> float:
        """Return the mean of ln g + βv − γ − B over the last shell inside R."""
        # Shells follow each other at about the distance of the first one.
        shell = float(self.grid.r[solution.g.argmax()])
        last = self.inside & (self.grid.r > self.grid.r[self.inside][-1] - shell)
        cavity = np.log(solution.g[last] / self.boltzmann[last])
        return float(np.mean(cavity - solution.gamma[last] - self.bridge[last]))

    def _outer(self, cooling: float) -> HypernettedChain:
        return HypernettedChain(self.boltzmann**cooling, self.bridge)

    def _from_hnc(self, known: FloatArray) -> tuple[Root, float]:
        """Blend from the HNC liquid, as cold as HNC can make it, to the known g."""

        def cool(t: float, gamma: FloatArray) -> Root:
            return newton(self.grid, self.density, self._outer(t), gamma)

        hnc, cooled = follow(cool, np.zeros(self.grid.n))
        first, _ = self._outer(cooled)(hnc.gamma)

        def blend(t: float, gamma: FloatArray) -> Root:
            outer = self._outer(cooled + (1.0 - cooled) * t)
            closure = Measured(first + t * (known - first), self.inside, outer)
            return newton(self.grid, self.density, closure, gamma)

        return follow(blend, hnc.gamma)


_ADVICE = (
    "no continuation of this g(r) satisfies the Ornstein–Zernike equation: its fluctuations "
    "are too large for the density. Try a larger R, a longer or larger simulation, or see "
    "whether the box has phase-separated"
)
