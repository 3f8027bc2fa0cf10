"""At which states a result is simulated: as told, or along the line of coexistence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError
from sopr_uq.experiment.equation_of_state import coexistence
from sopr_uq.experiment.quantities import read_number
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential
from sopr_uq.refine.start import CRITICAL_TEMPERATURE, saturated_density
from sopr_uq.workflow.truths import corresponding

_STRETCHED = 0.02
"""By how much a liquid may be thinner than where it boils, or a vapour denser."""


def read_states(
    temperatures: Sequence[str], densities: Sequence[str], measured: StatePoint
) -> tuple[StatePoint, ...]:
    """Return states from texts such as ``"120 K"`` and ``"1.2 g/cm^3"``.

    Parameters
    ----------
    temperatures, densities : sequence of str
        As many of one as of the other; one alone goes with all, none is that of the
        measurement.
    measured : StatePoint
        Where the liquid was measured; it has the mass.

    Raises
    ------
    InputError
        If a text is no such value, or their numbers do not fit.
    """
    kelvin = [read_number(text, "temperature", "temperature") for text in temperatures]
    number = [read_number(text, "density", "density", measured.mass) for text in densities]
    kelvin, number = kelvin or [measured.temperature], number or [measured.density]
    count = max(len(kelvin), len(number))
    if {len(kelvin), len(number)} - {1, count}:
        found = f"{len(kelvin)} temperatures, {len(number)} densities"
        raise InputError("density", "one density, or one for each temperature", found)
    kelvin, number = (each * (count if len(each) == 1 else 1) for each in (kelvin, number))
    return tuple(StatePoint(t, rho, measured.mass) for t, rho in zip(kelvin, number, strict=True))


def along_saturation(
    fluid: str | None,
    measured: StatePoint,
    first: float,
    last: float,
    points: int,
    *,
    slabs: bool = False,
) -> tuple[StatePoint, ...]:
    """Return states of the boiling liquid, by the fluid's own equation of state.

    Parameters
    ----------
    fluid : str or None
        CoolProp's name.
    measured : StatePoint
        Where the liquid was measured; it has the mass.
    first, last : float
        Temperatures in K.
    points : int
        How many, both ends included.
    slabs : bool
        Whether coexistence is all that is asked: then a temperature is a state.

    Raises
    ------
    InputError
        If the fluid has no equation of state, or no liquid at one of these temperatures.
    """
    temperatures = np.linspace(first, last, points).tolist()
    if slabs:
        return tuple(replace(measured, temperature=t) for t in temperatures)
    if fluid is None:
        raise InputError(
            "along saturation", "a liquid with system.fluid, its name in CoolProp", "none",
            "a temperature and a density, or the property coexistence alone",
        )  # fmt: skip
    states = []
    for temperature in temperatures:
        found = coexistence(fluid, temperature)
        if found is None:
            expected = f"temperatures below the critical one of {fluid}"
            raise InputError("along saturation", expected, f"{temperature:g} K")
        states.append(replace(measured, temperature=temperature, density=found.liquid))
    return tuple(states)


def boiling(potential: Potential, state: StatePoint) -> StatePoint:
    """Return about where the liquid of a potential boils at the temperature of a state.

    By that of the Lennard-Jones fluid with the same second virial coefficient: enough for a
    slab to begin with.

    Raises
    ------
    InputError
        If there is no liquid at this temperature.
    """
    reduced = corresponding(potential, state)
    if reduced.temperature >= CRITICAL_TEMPERATURE:
        highest = state.temperature * CRITICAL_TEMPERATURE / reduced.temperature
        expected = f"a temperature below the critical one of the potential, about {highest:.0f} K"
        raise InputError(COEXISTENCE, expected, f"{state.temperature:g} K")
    density = state.density * saturated_density(reduced.temperature) / reduced.density
    return replace(state, density=density)


def check_no_coexistence(fluid: str | None, states: Sequence[StatePoint]) -> None:
    """Check that the fluid is one phase at every state, as far as CoolProp knows it.

    Raises
    ------
    InputError
        If a state lies between vapour and liquid; says where those are.
    """
    if fluid is None:
        return
    for state in states:
        try:
            found = coexistence(fluid, state.temperature)
        except InputError:
            # a supercooled or superheated state is for the simulation to judge
            continue
        if found is None:
            continue
        thin = (1.0 + _STRETCHED) * found.vapour
        dense = (1.0 - _STRETCHED) * found.liquid
        if thin < state.density < dense:
            raise InputError(
                f"state {state.temperature:g} K, {state.density:g} Å⁻³",
                f"one phase: {fluid} boils at this temperature, liquid of {found.liquid:.5f} Å⁻³ "
                f"beside vapour of {found.vapour:.3g} Å⁻³",
                "a density between those of both, inside the two-phase region",
                f"a density of {found.liquid:.5f}, or along saturation; the property coexistence "
                "for both side by side",
            )
