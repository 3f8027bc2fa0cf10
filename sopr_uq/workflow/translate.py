"""What pydantic finds wrong, in this package's words: key, expected, found, what to try."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from sopr_uq.errors import InputError
from sopr_uq.experiment.nearest import suggestion

_ADVICE = {
    "system.temperature": "temperatures are in K; add 273.15 to °C",
    "system.density": "densities are in particles per Å³; a mass density in g/cm³ times "
    "0.60221 / mass is one",
}
_SHAPES = {"model_type": "a table [{key}]", "tuple_type": "a list"}
_REPHRASED = {"Input should be ": "", "Value error, ": "", "Input should have ": "something with "}


def faults_of(error: ValidationError, model: type[BaseModel]) -> Iterator[InputError]:
    """Yield one input error for each of pydantic's.

    Parameters
    ----------
    error : ValidationError
        What ``model`` raised.
    model : type
        Its fields give keys and descriptions.
    """
    errors = error.errors(include_url=False)
    for place, group in groupby(errors, key=lambda details: _union(model, details["loc"])):
        for details in [_nearest(list(group), place)] if place else group:
            yield _fault(details, model)


def _union(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[int | str, ...]:
    """Return the place of a field of several types, behind which pydantic names one of them."""
    for end, part in enumerate(loc[:-1], 1):
        if isinstance(part, str):
            types = _types(_field(model, loc[:end]).annotation)
            if len(types - {NoneType}) > 1:
                return tuple(loc[:end])
    return ()


def _types(annotation: Any) -> set[Any]:
    return set(get_args(annotation)) if get_origin(annotation) in (Union, UnionType) else set()


def _nearest(group: list[ErrorDetails], place: tuple[int | str, ...]) -> ErrorDetails:
    """Return of the faults of all types of a field the one inside it, or that of its words."""
    deepest = max(group, key=lambda details: len(details["loc"]))
    words = (details for details in group if details["type"] == "literal_error")
    inside = deepest["loc"][len(place) + 1 :]
    chosen = deepest if inside else next(words, deepest)
    return {**chosen, "loc": (*place, *inside)}


def _fault(details: ErrorDetails, model: type[BaseModel]) -> InputError:
    loc, kind = details["loc"], details["type"]
    key, found = ".".join(str(part) for part in loc), _short(details["input"])
    description = _description(model, loc)
    cause = details.get("ctx", {}).get("error")
    if isinstance(cause, InputError):
        return InputError(f"{key}, {cause.where}", cause.expected, cause.found, cause.advice)
    if kind == "extra_forbidden":
        return _unknown(key, str(loc[-1]), list(_model_at(model, loc[:-1]).model_fields))
    if kind == "missing":
        return InputError(key, description or "a value", "nothing")
    if kind in _SHAPES:
        return InputError(key, description or _SHAPES[kind].format(key=key), found)
    if kind == "value_error":
        expected, _, stated = _rephrase(details["msg"]).partition(": ")
        return InputError(key, expected, stated or found)
    expected = ": ".join(filter(None, [description, _rephrase(details["msg"])]))
    choices = _choices(model, loc) if kind == "literal_error" else ()
    advice = suggestion(str(details["input"]), choices) or _ADVICE.get(key, "")
    return InputError(key, expected, found, advice)


def _unknown(key: str, misspelt: str, known: list[str]) -> InputError:
    near = suggestion(misspelt, known)
    return InputError(
        key, "a known key" if near else f"one of {', '.join(known)}", repr(misspelt), near
    )


def _choices(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[str, ...]:
    """Return the texts that a field with a literal type accepts, or a union with one."""
    return tuple(_literals(_field(model, loc).annotation))


def _literals(annotation: Any) -> Iterator[str]:
    annotation = getattr(annotation, "__value__", annotation)
    for part in get_args(annotation):
        if get_origin(annotation) is Literal:
            yield str(part)
        else:
            yield from _literals(part)


def _rephrase(message: str) -> str:
    for begin, instead in _REPHRASED.items():
        if message.startswith(begin):
            return instead + message.removeprefix(begin)
    return message


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _description(model: type[BaseModel], loc: Sequence[int | str]) -> str:
    return _field(model, loc).description or ""


def _field(model: type[BaseModel], loc: Sequence[int | str]) -> FieldInfo:
    *path, last = [part for part in loc if isinstance(part, str)] or [""]
    return _model_at(model, path).model_fields.get(last, FieldInfo())


def _model_at(model: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel]:
    """Follow a path of field names through nested models, sequences and unions."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = _inner(model.model_fields[part].annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner, get_args(annotation))), None)
