"""The pair entropy of a liquid, and how it changes with its potentials."""

from __future__ import annotations

import numpy as np

from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.response import Response
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

_CORE = 1e-6
"""g below which no pair is ever seen, and ln g is rounding."""


def pair_entropy(liquid: InfiniteLiquid) -> float:
    """Return what pairs contribute to the excess entropy per particle, in k_B.

    s₂ = −2πρ Σ_ab c_a c_b ∫ r² (g_ab ln g_ab − g_ab + 1) dr.

    References
    ----------
    A. Baranyai and D. J. Evans, Phys. Rev. A 40, 3817 (1989), eq 2.16.
    """
    g = liquid.g
    return float(_total(liquid, g * _logarithm(g) - g + 1.0))


def pair_entropy_change(change: Response) -> FloatArray:
    """Return its change to first order, −2πρ Σ_ab c_a c_b ∫ r² ln g_ab δg_ab dr, shape (m,)."""
    return _total(change.liquid, _logarithm(change.liquid.g)[..., None] * change.g)


def _logarithm(g: FloatArray) -> FloatArray:
    return np.log(np.where(g > _CORE, g, 1.0))


def _total(liquid: InfiniteLiquid, function: FloatArray) -> FloatArray:
    """Return −2πρ Σ_ab c_a c_b ∫ r² f_ab dr of functions of pairs, (n, p, ...) → (...)."""
    mixture = Mixture.of(liquid.setup.densities)
    each = liquid.grid.integrate((function.T * liquid.grid.r**2).T)
    return np.asarray(-2.0 * np.pi * mixture.density * np.tensordot(mixture.weights, each, axes=1))
