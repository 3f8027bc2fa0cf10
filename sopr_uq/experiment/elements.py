"""The table of elements: what is known about the noble gases independently of this package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import table_path
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.experiment.state import StatePoint
from sopr_uq.units import POLARIZABILITY_AU

type PolarizabilitySet = Literal["recommended", "qdo"]


@dataclass(frozen=True)
class Polarizability:
    """Static dipole polarizability and its standard error, both in Å³.

    An error of zero means that the source states none.
    """

    value: float
    error: float


@dataclass(frozen=True)
class SizeAndDepth:
    """σ in Å and ε in kcal/mol of a pair potential."""

    sigma: float
    epsilon: float


@dataclass(frozen=True)
class Published:
    """What the QDO paper gives for an element: lengths in Å, ε in kcal/mol.

    Attributes
    ----------
    kind : {"refined", "predicted"}
        From neutron g(r) (its Table 1), or from polarizability (its Table 2).
    """

    kind: Literal["refined", "predicted"]
    sigma: float
    epsilon: float
    r_vdw: float | None = None
    d_hp: float | None = None


@dataclass(frozen=True)
class Element:
    """One row of the table.

    Attributes
    ----------
    symbol, name, number
        Chemical symbol, English name, nuclear charge.
    mass : float
        In u.
    fluid : str or None
        CoolProp's name, where it has an equation of state.
    system : str or None
        The shipped system of this element.
    state : StatePoint or None
        State point of that system's measurement.
    dimer : SizeAndDepth or None
        Lennard-Jones starting potential, size and depth of the ab initio dimer.
    force_field : SizeAndDepth or None
        Independent force field to compare with.
    published : Published
        Values of the QDO paper.
    """

    symbol: str
    name: str
    number: int
    mass: float
    fluid: str | None
    system: str | None
    state: StatePoint | None
    dimer: SizeAndDepth | None
    force_field: SizeAndDepth | None
    published: Published
    polarizabilities: Mapping[str, Polarizability]

    def polarizability(self, source: PolarizabilitySet = "recommended") -> Polarizability:
        """Return the polarizability of one of the two sets, in Å³.

        Raises
        ------
        InputError
            If there is no such set.
        """
        if source not in self.polarizabilities:
            known = " or ".join(self.polarizabilities)
            raise InputError("polarizability set", known, repr(source))
        return self.polarizabilities[source]


@dataclass(frozen=True)
class PublishedLaw:
    """A power law prefactor · α^exponent of the QDO paper, α in Å³.

    Attributes
    ----------
    prefactor, exponent : float
        For σ in Å, or ε in kcal/mol.
    band : tuple of float
        The paper's interval of the prefactor.
    """

    prefactor: float
    exponent: float
    band: tuple[float, float]


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(table_path("elements").read_text(encoding="utf-8"))


@cache
def elements() -> Mapping[str, Element]:
    """Return the elements by symbol, in order of nuclear charge."""
    rows = {symbol: _element(symbol, row) for symbol, row in _table()["elements"].items()}
    return MappingProxyType(rows)


def element(symbol: str) -> Element:
    """Return one element.

    Raises
    ------
    InputError
        If the table lacks it.
    """
    table = elements()
    if symbol not in table:
        known = ", ".join(table)
        raise InputError("element", f"one of {known}", repr(symbol), suggestion(symbol, table))
    return table[symbol]


def published_laws() -> dict[str, PublishedLaw]:
    """Return the laws of the QDO paper for ``sigma`` and ``epsilon``."""
    return {
        name: PublishedLaw(law["prefactor"], law["exponent"], tuple(law["prefactor_band"]))
        for name, law in _table()["laws"].items()
    }


def sources() -> dict[str, str]:
    """Return where the columns of the table come from."""
    return dict(_table()["sources"])


def _element(symbol: str, row: dict[str, Any]) -> Element:
    at = row.get("state")
    recommended = row["recommended"]
    polarizabilities = {
        "recommended": Polarizability(
            recommended["alpha_au"] * POLARIZABILITY_AU, recommended["error_au"] * POLARIZABILITY_AU
        ),
        "qdo": Polarizability(row["qdo"]["alpha"], 0.0),
    }
    return Element(
        symbol=symbol,
        name=row["name"],
        number=row["number"],
        mass=row["mass"],
        fluid=row.get("fluid"),
        system=at["system"] if at else None,
        state=StatePoint(at["temperature"], at["density"], row["mass"]) if at else None,
        dimer=SizeAndDepth(**row["dimer"]) if "dimer" in row else None,
        force_field=SizeAndDepth(**row["force_field"]) if "force_field" in row else None,
        published=Published(**row["published"]),
        polarizabilities=MappingProxyType(polarizabilities),
    )
