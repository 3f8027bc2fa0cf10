"""A g(r) known up to a distance R, continued to all distances.

Inside R the known g stands; beyond it the HNC closure ln g = −βv + h − c (+ B)
does, which is accurate where v and h are small. The Ornstein–Zernike equation
joins the two (L. Verlet, Phys. Rev. 165, 201 (1968)). The result has an S(q)
without truncation, down to q = 0. In a mixture all pairs are known up to the
same R.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.structure.chains import short_ranged
from sopr_uq.structure.closures import HypernettedChain, Measured
from sopr_uq.structure.finite_size import infinite_rdf, order_of_images
from sopr_uq.structure.iteration import Root, find_root, follow
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.solution import Solution, on_grid
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, BoolArray, FloatArray

_SECANT_STEPS = 30
_LEVEL_TOLERANCE = 1e-5
_FIRST_STEP = 0.1
_NO_FLUCTUATION = 1e-9
_TOGETHER = 1e-9
_TOLERANCE_OF_MOLECULES = 1e-8
_ENOUGH_OF_MOLECULES = 1e-5
_IMAGE_PASSES = 12
_SHARES = (1.0, 0.5, 0.25)
"""Of a change of the order of the images, that are tried."""

_IMAGE_TOLERANCE = 1e-5


def extend(
    grid: RadialGrid,
    g: ArrayLike,
    radius: float,
    energy: ArrayLike,
    density: ArrayLike | Mixture,
    beta: float,
    *,
    bridge: ArrayLike | None = None,
    particles: ArrayLike = 0,
) -> Solution:
    """Continue a g(r) known for r < R over the whole grid.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n,) or (n, p)
        Known g on ``grid.r``; values at r ≥ R are not looked at.
    radius : float
        R in Å.
    energy : array, of the same shape
        v on ``grid.r`` in kcal/mol.
    density : float, array of shape (t,), or Mixture
        Number density, of each type, in Å⁻³; of molecules the mixture of their sites.
    beta : float
        1/(k_B T) in mol/kcal.
    bridge : array, of the shape of g, optional
        Bridge function used beyond R; zero by default.
    particles : int or array of shape (t,)
        N, of each type, in the cubic periodic box that g comes from; its leading
        finite-size errors are then removed: that of a fixed N, with the S(0) that results,
        and the order about the images (:mod:`~sopr_uq.structure.finite_size`). 0: none.

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
    mixture = Mixture.of(density)
    inside = grid.r[:, None] < radius
    given = mixture.columns(np.asarray(g, dtype=float))
    known = on_grid(grid, mixture, mixture.plain(np.where(inside, given, 1.0)), "g")
    v = on_grid(grid, mixture, energy, "energy")
    boltzmann = np.exp(-beta * v - short_ranged(mixture, grid.r))
    b = np.zeros_like(known) if bridge is None else on_grid(grid, mixture, bridge, "bridge")
    problem = _Continuation(grid, mixture, inside, boltzmann, b)
    counts = np.asarray(particles, dtype=float)
    return problem.corrected(known, np.atleast_1d(counts)) if counts.any() else problem.solve(known)


class Levelled(NamedTuple):
    """A continued g(r) with the level of a fixed N.

    Parameters
    ----------
    s : array, shape (p,)
        The free entries of S(0) of the box.
    solution : Solution
    slopes : array, shape (p, p), optional
        How what is missed depends on them, if that was needed.
    """

    s: FloatArray
    solution: Solution
    slopes: FloatArray | None


@dataclass(frozen=True)
class _Continuation:
    """Arrays of shape (n, p), of ``inside`` (n, 1)."""

    grid: RadialGrid
    mixture: Mixture
    inside: BoolArray
    boltzmann: FloatArray
    bridge: FloatArray

    def _root(self, mixture: Mixture, closure: Measured, gamma: FloatArray) -> Root:
        """Solve as far as can be: c within molecules is hardly told by g, and need not be found."""
        if mixture.within is None:
            return find_root(self.grid, mixture, closure, gamma)
        size, enough = _TOLERANCE_OF_MOLECULES, _ENOUGH_OF_MOLECULES
        return find_root(self.grid, mixture, closure, gamma, size, enough)

    def solve(
        self, known: FloatArray, start: FloatArray | None = None, near: bool = False
    ) -> Solution:
        """Continue g from the γ of a neighbour, or, unless only what is near counts, from HNC.

        The HNC liquid of charged sites without cores has no solution; molecules begin with
        nothing.
        """
        closure = Measured(known, self.inside, self._outer(1.0))
        if start is None and self.mixture.within is not None:
            start = self.mixture.plain(np.zeros_like(known))
        if start is not None:
            begin = self.mixture.columns(start)
            root = self._root(self.mixture, closure, begin)
            if root.converged or near:
                return Solution.of(self.grid, self.mixture, closure, root)
        root, reached = self._from_hnc(known)
        return Solution.of(
            self.grid, self.mixture, closure, root, "" if reached == 1.0 else _ADVICE
        )

    def corrected(self, known: FloatArray, particles: FloatArray) -> Solution:
        """Take the finite-size errors out of the known g.

        The order about the images is that of the liquid which results. It is found by
        trying again: an error of it shrinks tenfold a time, or, near a critical point, to
        a third. In a small box of a cold liquid the first order found is far too large, and
        what is left of g without it no liquid's: then a part of the change is made. Nearer to a
        critical point than g tells, where an order about the images asks for a larger one, none
        is taken out.
        """
        length = float(particles.sum() / self.mixture.density) ** (1.0 / 3.0)
        first = found = self.levelled(known, particles)
        images, last = np.zeros_like(known), np.inf
        for _ in range(_IMAGE_PASSES):
            if not found.solution.converged:  # its h may not even be finite
                break
            h = self.mixture.columns(found.solution.h)
            change = np.where(self.inside, order_of_images(self.grid, h, length), 0.0) - images
            size = float(np.abs(change).max())
            if size < _IMAGE_TOLERANCE:
                break
            if size > last:
                return first.solution
            last = size
            for share in _SHARES:
                left = known / (1.0 + images + share * change)
                tried = self.levelled(left, particles, found, near=share > _SHARES[-1])
                if tried.solution.converged:
                    break
            found, images = tried, images + share * change
        return found.solution

    def levelled(
        self,
        known: FloatArray,
        particles: FloatArray,
        start: Levelled | None = None,
        near: bool = False,
    ) -> Levelled:
        """Take the error of a fixed N out of the known g, so that it goes on smoothly.

        The level (N − s)/(N − δ_ab) of a canonical g is wrong by as much as the
        closure is missed just inside R, averaged over one shell. This is far
        better conditioned than asking that s be the S(0) that results: near a
        critical point that equation has a second, false root.

        s begins where the liquid is incompressible and mixed at random, or where that of a
        neighbour ended, and goes on by Broyden's method, which for an element is that of
        secants: there the miss is concave in s, so that secants from the left never overshoot.
        """
        levels = Levels(self.mixture, particles)

        def at(x: FloatArray, start: FloatArray | None) -> tuple[Solution, FloatArray]:
            level = infinite_rdf(known, levels.of(x), particles, self.mixture.shared)
            solution = self.solve(level, start, near)
            return solution, levels.free(levels.size * self._miss(solution))

        s, gamma, slopes = levels.first, None, None
        if start is not None:
            s, gamma, slopes = start.s, start.solution.gamma, start.slopes
        solution, miss = at(s, gamma)
        if not solution.converged or levels.settled(s, miss):
            return Levelled(s, solution, slopes)
        if slopes is None:
            trials = _FIRST_STEP * np.eye(s.size)
            changes = [at(s + x, solution.gamma)[1] - miss for x in trials]
            slopes = np.stack(changes, axis=1) / _FIRST_STEP
        for _ in range(_SECANT_STEPS):
            # secants of a mixture that nearly parts may come to know of fewer directions
            least = np.linalg.lstsq(slopes, miss)[0]
            step, old = levels.bounded(s, -least), miss
            s = s + step
            solution, miss = at(s, solution.gamma)
            if not solution.converged or levels.settled(s, miss) or not step.any():
                break
            slopes = slopes + np.outer(miss - old - slopes @ step, step) / (step @ step)
        return Levelled(s, solution, slopes)

    def _miss(self, solution: Solution) -> FloatArray:
        """Return the means of ln g + βv − γ − B over the last shell inside R, shape (p,)."""
        found, gamma = (self.mixture.columns(x) for x in (solution.g, solution.gamma))
        last = last_shell(self.grid, found, self.inside)
        # of what did not converge nothing need be finite
        with np.errstate(all="ignore"):
            ratio = np.divide(found, self.boltzmann, out=np.ones_like(found), where=last)
            return np.asarray(np.mean(np.log(ratio) - gamma - self.bridge, axis=0, where=last))

    def _outer(self, cooling: float) -> HypernettedChain:
        return HypernettedChain(self.boltzmann**cooling, self.bridge)

    def _from_hnc(self, known: FloatArray) -> tuple[Root, float]:
        """Blend from the HNC liquid, as cold as HNC can make it, to the known g."""

        def cool(t: float, gamma: FloatArray) -> Root:
            return find_root(self.grid, self.mixture.eased(t, 1.0), self._outer(t), gamma)

        hnc, cooled = follow(cool, np.zeros_like(known))
        first, _ = self._outer(cooled)(hnc.gamma)

        def blend(t: float, gamma: FloatArray) -> Root:
            cooling = cooled + (1.0 - cooled) * t
            closure = Measured(first + t * (known - first), self.inside, self._outer(cooling))
            liquid = self.mixture.eased(cooling, 1.0)
            return self._root(liquid, closure, gamma)

        return follow(blend, hnc.gamma)


def last_shell(grid: RadialGrid, g: FloatArray, inside: BoolArray) -> BoolArray:
    """Return where the last shell inside R is, shape (n, p).

    Shells follow each other at about the distance of the first one.
    """
    shell = grid.r[g.argmax(axis=0)]
    return np.asarray(inside & (grid.r[:, None] > grid.r[inside[:, 0]][-1] - shell))


@dataclass(frozen=True)
class Levels:
    """S_ab(0) of a box, shape (p,), and what they may be.

    The atoms of a molecule fluctuate together: S(0) = V X Vᵀ, V being what Ω(0) does not make
    vanish, and X of the kinds of molecules is free; of atoms V = 1.

    Parameters
    ----------
    mixture : Mixture
    particles : array, shape (t,)
        N of each type.
    """

    mixture: Mixture
    particles: FloatArray

    @cached_property
    def _together(self) -> FloatArray:
        """V, shape (t, kinds)."""
        if self.mixture.within is None:
            return np.eye(self.mixture.types)
        values, vectors = np.linalg.eigh(self.mixture.matrix(self.mixture.shared[None])[..., 0])
        return np.asarray(vectors[:, values > _TOGETHER])

    def of(self, x: FloatArray) -> FloatArray:
        """Return S_ab(0), shape (p,), of the entries of X on and above its diagonal."""
        return self._between(self._together.T, x)

    def free(self, s: FloatArray) -> FloatArray:
        """Return these entries of Vᵀ S V for numbers of each pair, shape (p,)."""
        return self._between(self._together, s)

    @staticmethod
    def _between(v: FloatArray, values: FloatArray) -> FloatArray:
        """Return Vᵀ M V of a symmetric M; both by their entries on and above the diagonal."""
        matrix = np.zeros((len(v), len(v)))
        matrix[np.triu_indices(len(v))] = values
        matrix = matrix + np.triu(matrix, 1).T
        found = v.T @ matrix @ v
        return np.asarray(found[np.triu_indices(len(found))])

    @property
    def size(self) -> FloatArray:
        """√(N_a N_b), shape (p,)."""
        return Mixture.of(self.particles).scale

    @property
    def first(self) -> FloatArray:
        """δ_ab − √(c_a c_b): an incompressible liquid of particles mixed at random.

        Of molecules Ω_ab(0) less what it is on average.
        """
        molecules = self.particles.sum() * self.mixture.molecules / self.mixture.density
        return self.free(self.mixture.shared - self.size / molecules)

    def settled(self, x: FloatArray, miss: FloatArray) -> bool:
        """Whether every level is right, or their mean asks for less than no fluctuation of N."""
        right = np.abs(miss).max() < _LEVEL_TOLERANCE
        return bool(right or (self.of_all(x) < _NO_FLUCTUATION and self.of_all(miss) > 0.0))

    def bounded(self, x: FloatArray, step: FloatArray) -> FloatArray:
        """Shorten a step below no fluctuation of N; none where they would fill half a box."""
        now, change = self.of_all(x), self.of_all(step)
        share = 1.0 if now + change >= 0.0 else max(0.0, -now / change)
        filled = np.abs(self.of(x + share * step)).max() > 0.5 * self.size.min()
        return np.zeros_like(step) if filled else share * step

    def of_all(self, x: FloatArray) -> float:
        """Return Σ_ab √(c_a c_b) x_ab, of S_ab(0) the S(0) of all particles alike."""
        return float(self.mixture.norm**2 * self.size @ self.of(x) / self.particles.sum())


_ADVICE = (
    "no continuation of this g(r) satisfies the Ornstein–Zernike equation: its fluctuations "
    "are too large for the density. Try a larger R, a longer or larger simulation, or see "
    "whether the box has phase-separated"
)
