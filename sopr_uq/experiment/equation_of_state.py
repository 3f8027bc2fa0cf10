"""What the equations of state in CoolProp say of a fluid."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint

_MOL_PER_M3 = 1.0 / (constants.N_A * constants.angstrom**3)
_KCAL: float = 1000.0 * constants.calorie
_GAS: float = constants.R


def reference_pressure(fluid: str, state: StatePoint) -> float:
    """Return the pressure of a fluid's reference equation of state.

    Parameters
    ----------
    fluid : str
        CoolProp's name, such as ``Argon``.
    state : StatePoint
        Temperature and number density; the mass plays no part.

    Returns
    -------
    float
        In MPa.

    Raises
    ------
    InputError
        If CoolProp does not know the fluid, or the state lies outside the
        range of its equation.
    """
    # Loading the equations of state takes longer than most commands.
    from CoolProp.CoolProp import PropsSI

    try:
        pascal = PropsSI("P", "T", state.temperature, "Dmolar", state.density * _MOL_PER_M3, fluid)
    except ValueError as error:
        raise InputError(
            f"equation of state of {fluid!r}",
            "a fluid of CoolProp at a state within its equation's range",
            str(error).strip(),
        ) from None
    return float(pascal / constants.mega)


class Coexistence(NamedTuple):
    """Number densities of vapour and liquid side by side, in Å⁻³."""

    vapour: float
    liquid: float


def coexistence(fluid: str, temperature: float) -> Coexistence | None:
    """Return the densities of saturated vapour and liquid; None above the critical point.

    Parameters
    ----------
    fluid : str
        CoolProp's name.
    temperature : float
        In K.

    Raises
    ------
    InputError
        If CoolProp does not know the fluid, or it is frozen at this temperature.
    """
    from CoolProp.CoolProp import PropsSI

    try:
        if temperature >= PropsSI("Tcrit", fluid):
            return None
        if temperature < PropsSI("Ttriple", fluid):
            raise ValueError(f"frozen below {PropsSI('Ttriple', fluid):.2f} K")
        found = [PropsSI("Dmolar", "T", temperature, "Q", q, fluid) for q in (1.0, 0.0)]
    except ValueError as error:
        raise InputError(
            f"saturation of {fluid!r} at {temperature:g} K",
            "a fluid of CoolProp between its triple and its critical point",
            str(error).strip(),
        ) from None
    return Coexistence(*(float(density) / _MOL_PER_M3 for density in found))


def reference_value(name: str, fluid: str, state: StatePoint) -> float | None:
    """Return what CoolProp knows of a property; None where it knows nothing.

    Parameters
    ----------
    name : str
        ``pressure`` in MPa, ``energy`` (what interaction gives a particle) in kcal/mol,
        ``viscosity`` in mPa s, ``heat-capacity`` (at constant volume) in J/(mol K); or, at the
        temperature of the state, of liquid and vapour side by side: ``liquid-density`` and
        ``vapour-density`` in g/cm³, ``vapour-pressure`` in MPa, ``surface-tension`` in mN/m.
    fluid : str
        CoolProp's name.
    state : StatePoint
    """
    from CoolProp.CoolProp import PropsSI

    def get(key: str) -> float:
        molar = state.density * _MOL_PER_M3
        return float(PropsSI(key, "T", state.temperature, "Dmolar", molar, fluid))

    def energy() -> float:
        work = get("P") / (state.density * _MOL_PER_M3)
        found: float = get("Hmolar_residual") - work + _GAS * state.temperature
        return found / _KCAL

    def saturated(key: str, quality: float = 0.0) -> float:
        return float(PropsSI(key, "T", state.temperature, "Q", quality, fluid))

    known: dict[str, Callable[[], float]] = {
        "pressure": lambda: get("P") / constants.mega,
        "energy": energy,
        "viscosity": lambda: get("V") / constants.milli,
        "heat-capacity": lambda: get("CVMOLAR"),
        "liquid-density": lambda: saturated("Dmass") * constants.milli,
        "vapour-density": lambda: saturated("Dmass", 1.0) * constants.milli,
        "vapour-pressure": lambda: saturated("P") / constants.mega,
        "surface-tension": lambda: saturated("I") / constants.milli,
    }
    try:
        return known[name]() if name in known else None
    except ValueError:
        # a fluid that it does not know, or whose transport it does not
        return None
