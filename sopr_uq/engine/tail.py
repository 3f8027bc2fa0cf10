"""Long-range corrections: what lies beyond the cut-off, with g = 1 there."""

from __future__ import annotations

import numpy as np

from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_NODES = 64


def tail_energy(potential: Potential, density: float, cutoff: float) -> float:
    """Energy per particle from pairs beyond the cut-off.

    u = 2πρ ∫_c^∞ v(r) r² dr (Allen & Tildesley, Computer Simulation of Liquids,
    2nd ed., eq 2.144).

    Parameters
    ----------
    potential : Potential
        Must die faster than r⁻³.
    density : float
        In Å⁻³.
    cutoff : float
        c, in Å.

    Returns
    -------
    float
        In kcal/mol.
    """
    r, weight = _outer_nodes(cutoff)
    return float(2.0 * np.pi * density * np.sum(weight * potential.energy(r) * r**2))


def tail_pressure(potential: Potential, density: float, cutoff: float) -> float:
    """Pressure from pairs beyond the cut-off, with the arguments of :func:`tail_energy`.

    p = −(2/3)πρ² ∫_c^∞ v′(r) r³ dr (Allen & Tildesley, eq 2.145), in MPa.
    """
    r, weight = _outer_nodes(cutoff)
    virial = float(np.sum(weight * potential.force(r) * r**3))
    return 2.0 / 3.0 * np.pi * density**2 * virial * MPA_PER_KCAL_MOL_A3


def _outer_nodes(cutoff: float) -> tuple[FloatArray, FloatArray]:
    """Gauss–Legendre nodes and weights on (c, ∞) through r = c/x, each of shape (n,)."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    x = 0.5 * (node + 1.0)
    return cutoff / x, 0.5 * weight * cutoff / x**2
