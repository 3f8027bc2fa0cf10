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
    part = np.clip((grid.r - radius + WIDTH) / WIDTH, 0.0, 1.0)
    return np.where(part < 1.0, np.cos(0.5 * np.pi * part) ** 2, 0.0)
