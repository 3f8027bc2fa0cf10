"""What a configuration says about a liquid: `[system]`, `[reference]`, `[[pair]]`, `[base]`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from sopr_uq.errors import InputError
from sopr_uq.experiment.keys import SHA256, require_keys
from sopr_uq.experiment.models import mass_of
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.quantities import (
    Density,
    Energy,
    Length,
    Mass,
    Temperature,
    convert,
)
from sopr_uq.experiment.state import StatePoint

type PotentialForm = Literal["lennard-jones", "mie", "table", "zero"]

_LONGEST_NAME = 100


class SystemSettings(BaseModel):
    """The liquid and its state point; ``[system]`` in a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1, description="name of tables, figures and folders")
    temperature: Temperature = Field(gt=0, le=1e5, description="temperature in K")
    density: Density = Field(gt=0, le=1e6, description="number density in 1/Å³")
    mass: Mass | None = Field(
        None, ge=0.5, le=1e6, description="particle mass in u; without it, tables [[molecule]]"
    )
    composition: dict[str, float] | None = Field(
        None, description="mole fraction of each [[molecule]]"
    )
    fluid: str | None = Field(None, description="CoolProp's name of the fluid")
    title: str = Field("", description="one line for people")

    @model_validator(mode="before")
    @classmethod
    def _mass_density(cls, tables: Any) -> Any:
        with suppress(ValueError):
            return number_density(tables, tables) if isinstance(tables, dict) else tables
        # a unit that nobody knows, or no mass, is named with the other faults
        return tables

    @field_validator("name")
    @classmethod
    def _names_no_other_folder(cls, name: str) -> str:
        if name.startswith(".") or set(name) & set("/\\\0\n\r\t") or len(name) > _LONGEST_NAME:
            raise ValueError(
                f"a name of at most {_LONGEST_NAME} characters, which does not begin with a dot "
                f"and has no slash or line break in it: {name[:40]!r}"
            )
        return name

    @property
    def state(self) -> StatePoint:
        """The state point."""
        return StatePoint(self.temperature, self.density, self.mass or 0.0, self.composition or {})


class ReferenceSettings(BaseModel):
    """The starting potential; ``[reference]`` in a configuration.

    Lengths are in Å, energies in kcal/mol.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    form: PotentialForm = Field("lennard-jones", description="lennard-jones, mie, table, or zero")
    sigma: Length | None = Field(
        None, gt=0.5, lt=15, description="first zero of the potential in Å"
    )
    epsilon: Energy | None = Field(None, gt=0, le=1e3, description="depth of its well in kcal/mol")
    n: float | None = Field(None, gt=6, le=100, description="repulsive exponent of a Mie potential")
    file: Path | None = Field(
        None, description="table of v(r): of LAMMPS, GROMACS, VOTCA, HOOMD, or plain columns"
    )
    unit: str | None = Field(None, description="unit of r in the table; default as it says, or Å")
    energy_unit: str | None = Field(
        None, description="unit of v in the table; default as it says, or kcal/mol"
    )
    sha256: str | None = Field(None, pattern=SHA256, description="SHA-256 of the table")

    @model_validator(mode="after")
    def _form_has_its_numbers(self) -> Self:
        self._check_keys()
        return self

    def _check_keys(self) -> None:
        needed = {
            "lennard-jones": {"sigma", "epsilon"},
            "mie": {"sigma", "epsilon", "n"},
            "table": {"file"},
            "zero": set[str](),
        }[self.form]
        allowed = needed | ({"sha256", "unit", "energy_unit"} if self.form == "table" else set())
        allowed |= {"form", *self._mine}
        require_keys(self, f"a potential of form {self.form!r}", needed, allowed)

    @property
    def _mine(self) -> set[str]:
        """Keys that every form may have."""
        return set()


class BaseSettings(BaseModel):
    """What acts besides the potentials of the pairs; ``[base]`` in a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    style: str = Field(
        description="pair style of LAMMPS, such as eam/fs, eam/alloy, meam, snap, sw or tersoff; "
        "or ase: and a calculator of ASE with its module, if the environment allows it"
    )
    files: tuple[str, ...] = Field(
        (), description="its files: one's own, or by name those that ship with LAMMPS"
    )
    elements: dict[str, str] = Field(description="element in the files of each type of site")
    arguments: dict[str, Any] = Field(
        {},
        description="what a calculator of ASE is made with; a text that names one of the files "
        "becomes its path",
    )
    sha256: tuple[str, ...] = Field((), description="SHA-256 of the files")


class PairSettings(ReferenceSettings):
    """The starting potential of a pair; an entry of ``[[pair]]`` in a configuration."""

    sites: tuple[str, str] = Field(
        description="two types of sites, or one twice; the type of an atom is its name"
    )
    combine: Literal["lorentz-berthelot"] | None = Field(
        None, description="make it of those of the like pairs by this rule"
    )
    refine: bool | Literal["whole", "correction"] = Field(
        True,
        description="whole: it is inferred; correction: what is to be added to it is inferred, "
        "about zero; false: it is kept as it is. Default whole, or correction of form zero",
    )

    @property
    def corrected(self) -> bool:
        """Whether what is inferred is a correction."""
        return self.refine == "correction" or (self.refine is True and self.form == "zero")

    @model_validator(mode="after")
    def _whole_of_something(self) -> Self:
        if self.form == "zero" and self.refine == "whole":
            raise InputError("refine", "correction or false of form zero", "whole")
        return self

    @property
    def pair(self) -> Pair:
        """The pair of sites."""
        return Pair(*self.sites)

    @property
    def _mine(self) -> set[str]:
        return {"sites", "refine"}

    def _check_keys(self) -> None:
        if self.combine is None:
            super()._check_keys()
        else:
            usual = {"form"} if self.form == "lennard-jones" else set()
            require_keys(self, "a combined pair", {"combine"}, {"combine", *usual, *self._mine})


def number_density(
    table: dict[str, Any], system: dict[str, Any], molecules: Any = ()
) -> dict[str, Any]:
    """Return a state's table with its mass density, if it has one, as a number density.

    Parameters
    ----------
    table : dict
        ``[system]`` or a ``[[state]]``.
    system : dict
        ``[system]``, for the mass of an element.
    molecules : list of dict
        ``[[molecule]]``, for the mean mass of a mixture.

    Raises
    ------
    ValueError
        If there is no mass, or the unit is unknown.
    """
    density = table.get("density")
    if not isinstance(density, str):
        return table
    told = system.get("mass")
    mass = _mean_mass(table, molecules) if told is None else _mass_or_one(told)
    return {**table, "density": convert(density, "density", mass)}


def _mass_or_one(told: Any) -> float:
    """Return a mass in u; 1 for one that is none, which is named where masses are looked at."""
    try:
        mass = float(convert(told, "mass"))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 1.0
    return mass if mass > 0 else 1.0


def _mean_mass(table: dict[str, Any], molecules: Any) -> float | None:
    """Return the mean mass of a mixture's molecules in u; None where it cannot be told."""
    shares = table.get("composition")
    entries = molecules if isinstance(molecules, list) else []
    masses = {m.get("name"): mass_of(m) for m in entries if isinstance(m, dict)}
    if not isinstance(shares, dict) or set(shares) != set(masses):
        return None
    mean = 0.0
    for name, mass in masses.items():
        share = shares[name]
        if not isinstance(share, int | float) or mass is None:
            return None
        mean += share * mass
    return mean if mean > 0 else None
