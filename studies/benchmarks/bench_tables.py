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
from bench_base import Places, Store


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
    text = template.read_text(encoding="utf-8")
    for name, block in blocks.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise SystemExit(f"{template}: no place for {name}")
        text = "\n".join([before + begin, *block, end + after])
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
