"""Which of the measured quantities a refinement uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from sopr_uq.errors import InputError
from sopr_uq.experiment.equation_of_state import reference_pressure
from sopr_uq.experiment.kinds import DYNAMICS, KINDS
from sopr_uq.experiment.registry import shipped_system
from sopr_uq.experiment.settings import SystemSettings
from sopr_uq.refine.rules import RULES
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow.source import dicts

DEFAULT_RULE = RefineSettings.model_fields["rule"].default
_STATE_KEYS = ("temperature", "density", "fluid")


def parse_kinds(text: str) -> list[str]:
    """Split ``g,pressure`` into kinds.

    Raises
    ------
    InputError
        If a kind is unknown or named twice.
    """
    kinds = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown or not kinds or len(set(kinds)) < len(kinds):
        raise InputError("observe", f"some of {', '.join(KINDS)}, each once", repr(text))
    return kinds


def choose_kinds(tables: dict[str, Any], kinds: Sequence[str], shipped: str | None) -> None:
    """Keep the measurements of some kinds in raw tables, in place.

    A shipped system offers all its curves; a pressure that is not written
    there comes from the fluid's reference equation of state. Further state
    points keep what they have of these kinds; one of motion alone of which none is
    kept is left out.

    Raises
    ------
    InputError
        If a kind cannot be had, or a state point is left with nothing.
    """
    entries = dicts(tables.get("observe"))
    if shipped is not None:
        curves = shipped_system(shipped).observe
        entries = [entry.model_dump(exclude_unset=True) for entry in curves]
    given = dicts([tables.get("system")])
    system: dict[str, Any] = given[0] if given else {}
    found = {kind: _of_kind(kind, entries, system) for kind in kinds}
    states = dicts(tables.get("state"))
    elsewhere = {str(e.get("kind")) for state in states for e in dicts(state.get("observe"))}
    missing = [k for k, of in found.items() if not of and k not in elsewhere & set(DYNAMICS)]
    if missing:
        have = ", ".join(sorted({str(e.get("kind")) for e in entries})) or "nothing"
        raise InputError("observe", f"kinds among {have}", missing[0])
    tables["observe"] = [entry for kind in kinds for entry in found[kind]]
    kept = [state for state in states if not _only_of_others(state, kinds)]
    for index, state in enumerate(kept):
        _choose_in_state(index, state, kinds, system)
    if kept != states:
        tables["state"] = kept


def add_pressure(tables: dict[str, Any]) -> None:
    """Add to the g(r) of a shipped system the pressure that its rule may learn from, in place.

    A state point that is faulty is left to the
    checks that name its faults.
    """
    refine, entries = tables.get("refine", {}), dicts(tables.get("observe"))
    name = refine.get("rule", DEFAULT_RULE) if isinstance(refine, dict) else DEFAULT_RULE
    rule = RULES.get(str(name))
    known = all(entry.get("kind") == "g" for entry in entries)
    if rule is None or "pressure" not in rule.kinds or tables.get("preset") == "published":
        return
    if not known:
        return
    try:
        SystemSettings.model_validate(tables.get("system"))
    except ValidationError:
        return
    tables["observe"] = [*entries, _pressure(tables["system"])]


def _only_of_others(state: dict[str, Any], kinds: Sequence[str]) -> bool:
    """Whether a state point has numbers of motion alone, and none of some kinds."""
    found = {str(entry.get("kind")) for entry in dicts(state.get("observe"))}
    return bool(found) and found <= set(DYNAMICS) - set(kinds)


def _choose_in_state(
    index: int, state: dict[str, Any], kinds: Sequence[str], system: dict[str, Any]
) -> None:
    """Keep the measurements of some kinds at a further state point, in place."""
    own: dict[str, Any] = {k: v for k, v in state.items() if k in _STATE_KEYS}
    entries = dicts(state.get("observe"))
    merged = {**system, **own}
    liquid = merged if "fluid" in merged else None
    kept = [entry for kind in kinds for entry in _of_kind(kind, entries, liquid)]
    if not kept:
        have = ", ".join(sorted({str(e.get("kind")) for e in entries})) or "nothing"
        raise InputError(f"observe, state.{index}", f"some of {have}", ", ".join(kinds))
    state["observe"] = kept


def _of_kind(
    kind: str, entries: Sequence[dict[str, Any]], system: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Return the entries of a kind; a pressure that is not among them, from the system's fluid."""
    matching = [entry for entry in entries if entry.get("kind") == kind]
    if not matching and kind == "pressure" and system is not None:
        return [_pressure(system)]
    return matching


def _pressure(table: dict[str, Any]) -> dict[str, Any]:
    try:
        system = SystemSettings.model_validate(table)
    except ValidationError as error:
        raise InputError("system", "a state point, for its pressure", str(error)) from None
    if system.fluid is None:
        raise InputError(
            "observe pressure",
            "a [[observe]] entry of kind pressure, or system.fluid",
            "neither",
            'system.fluid = "Argon", the name of the fluid in CoolProp',
        )
    return {
        "kind": "pressure",
        "value": reference_pressure(system.fluid, system.state),
        "source": f"reference equation of state of {system.fluid} (CoolProp)",
    }
