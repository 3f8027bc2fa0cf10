"""``--observe g,s,pressure``: which of the measured quantities a refinement uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from sopr_uq.errors import InputError
from sopr_uq.experiment.equation_of_state import reference_pressure
from sopr_uq.experiment.observation import KINDS
from sopr_uq.experiment.registry import shipped_system
from sopr_uq.experiment.settings import SystemSettings


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
        raise InputError("--observe", f"some of {', '.join(KINDS)}, each once", repr(text))
    return kinds


def choose(tables: dict[str, Any], kinds: Sequence[str], shipped: str | None) -> None:
    """Keep the measurements of some kinds in raw tables, in place.

    A shipped system offers all its curves; a pressure that is not written
    there comes from the fluid's reference equation of state.

    Raises
    ------
    InputError
        If a kind cannot be had.
    """
    entries = [e for e in tables.get("observe", []) if isinstance(e, dict)]
    if shipped is not None:
        curves = shipped_system(shipped).observe
        entries = [entry.model_dump(exclude_unset=True) for entry in curves]
    chosen = []
    for kind in kinds:
        matching = [entry for entry in entries if entry.get("kind") == kind]
        if not matching and kind == "pressure":
            matching = [_pressure(tables)]
        if not matching:
            have = ", ".join(sorted({str(e.get("kind")) for e in entries})) or "nothing"
            raise InputError("--observe", f"kinds among {have}", kind)
        chosen += matching
    tables["observe"] = chosen


def _pressure(tables: dict[str, Any]) -> dict[str, Any]:
    try:
        system = SystemSettings.model_validate(tables.get("system", {}))
    except ValidationError as error:
        raise InputError("system", "a state point, for its pressure", str(error)) from None
    if system.fluid is None:
        raise InputError(
            "--observe pressure",
            "a [[observe]] entry of kind pressure, or system.fluid",
            "neither",
            'system.fluid = "Argon", the name of the fluid in CoolProp',
        )
    return {
        "kind": "pressure",
        "value": reference_pressure(system.fluid, system.state),
        "source": f"reference equation of state of {system.fluid} (CoolProp)",
    }
