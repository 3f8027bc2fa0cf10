"""What a fixed particle number does to g(r).

In a canonical box a particle at the origin leaves N − 1 for the rest, so g
tends to 1 − S(0)/N instead of 1. J. L. Lebowitz and J. K. Percus, Phys. Rev.
122, 1675 (1961), give the term of order 1/N,

    g_N(r) = g(r) − S(0)/(2N) ∂²[ρ² g(r)]/∂ρ².

Where the density derivatives of g are small against g, the last factor is 2g
and the correction is the factor 1 − S(0)/N: exact for an ideal gas, right in
the core, and with the right limit at large r. Both g are normalised by Nρ, so
that an ideal gas has g_N = 1 − 1/N.
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
    return g - _ratio(s_zero, particles) / 2.0 * second


def infinite_rdf(g: ArrayLike, s_zero: float, particles: int) -> FloatArray:
    """Return g(r) of the infinite liquid from g_N(r) of a box of N particles.

    The inverse of :func:`canonical_rdf` without ``curvature``; same shapes.
    """
    return np.asarray(g, dtype=float) / (1.0 - _ratio(s_zero, particles))


def _ratio(s_zero: float, particles: int) -> float:
    if particles < 1 or not 0.0 <= s_zero < particles:
        raise InputError(
            "finite-size correction",
            "0 ≤ S(0) < N",
            f"S(0) = {s_zero:.3g}, N = {particles}",
            "use a larger box: its fluctuations are not small against N",
        )
    return s_zero / particles
