"""Potentials as the tables of other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from scipy import constants

from sopr_uq.experiment.formats.lammps_table import write_lammps_table
from sopr_uq.typing import FloatArray

_KJ = constants.calorie
"""kJ in one kcal."""

_NM = 0.1
"""nm in one Å."""


class Rows(NamedTuple):
    """A potential on equally spaced distances.

    Parameters
    ----------
    r, v, f : array, shape (n,)
        Å, kcal/mol, kcal/(mol Å).
    """

    r: FloatArray
    v: FloatArray
    f: FloatArray


class Writer(NamedTuple):
    """How a program wants a table.

    Parameters
    ----------
    suffix : str
        Of the file.
    from_zero : bool
        Whether the first distance has to be zero.
    write : callable
        (name, note, table) → text.
    """

    suffix: str
    from_zero: bool
    write: Callable[[str, str, Rows], str]


def _lammps(name: str, note: str, table: Rows) -> str:
    return write_lammps_table(name, note, *table)


def _comment(note: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in note.splitlines())


def _hoomd(_name: str, note: str, table: Rows) -> str:
    head = f"{_comment(note)}# units: angstrom, kcal/mol, kcal/mol/angstrom\n# r V F\n"
    return head + _rows(zip(*table, strict=True))


def _gromacs(_name: str, note: str, table: Rows) -> str:
    zero = np.zeros_like(table.r)
    force = table.f * _KJ / _NM
    columns = (table.r * _NM, zero, zero, zero, zero, table.v * _KJ, force)
    return f"{_comment(note)}# use with C6 = 0 and C12 = 1\n" + _rows(zip(*columns, strict=True))


def _votca(_name: str, note: str, table: Rows) -> str:
    rows = zip(table.r * _NM, table.v * _KJ, strict=True)
    return _comment(note) + "".join(f"{a:.10g} {b:.12g} i\n" for a, b in rows)


def _openmm(_name: str, note: str, table: Rows) -> str:
    head = f"{_comment(note)}# values of a Continuous1DFunction from the first to the last r\n"
    head += "r (nm), v (kJ/mol)\n"
    rows = zip(table.r * _NM, table.v * _KJ, strict=True)
    return head + "".join(f"{a:.10g}, {b:.12g}\n" for a, b in rows)


def _rows(rows: Iterable[tuple[float, ...]]) -> str:
    return "".join(" ".join(f"{cell:.12g}" for cell in row) + "\n" for row in rows)


WRITERS = {
    "lammps": Writer(".table", False, _lammps),
    "hoomd": Writer(".txt", False, _hoomd),
    "gromacs": Writer(".xvg", True, _gromacs),
    "votca": Writer(".pot", False, _votca),
    "openmm": Writer(".csv", False, _openmm),
}
"""By the name of the program."""
