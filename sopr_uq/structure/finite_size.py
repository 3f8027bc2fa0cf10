"""What a periodic box of few particles does to g(r).

In a canonical box a particle at the origin leaves N − 1 for the rest. J. L.
Lebowitz and J. K. Percus, Phys. Rev. 122, 1675 (1961), give the pair density to
order 1/N. With g_N normalised by the N − 1 others, so that an ideal gas has
g_N = 1 for any N, it is

    (N − 1)/N g_N(r) = g(r) − S(0)/(2N) ∂²[ρ² g(r)]/∂ρ².

Where the density derivatives of g are small against g, the last factor is 2g,
and g_N = g (N − S(0))/(N − 1): exact for an ideal gas, right in the core, and
with the right limit at large r, 1 + [1 − S(0)]/(N − 1). A liquid far from its
critical point (S(0) < 1) comes out too high, one near it too low.

In a mixture the numbers of all types are fixed. S(0) is then the matrix S_ab(0)
of Ashcroft and Langreth, N is √(N_a N_b), and a particle leaves N_b − δ_ab
others, so that g_N = g (N − S(0))/(N − δ_ab). Particles of one kind under two
names have S_ab(0) = δ_ab + √(c_a c_b) (S(0) − 1), with which this is the g_N of
that kind. An atom of a molecule leaves N_b less those of its own molecule, √(N_a N_b) − Ω_ab(0)
of their geometric mean, with Ω_ab(0) instead of δ_ab (:mod:`sopr_uq.structure.intramolecular`);
a canonical g is normalised by the pairs between molecules that there are.

The box is periodic, too: every particle has images at the vectors n L of a cubic
lattice, and the liquid is ordered about each of them. To first order in h that adds
⟨Σ_n h(|r − n L|)⟩, averaged over the directions of r, and as it can put no pair where
there is none, g is larger by the factor 1 + ⟨Σ_n h⟩ (superposition; L. R. Pratt and
S. W. Haan, J. Chem. Phys. 74, 1864 (1981)). Near its triple point a liquid is ordered
far: in argon at 85 K g differs by up to 0.004 at all distances between boxes of 500
and of 750 or 1000 particles, two thirds of which are this.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.interpolate import CubicSpline

from sopr_uq.errors import InputError
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray


def canonical_rdf(
    g: ArrayLike,
    s_zero: ArrayLike,
    particles: ArrayLike,
    curvature: ArrayLike | None = None,
    shared: ArrayLike | None = None,
) -> FloatArray:
    """Return g_N(r) of a box of N particles from g(r) of the infinite liquid.

    Parameters
    ----------
    g : array, shape (n,) or (n, p)
        Radial distribution functions of the infinite liquid.
    s_zero : float or array of shape (p,)
        S(0) = ρ k_B T κ_T; of a mixture S_ab(0) of Ashcroft and Langreth.
    particles : int or array of shape (t,)
        N, of each type.
    curvature : array, of the shape of g, optional
        ∂²[ρ² g]/∂ρ², dimensionless; 2g by default.
    shared : array of shape (p,), optional
        Ω_ab(0) of molecules; by default that of atoms, δ_ab.

    Returns
    -------
    array, of the shape of g

    References
    ----------
    J. L. Lebowitz and J. K. Percus, Phys. Rev. 122, 1675 (1961).
    """
    g = np.asarray(g, dtype=float)
    second = 2.0 * g if curvature is None else np.asarray(curvature, dtype=float)
    size, others, s = _sizes(s_zero, particles, shared)
    return np.asarray((size * g - 0.5 * s * second) / others)


def infinite_rdf(
    g: ArrayLike, s_zero: ArrayLike, particles: ArrayLike, shared: ArrayLike | None = None
) -> FloatArray:
    """Return g(r) of the infinite liquid from g_N(r) of a box of N particles.

    The inverse of :func:`canonical_rdf` without ``curvature``; same shapes.
    """
    size, others, s = _sizes(s_zero, particles, shared)
    return np.asarray(g, dtype=float) * others / (size - s)


def order_of_images(grid: RadialGrid, h: ArrayLike, length: float) -> FloatArray:
    """Return ⟨Σ_n h(|r − n L|)⟩: the order about a particle's images, where its own is h(r).

    Over the directions of r, s = |r − D| is spread from |D − r| to D + r as s/(D r).

    Parameters
    ----------
    grid : RadialGrid
    h : array, shape (n, ...)
        g − 1 of the infinite liquid on ``grid.r``; beyond the grid it is nothing.
    length : float
        L in Å.

    Returns
    -------
    array, of the shape of h
    """
    h, r, far = np.asarray(h, dtype=float), grid.r, grid.r_max
    column = r.reshape(-1, *(1,) * (h.ndim - 1))
    moment = CubicSpline(np.append(0.0, r), np.concatenate([0.0 * h[:1], column * h]))
    whole = moment.antiderivative()
    found = np.zeros_like(h)
    for distance, images in _shells(length, far + r[-1]):
        outer, inner = (whole(np.minimum(x, far)) for x in (distance + r, np.abs(distance - r)))
        found += images / (2.0 * distance * column) * (outer - inner)
    return found


def _shells(length: float, reach: float) -> Iterator[tuple[float, int]]:
    """Distances of a particle's images up to some reach, and how many there are at each."""
    n = np.arange(-int(reach / length), int(reach / length) + 1) ** 2
    squares, counts = np.unique(n[:, None, None] + n[:, None] + n, return_counts=True)
    for square, count in zip(squares[1:], counts[1:], strict=True):
        distance = length * float(np.sqrt(square))
        if distance < reach:
            yield distance, int(count)


def _sizes(
    s_zero: ArrayLike, particles: ArrayLike, shared: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return √(N_a N_b), that without the particle itself, and S(0); each of shape () or (p,)."""
    s, n = np.asarray(s_zero, dtype=float), np.asarray(particles, dtype=float)
    if (n < 2).any() or (np.abs(s) >= n.min()).any() or (n.ndim == 0 and s < 0.0):
        raise InputError(
            "finite-size correction",
            "0 ≤ S(0) < N, N ≥ 2",
            f"S(0) = {s:.3g}, N = {n:.0f}" if n.ndim == 0 else f"S(0) = {s}, N = {n}",
            "use a larger box: its fluctuations are not small against N",
        )
    mixture = Mixture.of(n)
    own = mixture.like if shared is None else np.atleast_1d(shared)
    size, own = (mixture.plain(x[None])[0] for x in (mixture.scale, own))
    return size, size - own, s
