"""How the excess entropy of a liquid changes with its potentials."""

from __future__ import annotations

import numpy as np

from sopr_uq.observables.quantity import Change
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

_CORE = 1e-6
"""g below which v δg is rounding: there no pair is ever seen."""


def entropy_change(change: Change) -> FloatArray:
    """Return the change of the excess entropy per particle in k_B, to first order, shape (m,).

    At one temperature and density δF = ⟨δU⟩, so that T δS = δ⟨U⟩ − ⟨δU⟩, which is what the
    potential as it is loses by the change of g alone:

        δs = 2πρβ Σ_ab c_a c_b ∫ r² v_ab δg_ab dr.

    Nothing of it is a pair approximation.
    """
    liquid = change.liquid
    mixture = Mixture.of(liquid.setup.densities)
    energy = np.where(liquid.g > _CORE, liquid.energy, 0.0)
    r = liquid.grid.r[:, None]
    each = liquid.grid.integrate((r**2 * energy)[..., None] * change.g)
    beta = liquid.setup.state.beta
    return np.asarray(2.0 * np.pi * mixture.density * beta * (mixture.weights @ each))
