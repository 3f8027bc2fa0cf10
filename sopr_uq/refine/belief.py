"""What is believed before a measurement is looked at; ``[prior]`` in a configuration."""

from __future__ import annotations

from functools import partial

from pydantic import BaseModel, ConfigDict, Field

from sopr_uq.refine.of_rules import used_by

_number = partial(Field, json_schema_extra=used_by("newton"))

_OF_MIXTURES = ("unlike_", "shared_shape")
_OF_CORRECTIONS = ("correction_",)
_OF_WHOLE = ("sigma", "epsilon", "exponent", "attraction", "width", "decay", *_OF_MIXTURES)


def without_meaning(*, mixture: bool, whole: bool, corrected: bool) -> tuple[str, ...]:
    """Return how the names of numbers begin that say nothing of a liquid.

    Parameters
    ----------
    mixture : bool
        Whether it has more than one pair.
    whole, corrected : bool
        Whether there are potentials that are refined as a whole, and corrections.
    """
    found: tuple[str, ...] = () if mixture else _OF_MIXTURES
    found += () if corrected else _OF_CORRECTIONS
    return found if whole else found + _OF_WHOLE


class PriorSettings(BaseModel):
    """The prior of the potential and of the errors of the data, for the rule ``newton``.

    Every number that shapes an interval is here. Where σ and ε are not given the
    prior is centred on the reference; a start that had to be made shallower
    (``refine.stable_start``) does not move it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sigma: float | None = _number(
        None, gt=0.5, lt=15, description="centre of σ in Å; default that of the reference"
    )
    sigma_sd: float = _number(0.05, gt=0, le=1, description="standard deviation of ln σ")
    epsilon: float | None = _number(
        None, gt=0, le=1e3, description="centre of ε in kcal/mol; default that of the reference"
    )
    epsilon_sd: float = _number(0.5, gt=0, le=3, description="standard deviation of ln ε")
    exponent: float = _number(12.0, gt=8, lt=24, description="centre of the repulsive exponent")
    exponent_sd: float = _number(2.0, gt=0, le=10, description="its standard deviation")
    attraction: float = _number(6.0, gt=4, lt=8, description="centre of the attractive exponent")
    attraction_sd: float = _number(0.75, gt=0, le=3, description="its standard deviation")
    unlike_sigma_sd: float = _number(
        0.03, gt=0, le=1, description="of an unlike pair: of ln σ beyond its like pairs"
    )
    unlike_epsilon_sd: float = _number(
        0.15, gt=0, le=3, description="of an unlike pair: of ln ε beyond its like pairs"
    )
    unlike_exponent_sd: float = _number(
        1.0, gt=0, le=10, description="of an unlike pair: of the repulsive exponent beyond them"
    )
    unlike_attraction_sd: float = _number(
        0.4, gt=0, le=3, description="of an unlike pair: of the attractive exponent beyond them"
    )
    shared_shape: float = _number(
        0.5,
        ge=0,
        lt=1,
        description="of a mixture: share of the variance of exponents, and of what a Mie potential "
        "lacks, that all pairs have in common; 1 would be corresponding states",
    )
    width: float = _number(
        0.2, gt=0, le=10, description="median size at σ of what a Mie potential lacks, in ε"
    )
    width_sd: float = _number(0.5, gt=0, le=3, description="standard deviation of its logarithm")
    length: float = _number(
        0.2, gt=0.02, le=5, description="median length scale of it at σ, in σ; grows like r"
    )
    length_sd: float = _number(0.4, gt=0, le=2, description="standard deviation of its logarithm")
    decay: float | None = _number(
        None,
        ge=1,
        le=12,
        description="exponent with which it dies; by default averaged over 6 (dispersion) and "
        "2.5 (other forces), as the data weigh them",
    )
    correction_width: float = _number(
        0.1, gt=0, le=10, description="median size at σ of a correction to a base, in k_B T"
    )
    correction_width_sd: float = _number(
        1.0, gt=0, le=3, description="standard deviation of its logarithm"
    )
    correction_stretch_sd: float = _number(
        0.03,
        gt=0,
        le=0.3,
        description="standard deviation of ln of the factor by which the "
        "distances of what is corrected are off",
    )
    correction_factor_sd: float = _number(0.25, gt=0, le=2, description="the same of its energies")
    noise: float = _number(
        0.01, gt=0, le=1, description="median noise of a curve without stated errors"
    )
    noise_beyond: float = _number(
        0.3, gt=0, le=10, description="median noise beyond stated errors, in these"
    )
    noise_sd: float = _number(1.0, gt=0, le=3, description="standard deviation of its logarithm")
    reading_sd: float = _number(
        0.5, gt=0, le=3, description="standard deviation of the logarithm of a reading error"
    )
    scale_sd: float = _number(
        0.02, gt=0, le=0.5, description="standard deviation of the scale of a curve"
    )
    level_sd: float = _number(
        0.01, gt=0, le=0.5, description="standard deviation of the level of a curve"
    )
    distance_sd: float = _number(
        0.015,
        gt=0,
        le=0.5,
        description="of a total F(Q): standard deviation of a distance within a molecule, in Å",
    )
    amplitude_sd: float = _number(
        0.3, gt=0, le=2, description="of a total F(Q): of the logarithm of its amplitude"
    )
    pressure_error: float = _number(
        0.1,
        gt=0,
        le=10,
        description="error of a pressure that states none, in ρ k_B T: how far the virial of an "
        "effective pair potential may be trusted",
    )
    tension: float = _number(
        1.0,
        gt=0,
        le=1e3,
        description="how far below zero, in ρ k_B T, the pressure of a liquid of atoms may be "
        "whose pressure is not given: a standard deviation, for what pairs do not make of it",
    )
    compression: float = _number(
        2.0,
        gt=0,
        le=1e4,
        description="mean of P/(ρ k_B T) of a fluid of atoms whose pressure is not given",
    )
    jacobian_error: float = _number(
        0.15, gt=0, le=2, description="median relative error of the linear response"
    )
