"""What a fixed particle number does to g(r).

In a canonical box a particle at the origin leaves N − 1 for the rest. J. L.
Lebowitz and J. K. Percus, Phys. Rev. 122, 1675 (1961), give the pair density to
order 1/N. With g_N normalised by the N − 1 others, so that an ideal gas has
g_N = 1 for any N, it is

    (N − 1)/N g_N(r) = g(r) − S(0)/(2N) ∂²[ρ² g(r)]/∂ρ².

Where the density derivatives of g are small against g, the last factor is 2g,
and g_N = g (N − S(0))/(N − 1): exact for an ideal gas, right in the core, and
with the right limit at large r, 1 + [1 − S(0)]/(N − 1). A liquid far from its
critical point (S(0) < 1) comes out too high, one near it too low.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.typing import ArrayLike, FloatArray


def canonical_rdf(
    g: ArrayLike, s_zero: float, particles: int, curvature: ArrayLike | None = None
) -> FloatArray:
    """Return g_N(r) of a box of N particles from g(r) of the infinite liquid.

    Parameters
    ----------
    g : array, shape (n, ...)
        Radial distribution function of the infinite liquid.
    s_zero : float
        S(0) = ρ k_B T κ_T.
    particles : int
        N.
    curvature : array, shape (n, ...), optional
        ∂²[ρ² g]/∂ρ², dimensionless; 2g by default.

    Returns
    -------
    array, shape (n, ...)

    References
    ----------
    J. L. Lebowitz and J. K. Percus, Phys. Rev. 122, 1675 (1961).
    """
    g = np.asarray(g, dtype=float)
    second = 2.0 * g if curvature is None else np.asarray(curvature, dtype=float)
    _check(s_zero, particles)
    return (particles * g - 0.5 * s_zero * second) / (particles - 1.0)


def infinite_rdf(g: ArrayLike, s_zero: float, particles: int) -> FloatArray:
    """Return g(r) of the infinite liquid from g_N(r) of a box of N particles.

    The inverse of :func:`canonical_rdf` without ``curvature``; same shapes.
    """
    _check(s_zero, particles)
    return np.asarray(g, dtype=float) * (particles - 1.0) / (particles - s_zero)


def _check(s_zero: float, particles: int) -> None:
    if particles < 2 or not 0.0 <= s_zero < particles:
        raise InputError(
            "finite-size correction",
            "0 ≤ S(0) < N, N ≥ 2",
            f"S(0) = {s_zero:.3g}, N = {particles}",
            "use a larger box: its fluctuations are not small against N",
        )
