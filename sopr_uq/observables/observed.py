"""Which quantity predicts an observation, by its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.substance import Substance
from sopr_uq.observables.infinite import InfiniteLiquid
from sopr_uq.observables.motion import MOTION
from sopr_uq.observables.pressure import Pressure
from sopr_uq.observables.quantity import Curve, Quantity
from sopr_uq.observables.rdf import Rdf
from sopr_uq.observables.structure_factor import StructureFactor
from sopr_uq.observables.total import TotalScattering
from sopr_uq.typing import FloatArray

UNSEEN_END = 9.0
"""End in Å⁻¹ of a window of Lorch's that leaves no trace in a spectrum: it damps all that lies
there, and what is left of the liquid's structure dies by itself."""

_CURVES: Mapping[str, Callable[[Observation, Substance], Curve]] = MappingProxyType(
    {
        "g": lambda o, s: Rdf(o.weights(s.pairs), o.x, o.q_max, o.lorch),
        "s": lambda o, s: StructureFactor(o.weights(s.pairs), o.x),
        "f": lambda o, _: TotalScattering(o.total, o.x),
    }
)
_NUMBERS: Mapping[str, Quantity] = MappingProxyType({"pressure": Pressure(), **MOTION})


def quantity_of(observation: Observation, substance: Substance) -> Quantity:
    """Return what predicts an observation."""
    if observation.is_curve:
        return curve_of(observation, substance)
    return _NUMBERS[observation.kind]


def curve_of(observation: Observation, substance: Substance) -> Curve:
    """Return what predicts a curve.

    Raises
    ------
    InputError
        If it is a number.
    """
    if observation.kind not in _CURVES:
        raise InputError(f"observation {observation.name}", "a curve", f"a {observation.kind}")
    return _CURVES[observation.kind](observation, substance)


def damped(observation: Observation, substance: Substance, liquid: InfiniteLiquid) -> FloatArray:
    """Return what Lorch's window would change in a curve, or its absence, shape (k,).

    Zero where nothing is unsure about it.
    """
    if observation.damping == 0.0:
        return np.zeros(observation.x.size)
    end = observation.q_max if np.isfinite(observation.q_max) else UNSEEN_END
    other = replace(observation, q_max=end, lorch=not observation.lorch)
    curves = [curve_of(o, substance).at(liquid, o.x) for o in (other, observation)]
    return np.asarray(curves[0] - curves[1])
