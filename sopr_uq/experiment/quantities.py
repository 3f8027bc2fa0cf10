"""Values with units: "119.8 K", "0.996 kJ/mol", "1.396 g/cm^3" wherever a number is asked for."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from pydantic import BeforeValidator
from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.units import BOLTZMANN

UNITS_OF_R = {"angstrom": 1.0, "Å": 1.0, "nm": 10.0, "pm": 0.01, "bohr": 0.529177210544}
"""Å in one unit."""

UNITS_OF_Q = {"1/angstrom": 1.0, "1/Å": 1.0, "1/nm": 0.1}
"""Å⁻¹ in one unit."""

_KCAL = 1000.0 * constants.calorie
_ENERGIES = {
    "kcal/mol": 1.0,
    "kJ/mol": 1.0 / constants.calorie,
    "K": BOLTZMANN,
    "eV": constants.eV * constants.N_A / _KCAL,
    "meV": 1e-3 * constants.eV * constants.N_A / _KCAL,
}
_DENSITIES = {"1/angstrom^3": 1.0, "1/nm^3": 1e-3}
_PER_MASS = {"g/cm^3": 1.0, "kg/m^3": 1e-3}
_MOLAR = {"mol/l": constants.N_A * 1e-27, "mol/dm^3": constants.N_A * 1e-27}
"""Å⁻³ in one mole per litre."""

GRAMS = constants.N_A * (constants.angstrom / constants.centi) ** 3
"""Å⁻³ u in one g/cm³."""

FACTORS: dict[str, dict[str, float]] = {
    "length": UNITS_OF_R,
    "wave number": UNITS_OF_Q,
    "energy": _ENERGIES,
    "temperature": {"K": 1.0, "°C": 1.0},
    "density": {**_DENSITIES, **_MOLAR, **_PER_MASS},
    "mass": {"u": 1.0, "g/mol": 1.0, "Da": 1.0},
    "pressure": {"MPa": 1.0, "bar": 0.1, "atm": 0.101325, "kPa": 1e-3, "Pa": 1e-6, "GPa": 1e3},
    "diffusion": {
        "m^2/s": 1e9,
        "cm^2/s": 1e5,
        "mm^2/s": 1e3,
        "nm^2/ns": 1.0,
        "angstrom^2/ps": 10.0,
        "Å^2/ps": 10.0,
    },
    "viscosity": {"mPa s": 1.0, "μPa s": 1e-3, "uPa s": 1e-3, "Pa s": 1e3, "cP": 1.0, "P": 100.0},
    "scattering length": {"fm": 1.0},
    "abscissa": {**UNITS_OF_R, **UNITS_OF_Q},
    "time": {"fs": 1.0, "ps": 1000.0},
}
_QUANTITY = re.compile(
    r"\s*(?P<number>[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(?P<unit>(?:1/)?(?:[^\W\d_]|°).*?)\s*"
)
_SAME = {
    "å": "angstrom", "ang": "angstrom", "a": "angstrom", "angstroms": "angstrom",
    "kj/mole": "kj/mol", "kcal/mole": "kcal/mol", "kelvin": "k", "celsius": "°c", "degc": "°c",
    "c": "°c", "dalton": "da", "amu": "u",
}  # fmt: skip


def convert(value: object, quantity: str, mass: float | None = None) -> object:
    """Return the number that a text with a unit stands for, in the package's units.

    Parameters
    ----------
    value : object
        Anything that is no text with a unit is returned as it is.
    quantity : str
        A key of ``FACTORS``.
    mass : float, optional
        Particle mass in u, for mass densities.

    Raises
    ------
    ValueError
        If the unit is none of this quantity's.
    """
    if not isinstance(value, str):
        return value
    found = _QUANTITY.fullmatch(value)
    if found is None or _float(value) is not None:
        return value
    number = _float(found["number"])
    if number is None:
        return value
    unit = _canonical(found["unit"], FACTORS[quantity])
    if unit == "°C":
        return round(number + 273.15, 10)
    if unit in _PER_MASS:
        if mass is None:
            raise ValueError(f"a number density, or a mass beside a mass density: {value!r}")
        return number * _PER_MASS[unit] * GRAMS / mass
    # 0.34 nm are 3.4 Å, not 3.4000000000000004
    return float(f"{number * FACTORS[quantity][unit]:.15g}")


def read_number(
    text: str, quantity: str, where: str, mass: float | None = None, *, signed: bool = False
) -> float:
    """Return a number from a text with or without a unit; parameters as of `convert`.

    It is positive, unless it is ``signed``.

    Raises
    ------
    InputError
        If it is none; ``where`` is what asked for it.
    """
    try:
        value = convert(text, quantity, mass)
    except ValueError as error:
        expected, _, found = str(error).partition(": ")
        raise InputError(where, expected, found or repr(text)) from None
    number = _float(value) if isinstance(value, str) else value
    least = -float("inf") if signed else 0.0
    if not isinstance(number, float) or not least < number < float("inf"):
        what = "a number" if signed else "a positive number"
        raise InputError(where, f"{what}, with or without a unit", repr(text)[:60])
    return number


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _canonical(written: str, factors: dict[str, float]) -> str:
    plain = _plain(written)
    for unit in factors:
        if _plain(unit) == plain:
            return unit
    raise ValueError(f"a number, or one with a unit among {', '.join(factors)}: {written[:40]!r}")


def _plain(unit: str) -> str:
    """Return one spelling of a unit: Å⁻³, A^-3, 1/A3 and angstrom**-3 are the same."""
    text = unit.casefold().replace("−", "-").replace("⁻¹", "-1").replace("⁻³", "-3")
    text = (
        text.replace("²", "2").replace("³", "3").replace("**", "").replace("^", "").replace(" ", "")
    )
    text = text.replace("·", "").replace("liter", "l")
    text = text.removesuffix("s-1") + "/s" if text.endswith("2s-1") else text
    product = re.fullmatch(r"(k?g|mol|kj|kcal)(c?m|dm|l|mol)-([13])", text)
    if product is not None:
        text = f"{product[1]}/{product[2]}{product[3].removesuffix('1')}"
    one_over = text.startswith("1/")
    text = text.removeprefix("1/")
    power = re.fullmatch(r"([a-zåμ°/]+)-([13])", text)
    if power is not None:
        one_over, text = True, power[1] + ("" if power[2] == "1" else power[2])
    base = re.fullmatch(r"([a-zåμ°]+)(3?)", text)
    if base is not None:
        text = _SAME.get(base[1], base[1]) + base[2]
    elif text in _SAME:
        text = _SAME[text]
    return ("1/" if one_over else "") + text


def _of(quantity: str) -> BeforeValidator:
    return BeforeValidator(partial(convert, quantity=quantity), json_schema_input_type=float | str)


Length = Annotated[float, _of("length")]
WaveNumber = Annotated[float, _of("wave number")]
Abscissa = Annotated[float, _of("abscissa")]
Energy = Annotated[float, _of("energy")]
Temperature = Annotated[float, _of("temperature")]
Density = Annotated[float, _of("density")]
Mass = Annotated[float, _of("mass")]
ScatteringLength = Annotated[float, _of("scattering length")]
Time = Annotated[float, _of("time")]
