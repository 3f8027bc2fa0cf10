"""The kinds of measurement: a new one begins with an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
from scipy import constants

from sopr_uq.experiment.quantities import UNITS_OF_Q, UNITS_OF_R

type CurveName = Literal["g", "s", "f"]
type KindName = Literal["g", "s", "f", "pressure", "diffusion", "viscosity"]


@dataclass(frozen=True)
class Axis:
    """What a curve is a function of.

    Parameters
    ----------
    name : str
        Of columns and dimensions.
    symbol, text : str
        How people write it and its unit.
    unit, long_name : str
        For attributes.
    units : mapping of str to float
        In which files may have it: how many of ``unit`` one of them is.
    """

    name: str
    symbol: str
    text: str
    unit: str
    long_name: str
    units: Mapping[str, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """For an axis of a figure."""
        return f"{self.symbol} / {self.text}"


R = Axis("r", "r", "Å", "angstrom", "pair distance", UNITS_OF_R)
Q = Axis("q", "Q", "Å⁻¹", "1/angstrom", "wave number", UNITS_OF_Q)


class MotionScale(NamedTuple):
    """How large a number of motion is in liquids."""

    unit: Callable[[float, float, float], float]
    """Its natural unit of (ρ in m⁻³, k_B T in J, mass in kg), in that of its kind."""
    possible: tuple[float, float]
    """What a liquid may have, in natural units."""
    typical: float
    """The same of most."""


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
    sums : tuple of float or None
        Of a curve: what the weights of a total sum to, at least and at most; None of weights with
        a unit.
    total : bool
        Whether it is of a :class:`~sopr_uq.experiment.totals.Total`, with errors of its own,
        not of a pair or of weights.
    dim : str
        Its dimension in a result, where that is not of its own name.
    motion : MotionScale or None
        None of what a snapshot has: numbers of motion are positive, compared with simulations
        by their logarithms, and recorded under the name of their kind.
    pure : bool
        Whether a mixture has none.
    approximate : bool
        Whether the best of effective pair potentials may miss it, as the virial does: where no
        error is stated one is believed, and a conflict with the rest does not forbid an answer.
    smoothed : float
        How a curve of which nothing is told may have been smoothed (Å² or Å⁻²). A Gaussian of
        0.08 Å is a smoothing of 0.003 Å².
    of_a_file : mapping of str to float or None
        What else is believed of it: how its level drifts. What is None is found from the curve.
    """

    symbol: str
    long_name: str
    unit: str = "1"
    axis: Axis | None = None
    level: float = 0.0
    sums: tuple[float, float] | None = None
    total: bool = False
    dim: str = ""
    motion: MotionScale | None = None
    pure: bool = False
    approximate: bool = False
    smoothed: float = 0.0
    of_a_file: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The symbol with its argument."""
        return self.symbol if self.axis is None else f"{self.symbol}({self.axis.symbol})"


def _diffusion(density: float, heat: float, mass: float) -> float:
    # liquids have 0.03 of it where they freeze (Y. Rosenfeld, Phys. Rev. A 15, 2545 (1977)), and
    # 1 at the critical density
    return float(density ** (-1 / 3) * np.sqrt(heat / mass) / constants.nano)


def _viscosity(density: float, heat: float, mass: float) -> float:
    # liquids have from 0.5 to 10 of it
    return float(density ** (2 / 3) * np.sqrt(heat * mass) / constants.milli)


_FOUND: dict[str, float | None] = {"smoothing": None, "abscissa_error": None, "spacing": None}

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "g": Kind(
            "g",
            "radial distribution function",
            axis=R,
            level=1.0,
            sums=(1.0, 1.0),
            dim="r_observed",
            smoothed=0.003,
            of_a_file={"damping": None, "drift": 0.003, **_FOUND},
        ),
        "s": Kind(
            "S",
            "static structure factor",
            axis=Q,
            level=1.0,
            sums=(0.0, 1.0),
            dim="q_observed",
            smoothed=0.0005,
            of_a_file={"drift": 0.003, **_FOUND},
        ),
        "f": Kind(
            "F",
            "total scattering",
            axis=Q,
            total=True,
            dim="q_f_observed",
            smoothed=0.0005,
            of_a_file=_FOUND,
        ),
        "pressure": Kind("P", "pressure", "MPa", approximate=True),
        "diffusion": Kind(
            "D",
            "coefficient of self-diffusion",
            "1e-9 m^2/s",
            motion=MotionScale(_diffusion, (0.005, 10.0), 0.05),
            pure=True,
        ),
        "viscosity": Kind(
            "η", "shear viscosity", "mPa s", motion=MotionScale(_viscosity, (0.1, 100.0), 3.0)
        ),
    }
)

CURVES: Mapping[str, Axis] = {name: kind.axis for name, kind in KINDS.items() if kind.axis}
"""Kinds that are functions, and of what."""

NUMBERS = tuple(name for name in KINDS if name not in CURVES)
"""Kinds that are one number of a liquid."""

DYNAMICS = tuple(name for name, kind in KINDS.items() if kind.motion)
"""Numbers of motion."""
