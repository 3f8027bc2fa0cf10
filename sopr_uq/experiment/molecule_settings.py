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


class MoleculeSettings(_Atom):
    """A kind of particle, or of rigid molecule; an entry of ``[[molecule]]``."""

    name: str = Field(min_length=1, pattern=_NAME, description="its name, without a hyphen")
    mass: Mass | None = Field(None, ge=0.5, le=1e6, description="of an atom: its mass in u")
    rigid: bool = Field(True, description="whether its atoms keep their distances")
    sites: tuple[SiteSettings, ...] | None = Field(
        None, min_length=1, description="of a molecule: its atoms"
    )
    file: Path | None = Field(
        None,
        description="molecule template of LAMMPS with Coords, Types, Masses, and Charges if any",
    )
    sha256: str | None = Field(None, pattern=SHA256, description="SHA-256 of the template")
    model: str | None = Field(None, description="name of a model that ships, such as spce")

    @field_validator("rigid")
    @classmethod
    def _keeps_its_shape(cls, rigid: bool) -> bool:
        if not rigid:
            raise ValueError("true, as bonds that bend and stretch are not known yet: false")
        return rigid

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
            expected = "a position of every site of a rigid molecule"
            raise InputError("sites", expected, f"none of {', '.join(missing)}")
        names = [site.name for site in sites]
        if len(set(names)) < len(names):
            raise InputError("sites", "each name once", ", ".join(names), "type tells the kind")
        return self


def _nearest(index: int, places: list[tuple[float, float, float]]) -> float:
    """Return how far the nearest other atom is."""
    return min(math.dist(places[index], p) for i, p in enumerate(places) if i != index)
