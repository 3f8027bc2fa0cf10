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
from bench_base import Places, Store, current

from sopr_uq.workflow.markdown import filled


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

_FRONT = MappingProxyType({"rules": rules, "overhead": overhead, "peer": peer})
"""Those that the front page tells of."""


def load(places: Places) -> dict[str, dict[str, Any]]:
    """Return the stored results by benchmark: those that exist and this code has made."""
    files = {name: places.results / f"{name}.json" for name in BENCHMARKS}
    found = {n: json.loads(f.read_text(encoding="utf-8")) for n, f in files.items() if f.is_file()}
    return {name: content for name, content in found.items() if current(content)}


def lines(name: str, content: dict[str, Any] | None) -> Iterator[str]:
    """Return the table of a benchmark with its figure and what made it, or that there is none."""
    if content is None:
        yield f"*Not run yet: `make bench BENCH='--only {name}'`.*"
        return
    if content["size"] != "full":
        yield f"**{content['size']} runs: they show how it works, not what it finds.**"
        yield ""
    if not content["complete"]:
        yield "**Stopped before its end.**"
        yield ""
    benchmark = BENCHMARKS[name]
    yield from benchmark.table(content)
    caption = getattr(benchmark, "CAPTION", "")
    if caption and "missing" not in content["entries"]:
        yield from ("", f"![{caption}](figures/{name}.png)")
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
    blocks = {name: list(lines(name, contents.get(name))) for name in BENCHMARKS}
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
    if not any(name in contents for name in _FRONT):
        yield "*Not run yet: `make bench`.*"
        return
    for name in _FRONT:
        if name in contents:
            yield from _FRONT[name].short(contents[name])
            yield ""
