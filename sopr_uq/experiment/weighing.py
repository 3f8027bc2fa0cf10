"""What weights of a total can be, and how low the curves that they weigh can go."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CURVES, KINDS, Q
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance

_SUM = 0.05
"""How far sums of weights may be from what they are."""


def check_weights(kind: str, weights: Mapping[Pair, float]) -> None:
    """Check weights that somebody worked out.

    Divided by ⟨b⟩² they sum to one, by ⟨b²⟩ to less; a g(r) is zero in the core, and so
    knows the first alone. Those of an F(Q) have a unit.

    Parameters
    ----------
    kind : {"g", "s", "f"}
    weights : mapping of Pair to float

    Raises
    ------
    InputError
        If they weigh nothing, or their sum is none of such weights.
    """
    if not any(weights.values()):
        raise InputError("weights", "a weight that is not zero", "none")
    sums, total = KINDS[kind].sums, sum(weights.values())
    if sums is None:
        return
    low, high = sums
    if not low - _SUM <= total <= high + _SUM:
        one = low == high
        unit = "" if one else ", as of weights without a unit"
        wanted = f"a sum of {low:g}" if one else f"a sum from {low:g} to {high:g}{unit}"
        other = ', or kind = "f" of Σ w (S − 1)' if CURVES[kind] is Q else ""
        raise InputError("weights", wanted, f"{total:.3g}", f"divide them by their sum{other}")


def lowest_s(observation: Observation, substance: Substance, state: StatePoint) -> float:
    """Return the lowest value that an S(Q) can have; −∞ where none is known.

    The scattering of any weights b is not negative, Σ c_a b_a² + Σ w_ab (S_ab − 1) ≥ 0: a
    partial of like types, in the sense of Faber and Ziman, is above 1 − 1/c_a, of molecules
    with n of them above 1 − n/c_a. That of unlike types may be anywhere, and so may a total of
    molecules, which lacks what is within them.
    """
    weights = observation.weights(substance.pairs)
    if len(substance.sites) == 1:
        return 0.0 if substance.atomic else -np.inf
    partial = isinstance(observation.of, Pair)
    if not substance.atomic and not partial:
        return -np.inf
    if isinstance(observation.of, Pair) and not observation.of.like:
        return -np.inf
    fractions = substance.densities(state) / substance.densities(state).sum()
    own = 0.0
    for site, share in zip(substance.sites, fractions, strict=True):
        most = max(molecule.sites.count(site) for molecule in substance.molecules)
        own += weights.get(Pair(site.name, site.name), 0.0) * most / share
    return min(0.0, 1.0 - float(own))
