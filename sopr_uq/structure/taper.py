"""A g(r) of charged molecules, which ends at a distance R, taken to be one beyond.

Continuing it by the Ornstein–Zernike equation of the sites, with the tails of the charges in c,
gives S(Q) to 0.003 where g is exact; but the charges leave so little freedom at low Q that with
the noise of a simulation (0.002) there is no solution. Against the HNC liquid of a water model
known to 11 Å a taper is wrong by up to 0.03 in a partial S(Q) between 1 and 3 Å⁻¹, and by
0.05 to 0.3 below 0.7 Å⁻¹. Molecules without charges are continued as atoms are
(:mod:`sopr_uq.structure.extension`).
"""

from __future__ import annotations

import numpy as np

from sopr_uq.structure.finite_size import infinite_rdf
from sopr_uq.structure.mixture import Mixture
from sopr_uq.structure.transforms import RadialGrid
from sopr_uq.typing import ArrayLike, FloatArray

WIDTH = 2.0
"""In Å: over this last part of the known range g − 1 is led to zero."""


_NODES = 400
_INNER = 20


def tapered(
    grid: RadialGrid, g: ArrayLike, radius: float, mixture: Mixture, particles: ArrayLike
) -> FloatArray:
    """Return g(r) on the whole grid, one beyond R.

    Parameters
    ----------
    grid : RadialGrid
    g : array, shape (n, p)
        Known g; values at r ≥ R are not looked at.
    radius : float
        R in Å.
    mixture : Mixture
    particles : array of shape (t,)
        N of each type in the box that g comes from, whose level is that of an
        incompressible liquid, 1/N too high; 0: none.

    Returns
    -------
    array, shape (n, p)
    """
    known, counts = np.asarray(g, dtype=float), np.asarray(particles, dtype=float)
    if counts.any():
        molecules = counts.sum() * mixture.molecules / mixture.density
        still = mixture.shared - Mixture.of(counts).scale / molecules
        known = infinite_rdf(known, still, counts, mixture.shared)
    weight = taper(grid, radius)[:, None]
    return np.asarray(1.0 + np.where(weight > 0.0, weight * (known - 1.0), 0.0))


def taper(grid: RadialGrid, radius: float) -> FloatArray:
    """Return what leads g − 1 to zero at R, shape (n,)."""
    return _weight(grid.r, radius)


def _weight(r: FloatArray, radius: float) -> FloatArray:
    part = np.clip((r - radius + WIDTH) / WIDTH, 0.0, 1.0)
    return np.where(part < 1.0, np.cos(0.5 * np.pi * part) ** 2, 0.0)


def tapered_waves(q: ArrayLike, at: ArrayLike, radius: float) -> FloatArray:
    """Return what makes of a measured curve that of an h(r) which a taper led to zero.

    With h → w h a curve Q F(Q), odd in Q, is folded with W(Q) = ∫ w(r) cos(Qr) dr/π. What
    lies below the first Q counts as that at the first Q; nothing is known above the last.

    Parameters
    ----------
    q : array, shape (k,)
        Where the curve is known, in Å⁻¹, increasing.
    at : array, shape (m,)
        Where it is wanted, in Å⁻¹, above zero.
    radius : float
        R in Å.

    Returns
    -------
    array, shape (m, k)
    """
    q, at = np.asarray(q, dtype=float), np.asarray(at, dtype=float)
    r = (np.arange(_NODES) + 0.5) * radius / _NODES
    weight = _weight(r, radius) * radius / _NODES / np.pi
    inner = np.linspace(0.0, q[0], _INNER, endpoint=False) + 0.5 * q[0] / _INNER
    every = np.concatenate([inner, q])
    size = np.concatenate([np.full(_INNER, q[0] / _INNER), _trapezoid(q)])

    # cos(x − y) − cos(x + y) = 2 sin x sin y
    wanted, known = (np.sin(np.multiply.outer(x, r)) for x in (at, every))
    rows = 2.0 * (wanted * weight) @ known.T * size * every / at[:, None]
    rows[:, _INNER] += rows[:, :_INNER].sum(axis=1)
    return np.asarray(rows[:, _INNER:])


def _trapezoid(x: FloatArray) -> FloatArray:
    """Return the weights of an integral by trapezia, shape (k,)."""
    step = np.diff(x)
    return 0.5 * (np.append(step, 0.0) + np.insert(step, 0, 0.0))
