"""Checks of a configuration beyond single keys: its files, its physics, keys that depend on keys.

Every table that is right by itself is checked further even where another one
is wrong, so that a person learns of all faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from pydantic import BaseModel, ValidationError

from sopr_uq.engine.based import check_base
from sopr_uq.engine.plan import check_cutoff, check_molecules, usual_cutoff
from sopr_uq.engine.protocol import check_based, check_records
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import FLUCTUATIONS, TRAITS, following
from sopr_uq.errors import InputError
from sopr_uq.experiment.checks import check_copies
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import Ingredients, checked_makeup
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.measurement import checked_observations
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import (
    BaseSettings,
    PairSettings,
    ReferenceSettings,
    SystemSettings,
)
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.states import StateSettings, check_state, state_observations
from sopr_uq.refine.belief import without_meaning
from sopr_uq.refine.problem import CUTOFF_IN_SIGMA, Problem
from sopr_uq.refine.rules import RULES
from sopr_uq.refine.settings import RefineSettings


def check_tables(faults: Faults, tables: dict[str, Any]) -> None:
    """Note everything that is wrong with the raw tables of a configuration as a whole."""
    for fault in _unusable_numbers(tables):
        faults.add(fault)
    system = _valid(SystemSettings, tables.get("system"))
    engine = _valid(EngineSettings, tables.get("engine", {}))
    refine = _valid(RefineSettings, tables.get("refine", {}))
    entries = tables.get("observe")
    entries = entries if isinstance(entries, list) else []
    numbered = {index: _valid(ObserveSettings, entry) for index, entry in enumerate(entries)}
    observe = {index: settings for index, settings in numbered.items() if settings is not None}
    known = len(faults)
    ingredients = _ingredients(faults, tables, system)
    makeup = None if ingredients is None else checked_makeup(faults, system, ingredients)
    if len(faults) > known:
        # An implausible state would make good curves and cut-offs look wrong.
        system = None
    observations = checked_observations(faults, system, makeup, observe)
    if system is None or makeup is None:
        return
    _check_prior(faults, tables.get("prior"), makeup)
    more = _check_states(faults, tables.get("state", []), system, makeup)
    if engine is not None:
        everything = [*observations, *(o for liquid in more or () for o in liquid.observations)]
        states = [system.state, *(liquid.state for liquid in more or ())]
        _check_engine(faults, engine, makeup, states, everything)
    complete = more is not None and observations and len(observations) == len(entries)
    if refine is not None and complete:
        with faults.caught("observe"):
            first = Liquid(system.state, tuple(observations), makeup.substance)
            with faults.caught("refine"):
                _check_rule(refine, [first, *(more or ())], makeup)


def _ingredients(
    faults: Faults, tables: dict[str, Any], system: SystemSettings | None
) -> Ingredients | None:
    """Return the tables of what a liquid is made of; note what is missing or too much."""
    reference = tables.get("reference")
    base = _valid(BaseSettings, tables["base"]) if "base" in tables else None
    if base is None and "base" in tables:
        return None
    if base is not None and reference is None and not tables.get("molecule"):
        return _on_base(faults, tables, system, base)
    mixed = next((name for name in ("molecule", "pair") if tables.get(name)), None)
    if mixed is None:
        _check_element(faults, reference, system)
        found = _valid(ReferenceSettings, reference)
        return None if found is None else Ingredients(found, base=base)
    if reference is not None:
        expected = f"[reference] of an element, or [[{mixed}]] of a mixture"
        faults.add(InputError("reference", expected, "both"))
    if system is not None and system.mass is not None:
        faults.add(InputError("system.mass", "masses in [[molecule]] alone", f"{system.mass:g}"))
    molecules = _all_valid(MoleculeSettings, tables.get("molecule", []))
    pairs = _all_valid(PairSettings, tables.get("pair", []))
    if molecules is None or pairs is None:
        return None
    if molecules:
        return Ingredients(None, molecules, pairs, base)
    faults.add(InputError("molecule", "at least one table [[molecule]]", "none"))
    return None


def _on_base(
    faults: Faults, tables: dict[str, Any], system: SystemSettings | None, base: BaseSettings
) -> Ingredients | None:
    """Return what an element on a base is made of: its mass stands in ``[system]``."""
    pairs = _all_valid(PairSettings, tables.get("pair", []))
    if system is not None and (system.mass is None or len(base.elements) != 1):
        expected = "particle mass in u of one element, or tables [[molecule]]"
        found = "nothing" if system.mass is None else f"elements of {len(base.elements)} types"
        faults.add(InputError("system.mass", expected, found))
        return None
    return None if pairs is None else Ingredients(None, (), pairs, base)


def _check_element(faults: Faults, reference: Any, system: SystemSettings | None) -> None:
    if reference is None:
        faults.add(InputError("reference", "a table [reference]", "nothing"))
    if system is None:
        return
    if system.mass is None:
        faults.add(InputError("system.mass", "particle mass in u", "nothing"))
    if system.composition is not None:
        expected = "tables [[molecule]] and [[pair]] beside a composition"
        faults.add(InputError("system.composition", expected, "none"))


def _check_prior(faults: Faults, prior: Any, makeup: Makeup) -> None:
    """Note keys of ``[prior]`` that say nothing of this liquid."""
    given = prior if isinstance(prior, dict) else {}
    pairs = set(makeup.substance.pairs)
    element, whole = len(pairs) == 1, pairs - makeup.corrected - makeup.frozen
    for key in given:
        if element and key.startswith(without_meaning(mixture=False, whole=True, corrected=True)):
            faults.add(InputError(f"prior.{key}", "a mixture for it", "an element"))
        elif not makeup.corrected and key.startswith("correction_"):
            faults.add(InputError(f"prior.{key}", "a pair with a correction for it", "none"))
        elif not whole and key.startswith(
            without_meaning(mixture=True, whole=False, corrected=True)
        ):
            expected = "a pair that is refined as a whole for it"
            faults.add(InputError(f"prior.{key}", expected, "corrections alone"))
        elif not element and key in ("sigma", "epsilon"):
            advice = f"the {key} of each [[pair]] is the centre of what is believed of it"
            faults.add(InputError(f"prior.{key}", "an element for it", "a mixture", advice))


def _all_valid[M: BaseModel](model: type[M], tables: Any) -> tuple[M, ...] | None:
    found = [_valid(model, each) for each in tables] if isinstance(tables, list) else [None]
    known = tuple(each for each in found if each is not None)
    return known if len(known) == len(found) else None


def _check_states(
    faults: Faults, tables: Any, system: SystemSettings, makeup: Makeup
) -> list[Liquid] | None:
    """Check further state points; return their liquids, or None if one is faulty."""
    entries = tables if isinstance(tables, list) else []
    known, liquids = len(faults), []
    for index, table in enumerate(entries):
        settings = _valid(StateSettings, table)
        if settings is None:
            return None
        with faults.caught(f"state.{index}"):
            check_state(faults, index, system, settings, makeup)
            found = state_observations(faults, index, system, makeup, settings)
            if len(found) == len(settings.observe):
                with faults.caught(f"state.{index}.observe"):
                    state = settings.within(system).state
                    liquids.append(Liquid(state, found, makeup.substance))
    return liquids if len(faults) == known else None


def _valid[M: BaseModel](model: type[M], table: Any) -> M | None:
    try:
        return model.model_validate(table)
    except ValidationError:
        return None


def _check_engine(
    faults: Faults,
    engine: EngineSettings,
    makeup: Makeup,
    states: Sequence[StatePoint],
    observations: Sequence[Observation],
) -> None:
    """Note what an engine cannot simulate or record, and boxes that are too small."""
    base = makeup.substance.base
    if TRAITS[engine.name].boxed:
        for state in states:
            _check_box(faults, engine, makeup, state)
    with faults.caught("observe"):
        check_copies(observations)
    record: set[str] = {o.kind for o in observations if o.logarithmic}
    record |= set() if base is None else {FLUCTUATIONS}
    with faults.caught("engine.name"):
        name = following(engine.name, record)
        check_based(name, TRAITS[name], base)
        check_records(name, TRAITS[name], record)
    if base is not None:
        with faults.caught():
            check_base(base, [site.name for site in makeup.substance.sites])


def _check_box(faults: Faults, engine: EngineSettings, makeup: Makeup, state: StatePoint) -> None:
    half = 0.5 * (engine.particles / state.density) ** (1 / 3)
    with faults.caught():
        if makeup.substance.base is None:
            potentials = makeup.references.values()
            usual = usual_cutoff(makeup.substance, potentials, state.temperature)
        else:
            usual = CUTOFF_IN_SIGMA * state.contact
        check_cutoff(engine.cutoff or usual, engine.particles, state.density)
    with faults.caught():
        check_molecules(makeup.substance, engine, state.density)
    with faults.caught():
        makeup.substance.counts(state, engine.particles)
    with faults.caught():
        if engine.r_max is not None and engine.r_max > half:
            expected = f"at most half the box, {half:.3f} Å for {engine.particles} particles"
            raise InputError("engine.r_max", expected, f"{engine.r_max:g} Å")


def _check_rule(refine: RefineSettings, liquids: Sequence[Liquid], makeup: Makeup) -> None:
    problem = Problem(
        tuple(liquids),
        makeup.references,
        refine,
        frozen=makeup.frozen,
        corrected=makeup.corrected,
    )
    RULES[refine.rule](problem)


def _unusable_numbers(value: Any, key: str = "") -> Iterator[InputError]:
    """Yield a fault for every NaN and infinity, which TOML can write."""
    if isinstance(value, float) and not isfinite(value):
        yield InputError(key, "a finite number", str(value))
    items = value.items() if isinstance(value, dict) else ()
    for name, inner in enumerate(value) if isinstance(value, list) else items:
        yield from _unusable_numbers(inner, f"{key}.{name}" if key else str(name))
