"""What to cite for a result: the methods and data that it actually used."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import xarray as xr

from sopr_uq.experiment.catalogue import curve

_FILE = Path(__file__).with_name("citations.toml")

_RULES = {
    "sopr": ("shanks2022", "shanks2025"),
    "ibi": ("reith2003",),
    "newton": ("delbary2020", "bernhardt2021"),
}
_ENGINES = {
    "lammps": ("thompson2022", "ramasubramani2020"),
    "hoomd": ("anderson2020", "ramasubramani2020"),
    "integral_equation": ("morita1960",),
}
_SAMPLED = ("abrilpla2023", "hoffman2014", "kumar2019")
_MANY = 6
_LAWS = ("shanks2025", "fedorov2018", "hogg2010", *_SAMPLED)


@dataclass(frozen=True)
class Citation:
    """One reference.

    Parameters
    ----------
    key : str
        Of its BibTeX entry.
    text : str
        As in a list of references, without title.
    bibtex : str
        The whole entry.
    """

    key: str
    text: str
    bibtex: str


def citations(tree: xr.DataTree) -> list[Citation]:
    """Return what a refinement's result, or laws, should be cited with.

    Parameters
    ----------
    tree : DataTree
        As read from ``result.nc`` or ``laws.nc``.
    """
    if tree.attrs.get("kind") == "laws":
        return [_entry(key) for key in _of_laws(tree)]
    return [*map(_entry, _of_refinement(tree)), *_of_data(tree)]


def _of_refinement(tree: xr.DataTree) -> Iterator[str]:
    yield from _RULES.get(str(tree.attrs["rule"]), ())
    yield from _ENGINES.get(str(tree.attrs["engine"]).split()[0], ())
    if "sample_stats" in tree.children and tree["sample_stats"].data_vars:
        yield from _SAMPLED
    if "posterior_check" in tree.children:
        yield "vehtari2024"
    yield from ("barker1967", "weeks1971")
    observed = tree["observed_data"].data_vars.values()
    if any("CoolProp" in str(values.attrs.get("source", "")) for values in observed):
        yield "bell2014"


def _of_laws(tree: xr.DataTree) -> Iterator[str]:
    yield from _LAWS
    if bool(tree["agreement"]["largest_z"].notnull().any()):
        yield "foremanmackey2013"
    if tree.attrs.get("polarizabilities") == "recommended":
        yield "schwerdtfeger2019"


def _of_data(tree: xr.DataTree) -> Iterator[Citation]:
    """Yield the articles that shipped curves come from, each once."""
    seen = set()
    settings = json.loads(tree.attrs["settings"])
    further = [entry for state in settings.get("state", []) for entry in state["observe"]]
    for entry in [*settings.get("observe", []), *further]:
        if "curve" not in entry:
            continue
        known = curve(entry["curve"])
        if known.doi not in seen:
            seen.add(known.doi)
            fields = {"note": known.source, "doi": known.doi}
            key = known.name.rsplit("_", 1)[0]
            yield Citation(key, f"{known.source}, doi {known.doi}", _bibtex("misc", key, fields))


@cache
def _entries() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def _entry(key: str) -> Citation:
    fields = _entries()[key]
    return Citation(key, _text(fields), _bibtex("article", key, _for_bibtex(fields)))


def _text(fields: dict[str, Any]) -> str:
    where = " ".join(str(fields[k]) for k in ("journal", "volume") if k in fields)
    where += f", {fields['pages']}" if "pages" in fields else ""
    authors = fields["author"]
    shown = f"{authors[0]} et al." if len(authors) > _MANY else ", ".join(authors)
    parts = [shown, f"{where} ({fields['year']})"]
    parts += [f"doi {fields['doi']}"] if "doi" in fields else []
    parts += [fields["note"]] if "note" in fields else []
    return ", ".join(parts)


def _for_bibtex(fields: dict[str, Any]) -> dict[str, str]:
    # Doubled braces keep the capitals of names and acronyms.
    title = f"{{{fields['title']}}}"
    rest = {k: str(v) for k, v in fields.items() if k not in ("author", "title")}
    return {"author": " and ".join(fields["author"]), "title": title, **rest}


def _bibtex(kind: str, key: str, fields: dict[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])
