"""Are a diffusion and a viscosity of the size that a liquid's are? Other units are not."""

from __future__ import annotations

import numpy as np
from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.quantities import FACTORS
from sopr_uq.experiment.state import StatePoint

POSSIBLE = {"diffusion": (0.005, 10.0), "viscosity": (0.1, 100.0)}
"""In units of :func:`natural`. Liquids diffuse with 0.03 where they freeze (Y. Rosenfeld, Phys.
Rev. A 15, 2545 (1977)) and with 1 at the critical density; their viscosities are from 0.5 to 10."""

_LARGEST_ERROR = 0.5
"""Relative; beyond it a logarithm has no standard error."""

_TYPICAL = {"diffusion": 0.05, "viscosity": 3.0}


def natural(kind: str, state: StatePoint) -> float:
    """Return the unit of an element's motion at a state point, in that of its observations.

    That of diffusion is ρ^(−1/3) (k_B T/m)^(1/2), that of viscosity ρ^(2/3) (m k_B T)^(1/2).
    """
    density = state.density / constants.angstrom**3
    heat, mass = constants.k * state.temperature, state.mass * constants.atomic_mass
    if kind == "diffusion":
        return float(density ** (-1 / 3) * np.sqrt(heat / mass) / constants.nano)
    return float(density ** (2 / 3) * np.sqrt(heat * mass) / constants.milli)


def check_motion(observation: Observation, state: StatePoint) -> None:
    """Check the size of a diffusion or viscosity, of an element that of a liquid; others pass.

    Raises
    ------
    InputError
        If no liquid has it, in which case it says in which unit it would be one's, or its error
        leaves nothing of its logarithm.
    """
    kind = observation.kind
    if not observation.logarithmic:
        return
    _check_error(observation)
    if not state.mass:
        return
    unit, value = natural(kind, state), float(observation.value[0])
    low, high = POSSIBLE[kind]
    if low <= value / unit <= high:
        return
    known = {
        name: abs(np.log(value * f / unit / _TYPICAL[kind])) for name, f in FACTORS[kind].items()
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
