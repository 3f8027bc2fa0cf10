"""Reference pressures from the equations of state in CoolProp."""

from __future__ import annotations

from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint

_MOL_PER_M3 = 1.0 / (constants.N_A * constants.angstrom**3)


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
