"""A pair potential from a table, whatever program wrote it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats import FEWEST_ROWS, Table, read_file
from sopr_uq.experiment.quantities import FACTORS, UNITS_OF_R
from sopr_uq.typing import BoolArray, FloatArray

HIGHEST_ENERGY = 1e5
"""In kcal/mol: inside, tables hold what keeps programs from dividing by zero."""

_NEEDED = {"r": "a column r", "potential": "a column with the potential"}


def read_potential(
    path: Path | str, unit: str | None = None, energy_unit: str | None = None
) -> tuple[FloatArray, FloatArray]:
    """Read v(r).

    Parameters
    ----------
    path : Path or str
        A table of LAMMPS, GROMACS, VOTCA or HOOMD, or columns of numbers.
    unit, energy_unit : str, optional
        Of distances and energies; by default what the file says, else Å and
        kcal/mol.

    Returns
    -------
    r, v : array, shape (n,)
        In Å and kcal/mol, without the innermost part of the core.

    Raises
    ------
    InputError
        If the file cannot be read or holds no potential; names file and line.
    """
    table = read_file(path)
    r = _scaled(table, str(path), _place(table, path, "r", 0), unit or "", UNITS_OF_R, "angstrom")
    place = _place(table, path, "potential", 1)
    v = _scaled(table, str(path), place, energy_unit or "", FACTORS["energy"], "kcal/mol")
    keep = np.isfinite(v) & np.isfinite(r) & (r > 0)
    high = np.flatnonzero(keep & (v > HIGHEST_ENERGY))
    if high.size:
        keep &= np.arange(v.size) > high[-1]
    if keep.sum() < FEWEST_ROWS:
        raise InputError(str(path), f"at least {FEWEST_ROWS} rows of numbers", str(int(keep.sum())))
    _check(path, table, r, keep)
    return r[keep], v[keep]


def _place(table: Table, path: Path | str, quantity: str, default: int) -> int:
    found = table.find(quantity)
    if found is not None:
        return found
    nameless = all(not column.quantity for column in table.columns)
    if nameless and len(table.columns) > default:
        return default
    names = ", ".join(table.call(i) for i in range(len(table.columns)))[:200]
    advice = "a header r_angstrom,v_kcal_per_mol"
    raise InputError(str(path), _NEEDED[quantity], names, advice)


def _scaled(
    table: Table, path: str, place: int, unit: str, factors: dict[str, float], standard: str
) -> FloatArray:
    said = unit or table.columns[place].unit or standard
    if said not in factors:
        raise InputError(f"{path}, unit", f"one of {', '.join(factors)}", repr(said))
    return table.column(place) * factors[said]


def _check(path: Path | str, table: Table, r: FloatArray, keep: BoolArray) -> None:
    rows = np.flatnonzero(keep)
    back = np.flatnonzero(np.diff(r[rows]) <= 0)
    if back.size:
        line = table.lines[rows[back[0] + 1]]
        expected = f"a distance above {r[rows[back[0]]]:g} Å, the row before"
        raise InputError(f"{path}, line {line}", expected, f"{r[rows[back[0] + 1]]:g} Å")
