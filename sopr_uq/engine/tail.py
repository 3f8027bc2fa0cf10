"""Long-range corrections: what lies beyond the cut-off, with g = 1 there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from sopr_uq.potentials import Potential
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

_NODES = 64


def tail_energy(potentials: Sequence[Potential], densities: FloatArray, cutoff: float) -> float:
    """Energy per particle from pairs beyond the cut-off.

    u = 2πρ Σ_ab c_a c_b ∫_c^∞ v(r) r² dr (Allen & Tildesley, Computer Simulation
    of Liquids, 2nd ed., eq 2.144).

    Parameters
    ----------
    potentials : sequence of Potential
        Of each pair, ordered as in :mod:`sopr_uq.structure.mixture`; must die
        faster than r⁻³.
    densities : array, shape (t,)
        Of each type, in Å⁻³.
    cutoff : float
        c, in Å.

    Returns
    -------
    float
        In kcal/mol.
    """
    mixture, (r, weight) = Mixture.of(densities), outer_nodes(cutoff)
    energies = np.array([np.sum(weight * v.energy(r) * r**2) for v in potentials])
    return float(2.0 * np.pi * mixture.density * mixture.total(energies))


def tail_pressure(potentials: Sequence[Potential], densities: FloatArray, cutoff: float) -> float:
    """Pressure from pairs beyond the cut-off, with the arguments of :func:`tail_energy`.

    p = −(2/3)π Σ_ab ρ_a ρ_b ∫_c^∞ v′(r) r³ dr (Allen & Tildesley, eq 2.145), in MPa.
    """
    mixture, (r, weight) = Mixture.of(densities), outer_nodes(cutoff)
    virials = np.array([np.sum(weight * v.force(r) * r**3) for v in potentials])
    virial = float(mixture.density**2 * mixture.total(virials))
    return 2.0 / 3.0 * np.pi * virial * MPA_PER_KCAL_MOL_A3


@cache
def outer_nodes(cutoff: float) -> tuple[FloatArray, FloatArray]:
    """Gauss–Legendre nodes and weights on (c, ∞) through r = c/x, each of shape (n,)."""
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    x = 0.5 * (node + 1.0)
    return cutoff / x, 0.5 * weight * cutoff / x**2
