"""What the benchmarks share: where results lie, what machine made them, medians."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from sopr_uq import provenance
from sopr_uq.executor import Executor, InTurn, Lost, Processes, cores

HERE = Path(__file__).resolve().parent
FRONT = HERE.parents[1] / "README.md"
"""The front page, whose table comes from the stored results."""

SCHEMA = 2
"""Of the entries: raised with every change of what they hold or of how they are measured."""

_OR = " / "
_PEERS = ("relentless", "lammpsio", "msibi", "emcee", "numba", "dask", "distributed")


@dataclass(frozen=True)
class Places:
    """Where results, figures and tables go.

    Parameters
    ----------
    results : Path
        One JSON file a benchmark.
    figures : Path
    readme : Path
        The file whose marked places are filled in.
    """

    results: Path
    figures: Path
    readme: Path


KEPT = Places(HERE / "results", HERE / "figures", HERE / "README.md")


@dataclass
class Store:
    """The results of one benchmark: entries by key, on disk after each.

    A benchmark that was stopped goes on with the entries it lacks, if they were
    made on the same terms.

    Parameters
    ----------
    file : Path
    size : str
        ``full``, ``quick`` or ``smallest``; entries of another size are not gone on with.

    Raises
    ------
    SystemExit
        If the file's entries were made on other terms: old and new must not be mixed.
    """

    file: Path
    size: str
    content: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.file.is_file():
            found = json.loads(self.file.read_text(encoding="utf-8"))
            if not current(found):
                raise SystemExit(
                    f"{self.file}: expected entries of schema {SCHEMA}, found schema "
                    f"{found.get('schema', 1)}, and they must not be mixed. Try: --fresh, which "
                    "forgets them."
                )
            if found["size"] == self.size:
                self.content = found
        if not self.content:
            terms = {"schema": SCHEMA, "size": self.size}
            self.content = terms | {"complete": False, "entries": {}}
        now = _together(self.content.get("versions", {}), versions())
        self.content |= {"machine": machine(), "versions": now, "date": provenance.now()}

    @property
    def entries(self) -> dict[str, Any]:
        """What was measured so far."""
        found: dict[str, Any] = self.content["entries"]
        return found

    def once(self, key: str, measure: Callable[[], Any]) -> Any:
        """Return an entry, measuring it if it is not there."""
        if key not in self.entries:
            self.put(key, measure())
        return self.entries[key]

    def put(self, key: str, value: Any) -> None:
        """Keep an entry."""
        self.entries[key] = value
        self._write()

    def finish(self) -> None:
        """Say that nothing is missing."""
        self.content["complete"] = True
        self._write()

    def _write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.content, indent=1, default=_plain, allow_nan=True)
        temporary = self.file.with_suffix(".tmp")
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(self.file)


def current(content: Mapping[str, Any]) -> bool:
    """Whether the content of a result file was made on the terms of this code."""
    return bool(content.get("schema", 1) == SCHEMA)


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(x) for x in value]
    if isinstance(value, np.floating):
        # seven digits are more than any of these numbers has
        return float(f"{value:.7g}")
    return value.item()


def machine() -> dict[str, Any]:
    """Return what runs here."""
    return {"processor": _processor(), "cores": cores(), "system": platform.system()}


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def versions() -> dict[str, str]:
    """Return the versions of everything compared, as far as installed."""
    found = provenance.versions()
    for name in _PEERS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _together(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Return the versions that made the entries, all of them where they differ."""
    found = dict(now)
    for name in before.keys() & now.keys():
        known = before[name].split(_OR)
        found[name] = _OR.join(dict.fromkeys([*known, now[name]]))
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return median, least and largest of some values; NaNs for none."""
    x = np.asarray(values, dtype=float)
    if x.size == 0:
        return dict.fromkeys(("median", "low", "high"), float("nan")) | {"n": 0}
    return {
        "median": float(np.median(x)),
        "low": float(x.min()),
        "high": float(x.max()),
        "n": int(x.size),
    }


def shown(values: Sequence[float], form: str = ".3g") -> str:
    """Return the median with its range, as in ``3.1 (2.9–3.4)``."""
    s = spread(values)
    if s["n"] == 0:
        return "–"
    middle, low, high = (format(s[k], form) for k in ("median", "low", "high"))
    return middle if low == high else f"{middle} ({low}–{high})"


def milli(values: Sequence[float]) -> str:
    """Return median and range in thousandths."""
    return f"{shown([1000 * x for x in values], '.1f')}·10⁻³"


type Unit = tuple[str, int, str]
"""A case, a seed and a size."""


def side_by_side(
    store: Store, unit: Callable[[Unit], dict[str, Any]], cases: Sequence[str], seeds: int
) -> None:
    """Do every case with every seed that the store lacks, one a core."""
    wanted = [(case, seed, store.size) for seed in range(1, seeds + 1) for case in cases]
    missing = [u for u in wanted if _key(u) not in store.entries]

    def keep(number: int, found: dict[str, Any] | Lost) -> None:
        if isinstance(found, Lost):
            raise SystemExit(found.message)
        store.put(_key(missing[number]), found)
        print(_key(missing[number]), flush=True)

    executor: Executor = InTurn() if store.size == "smallest" else Processes()
    executor.run(unit, missing, keep)


def _key(unit: Unit) -> str:
    return f"{unit[0]}, {unit[1]}"
