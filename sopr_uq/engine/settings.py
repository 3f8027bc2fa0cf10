"""Size and length of an engine run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sopr_uq.experiment.quantities import Length, Time

type EngineName = Literal["auto", "lammps", "hoomd", "integral_equation", "dilute"]


class EngineSettings(BaseModel):
    """How an engine simulates; ``[engine]`` in a configuration.

    All lengths are in Å, times in fs; step counts are numbers of time steps.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: EngineName = "auto"
    particles: int = Field(1372, ge=32, le=200_000, description="number of particles N")
    cutoff: Length | None = Field(
        None, gt=0, description="cut-off of the potential in Å; default 3 σ of the reference"
    )
    timestep: Time | None = Field(
        None, gt=0, le=20, description="time step in fs; default from mass, σ and ε"
    )
    thermalisation_steps: int = Field(
        1_000, ge=0, description="steps at low density after a lattice start"
    )
    ramp_steps: int = Field(2_000, ge=0, description="steps of the density ramp after it")
    equilibration_steps: int = Field(2_000, ge=0, description="steps before sampling")
    production_steps: int = Field(8_000, ge=100, description="steps of sampling")
    sample_every: int = Field(40, ge=1, description="steps between RDF samples")
    blocks: int = Field(20, ge=4, description="blocks of the trajectory for sampling errors")
    bin_width: Length = Field(0.02, gt=0.001, le=0.2, description="width of the RDF bins in Å")
    r_max: Length | None = Field(
        None, gt=0, description="largest r of the RDF in Å; default half the box"
    )
    threads: int | None = Field(
        None, ge=1, description="CPU threads; default all, of at least 250 particles each"
    )
    thermostat_time: float = Field(25.0, gt=0, description="thermostat time constant in time steps")

    sampling_error: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="standard error of g = 1 that the integral equation is given by counting; "
        "for twins",
    )

    @model_validator(mode="after")
    def _only_the_exact_is_given_an_error(self) -> EngineSettings:
        if self.sampling_error > 0 and self.name != "integral_equation":
            raise ValueError(
                "sampling_error is for the engine integral_equation, which has none of its own: "
                f"{self.sampling_error:g} with the engine {self.name}"
            )
        return self

    @model_validator(mode="after")
    def _samples_fill_blocks(self) -> EngineSettings:
        if self.production_steps // self.sample_every < 2 * self.blocks:
            raise ValueError(
                "production_steps / sample_every that gives at least two samples a block: "
                f"{self.production_steps // self.sample_every} samples for {self.blocks} blocks"
            )
        return self
