"""What a configuration says about molecules: ``[[molecule]]``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from sopr_uq.errors import InputError
from sopr_uq.experiment.keys import SHA256
from sopr_uq.experiment.quantities import Length, Mass, ScatteringLength

_NAME = r"^[^-\s]+$"
_LEAST_CHARGE = 1e-3
_NANOMETRES = 0.4
"""In Å: atoms of a molecule are 0.7 to 3 apart, and in nm a tenth of that."""

_WAYS = {
    "mass": "an atom",
    "sites": "its atoms one by one",
    "file": "a molecule template of LAMMPS",
    "model": "a model that ships",
}


class _Atom(BaseModel):
    """The charge of an atom, and what neutrons see of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    element: str | None = Field(
        None,
        description="element or isotope, such as Ar, D or 36Ar, whose scattering length neutrons "
        "see; default the name",
    )
    scattering_length: ScatteringLength | None = Field(
        None, description="its coherent scattering length in fm, instead of the element's"
    )
    charge: float = Field(
        0.0, ge=-8, le=8, description="of an atom: its charge in elementary charges"
    )

    @field_validator("charge")
    @classmethod
    def _in_elementary_charges(cls, charge: float) -> float:
        if 0.0 < abs(charge) < _LEAST_CHARGE:
            raise ValueError(f"a charge in elementary charges, not in coulombs: {charge:g}")
        return charge


class SiteSettings(_Atom):
    """An atom of a molecule; an entry of its ``sites``."""

    name: str = Field(min_length=1, description="its name within the molecule")
    type: str | None = Field(
        None, pattern=_NAME, description="what [[pair]] calls it; default its name"
    )
    mass: Mass = Field(ge=0.5, le=1e6, description="its mass in u")
    position: tuple[Length, Length, Length] | None = Field(
        None, description="where it is in the molecule, in Å, from any origin"
    )

    @property
    def kind(self) -> str:
        """The name of its type."""
        return self.type or self.name


def _check_form(
    key: str, form: str, given: object, name: str, places: object, energy: object
) -> None:
    """Check that a term is said by its form or by a table.

    Raises
    ------
    InputError
        If neither is there, or both are, or half a table.
    """
    tabled = (places is not None, energy is not None)
    if (given is not None) == any(tabled) or any(tabled) != all(tabled):
        raise InputError(key, f"{form}, or {name} and energy of a table", "neither, or both")


class BondSettings(BaseModel):
    """A bond of a flexible molecule; an entry of its ``bonds``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sites: tuple[str, str] = Field(description="names of two sites")
    length: Length | None = Field(
        None, gt=0.3, lt=10, description="r₀ in Å of k (r − r₀)²; default as far as they lie apart"
    )
    stiffness: float | None = Field(
        None, gt=0, le=5000, description="k in kcal/(mol Å²) of k (r − r₀)², without the half"
    )
    r: tuple[float, ...] | None = Field(None, description="in place of both: a table of r in Å")
    energy: tuple[float, ...] | None = Field(None, description="and of the energy in kcal/mol")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_form("bonds", "stiffness", self.stiffness, "r", self.r, self.energy)
        if self.r is not None and self.length is not None:
            raise InputError("length", "none beside a table, which has its own", f"{self.length:g}")
        return self


class AngleSettings(BaseModel):
    """An angle of a flexible molecule; an entry of its ``angles``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sites: tuple[str, str, str] = Field(
        description="names of three sites, that between in the middle"
    )
    angle: float | None = Field(
        None, gt=0, le=180, description="θ₀ in degrees of k (θ − θ₀)²; default as they lie"
    )
    stiffness: float | None = Field(
        None, gt=0, le=500, description="k in kcal/(mol rad²) of k (θ − θ₀)², without the half"
    )
    theta: tuple[float, ...] | None = Field(
        None, description="in place of both: a table of θ in degrees"
    )
    energy: tuple[float, ...] | None = Field(None, description="and of the energy in kcal/mol")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_form("angles", "stiffness", self.stiffness, "theta", self.theta, self.energy)
        if self.theta is not None and self.angle is not None:
            raise InputError("angle", "none beside a table, which has its own", f"{self.angle:g}")
        return self


class DihedralSettings(BaseModel):
    """A dihedral of a flexible molecule; an entry of its ``dihedrals``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sites: tuple[str, str, str, str] = Field(description="names of four sites in a row")
    opls: tuple[float, float, float, float] | None = Field(
        None, description="K₁ to K₄ in kcal/mol of ½ Σ Kₙ [1 − (−1)ⁿ cos nφ]"
    )
    phi: tuple[float, ...] | None = Field(
        None, description="in place of it: a table of φ in degrees, a whole turn"
    )
    energy: tuple[float, ...] | None = Field(None, description="and of the energy in kcal/mol")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        _check_form("dihedrals", "opls", self.opls, "phi", self.phi, self.energy)
        return self


class MoleculeSettings(_Atom):
    """A kind of particle, or of molecule; an entry of ``[[molecule]]``."""

    name: str = Field(min_length=1, pattern=_NAME, description="its name, without a hyphen")
    mass: Mass | None = Field(None, ge=0.5, le=1e6, description="of an atom: its mass in u")
    rigid: bool | None = Field(
        None, description="whether its atoms keep their distances; default true without bonds"
    )
    sites: tuple[SiteSettings, ...] | None = Field(
        None, min_length=1, description="of a molecule: its atoms"
    )
    file: Path | None = Field(
        None,
        description="molecule template of LAMMPS with Coords, Types, Masses, and Charges if any",
    )
    sha256: str | None = Field(None, pattern=SHA256, description="SHA-256 of the template")
    model: str | None = Field(None, description="name of a model that ships, such as spce")
    bonds: tuple[BondSettings, ...] = Field(
        (), description="of a flexible molecule: what joins its sites"
    )
    angles: tuple[AngleSettings, ...] = Field(
        (), description="of a flexible molecule: what keeps its angles"
    )
    dihedrals: tuple[DihedralSettings, ...] = Field(
        (), description="of a flexible molecule: what turns its bonds"
    )

    @model_validator(mode="after")
    def _is_held_together(self) -> Self:
        if self.rigid and self.bonds:
            raise InputError("rigid", "false beside bonds", "true")
        if self.rigid is False and not self.bonds and self.model is None:
            expected = "bonds that join the sites of a molecule that is not rigid"
            advice = 'bonds = [{ sites = ["O", "H1"], stiffness = 529.6 }, …]'
            raise InputError("bonds", expected, "none", advice)
        if (self.angles or self.dihedrals) and not self.bonds:
            raise InputError("bonds", "bonds beside angles and dihedrals", "none")
        if self.bonds and (self.mass is not None or self.model is not None):
            raise InputError("bonds", "bonds beside sites or file", "an atom, or a model")
        return self

    @model_validator(mode="after")
    def _is_said_once(self) -> Self:
        given = [key for key in _WAYS if getattr(self, key) is not None]
        if len(given) != 1:
            ways = ", ".join(f"{key} ({what})" for key, what in _WAYS.items())
            raise InputError("keys", f"one of {ways}", ", ".join(given) or "none")
        several = given[0] != "mass"
        of_atoms = [key for key in ("element", "scattering_length", "charge") if getattr(self, key)]
        if several and of_atoms:
            raise InputError(
                "keys", f"{', '.join(of_atoms)} of an atom, in sites", "those of a molecule"
            )
        if self.sha256 is not None and self.file is None:
            raise InputError("sha256", "a file that it is of", "none")
        return self

    @model_validator(mode="after")
    def _is_in_angstrom(self) -> Self:
        places = [site.position for site in self.sites or () if site.position is not None]
        if len(places) > 1 and max(_nearest(i, places) for i in range(len(places))) < _NANOMETRES:
            found = ", ".join(f"{site.name} {site.position}" for site in self.sites or ())
            advice = 'distances in nm with their unit, "0.08165 nm"'
            raise InputError("sites", "positions in Å", found, advice)
        return self

    @model_validator(mode="after")
    def _has_a_shape(self) -> Self:
        sites = self.sites or ()
        missing = [site.name for site in sites if site.position is None]
        if len(sites) > 1 and missing:
            expected = "a position of every site of a molecule"
            raise InputError("sites", expected, f"none of {', '.join(missing)}")
        names = [site.name for site in sites]
        if len(set(names)) < len(names):
            raise InputError("sites", "each name once", ", ".join(names), "type tells the kind")
        return self


def _nearest(index: int, places: list[tuple[float, float, float]]) -> float:
    """Return how far the nearest other atom is."""
    return min(math.dist(places[index], p) for i, p in enumerate(places) if i != index)
