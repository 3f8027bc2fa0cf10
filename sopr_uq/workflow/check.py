"""Checks of a configuration beyond single keys: its files, its physics, keys that depend on keys.

Every table that is right by itself is checked further even where another one
is wrong, so that a person learns of all faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from pydantic import BaseModel, ValidationError

from sopr_uq.engine.plan import check_cutoff, default_cutoff
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import TRAITS
from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.reference import shape
from sopr_uq.experiment.settings import ObserveSettings, ReferenceSettings, SystemSettings
from sopr_uq.experiment.several import StateSettings, check_state, state_observations
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.system import checked_observations, checked_reference
from sopr_uq.potentials import Potential
from sopr_uq.refine.newton.data import stack
from sopr_uq.refine.problem import Problem, Sample
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.refine.single import only_rdf


def check_tables(faults: Faults, tables: dict[str, Any]) -> None:
    """Note everything that is wrong with the raw tables of a configuration as a whole."""
    for fault in _unusable_numbers(tables):
        faults.add(fault)
    system = _valid(SystemSettings, tables.get("system"))
    reference = _valid(ReferenceSettings, tables.get("reference"))
    engine = _valid(EngineSettings, tables.get("engine", {}))
    refine = _valid(RefineSettings, tables.get("refine", {}))
    entries = tables.get("observe")
    entries = entries if isinstance(entries, list) else []
    numbered = {index: _valid(ObserveSettings, entry) for index, entry in enumerate(entries)}
    observe = {index: settings for index, settings in numbered.items() if settings is not None}
    known = len(faults)
    potential = None if reference is None else checked_reference(faults, system, reference)
    if len(faults) > known:
        # An implausible state would make good curves and cut-offs look wrong.
        system = None
    observations = checked_observations(faults, system, observe)
    if system is None or potential is None:
        return
    more = _check_states(faults, tables.get("state", []), system, potential)
    if engine is not None and TRAITS[engine.name].boxed:
        for state in (system.state, *(sample.state for sample in more or ())):
            _check_box(faults, engine, potential, state)
    complete = more is not None and observations and len(observations) == len(entries)
    if refine is not None and complete:
        with faults.caught("observe"):
            first = Sample(system.state, tuple(observations))
            with faults.caught("refine"):
                _check_rule(refine, [first, *(more or ())], potential)


def _check_states(
    faults: Faults, tables: Any, system: SystemSettings, potential: Potential
) -> list[Sample] | None:
    """Check further state points; return their samples, or None if one is faulty."""
    entries = tables if isinstance(tables, list) else []
    known, samples = len(faults), []
    for index, table in enumerate(entries):
        settings = _valid(StateSettings, table)
        if settings is None:
            return None
        check_state(faults, index, system, settings, shape(potential))
        found = state_observations(faults, index, system, settings)
        if len(found) == len(settings.observe):
            with faults.caught(f"state.{index}.observe"):
                samples.append(Sample(settings.within(system).state, found))
    return samples if len(faults) == known else None


def _valid[M: BaseModel](model: type[M], table: Any) -> M | None:
    try:
        return model.model_validate(table)
    except ValidationError:
        return None


def _check_box(
    faults: Faults, engine: EngineSettings, potential: Potential, state: StatePoint
) -> None:
    half = 0.5 * (engine.particles / state.density) ** (1 / 3)
    with faults.caught():
        cutoff = engine.cutoff or default_cutoff(potential, state.temperature)
        check_cutoff(cutoff, engine.particles, state.density)
    with faults.caught():
        if engine.r_max is not None and engine.r_max > half:
            expected = f"at most half the box, {half:.3f} Å for {engine.particles} particles"
            raise InputError("engine.r_max", expected, f"{engine.r_max:g} Å")


def _check_rule(refine: RefineSettings, samples: Sequence[Sample], potential: Potential) -> None:
    problem = Problem(tuple(samples), potential, refine)
    if refine.rule == "newton":
        stack(problem)
    else:
        only_rdf(problem, refine.rule)


def _unusable_numbers(value: Any, key: str = "") -> Iterator[InputError]:
    """Yield a fault for every NaN and infinity, which TOML can write."""
    if isinstance(value, float) and not isfinite(value):
        yield InputError(key, "a finite number", str(value))
    items = value.items() if isinstance(value, dict) else ()
    for name, inner in enumerate(value) if isinstance(value, list) else items:
        yield from _unusable_numbers(inner, f"{key}.{name}" if key else str(name))
