"""Are a diffusion and a viscosity of the size that a liquid's are? Other units are not."""

from __future__ import annotations

import numpy as np
from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import KINDS, MotionScale
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.quantities import FACTORS
from sopr_uq.experiment.state import StatePoint

_LARGEST_ERROR = 0.5
"""Relative; beyond it a logarithm has no standard error."""


def natural(motion: MotionScale, state: StatePoint) -> float:
    """Return the unit of an element's motion at a state point, in that of its observations."""
    density = state.density / constants.angstrom**3
    heat, mass = constants.k * state.temperature, state.mass * constants.atomic_mass
    return motion.unit(density, heat, mass)


def check_motion(observation: Observation, state: StatePoint) -> None:
    """Check the size of a diffusion or viscosity, of an element that of a liquid; others pass.

    Raises
    ------
    InputError
        If no liquid has it, in which case it says in which unit it would be one's, or its error
        leaves nothing of its logarithm.
    """
    kind, motion = observation.kind, KINDS[observation.kind].motion
    if motion is None:
        return
    _check_error(observation)
    if not state.mass:
        return
    unit, value = natural(motion, state), float(observation.value[0])
    low, high = motion.possible
    if low <= value / unit <= high:
        return
    known = {
        name: abs(np.log(value * f / unit / motion.typical)) for name, f in FACTORS[kind].items()
    }
    name = min(known, key=lambda each: float(known[each]))
    fits = low <= value * FACTORS[kind][name] / unit <= high
    raise InputError(
        f"observation {observation.name}, value",
        f"a {kind} in {observation.unit} that a liquid of this density and temperature may have, "
        f"{low * unit:.2g} to {high * unit:.2g}",
        f"{value:g}",
        f'if it is in {name}, write value = "{value:g} {name}", and error likewise'
        if fits
        else "check the number, its unit, the density and the temperature",
    )


def _check_error(observation: Observation) -> None:
    if observation.error is None:
        return
    value, error = float(observation.value[0]), float(observation.error[0])
    if error > _LARGEST_ERROR * value:
        raise InputError(
            f"observation {observation.name}, error",
            f"one of at most {_LARGEST_ERROR:g} of the value: logarithms are compared",
            f"{error:g} of {value:g} {observation.unit}",
            "if it is in per cent, write it in the unit of the value; else leave the datum out",
        )
