"""Directives that write reference pages from the code, so that the two cannot differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import click
from docutils import nodes
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from sopr_uq.cli.main import COMMANDS, command
from sopr_uq.refine.of_rules import unused_keys
from sopr_uq.refine.presets import PresetName, preset
from sopr_uq.refine.settings import RuleName
from sopr_uq.workflow.config import Config

UNITS = {
    "length": "Å", "wave number": "Å⁻¹", "energy": "kcal/mol", "temperature": "K",
    "density": "Å⁻³", "mass": "u", "pressure": "MPa", "scattering length": "fm",
    "abscissa": "Å or Å⁻¹", "time": "fs",
}  # fmt: skip
_IN_TEXT = re.compile(r"\bin (kcal/mol|Å|1/Å³|1/Å|MPa|K|u|fm|fs|time steps|σ|ε)(?![\w/])")
_SAID = {"1/Å³": "Å⁻³", "1/Å": "Å⁻¹"}


class Settings(SphinxDirective):
    """``{settings} refine``: the keys of a table of the configuration."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return a table with a row a key."""
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(settings_table(self.arguments[0])))


class Preset(SphinxDirective):
    """``{preset} published``: what a preset sets."""

    required_arguments = 1
    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return a table with a row a key."""
        self.env.note_reread()
        return self.parse_text_to_nodes("\n".join(preset_table(self.arguments[0])))


class Commands(SphinxDirective):
    """``{commands}``: every command with its help."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Return a section a command."""
        self.env.note_reread()
        text = "\n".join(line for name in COMMANDS for line in command_text(name))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def settings_table(name: str) -> Iterator[str]:
    """Yield the Markdown table of one table of the configuration, such as ``state.observe``."""
    yield "| key | default | unit | what it is | rules |"
    yield "|---|---|---|---|---|"
    model, desktop = model_of(name), preset("desktop").get(name, {})
    for key, field in model.model_fields.items():
        if not key.endswith("sha256") and not is_table(field):
            value = default(desktop.get(key, field.default))
            about = (value, unit(field), meaning(field), rules(model, key))
            yield row(f"`{key}`", *about)


def row(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def model_of(name: str) -> type[BaseModel]:
    """Return the model of a table by its dotted name; of ``""`` the whole configuration."""
    model: type[BaseModel] = Config
    for key in filter(None, name.split(".")):
        found = model_in(model.model_fields[key].annotation)
        if found is None:
            raise KeyError(name)
        model = found
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model of which an annotation is, or holds several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)


def is_table(field: FieldInfo) -> bool:
    """Whether a key is a table of its own."""
    return model_in(field.annotation) is not None


def default(value: Any) -> str:
    """Return a default as TOML would have it; a dash where there is none to write."""
    if value is PydanticUndefined:
        return "**needed**"
    if value is None or value == "":
        return "–"
    return f"`{json.dumps(value)}`"


def preset_table(name: PresetName) -> Iterator[str]:
    """Yield the Markdown table of what a preset sets."""
    yield row("key", "value")
    yield "|---|---|"
    for table, keys in preset(name).items():
        for key, value in keys.items():
            yield row(f"`{table}.{key}`", default(value))


def unit(field: FieldInfo) -> str:
    """Return the unit of a number without one: of its quantity, or as its description says."""
    for part in (*field.metadata, *inner(field.annotation)):
        if isinstance(part, BeforeValidator) and hasattr(part.func, "keywords"):
            return UNITS[part.func.keywords["quantity"]]
    said = _IN_TEXT.search(field.description or "")
    return _SAID.get(said[1], said[1]) if said else ""


def inner(annotation: Any) -> Iterator[Any]:
    """Yield what is noted anywhere inside an annotation."""
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation) if get_origin(annotation) else ():
        yield from inner(part)


def meaning(field: FieldInfo) -> str:
    """Return the description, and the choices where there are some."""
    found = field.description or ""
    options = choices(field.annotation)
    return f"{found}{'; ' if found and options else ''}{options}"


def choices(annotation: Any) -> str:
    """Return the values among which one chooses; empty where any may be given."""
    value = getattr(annotation, "__value__", annotation)
    words = get_args(value)
    if words and all(isinstance(word, str) for word in words):
        return ", ".join(f"`{word}`" for word in words)
    return ""


def rules(model: type[BaseModel], key: str) -> str:
    """Return which rules use a key."""
    names = get_args(RuleName.__value__)
    users = [name for name in names if key not in unused_keys(model, name)]
    return "all" if len(users) == len(names) else ", ".join(f"`{name}`" for name in users)


def command_text(name: str) -> Iterator[str]:
    """Yield a command's help as Markdown."""
    shown = command(name)
    context = click.Context(shown, info_name=f"sopr-uq {name}")
    usage = " ".join([context.command_path, *shown.collect_usage_pieces(context)])
    yield from (f"## {name}", "", "```text", usage, "```", "", prose(shown.help or ""), "")
    options = [p for p in shown.params if isinstance(p, click.Option)]
    if not options:
        return
    yield from ("| option | what it does |", "|---|---|")
    for option in options:
        flags, text = option.get_help_record(context) or ("", "")
        yield row(f"`{flags}`", text)
    yield ""


def prose(text: str) -> str:
    """Return a help text for a page; words that it has in capitals are arguments."""
    return text.replace("[[", "`[[").replace("]]", "]]`").replace("\b\n", "")


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directives."""
    app.add_directive("settings", Settings)
    app.add_directive("preset", Preset)
    app.add_directive("commands", Commands)
    return {"version": "1", "parallel_read_safe": True}
