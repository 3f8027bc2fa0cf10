"""Which settings belong to which rule: a key that a rule does not use is refused, not ignored."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.config import JsonDict

from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults

_RULES = "rules"


def used_by(*rules: str) -> JsonDict:
    """Return the mark of a field that only some rules use; as its ``json_schema_extra``."""
    return {_RULES: list(rules)}


def unused_keys(model: type[BaseModel], rule: str) -> dict[str, tuple[str, ...]]:
    """Return the fields of a model that a rule does not use, each with the rules that do."""
    found = {}
    for key, field in model.model_fields.items():
        extra = field.json_schema_extra
        rules = extra.get(_RULES) if isinstance(extra, dict) else None
        if isinstance(rules, list) and rule not in rules:
            found[key] = tuple(str(each) for each in rules)
    return found


def refuse_unused(
    faults: Faults, model: type[BaseModel], rule: str, name: str, given: dict[str, Any]
) -> dict[str, Any]:
    """Note as faults what was given in vain, and return the rest.

    Parameters
    ----------
    faults : Faults
        Gets one for each key that the rule does not use.
    model : type
        Of the table.
    rule : str
    name : str
        Of the table, such as ``refine``.
    given : dict
        What the user has set in it.
    """
    vain = {key: rules for key, rules in unused_keys(model, rule).items() if key in given}
    for key, rules in vain.items():
        faults.add(
            InputError(
                f"{name}.{key}",
                f"keys that the {rule} rule uses",
                f"{key} = {given[key]!r}, which only {' and '.join(rules)} "
                f"use{'s' if len(rules) == 1 else ''}",
                f"leaving it out, or refine.rule = {rules[0]!r}",
            )
        )
    return {key: value for key, value in given.items() if key not in vain}
