"""Newton–Krylov iteration and continuation for the Ornstein–Zernike equation.

The unknown is x(r) = r γ(r), γ = h − c, which is smooth and in which the
sine transform Q is symmetric and orthogonal. With a closure c(γ) the equation

    γ̂ = ρ ĉ² / (1 − ρ ĉ)

has the exact Jacobian action δx − Q [(1 − ρĉ)⁻² − 1] Q [(∂c/∂γ) δx], which
GMRES inverts in a few tens of transforms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import LinearOperator, gmres

from sopr_uq.structure.closures import Closure
from sopr_uq.structure.transforms import RadialGrid, sine_transform
from sopr_uq.typing import FloatArray

TOLERANCE = 1e-11
_ITERATIONS = 30
_SHORTEST_DAMPING = 1.0 / 64.0
_SHORTEST_STEP = 1.0 / 256.0


@dataclass(frozen=True)
class Root:
    """Where a Newton iteration ended.

    Parameters
    ----------
    gamma : array, shape (n,)
        γ(r) = h − c.
    residual : float
        Largest |r Δγ| by which the equation is missed, in Å.
    iterations : int
        Newton steps made.
    """

    gamma: FloatArray
    residual: float
    iterations: int

    @property
    def converged(self) -> bool:
        """Whether the equation is solved to ``TOLERANCE``."""
        return self.residual < TOLERANCE


@dataclass(frozen=True)
class _Point:
    x: FloatArray
    miss: FloatArray
    closure_slope: FloatArray
    oz_slope: FloatArray

    @property
    def norm(self) -> float:
        return float(np.linalg.norm(self.miss))


def newton(grid: RadialGrid, density: float, closure: Closure, gamma: FloatArray) -> Root:
    """Solve the Ornstein–Zernike equation with a closure from a starting γ, shape (n,)."""
    point = _evaluate(grid, density, closure, grid.r * gamma)
    iterations = 0
    while point is not None and np.abs(point.miss).max() >= TOLERANCE and iterations < _ITERATIONS:
        trial = _line_search(grid, density, closure, point)
        if trial is None:
            break
        point, iterations = trial, iterations + 1
    if point is None:
        return Root(gamma, np.inf, iterations)
    return Root(point.x / grid.r, float(np.abs(point.miss).max()), iterations)


def follow(solve: Callable[[float, FloatArray], Root], start: FloatArray) -> tuple[Root, float]:
    """Follow a solution from an easy problem (λ = 0) to the wanted one (λ = 1).

    The first attempt is λ = 1 at once, so that continuation costs nothing
    where it is not needed.

    Parameters
    ----------
    solve : callable
        (λ, starting γ) → Root.
    start : array, shape (n,)
        Solution γ at λ = 0.

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
        if reached == 1.0 or step < _SHORTEST_STEP:
            return Root(gamma, root.residual, iterations), reached


def _evaluate(grid: RadialGrid, density: float, closure: Closure, x: FloatArray) -> _Point | None:
    """Return the equation's miss at x, or None where it has no meaning (S < 0, overflow)."""
    gamma = x / grid.r
    g, slope = closure(gamma)
    c = g - 1.0 - gamma
    if not np.isfinite(c).all():
        return None
    rho_c = density * grid.forward(c)
    if rho_c.max() >= 1.0:
        return None
    miss = grid.r * grid.backward(rho_c**2 / (1.0 - rho_c)) / density - x
    return _Point(x, miss, slope - 1.0, (1.0 - rho_c) ** -2 - 1.0)


def _line_search(
    grid: RadialGrid, density: float, closure: Closure, point: _Point
) -> _Point | None:
    step = _newton_step(point)
    damping = 1.0
    while damping >= _SHORTEST_DAMPING:
        trial = _evaluate(grid, density, closure, point.x + damping * step)
        if trial is not None and trial.norm < (1.0 - 1e-3 * damping) * point.norm:
            return trial
        damping *= 0.5
    return None


def _newton_step(point: _Point) -> FloatArray:
    n = point.x.size

    def jacobian(u: FloatArray) -> FloatArray:
        u = u.ravel()
        return u - sine_transform(point.oz_slope * sine_transform(point.closure_slope * u))

    # Solving the linear system only as well as the Newton step deserves keeps
    # the quadratic convergence (Eisenstat and Walker, SIAM J. Sci. Comput. 17, 16 (1996)).
    rtol = float(np.clip(0.1 * point.norm, 1e-8, 1e-2))
    operator = LinearOperator((n, n), matvec=jacobian, dtype=float)
    step, _ = gmres(operator, point.miss, rtol=rtol, restart=80, maxiter=2)
    return np.asarray(step)
