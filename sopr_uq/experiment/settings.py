"""What a configuration says about a liquid: ``[system]``, ``[reference]``, ``[[observe]]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from sopr_uq.errors import InputError
from sopr_uq.experiment.forms import FormName
from sopr_uq.experiment.kinds import KINDS, NUMBERS, KindName
from sopr_uq.experiment.models import mass_of
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.quantities import (
    Abscissa,
    Density,
    Energy,
    Length,
    Mass,
    ScatteringLength,
    Temperature,
    WaveNumber,
    convert,
)
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.totals import Normalisation

type Form = Literal["lennard-jones", "mie", "table", "zero"]

_LONGEST_NAME = 100
_OF_TOTALS = {
    *("file", "sha256", "window", "abscissa_error", "spacing", "covariance", "covariance_sha256"),
    *("smoothing", "drift", "unit", "columns", "edges"),
    *("weights", "deuterated", "exchange", "intramolecular", "normalisation", "inelastic"),
    *("scale_sd", "background"),
}
_SHA256 = r"^[0-9a-f]{64}$"


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
        return number_density(tables, tables) if isinstance(tables, dict) else tables

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

    form: Form = Field("lennard-jones", description="lennard-jones, mie, table, or zero")
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
    sha256: str | None = Field(None, pattern=_SHA256, description="SHA-256 of the table")

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
        _require(self, f"a potential of form {self.form!r}", needed, allowed)

    @property
    def _mine(self) -> set[str]:
        """Keys that every form may have."""
        return set()


class BaseSettings(BaseModel):
    """What acts besides the potentials of the pairs; ``[base]`` in a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    style: str = Field(
        description="pair style of LAMMPS, such as eam/fs, eam/alloy, meam, snap, sw or tersoff"
    )
    files: tuple[str, ...] = Field(
        min_length=1, description="its files: one's own, or by name those that ship with LAMMPS"
    )
    elements: dict[str, str] = Field(description="element in the files of each type of site")
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
            _require(self, "a combined pair", {"combine"}, {"combine", *usual, *self._mine})


def _in_its_unit(value: object, info: ValidationInfo) -> object:
    """Return a measured number in the unit of its kind."""
    kind = str(info.data.get("kind"))
    return convert(value, kind if kind in NUMBERS else "pressure")


_Measured = Annotated[float, BeforeValidator(_in_its_unit, json_schema_input_type=float | str)]


class ObserveSettings(BaseModel):
    """One measurement; an entry of ``[[observe]]`` in a configuration.

    A curve comes from a file or, by ``curve``, from what ships; a pressure, a diffusion
    and a viscosity are numbers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: KindName = Field(
        description="g (radial distribution), s (structure factor), f (total scattering), "
        "pressure, diffusion (of particles among their like, at infinite size of the box), or "
        "(shear) viscosity"
    )
    file: Path | None = Field(None, description="the curve, as some program wrote it")
    curve: str | None = Field(None, description="name of a shipped curve")
    sha256: str | None = Field(None, pattern=_SHA256, description="SHA-256 of the curve's file")
    value: _Measured | None = Field(
        None, description="measured pressure in MPa, diffusion in 1e-9 m²/s, viscosity in mPa s"
    )
    error: _Measured | None = Field(None, gt=0, description="its standard error, in the same unit")
    window: tuple[Abscissa, Abscissa] | None = Field(
        None, description="closed interval of r (Å) or Q (1/Å) that the inference uses"
    )
    abscissa_error: Abscissa | None = Field(
        None,
        ge=0,
        description="standard reading error of r (Å) or Q (1/Å); of a file with uneven steps, "
        "as of readings, a thousandth of their range",
    )
    spacing: Abscissa | None = Field(
        None, ge=0, description="distance in Å or 1/Å below which points are not independent"
    )
    q_max: Annotated[WaveNumber, Field(gt=0)] | Literal["none"] | None = Field(
        None,
        description="end in 1/Å of the Fourier integral that gave a g(r), or 'none'; "
        "found from the curve where it is not given",
    )
    lorch: bool | None = Field(
        None, description="whether Lorch's window damped that integral; found where not given"
    )
    smoothing: float | None = Field(
        None,
        ge=0,
        description="how much of its second derivative may have been added to the curve, as a "
        "standard deviation in Å² or 1/Å²; 0.003 or 0.0005 for a file, 0 for what ships",
    )
    damping: float | None = Field(
        None,
        ge=0,
        description="how much of Lorch's window may have been there beyond what lorch says, or "
        "missing, as a standard deviation; 0.5 to 1 as the spectrum of a g(r) from a file says, 0 "
        "for what ships",
    )
    drift: float | None = Field(
        None,
        ge=0,
        description="standard deviation of a slow drift of the level; 0.003 for a file, 0 for "
        "what ships",
    )
    form: FormName | None = Field(
        None, description="function in the file: g, h, G, rdf, t, s, s-1, q(s-1) or f"
    )
    unit: str | None = Field(None, description="unit of r or Q in the file, such as nm")
    columns: tuple[str | int, ...] | None = Field(
        None, min_length=2, max_length=3, description="r or Q, values, errors: names or numbers"
    )
    edges: Literal["left"] | None = Field(
        None, description="left: the file has the left edges of cells"
    )
    scattering_length: ScatteringLength | None = Field(
        None, gt=0, description="⟨b⟩ in fm, for form f"
    )
    covariance: Path | None = Field(
        None, description="CSV with the covariance matrix of the values, without a header"
    )
    covariance_sha256: str | None = Field(None, pattern=_SHA256, description="its SHA-256")
    sites: tuple[str, str] | None = Field(
        None, description="of a mixture: the pair that a partial curve is of"
    )
    weights: Literal["neutron", "x-ray"] | dict[str, float] | None = Field(
        None,
        description="of a mixture: 'neutron', or the weight of each pair, such as "
        "{ \"Ar-Kr\" = 0.5 }, in a total curve 1 + Σ w (partial − 1); of kind f also 'x-ray', "
        "and w of Σ w (partial − 1)",
    )
    deuterated: float | None = Field(
        None, ge=0, le=1, description="of kind f: fraction of D on sites whose element is H"
    )
    exchange: bool | None = Field(
        None,
        description="of kind f: whether hydrogen exchanges between molecules, or a part of the "
        "molecules has nothing but D; default true",
    )
    intramolecular: bool | None = Field(
        None, description="of kind f: whether pairs within molecules are in it; default true"
    )
    normalisation: Normalisation | None = Field(
        None,
        description="of kind f: none, square-of-average or average-of-squares: what it was "
        "divided by",
    )
    inelastic: float | None = Field(
        None,
        ge=0,
        description="of kind f: standard deviation at Q = 0, in the unit of the curve, of a smooth "
        "error that dies towards high Q; 0.03 barn for neutrons and hydrogen, else 0",
    )
    background: float | None = Field(
        None,
        ge=0,
        description="of kind f: standard deviation of an error that is smooth over 1 Å⁻¹, in the "
        "unit of the curve; default a tenth of its root mean square",
    )
    scale_sd: float | None = Field(
        None, gt=0, le=0.5, description="of kind f: standard deviation of its scale; default 0.1"
    )
    name: str = Field("", description="name in tables and figures")
    source: str = Field("", description="where the numbers come from")
    origin: str = Field(
        "", description="the experiment; curves of one count once. Default: the curve's own file"
    )

    @model_validator(mode="after")
    def _kind_has_its_numbers(self) -> ObserveSettings:
        common = {"kind", "name", "source", "origin"}
        if self.sites is not None and self.weights is not None:
            raise InputError("keys", "sites of a partial or weights of a total", "both")
        if self.kind in NUMBERS:
            needed = {"value", "error"} if KINDS[self.kind].logarithmic else {"value"}
            _require(self, f"a {self.kind}", needed, common | {"value", "error"})
            return self
        if self.kind == "f":
            _require(self, "a total F(Q)", {"file", "weights"}, common | _OF_TOTALS)
            return self
        if self.weights == "x-ray":
            raise InputError("weights", "neutron or numbers for each pair", "x-ray", 'kind = "f"')
        given = "curve" if self.curve is not None else "file"
        shape = {"window", "abscissa_error", "q_max", "spacing", "covariance", "covariance_sha256"}
        shape |= {"lorch", "smoothing", "damping", "drift"}
        layout = {"form", "unit", "columns", "edges", "scattering_length"}
        shape |= {"sites", "weights"}
        allowed = common | shape | {given, "sha256"} | (layout if given == "file" else set())
        _require(self, "a curve", {given}, allowed)
        return self


def _require(model: BaseModel, what: str, needed: set[str], allowed: set[str]) -> None:
    """Refuse a model that lacks a needed key or sets one that does not belong to it."""
    given = {name for name in type(model).model_fields if getattr(model, name) is not None}
    missing = sorted(needed - given)
    surplus = sorted((given & model.model_fields_set) - allowed)
    if missing or surplus:
        wanted = f"{what} with {' and '.join(sorted(needed))}"
        found = [f"no {name}" for name in missing] + [f"{name} as well" for name in surplus]
        raise InputError("keys", wanted, ", ".join(found))


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
    mass = convert(system.get("mass"), "mass")
    known = mass if isinstance(mass, int | float) and mass > 0 else None
    known = known or _mean_mass(table, molecules)
    return {**table, "density": convert(density, "density", known)}


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
