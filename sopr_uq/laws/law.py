"""The power laws: which quantity, which exponent, under which priors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from sopr_uq.derived.labelled import DESCRIPTOR_UNITS
from sopr_uq.errors import InputError
from sopr_uq.inference.power_law_density import LawPrior

type ScatterFamily = Literal["half-normal", "half-cauchy"]


@dataclass(frozen=True)
class Law:
    """D = a α^b with the exponent fixed or, if ``exponent`` is None, free."""

    name: str
    exponent: float | None
    exponent_text: str

    def formula(self, quantity: str) -> str:
        """Return the law in words, such as ``sigma = a alpha^(1/7)``."""
        return f"{quantity} = a alpha^{self.exponent_text}"


QDO = Law("qdo", 1.0 / 7.0, "(1/7)")
CLASSICAL = Law("classical", 1.0 / 3.0, "(1/3)")
FREE = Law("free", None, "b")

LAWS: Mapping[str, Law] = MappingProxyType({law.name: law for law in (QDO, CLASSICAL, FREE)})

QUANTITIES: Mapping[str, tuple[Law, ...]] = MappingProxyType(
    {
        "sigma": (QDO, CLASSICAL, FREE),
        "epsilon": (FREE,),
        "r_vdw": (QDO, CLASSICAL, FREE),
        "d_hp": (QDO, CLASSICAL, FREE),
    }
)
"""The quantities that follow laws; the first law of each is its default.

1/7 is the quantum Drude oscillator's exponent (D. V. Fedorov, M. Sadhukhan,
M. Stöhr and A. Tkatchenko, Phys. Rev. Lett. 121, 183401 (2018)), 1/3 that of a
classical sphere's volume.
"""


@dataclass(frozen=True)
class Priors:
    """Priors of one quantity's laws.

    Parameters
    ----------
    exponent_mean, exponent_sd : float
        Normal prior of a free exponent b.
    scatter : float
        Scale of τ, the relative scatter of elements about the law.
    scatter_family : {"half-normal", "half-cauchy"}
        Shape of the prior of τ.
    level_sd : float
        Standard deviation of log D at the mean log α, about the mean of the
        elements' log D; 1 leaves a factor of e either way.

    Raises
    ------
    InputError
        If a width is not positive or the family is unknown.
    """

    exponent_mean: float
    exponent_sd: float
    scatter: float
    scatter_family: ScatterFamily = "half-normal"
    level_sd: float = 1.0

    def __post_init__(self) -> None:
        for name in ("exponent_sd", "scatter", "level_sd"):
            if not getattr(self, name) > 0:
                raise InputError(f"Priors.{name}", "a positive number", str(getattr(self, name)))
        if self.scatter_family not in ("half-normal", "half-cauchy"):
            raise InputError(
                "Priors.scatter_family", "'half-normal' or 'half-cauchy'", repr(self.scatter_family)
            )

    def of(self, law: Law, level: float) -> LawPrior:
        """Return the prior of one law, its level centred at ``level``."""
        fixed = law.exponent is not None
        return LawPrior(
            level=level,
            level_sd=self.level_sd,
            exponent=law.exponent if law.exponent is not None else self.exponent_mean,
            exponent_sd=0.0 if fixed else self.exponent_sd,
            scatter=self.scatter,
            heavy=float(self.scatter_family == "half-cauchy"),
        )

    def variants(self) -> dict[str, Priors]:
        """Return the priors that the sensitivity analysis tries, by name."""
        return {
            "default": self,
            "half the scatter": replace(self, scatter=0.5 * self.scatter),
            "twice the scatter": replace(self, scatter=2.0 * self.scatter),
            "half-Cauchy scatter": replace(self, scatter_family="half-cauchy"),
            "twice as wide in b": replace(self, exponent_sd=2.0 * self.exponent_sd),
        }


_SIZE = Priors(exponent_mean=0.25, exponent_sd=0.25, scatter=0.05)
_ENERGY = Priors(exponent_mean=1.0, exponent_sd=0.5, scatter=0.2)

DEFAULT_PRIORS: Mapping[str, Priors] = MappingProxyType(
    {name: _ENERGY if name == "epsilon" else _SIZE for name in QUANTITIES}
)
"""Sizes: b between 0 and 3/4, scatter of a few per cent; energies: b about 1, up to 20–40 %."""


def unit(quantity: str) -> str:
    """Return the unit of a quantity."""
    return DESCRIPTOR_UNITS[quantity]


def choose(quantity: str, name: str | None = None) -> Law:
    """Return the law called ``name`` if the quantity has it, else the quantity's default.

    Raises
    ------
    InputError
        If no quantity has such a law.
    """
    if name is not None and name not in LAWS:
        raise InputError("law", "one of " + ", ".join(LAWS), repr(name))
    return next((law for law in QUANTITIES[quantity] if law.name == name), QUANTITIES[quantity][0])
