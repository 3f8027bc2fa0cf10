"""Measured curves from files: from what a program wrote to an observation of g(r) or S(Q)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import check_sha256
from sopr_uq.experiment.cells import check_cells, shift_edges
from sopr_uq.experiment.formats import FEWEST_ROWS, Table, read_file
from sopr_uq.experiment.forms import FORMS, TOTAL, UNKNOWN, Form, FormName, Scale, factor_of
from sopr_uq.experiment.inferred import (
    ended,
    own_smoothing,
    own_spacing,
    read_off,
    shortened,
    windowed,
)
from sopr_uq.experiment.kinds import CURVES, KINDS, KindName
from sopr_uq.experiment.limits import check_form
from sopr_uq.experiment.matrix import read_matrix
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.pick import pick
from sopr_uq.typing import BoolArray, FloatArray

_LARGEST = 1e9


@dataclass(frozen=True)
class Written:
    """A curve as its file has it, before any conversion but that of units.

    Parameters
    ----------
    table : Table
        The rows that are used.
    kind : {"g", "s", "f"}
    form : Form
        The function that the values are said to be.
    x, value : array, shape (n,)
        In Å or Å⁻¹; in the unit of the form.
    error : array, shape (n,), or None
        Standard errors of ``value``.
    remarks : tuple of str
        What was decided on the way, as sentences.
    """

    table: Table
    kind: KindName
    form: Form
    x: FloatArray
    value: FloatArray
    error: FloatArray | None
    remarks: tuple[str, ...]


def read_curve(
    path: Path | str,
    kind: KindName,
    *,
    name: str = "",
    source: str = "",
    window: tuple[float, float] | None = None,
    abscissa_error: float | None = 0.0,
    q_max: float | Literal["none"] | None = None,
    spacing: float | None = 0.0,
    lorch: bool | None = None,
    smoothing: float | None = 0.0,
    damping: float | None = 0.0,
    drift: float = 0.0,
    covariance: Path | str | None = None,
    sha256: str | None = None,
    form: FormName | None = None,
    unit: str | None = None,
    columns: Sequence[str | int] | None = None,
    edges: Literal["left"] | None = None,
    scale: Scale = UNKNOWN,
    limits: bool = True,
) -> Observation:
    """Read a measured g(r), S(Q) or F(Q), whatever program wrote it.

    Parameters
    ----------
    path : Path or str
        See :mod:`sopr_uq.experiment.formats` for what is understood.
    kind : {"g", "s", "f"}
        What was measured.
    name, source : str, optional
        For tables and figures; the name of the file by default.
    window : tuple of float, optional
        Closed interval of the abscissa that inferences may use. By default all
        but points that were set.
    abscissa_error : float or None
        Standard reading error of the abscissa, in Å or Å⁻¹; None for what abscissae
        that were read off a figure seem to have.
    q_max : float or "none", optional
        End in Å⁻¹ of the Fourier integral that gave a g(r); by default what the
        head of the file or the curve itself says. "none": there was none.
    spacing : float or None
        Distance in Å or Å⁻¹ below which points are not independent; None for what the
        curve itself shows.
    lorch : bool, optional
        Whether Lorch's window damped the integral; by default what the curve shows.
    smoothing : float or None
        Of the curve; see :class:`~sopr_uq.experiment.observation.Observation`. None for what
        its kind, or its being of a simulation, says.
    drift : float
        The same.
    damping : float or None
        The same; None for what a g(r) itself leaves open of its window.
    covariance : Path or str, optional
        CSV with the covariance matrix of the values, without a header.
    sha256 : str, optional
        Hash that the file must have.
    form : str, optional
        The function in the file, a key of ``FORMS``; by default what the file
        says, else g or S.
    unit : str, optional
        Of the abscissa; by default what the file says, else Å or Å⁻¹.
    columns : sequence of str or int, optional
        Abscissa, values and errors, by name or by number from one.
    edges : "left", optional
        That abscissae are left edges of cells, not their centres.
    scale : Scale, optional
        Density and scattering length, for forms that need them.
    limits : bool
        Whether a form is refused that the limits of the curve contradict.

    Returns
    -------
    Observation
        Its ``remarks`` say what was found, converted or left out.

    Raises
    ------
    InputError
        If the file cannot be read or is not such a curve; names file and line.
    """
    path = Path(path)
    if kind not in CURVES:
        raise InputError("kind of a curve", " or ".join(CURVES), repr(kind))
    written = read_written(path, kind, form=form, unit=unit, columns=columns, edges=edges)
    check_sha256(path, sha256)
    if scale.scattering_length is not None and written.form.needs != "scattering_length":
        found = f"the form {written.form.name!r}, {written.form.text}"
        raise InputError("scattering_length", "form f, ⟨b⟩²(S − 1), for it", found)
    if limits:
        check_form(str(path), written.form, written.x, written.value, scale)
    observation = _converted(written, scale, covariance)
    if abscissa_error is None:
        observation = read_off(observation)
    else:
        observation = replace(observation, abscissa_error=abscissa_error)
    observation = replace(
        observation,
        name=name or path.name,
        source=source or path.name,
        drift=drift,
    )
    observation = windowed(observation, window)
    if spacing is None:
        spacing = own_spacing(observation.windowed())
    observation = ended(replace(observation, spacing=spacing), q_max, written.table)
    if smoothing is None:
        smoothing = own_smoothing(observation, written.table)
    observation = replace(observation, smoothing=smoothing)
    observation = shortened(observation, window)
    if lorch is not None:
        observation = replace(observation, lorch=lorch, damping=0.0)
    return observation if damping is None else replace(observation, damping=damping)


def read_written(
    path: Path | str,
    kind: KindName,
    *,
    form: FormName | None = None,
    unit: str | None = None,
    columns: Sequence[str | int] | None = None,
    edges: Literal["left"] | None = None,
) -> Written:
    """Read a curve as its file has it, in Å or Å⁻¹; parameters as of :func:`read_curve`.

    Raises
    ------
    InputError
        If the file cannot be read or holds no such curve; names file and line.
    """
    table = read_file(path)
    picked = pick(table, str(path), kind, columns)
    remarks = [*table.remarks, *picked.remarks]
    table = _without_empty_rows(table, [picked.abscissa, picked.value], remarks)
    if len(table.lines) < FEWEST_ROWS:
        expected = f"at least {FEWEST_ROWS} rows of numbers"
        raise InputError(str(path), expected, str(len(table.lines)))
    places = [picked.abscissa, picked.value, *([] if picked.error is None else [picked.error])]
    _check_numbers(path, table, places)
    x = _in_angstrom(table, picked.abscissa, kind, unit, remarks)
    _check_abscissae(path, table, picked.abscissa)
    if edges == "left" and not table.left_edges:
        x, table = shift_edges(x, table, remarks)
    check_cells(path, table, x, remarks)
    name = form or _form_of(table.columns[picked.value].quantity, kind)
    said = TOTAL if KINDS[kind].total else _said(name, kind, remarks)
    keep = x > 0 if said.power else np.ones(x.size, dtype=bool)
    error = None if picked.error is None else table.column(picked.error)
    if error is not None:
        error, believed = _errors(path, table, error, remarks)
        keep = keep & believed
    value, table = table.column(picked.value)[keep], table.rows(keep)
    kept = None if error is None else error[keep]
    return Written(table, kind, said, x[keep], value, kept, tuple(remarks))


def _said(name: FormName, kind: KindName, remarks: list[str]) -> Form:
    """Return the form of a name; remark on one that has to be converted."""
    if FORMS[name].kind != kind:
        fitting = ", ".join(f.name for f in FORMS.values() if f.kind == kind)
        raise InputError("form", f"one of {fitting}, for kind {kind!r}", repr(name))
    if name != kind:
        remarks.append(f"The file holds {FORMS[name].text}: converted to {KINDS[kind].text}.")
    return FORMS[name]


def _without_empty_rows(table: Table, places: list[int], remarks: list[str]) -> Table:
    """Drop rows without numbers at the beginning, where G(r)/r and the like have none."""
    empty = np.isnan(table.values[:, places]).any(axis=1)
    first = int(np.argmin(empty)) if not empty.all() else len(empty)
    if not first:
        return table
    remarks.append(f"{first} rows at the beginning hold no number (NaN): left out.")
    return table.rows(np.arange(len(empty)) >= first)


def _check_numbers(path: Path | str, table: Table, places: list[int]) -> None:
    for place in places:
        values = table.column(place)
        bad = np.flatnonzero(~(np.abs(values) <= _LARGEST))
        if bad.size:
            where = f"{path}, line {table.lines[bad[0]]}, {table.call(place)}"
            raise InputError(where, "a finite number of ordinary size", f"{values[bad[0]]:g}")


def _in_angstrom(
    table: Table, place: int, kind: KindName, unit: str | None, remarks: list[str]
) -> FloatArray:
    """Return the abscissae in Å or Å⁻¹; shape (n,)."""
    axis = CURVES[kind]
    said = unit or table.columns[place].unit or axis.unit
    if said not in axis.units:
        raise InputError("unit", f"one of {', '.join(axis.units)}", repr(said))
    if axis.units[said] == 1.0:
        return table.column(place)
    remarks.append(f"{table.call(place)} is in {said}: converted to {axis.unit}.")
    # products with round numbers, so that the same numbers come out of every format
    converted = [float(f"{value * axis.units[said]:.12g}") for value in table.column(place)]
    return np.array(converted)


def _check_abscissae(path: Path | str, table: Table, place: int) -> None:
    x, name = table.column(place), table.call(place)
    below = np.flatnonzero(x < 0)
    if below.size:
        raise InputError(
            f"{path}, line {table.lines[below[0]]}, {name}",
            "a number that is not negative",
            f"{x[below[0]]:g}",
        )
    back = np.flatnonzero(np.diff(x) <= 0)
    if back.size:
        raise InputError(
            f"{path}, line {table.lines[back[0] + 1]}, {name}",
            f"more than {x[back[0]]:g}, the row before",
            f"{x[back[0] + 1]:g}",
            "sort the rows and remove repeated ones",
        )


def _form_of(quantity: str, kind: KindName) -> FormName:
    form = FORMS.get(quantity)
    if form is not None and form.kind == kind:
        return form.name
    return kind  # type: ignore[return-value]  # a pressure is no curve


def _errors(
    path: Path | str, table: Table, error: FloatArray, remarks: list[str]
) -> tuple[FloatArray | None, BoolArray]:
    """Return the errors and the rows to keep: points that were set have none."""
    keep = np.ones(error.size, dtype=bool)
    if not np.any(error > 0):
        remarks.append("No error is above zero: none is believed.")
        return None, keep
    first = int(np.argmax(error > 0))
    bad = np.flatnonzero(error[first:] <= 0) + first
    if first and not np.any(error[:first]):
        remarks.append(f"{first} points at the beginning have an error of zero: left out as set.")
        keep[:first] = False
    elif first:
        bad = np.flatnonzero(error <= 0)
    if bad.size:
        where = f"{path}, line {table.lines[bad[0]]}, error"
        advice = "leave out the column of errors, or the points that were set"
        raise InputError(where, "a positive number", f"{error[bad[0]]:g}", advice)
    return error, keep


def _converted(written: Written, scale: Scale, covariance: Path | str | None) -> Observation:
    factor = factor_of(written.form, written.x, scale)
    matrix = None if covariance is None else read_matrix(covariance, written.x.size)
    return Observation(
        kind=written.kind,
        x=written.x,
        value=written.form.offset + factor * written.value,
        error=None if written.error is None else factor * written.error,
        covariance=None if matrix is None else matrix * np.outer(factor, factor),
        remarks=written.remarks,
    )
