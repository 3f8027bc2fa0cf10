"""Molecule templates of LAMMPS: the file of its command ``molecule``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sopr_uq.errors import InputError

_COUNT = re.compile(r"\s*(\d+)\s+atoms\b")
_COLUMNS = {"Coords": 3, "Types": 1, "Masses": 1, "Charges": 1}
_NEEDED = ("Coords", "Types", "Masses")
_SECTION = re.compile(r"[A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)*")


@dataclass(frozen=True)
class TemplateAtom:
    """An atom of a template: its type as written, mass in u, charge in e, position in Å."""

    type: str
    mass: float
    charge: float
    position: tuple[float, float, float]


def read_template(text: str, where: str) -> tuple[TemplateAtom, ...]:
    """Return the atoms of a molecule template, in the order of their numbers.

    Bonds, angles and constraints are passed over.

    Parameters
    ----------
    text : str
        What is in the file.
    where : str
        Its name, for errors.

    Raises
    ------
    InputError
        If a section is missing or not as long as the number of atoms.
    """
    lines = [line.partition("#")[0].strip() for line in text.splitlines()[1:]]
    counts = [int(found[1]) for line in lines if (found := _COUNT.match(line))]
    if len(counts) != 1 or counts[0] < 1:
        raise InputError(where, "a molecule template with a line 'N atoms'", "none")
    sections = _sections(lines)
    missing = [name for name in _NEEDED if name not in sections]
    if missing:
        raise InputError(where, f"sections {', '.join(_NEEDED)}", f"no {' and no '.join(missing)}")
    rows = {name: _rows(sections[name], name, counts[0], where) for name in sections}
    return tuple(_atom(rows, number, where) for number in range(1, counts[0] + 1))


def _sections(lines: list[str]) -> dict[str, list[str]]:
    """Return the lines of each section that is needed."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if _SECTION.fullmatch(line):
            current = found.setdefault(line, []) if line in _COLUMNS else []
        elif line:
            current.append(line)
    return found


def _rows(lines: list[str], name: str, count: int, where: str) -> Mapping[int, list[str]]:
    table = {}
    for line in lines:
        number, *values = line.split()
        if number.isdigit() and len(values) >= _COLUMNS[name]:
            table[int(number)] = values
    if set(table) != set(range(1, count + 1)):
        raise InputError(f"{where}, {name}", f"a line for each of {count} atoms", f"{len(table)}")
    return table


def _atom(rows: Mapping[str, Mapping[int, list[str]]], number: int, where: str) -> TemplateAtom:
    try:
        x, y, z = (float(value) for value in rows["Coords"][number][:3])
        charge = float(rows["Charges"][number][0]) if "Charges" in rows else 0.0
        mass = float(rows["Masses"][number][0])
    except ValueError as error:
        raise InputError(f"{where}, atom {number}", "numbers", str(error)) from None
    return TemplateAtom(rows["Types"][number][0], mass, charge, (x, y, z))
