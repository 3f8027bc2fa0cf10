"""What a configuration says about a measurement: ``[[observe]]``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from sopr_uq.errors import InputError
from sopr_uq.experiment.forms import FormName
from sopr_uq.experiment.keys import SHA256, require_keys
from sopr_uq.experiment.kinds import CURVES, KINDS, NUMBERS, KindName, Q, R
from sopr_uq.experiment.quantities import Abscissa, ScatteringLength, WaveNumber, convert
from sopr_uq.experiment.totals import Normalisation

_OF_TOTALS = {
    *("file", "sha256", "window", "abscissa_error", "spacing", "covariance", "covariance_sha256"),
    *("smoothing", "drift", "unit", "columns", "edges"),
    *("weights", "deuterated", "exchange", "intramolecular", "normalisation", "inelastic"),
    *("scale_sd", "background"),
}


def _in_its_unit(value: object, info: ValidationInfo) -> object:
    """Return a measured number in the unit of its kind."""
    kind = str(info.data.get("kind"))
    return convert(value, kind if kind in NUMBERS else "pressure")


def _not_zero(length: float) -> float:
    """Refuse nuclei that do not scatter; those of Li, Ti and Mn do so with a negative length."""
    if length == 0.0:
        raise ValueError("a scattering length that is not zero: 0")
    return length


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
    sha256: str | None = Field(None, pattern=SHA256, description="SHA-256 of the curve's file")
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
        "standard deviation in Å² or 1/Å²; 0.003 or 0.0005 for a file, what a cell of the "
        "histogram does where the file is of a simulation, 0 for what ships",
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
        description="standard deviation of a slow drift of the level; 0.003 for a file; what "
        "ships has its own",
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
    scattering_length: Annotated[ScatteringLength, AfterValidator(_not_zero)] | None = Field(
        None, description="⟨b⟩ in fm, for form f"
    )
    covariance: Path | None = Field(
        None, description="CSV with the covariance matrix of the values, without a header"
    )
    covariance_sha256: str | None = Field(None, pattern=SHA256, description="its SHA-256")
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
            needed = {"value"} if KINDS[self.kind].approximate else {"value", "error"}
            require_keys(self, f"a {self.kind}", needed, common | {"value", "error"})
            return self
        if KINDS[self.kind].total:
            require_keys(self, "a total F(Q)", {"file", "weights"}, common | _OF_TOTALS)
            return self
        if self.weights == "x-ray":
            raise InputError("weights", "neutron or numbers for each pair", "x-ray", 'kind = "f"')
        given = "curve" if self.curve is not None else "file"
        shape = {"window", "abscissa_error", "spacing", "covariance", "covariance_sha256"}
        shape |= {"smoothing", "drift", "sites", "weights"}
        layout = {"form", "unit", "columns", "edges"}
        # a g(r) has been a Fourier integral, an F(Q) of an element is a form of its S(Q)
        shape |= {"q_max", "lorch", "damping"} if CURVES[self.kind] is R else set()
        layout |= {"scattering_length"} if CURVES[self.kind] is Q else set()
        allowed = common | shape | {given, "sha256"} | (layout if given == "file" else set())
        require_keys(self, "a curve", {given}, allowed)
        return self
