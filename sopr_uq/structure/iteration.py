"""Newton–Krylov iteration and continuation for the Ornstein–Zernike equation.

The unknown is x(r) = r γ(r), γ = h − c, which is smooth and in which the
sine transform Q is symmetric and orthogonal. With a closure c(γ) and matrices
of the types of atoms, C_ab = √(ρ_a ρ_b) ĉ_ab, the equation

    Γ = H − C,  H = S − Ω,  S = (Ω⁻¹ − C)⁻¹

(Ω = 1 of atoms; :mod:`.chains`) has the exact Jacobian action δx − Q [δC → S δC S − δC] Q
[(∂c/∂γ) δx], which GMRES inverts in a few tens of transforms. An element is the
1 × 1 case; everything here has its axis of pairs, of length 1 then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.fft import dst

from sopr_uq.structure.chains import Chains
from sopr_uq.structure.closures import Closure
from sopr_uq.structure.krylov import gmres
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import FloatArray

ROOT_TOLERANCE = 1e-11
_ITERATIONS = 30
_SHORTEST_DAMPING = 1.0 / 64.0
SHORTEST_STEP = 1.0 / 256.0


@dataclass(frozen=True)
class Root:
    """Where a Newton iteration ended.

    Parameters
    ----------
    gamma : array, shape (n, p)
        γ(r) = h − c.
    residual : float
        Largest |r Δγ| by which the equation is missed, in Å.
    iterations : int
        Newton steps made.
    tolerance : float
        What had to be reached, in Å.
    """

    gamma: FloatArray
    residual: float
    iterations: int
    tolerance: float = ROOT_TOLERANCE

    @property
    def converged(self) -> bool:
        """Whether the equation is solved to the tolerance."""
        return self.residual < self.tolerance


@dataclass(frozen=True)
class _Point:
    x: FloatArray
    miss: FloatArray
    closure_slope: FloatArray
    s: FloatArray

    @property
    def norm(self) -> float:
        return float(np.linalg.norm(self.miss))


def find_root(
    grid: RadialGrid,
    mixture: Mixture,
    closure: Closure,
    gamma: FloatArray,
    tolerance: float = ROOT_TOLERANCE,
    enough: float | None = None,
) -> Root:
    """Solve the Ornstein–Zernike equation with a closure from a starting γ, shape (n, p).

    Parameters
    ----------
    tolerance : float
        Largest |r Δγ| by which it may be missed, in Å.
    enough : float, optional
        Where that cannot be reached, as much is a solution, too.
    """
    accepted = max(tolerance, enough or 0.0)
    r, chains = grid.r[:, None], Chains(mixture, grid.q)
    point = _evaluate(grid, chains, closure, r * gamma)
    iterations = 0
    while point is not None and np.abs(point.miss).max() >= tolerance and iterations < _ITERATIONS:
        trial = _line_search(grid, chains, closure, point)
        if trial is None:
            break
        point, iterations = trial, iterations + 1
    if point is None:
        return Root(gamma, np.inf, iterations, accepted)
    return Root(point.x / r, float(np.abs(point.miss).max()), iterations, accepted)


def follow(
    solve: Callable[[float, FloatArray], Root],
    start: FloatArray,
    shortest_step: float = SHORTEST_STEP,
) -> tuple[Root, float]:
    """Follow a solution from an easy problem (λ = 0) to the wanted one (λ = 1).

    The first attempt is λ = 1 at once, so that continuation costs nothing
    where it is not needed.

    Parameters
    ----------
    solve : callable
        (λ, starting γ) → Root.
    start : array, shape (n, p)
        Solution γ at λ = 0.
    shortest_step : float
        Steps of λ are halved down to this one where an attempt fails.

    Returns
    -------
    Root
        At the λ that was reached; on failure with the residual of the last
        attempt beyond it.
    float
        The λ that was reached; 1 on success.
    """
    reached, step, gamma, iterations = 0.0, 1.0, start, 0
    while True:
        target = min(1.0, reached + step)
        root = solve(target, gamma)
        iterations += root.iterations
        if root.converged:
            reached, gamma, step = target, root.gamma, 2.0 * step
        else:
            step *= 0.5
            while reached + step >= target:  # what failed from here fails from here again
                step *= 0.5
        if reached == 1.0 or step < shortest_step:
            return Root(gamma, root.residual, iterations, root.tolerance), reached


def _evaluate(grid: RadialGrid, chains: Chains, closure: Closure, x: FloatArray) -> _Point | None:
    """Return the equation's miss at x, or None where it has no meaning (S < 0, overflow)."""
    r, mixture = grid.r[:, None], chains.mixture
    gamma = x / r
    g, slope = closure(gamma)
    c = g - 1.0 - gamma
    if not np.isfinite(c).all():
        return None
    c_matrix = mixture.matrix(mixture.scale * grid.forward(c))
    s = chains.correlations(c_matrix)
    if s is None:
        return None
    found = mixture.of_matrix(chains.rest(c_matrix, s)) / mixture.scale
    return _Point(x, r * grid.backward(found) - x, slope - 1.0, s)


def _oz_slope(mixture: Mixture, s: FloatArray) -> FloatArray:
    """Return ∂γ̂_ab/∂ĉ_cd, shape (p, p, n), from S."""
    factor = mixture.norm * mixture.scale
    slope = mixture.congruence(s)
    slope *= (factor / factor[:, None])[..., None]
    slope -= np.eye(len(slope))[..., None]
    return slope


def _line_search(
    grid: RadialGrid, chains: Chains, closure: Closure, point: _Point
) -> _Point | None:
    step = _newton_step(chains.mixture, point)
    damping = 1.0
    while damping >= _SHORTEST_DAMPING:
        trial = _evaluate(grid, chains, closure, point.x + damping * step)
        if trial is not None and trial.norm < (1.0 - 1e-3 * damping) * point.norm:
            return trial
        damping *= 0.5
    return None


def _newton_step(mixture: Mixture, point: _Point) -> FloatArray:
    oz_slope, closure_slope = _oz_slope(mixture, point.s), point.closure_slope.T.copy()
    shape = closure_slope.shape

    # transforms are fastest with the pairs first
    def jacobian(u: FloatArray) -> FloatArray:
        u = u.reshape(shape)
        transform = dst(closure_slope * u, type=1, norm="ortho")
        return np.ravel(u - dst(_spread(oz_slope, transform), type=1, norm="ortho"))

    # Solving the linear system only as well as the Newton step deserves keeps
    # the quadratic convergence (Eisenstat and Walker, SIAM J. Sci. Comput. 17, 16 (1996)).
    rtol = float(np.clip(0.1 * point.norm, 1e-8, 1e-2))
    step = gmres(jacobian, point.miss.T.ravel(), rtol=rtol, restart=80, cycles=2)
    return step.reshape(shape).T


def _spread(matrix: FloatArray, columns: FloatArray) -> FloatArray:
    """Return the product of matrices, shape (p, p, n), and columns, shape (p, n)."""
    if len(matrix) == 1:  # einsum would cost an element a tenth of its time
        return np.asarray(matrix[0] * columns)
    return np.asarray(np.einsum("ijn,jn->in", matrix, columns))
