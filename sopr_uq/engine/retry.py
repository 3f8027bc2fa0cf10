"""A simulation that went wrong is made once more, with a safer set-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sopr_uq.engine.plan import Plan, make_plan
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.timestep import usual_timestep
from sopr_uq.errors import PhaseSeparated, SimulationFailed
from sopr_uq.rng import integer_seed

SAFER = "from a fresh lattice, with half the time step and twice the steps"


def with_retry(
    attempt: Callable[[Plan], Simulation], settings: EngineSettings, setup: Setup
) -> Simulation:
    """Simulate; where that fails, once more from a lattice with half the time step.

    The second time step is at most the usual one. What came apart into phases is no accident of
    a time step, and is not made again.

    Parameters
    ----------
    attempt : callable
        Carries out a plan.
    settings, setup
        As of :func:`~sopr_uq.engine.plan.make_plan`.

    Returns
    -------
    Simulation
        Its ``trouble`` says why it was made twice.

    Raises
    ------
    PhaseSeparated
        If the box holds more than one phase.
    SimulationFailed
        If both attempts fail; names both reasons.
    """
    plan = make_plan(settings, setup)
    try:
        return attempt(plan)
    except PhaseSeparated:
        raise
    except SimulationFailed as error:
        first = str(error)
    again = safer(settings, min(plan.timestep, 2 * usual_timestep(setup)))
    fresh = replace(setup, seed=integer_seed(setup.seed, "again"), start=None)
    plan = make_plan(again, fresh)
    try:
        return replace(attempt(plan), trouble=first)
    except SimulationFailed as error:
        if str(error) == first:
            raise SimulationFailed(f"{first} It ended so twice, the second time {SAFER}.") from None
        raise SimulationFailed(
            f"{error} This was the second attempt, {SAFER}; the first failed as well: {first}"
        ) from None


def safer(settings: EngineSettings, timestep: float) -> EngineSettings:
    """Return settings of the same simulated time with half the time step, in fs."""
    twice = (
        "thermalisation_steps",
        "ramp_steps",
        "equilibration_steps",
        "production_steps",
        "sample_every",
        "thermostat_time",
    )
    changes: dict[str, float] = {name: 2 * getattr(settings, name) for name in twice}
    # A start that melts is part of what is safer.
    changes["thermalisation_steps"] = max(changes["thermalisation_steps"], 1_000)
    changes["ramp_steps"] = max(changes["ramp_steps"], 2_000)
    return settings.model_copy(update={**changes, "timestep": 0.5 * timestep})
