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
from sopr_uq.workflow.stored_liquid import StoredLiquid
from sopr_uq.workflow.truths import corresponding

_STRETCHED = 0.02
"""By how much a liquid may be thinner than where it boils, or a vapour denser."""


def read_states(
    temperatures: Sequence[str],
    densities: Sequence[str],
    liquid: StoredLiquid,
    compositions: Sequence[str] = (),
) -> tuple[StatePoint, ...]:
    """Return states from texts such as ``"120 K"``, ``"1.2 g/cm^3"`` and ``"Ar=0.3, Kr=0.7"``.

    Parameters
    ----------
    temperatures, densities, compositions : sequence of str
        As many of each; one alone goes with all, none is that of the measurement.
    liquid : StoredLiquid
        What was measured, and where.

    Raises
    ------
    InputError
        If a text is no such value, or their numbers do not fit.
    """
    given = {"temperature": temperatures, "density": densities, "composition": compositions}
    counts = {name: len(texts) for name, texts in given.items() if texts}
    count = max(counts.values(), default=1)
    for name, many in counts.items():
        if many not in {1, count}:
            found = ", ".join(f"{n} of {each}" for each, n in counts.items())
            raise InputError(name, f"one {name}, or one for each state", found)
    temperatures, densities, compositions = (
        list(texts) * (count if len(texts) == 1 else 1) or [""] * count for texts in given.values()
    )
    rows = zip(temperatures, densities, compositions, strict=True)
    return tuple(_read_state(liquid, *row) for row in rows)


def _read_state(liquid: StoredLiquid, kelvin: str, density: str, shares: str) -> StatePoint:
    state = liquid.state
    if shares:
        state = replace(state, composition=_read_composition(shares, liquid))
    if kelvin:
        state = replace(state, temperature=read_number(kelvin, "temperature", "temperature"))
    if density:
        mass = liquid.substance.mean_mass(state)
        state = replace(state, density=read_number(density, "density", "density", mass))
    return state


def _read_composition(text: str, liquid: StoredLiquid) -> dict[str, float]:
    names = [molecule.name for molecule in liquid.substance.molecules]
    if len(names) == 1:
        raise InputError("composition", "none of a liquid of one kind of molecule", text)
    expected = f'a fraction of each of {", ".join(names)}, such as "{names[0]}=0.5, …"'
    parts = [part.split("=") for part in text.split(",") if part.strip()]
    if any(len(part) != 2 for part in parts):
        raise InputError("composition", expected, repr(text))
    try:
        found = {name.strip(): float(value) for name, value in parts}
    except ValueError:
        raise InputError("composition", expected, repr(text)) from None
    if sorted(found) != sorted(names) or len(parts) != len(names):
        raise InputError("composition", expected, repr(text))
    return {name: found[name] for name in names}


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
    if measured.composition:
        expected = "a liquid of one kind of molecule"
        raise InputError("along saturation", expected, "a mixture", "a temperature and a density")
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
