"""The kinds of measurement: a new one begins with an entry here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from sopr_uq.experiment.quantities import UNITS_OF_Q, UNITS_OF_R

type KindName = Literal["g", "s", "f", "pressure", "diffusion", "viscosity"]


@dataclass(frozen=True)
class Axis:
    """What a curve is a function of.

    Parameters
    ----------
    name : {"r", "q"}
        Of columns and dimensions.
    symbol, text : str
        How people write it and its unit.
    unit, long_name : str
        For attributes.
    units : mapping of str to float
        In which files may have it: how many of ``unit`` one of them is.
    """

    name: Literal["r", "q"]
    symbol: str
    text: str
    unit: str
    long_name: str
    units: Mapping[str, float]

    @property
    def label(self) -> str:
        """For an axis of a figure."""
        return f"{self.symbol} / {self.text}"


R = Axis("r", "r", "Å", "angstrom", "pair distance", UNITS_OF_R)
Q = Axis("q", "Q", "Å⁻¹", "1/angstrom", "wave number", UNITS_OF_Q)


@dataclass(frozen=True)
class Kind:
    """What all measurements of a kind have in common.

    Parameters
    ----------
    symbol, long_name : str
        How it is written, without its argument, and called.
    unit : str
        Of its values; a total F(Q) knows its own.
    axis : Axis or None
        None of a single number.
    level : float
        What a curve ends at.
    logarithmic : bool
        Whether it is positive, and compared with simulations by its logarithm.
    of_a_file : mapping of str to float or None
        What is believed of a curve of which nothing is told: how it was smoothed (Å² or Å⁻²),
        and how its level drifts. A Gaussian of 0.08 Å is a smoothing of 0.003 Å². What is None
        is found from the curve.
    """

    symbol: str
    long_name: str
    unit: str = "1"
    axis: Axis | None = None
    level: float = 0.0
    logarithmic: bool = False
    of_a_file: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The symbol with its argument."""
        return self.symbol if self.axis is None else f"{self.symbol}({self.axis.symbol})"


_FOUND: dict[str, float | None] = {"abscissa_error": None, "spacing": None}

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "g": Kind(
            "g",
            "radial distribution function",
            axis=R,
            level=1.0,
            of_a_file={"smoothing": 0.003, "damping": None, "drift": 0.003, **_FOUND},
        ),
        "s": Kind(
            "S",
            "static structure factor",
            axis=Q,
            level=1.0,
            of_a_file={"smoothing": 0.0005, "drift": 0.003, **_FOUND},
        ),
        "f": Kind("F", "total scattering", axis=Q, of_a_file={"smoothing": 0.0005, **_FOUND}),
        "pressure": Kind("P", "pressure", "MPa"),
        "diffusion": Kind("D", "coefficient of self-diffusion", "1e-9 m^2/s", logarithmic=True),
        "viscosity": Kind("η", "shear viscosity", "mPa s", logarithmic=True),
    }
)

CURVES: Mapping[str, Axis] = {name: kind.axis for name, kind in KINDS.items() if kind.axis}
"""Kinds that are functions, and of what."""

NUMBERS = tuple(name for name in KINDS if name not in CURVES)
"""Kinds that are one number of a liquid."""

DYNAMICS = tuple(name for name, kind in KINDS.items() if kind.logarithmic)
"""Numbers of motion."""
