"""The tables of the README and the figures, from stored results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

import ensembles
import overhead
import peer
import rules
import samplers
import scaling
from bench_base import Places, Store, shown

from sopr_uq.workflow.markdown import filled, markdown_table


class Benchmark(Protocol):
    """What a module of a benchmark offers."""

    def measure(self, store: Store) -> None:
        """Measure what the store lacks."""
        ...

    def table(self, content: dict[str, Any]) -> Iterator[str]:
        """Return the lines of its table, from the content of its result file."""
        ...


BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {
        "overhead": overhead,
        "samplers": samplers,
        "scaling": scaling,
        "ensembles": ensembles,
        "peer": peer,
        "rules": rules,
    }
)
"""By name, in the order in which they run."""


def load(places: Places) -> dict[str, dict[str, Any]]:
    """Return the stored results by benchmark, those that exist."""
    files = {name: places.results / f"{name}.json" for name in BENCHMARKS}
    return {n: json.loads(f.read_text(encoding="utf-8")) for n, f in files.items() if f.is_file()}


def lines(name: str, content: dict[str, Any]) -> Iterator[str]:
    """Return the table of a benchmark, and what made it."""
    if content["size"] != "full":
        yield f"**{content['size']} runs: they show how it works, not what it finds.**"
        yield ""
    if not content["complete"]:
        yield "**Stopped before its end.**"
        yield ""
    yield from BENCHMARKS[name].table(content)
    m = content["machine"]
    yield ""
    yield f"Measured on {m['cores']} cores of {m['processor']} ({m['system']})."


def versions(contents: Mapping[str, dict[str, Any]]) -> str:
    """Return all versions that occur."""
    found: dict[str, set[str]] = {}
    for content in contents.values():
        for name, version in content["versions"].items():
            found.setdefault(name, set()).add(version)
    return ", ".join(f"{name} {' / '.join(sorted(v))}" for name, v in found.items())


def fill(places: Places, template: Path) -> list[str]:
    """Write the README: the template's text with every marked place filled in.

    Returns
    -------
    list of str
        All the tables.
    """
    contents = load(places)
    blocks = {name: list(lines(name, content)) for name, content in contents.items()}
    blocks["versions"] = [versions(contents)]
    text = filled(template.read_text(encoding="utf-8"), blocks)
    places.readme.parent.mkdir(parents=True, exist_ok=True)
    places.readme.write_text(text, encoding="utf-8")
    return [line for name, block in blocks.items() for line in ("", f"## {name}", "", *block)]


def draw(places: Places) -> list[Path]:
    """Save the figures of all benchmarks that draw."""
    files = []
    for name, content in load(places).items():
        drawing = getattr(BENCHMARKS[name], "draw", None)
        files += drawing(content, places.figures) if drawing else []
    return files


def short(contents: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Return the lines about the benchmarks for the front page."""
    head = ["twin", "rule", "MD runs to the noise", "error of v(r) over the well"]
    rows = []
    for case in ("argon-dense", "xenon-near-critical"):
        for variant in rules.VARIANTS:
            s = rules.summary(contents["rules"], case, variant)
            error = f"{shown([1000 * x for x in s.error], '.1f')}·10⁻³ kcal/mol"
            rows.append([case, variant, rules.runs_text(s), error])
    yield from markdown_table(head, rows)
    yield ""
    entries = contents["overhead"]["entries"].values()
    found = [x for e in entries for x in overhead.ratios(e)["iteration / raw loop"]]
    yield f"An iteration takes {shown(found, '.2f')} times as long as the same run of LAMMPS alone."
    yield from peer.short(contents["peer"])
