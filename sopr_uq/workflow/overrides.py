"""``a.b=c`` and presets: laying one set of values over another."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults


def resolve(preset: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of ``user``, and where it says nothing those of ``preset``.

    Tables are merged key by key, everything else is replaced as a whole.
    """
    merged = deepcopy(dict(preset))
    for key, value in user.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = resolve(below, value)
        else:
            merged[key] = deepcopy(value)
    return merged


def parse_override(text: str) -> tuple[str, Any]:
    """Split ``KEY=VALUE``; the value is TOML, or text where it is none.

    Raises
    ------
    InputError
        If there is no key or no equals sign.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not (equals and key):
        raise InputError("set", "KEY=VALUE, such as engine.particles=864", repr(text))
    try:
        parsed = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return key, value.strip()
    return key, parsed["value"] if parsed.keys() == {"value"} else value.strip()


def overrides_by_key(
    faults: Faults, overrides: Mapping[str, Any] | Iterable[str]
) -> dict[str, Any]:
    """Return overrides by dotted key, from a mapping or from ``KEY=VALUE`` texts."""
    if isinstance(overrides, Mapping):
        return dict(overrides)
    found: dict[str, Any] = {}
    for text in overrides:
        with faults.caught():
            key, value = parse_override(text)
            found[key] = value
    return found


def put(tables: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key such as ``engine.particles`` or ``observe.0.window`` in place.

    Raises
    ------
    InputError
        If the path leads through something that is no table, or beyond the
        end of a list.
    """
    *path, last = key.split(".")
    place: Any = tables
    for part in path:
        if isinstance(place, dict):
            place = place.setdefault(part, {})
        else:
            place = place[_index(key, part, place)]
    if isinstance(place, dict):
        place[last] = value
    else:
        place[_index(key, last, place)] = value


def _index(key: str, part: str, place: Any) -> int:
    if not isinstance(place, list):
        raise InputError(key, f"a table above {part!r}", f"{place!r}")
    if not (part.isdecimal() and int(part) < len(place)):
        raise InputError(key, f"a number from 0 to {len(place) - 1} for {part!r}", repr(part))
    return int(part)
