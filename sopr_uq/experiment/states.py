"""Further state points of a liquid: ``[[state]]`` in a configuration.

``[system]`` with its ``[[observe]]`` is the first state point. Each ``[[state]]``
is another one of the same substance, measured by its own ``[[state.observe]]``,
and shares the potential.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import no_liquid
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.measurement import checked, read_observation
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.quantities import Density, Temperature
from sopr_uq.experiment.settings import SystemSettings


class StateSettings(BaseModel):
    """A further state point; an entry of ``[[state]]`` in a configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field("", description="name in tables and figures")
    temperature: Temperature = Field(gt=0, le=1e5, description="temperature in K")
    density: Density = Field(gt=0, le=1e6, description="number density in 1/Å³")
    composition: dict[str, float] | None = Field(
        None, description="mole fraction of each [[molecule]]; default as [system]"
    )
    fluid: str | None = Field(None, description="CoolProp's name of the fluid; default as [system]")
    observe: tuple[ObserveSettings, ...] = Field(
        min_length=1, description="at least one table [[state.observe]]"
    )

    def within(self, system: SystemSettings) -> SystemSettings:
        """Return the system at this state point."""
        given = {"fluid": self.fluid, "composition": self.composition}
        changed = {"temperature": self.temperature, "density": self.density}
        return system.model_copy(
            update=changed | {key: value for key, value in given.items() if value is not None}
        )


def build_states(
    system: SystemSettings, makeup: Makeup, states: Sequence[StateSettings]
) -> tuple[Liquid, ...]:
    """Read the measurements of further state points.

    Raises
    ------
    InputErrors
        With every file that cannot be used.
    """
    faults = Faults()
    built = []
    for i, settings in enumerate(states):
        observations = state_observations(faults, i, system, makeup, settings)
        built.append((settings.within(system).state, observations))
    faults.raise_any()
    return tuple(Liquid(*each, makeup.substance) for each in built)


def state_observations(
    faults: Faults,
    index: int,
    system: SystemSettings | None,
    makeup: Makeup | None,
    settings: StateSettings,
) -> tuple[Observation, ...]:
    """Return the measurements of a state that can be used; note what is wrong with the others."""
    usable = []
    for number, entry in enumerate(settings.observe):
        with faults.caught(f"state.{index}.observe.{number}"):
            state = None if system is None else settings.within(system).state
            usable.append(checked(read_observation(entry, state, makeup), state, makeup))
    return tuple(usable)


def check_state(
    faults: Faults, index: int, system: SystemSettings, settings: StateSettings, makeup: Makeup
) -> None:
    """Note a temperature or density at which what it is made of can be no liquid."""
    for fault in no_liquid(makeup, settings.within(system).state):
        where = fault.where.replace("system.", f"state.{index}.")
        faults.add(InputError(where, fault.expected, fault.found, fault.advice))
