"""Settings of a refinement; ``[refine]`` in a configuration."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sopr_uq.refine.of_rules import used_by

type RuleName = Literal["sopr", "ibi", "newton"]
type Regressed = Literal["correction", "potential"]
type BridgeName = Literal["moving", "fixed"]
type StopName = Literal["published", "noise"]

_SOPR, _SOPR_IBI = used_by("sopr"), used_by("sopr", "ibi")
_NEWTON, _SAMPLED = used_by("newton"), used_by("newton", "sopr")


class RefineSettings(BaseModel):
    """How a potential is refined.

    Energies are in kcal/mol and lengths in Å. A width, length or noise of
    ``None`` is inferred; a number is kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: RuleName = "newton"
    max_iterations: int = Field(20, ge=1, le=1000, description="rounds at most")
    stable_start: bool = Field(
        True, description="make a reference too deep for its state point shallower"
    )
    warm_start: bool = Field(
        True, description="begin each simulation where the last one ended, not from a lattice"
    )
    gamma: float = Field(
        0.5, gt=0, le=2, description="step size of ibi and sopr", json_schema_extra=_SOPR_IBI
    )
    regressed: Regressed = Field(
        "correction",
        description="what the Gaussian process describes: v − v_ref, or v itself",
        json_schema_extra=_SOPR,
    )
    width: float | None = Field(
        None, gt=0, description="kernel standard deviation in kcal/mol", json_schema_extra=_SOPR
    )
    length: float | None = Field(
        None, gt=0, description="kernel length scale in Å (at σ)", json_schema_extra=_SOPR
    )
    noise: float | None = Field(
        None, gt=0, description="GPR noise standard deviation in kcal/mol", json_schema_extra=_SOPR
    )
    regress_from: float = Field(
        0.9,
        gt=0.3,
        lt=1.2,
        description="smallest r of the regression, in σ of the reference",
        json_schema_extra=_SOPR,
    )
    fit_level: bool = Field(
        True,
        description="let the normalisation of a measured g(r) be off by a constant factor",
        json_schema_extra=_SOPR_IBI,
    )
    stop: StopName = Field(
        "noise",
        description="'published': mean squared Δg below tolerance; "
        "'noise': a step no longer leaves its own noise",
        json_schema_extra=_SOPR,
    )
    tolerance: float = Field(
        5e-4,
        gt=0,
        description="mean squared Δg of the published criterion",
        json_schema_extra=_SOPR_IBI,
    )
    grid_spacing: float = Field(0.02, ge=0.005, le=0.1, description="spacing of v(r) in Å")
    bridge: BridgeName = Field(
        "moving",
        description="newton: whether the bridge function of the linear response rides on the "
        "repulsive core, or is held fixed",
        json_schema_extra=_NEWTON,
    )
    discrepancy: float = Field(
        0.0,
        ge=0,
        le=10,
        description="newton: standard deviation in kcal/mol at σ of how v(r) differs between "
        "state points; 0: not at all",
        json_schema_extra=_NEWTON,
    )
    round_size: int = Field(
        4,
        ge=1,
        le=256,
        description="simulations a round at each state point, side by side: newton simulates its "
        "mean and draws of its posterior, sopr and ibi replicas",
    )
    chains: int = Field(2, ge=1, le=16, description="MCMC chains", json_schema_extra=_SAMPLED)
    tune: int = Field(
        300, ge=100, le=20_000, description="MCMC tuning steps a chain", json_schema_extra=_SAMPLED
    )
    draws: int = Field(
        500, ge=50, le=50_000, description="MCMC draws a chain", json_schema_extra=_SAMPLED
    )

    @model_validator(mode="after")
    def _given_noise_needs_a_given_kernel(self) -> RefineSettings:
        if self.noise is not None and (self.width is None or self.length is None):
            raise ValueError(
                "noise can be given only together with width and length: a kernel is "
                "inferred by telling it from the noise"
            )
        return self
