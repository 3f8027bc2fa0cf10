"""What a file is: columns, function, units, range, noise, what was set, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.curve import Written, read_written
from sopr_uq.experiment.formats import Table, read_file
from sopr_uq.experiment.forms import FORMS, Scale, standard
from sopr_uq.experiment.inferred import faint_end, written_end
from sopr_uq.experiment.kinds import CURVES, KINDS, CurveName, Q, R
from sopr_uq.experiment.limits import (
    LEVEL_TOLERANCE,
    fitting_forms,
    kind_by_peak,
    level_of,
    other_density,
)
from sopr_uq.experiment.look_partials import NamedPair, partials
from sopr_uq.experiment.look_total import Composition, proposed
from sopr_uq.experiment.mistakes import mistakes
from sopr_uq.experiment.observe_block import observe_block
from sopr_uq.experiment.readings import reading_error
from sopr_uq.experiment.scattered import scattered_begin
from sopr_uq.experiment.set_points import SetPoints, filled_end, set_points
from sopr_uq.structure.fourier_end import FourierEnd, fourier_end
from sopr_uq.typing import FloatArray


@dataclass(frozen=True)
class Look:
    """What was seen in a file.

    Parameters
    ----------
    path : Path
    format : str
        The layout.
    columns : tuple of str
        Their names, or numbers from one, with what they are taken for.
    kind : {"g", "s", "f"}
    form : str
        The function that the values are, a key of ``FORMS``.
    form_reason : str
        Why.
    unit : str
        Of the abscissa in the file.
    x, value : array, shape (n,)
        In Å or Å⁻¹, and g or S; as written of F and where it could not be converted.
    noise : float
        Standard deviation of what scatters from point to point.
    level : float
        Mean of g or S over the last quarter of the range.
    density : float or None
        Of molecules in Å⁻³: given, or what the curve itself says.
    q_max : float or None
        End of the Fourier integral in Å⁻¹, where it shows.
    first : float or None
        Where the data begin, in Å or Å⁻¹; None where all is data.
    remarks : tuple of str
        What was decided, and what one should know.
    cannot : tuple of str
        What the curve cannot tell.
    block : str
        The ``[[observe]]`` to paste; of several curves one behind the other.
    curves : int
        How many stand beside each other; what is said is of the first.
    """

    path: Path
    format: str
    columns: tuple[str, ...]
    kind: CurveName
    form: str
    form_reason: str
    unit: str
    x: FloatArray
    value: FloatArray
    noise: float
    level: float
    density: float | None
    q_max: float | None
    first: float | None
    remarks: tuple[str, ...]
    cannot: tuple[str, ...]
    block: str
    curves: int = 1


def look(
    path: Path | str,
    *,
    density: float | None = None,
    kind: CurveName | None = None,
    columns: Sequence[str | int] | None = None,
    unit: str | None = None,
    formula: str | None = None,
) -> Look:
    """Look at a file with a measured curve.

    Parameters
    ----------
    path : Path or str
    density : float, optional
        Number density of molecules (of atoms, where no formula is given) in Å⁻³; some forms
        are told apart with it alone.
    kind : {"g", "s", "f"}, optional
        Of which function it is a form; by default what the columns and limits say.
    columns : sequence of str or int, optional
        Abscissa, values and errors, by name or number.
    unit : str, optional
        Of the abscissa.
    formula : str, optional
        Of its molecules, such as D2O or Ar: with it the level of a total F(Q) tells what
        scattered, and what it was divided by.

    Raises
    ------
    InputError
        If the file cannot be read or holds no curve.
    """
    path = Path(path)
    table = read_file(path)
    kind = kind or _kind(table, path, density)
    beside = partials(table, str(path), kind) if columns is None and kind != "f" else []
    if beside:
        return _of_partials(path, beside, kind, density, unit)
    if KINDS[kind].total:
        return _total(path, table, columns, unit, formula, "as you say")
    if unit is None and not _unit(table, kind):
        unit = _likely_unit(path, kind, columns, density)
    written = read_written(path, kind, columns=columns, unit=unit)
    atoms = None if formula is None else Composition.of(formula)
    size = 1.0 if atoms is None else float(atoms.counts.sum())
    form, reason, of_atoms = _form(written, None if density is None else density * size)
    if density is None and of_atoms is not None:
        density = of_atoms / size
    ends_at_zero = CURVES[kind] is Q and abs(level_of(written.x, written.value)) < LEVEL_TOLERANCE
    scaled = FORMS[form].scaled
    if scaled if atoms is None else ends_at_zero and not atoms.element:
        return _total(path, table, columns, unit, formula, reason)
    value = written.value
    if not scaled:
        value = standard(FORMS[form], written.x, written.value, Scale(of_atoms, None))
    found = set_points(kind, written.x, value)
    end = _end(written, value) if CURVES[kind] is R else None
    said = unit or _unit(table, kind) or CURVES[kind].unit
    odd = [] if scaled else [m.text for m in mistakes(kind, written.x, value, density)]
    own = _own(written, form, of_atoms)
    names = [f"{table.call(i)} ({c.quantity or '?'})" for i, c in enumerate(table.columns)]
    return Look(
        path=path,
        format=table.format,
        columns=tuple(names),
        kind=kind,
        form=form,
        form_reason=reason,
        unit=said,
        x=written.x,
        value=value,
        noise=noise_of(value),
        level=level_of(written.x, value),
        density=density,
        q_max=None if end is None else end.q_max,
        first=float(written.x[found.number]) if found.number else None,
        remarks=(
            *written.remarks,
            *_notes(written, found, end),
            *own,
            *odd,
        ),
        cannot=tuple(_cannot(kind, written.x, density)),
        block=observe_block(path, kind, form, said, columns, _of_element(form, atoms)),
    )


def _of_partials(
    path: Path,
    found: Sequence[tuple[NamedPair, list[str | int]]],
    kind: CurveName,
    density: float | None,
    unit: str | None,
) -> Look:
    """Look at every partial of a file; the block has them all, what is said is of the first."""
    each = [look(path, density=density, kind=kind, columns=c, unit=unit) for _, c in found]
    blocks = [
        f'{one.block}\nsites = ["{first}", "{second}"]'
        for one, ((first, second), _) in zip(each, found, strict=True)
    ]
    names = ", ".join("-".join(pair) for pair, _ in found)
    remark = f"It holds {len(found)} partials ({names}): what is said here is of the first."
    remarks, block = (remark, *each[0].remarks), "\n\n".join(blocks)
    return replace(each[0], remarks=remarks, block=block, curves=len(found))


def _of_element(form: str, atoms: Composition | None) -> tuple[str, ...]:
    """Return the key with the scattering length of an element, where a form needs it."""
    if not FORMS[form].scaled or atoms is None:
        return ()
    return (f"scattering_length = {float(atoms.lengths[0]):.4g}  # ⟨b⟩ in fm",)


def _total(
    path: Path,
    table: Table,
    columns: Sequence[str | int] | None,
    unit: str | None,
    formula: str | None,
    reason: str,
) -> Look:
    """Look at a total F(Q), the weighted sum of pairs of several types or of molecules."""
    written = read_written(path, "f", columns=columns, unit=unit)
    x, value = written.x, written.value
    keys, remarks = proposed(x, value, formula)
    found = set_points("f", x, value)
    said = unit or _unit(table, "f") or "1/angstrom"
    names = [f"{table.call(i)} ({c.quantity or '?'})" for i, c in enumerate(table.columns)]
    return Look(
        path=path,
        format=table.format,
        columns=tuple(names),
        kind="f",
        form="f",
        form_reason=reason,
        unit=said,
        x=x,
        value=value,
        noise=noise_of(value),
        level=level_of(x, value),
        density=None,
        q_max=None,
        first=float(x[found.number]) if found.number else None,
        remarks=(*written.remarks, *_notes(written, found, None), *remarks),
        cannot=("The depth of the well is weakly in a structure: a pressure beside it helps.",),
        block=observe_block(path, "f", "f", said, columns, tuple(keys)),
    )


def _notes(written: Written, found: SetPoints, end: FourierEnd | None) -> list[str]:
    """Return sentences about what was set, and about how the Fourier integral ended."""
    unit, notes = CURVES[written.kind].text, []
    if found.number:
        first = written.x[found.number]
        notes.append(f"Below {first:g} {unit} it holds no data ({found.reason}).")
    if CURVES[written.kind] is Q:
        odd = scattered_begin(written.x, written.value, written.error)
        notes += [f"{odd.text(written.x)}; they are not used."] if odd.number else []
    if filled := filled_end(written.value):
        last = written.x[-filled - 1]
        notes.append(f"Beyond {last:g} {unit} it holds no data ({filled} equal values).")
    if error := reading_error(written.x):
        notes.append(
            f"It was read off a figure, it seems: readings err by about {error:.2g} {unit}."
        )
    if end is not None:
        damped = "; a window such as Lorch's seems to have damped it" if end.window else ""
        ended = f"{end.q_max:.1f} ± {end.error:.1f} Å⁻¹" if end.error else f"{end.q_max:g} Å⁻¹"
        said = "" if end.error else ", as its head says"
        notes.append(f"Its Fourier integral ended at Q = {ended}{said}{damped}.")
        if np.isfinite(faint := faint_end(written.x, written.value)):
            notes.append(f"Beyond {faint:.4g} {unit} its order is faint, and not used.")
    elif CURVES[written.kind] is R:
        notes.append("No end of a Fourier integral shows.")
    return notes


def _end(written: Written, value: FloatArray) -> FourierEnd | None:
    """Return the end of the Fourier integral: what the head of the file tells, or what shows."""
    found, told = fourier_end(written.x, value), written_end(written.table)
    if told is None:
        return found
    return FourierEnd(told, 0.0, 0.0 if found is None else found.damped)


def _own(written: Written, form: str, density: float | None) -> list[str]:
    """Return a sentence about a core that tells another density of atoms, in Å⁻³."""
    told = other_density(FORMS[form], written.x, written.value, density)
    if told is None:
        return []
    return [f"The slope of its core tells {told:.4g} atoms per Å³, not {density:.4g}."]


def noise_of(value: FloatArray) -> float:
    """Return the scatter from point to point, from third differences over the last half."""
    third = np.diff(value[value.size // 2 :], 3)
    return float(np.median(np.abs(third)) / 0.6745 / np.sqrt(20.0)) if third.size else float("nan")


_OF_COLUMN: Mapping[str, CurveName] = {
    **{name: form.kind for name, form in FORMS.items()},
    "r": "g",
    "q": "s",
}
"""Of which function a file holds a form that has such a column."""


def _kind(table: Table, path: Path, density: float | None) -> CurveName:
    """Return of which function a file holds a form: by columns, name, peak, or what is first."""
    for column in table.columns:
        if column.quantity in _OF_COLUMN:
            return _OF_COLUMN[column.quantity]
    name = path.name.casefold()
    if any(mark in name for mark in ("sq", "s_q", "fq", "soq", "sofq", "qspace")):
        return "s"
    if any(mark in name for mark in ("gr", "g_r", "rdf", "gofr", "pdf")):
        return "g"
    x, values = table.column(0), table.column(min(1, len(table.columns) - 1))
    if density is not None and (told := kind_by_peak(x, values, density)):
        return told
    # a g(r) begins in a core where it is zero; an S(Q) does so nowhere
    finite = values[np.isfinite(values)]
    first = finite[: max(3, finite.size // 20)]
    return "g" if first.size and float(np.max(np.abs(first))) < 0.02 else "s"


def _unit(table: Table, kind: str) -> str:
    place = table.find(CURVES[kind].name)
    return "" if place is None else table.columns[place].unit


def _likely_unit(
    path: Path, kind: CurveName, columns: Sequence[str | int] | None, density: float | None
) -> str | None:
    """Return nm or 1/nm where the place of the first peak leaves nothing else."""
    written = read_written(path, kind, columns=columns)
    peak = float(written.x[np.argmax(written.value)])
    spacing = 3.0 if density is None else density ** (-1.0 / 3.0)
    if CURVES[kind] is R:
        return "nm" if peak < 0.25 * spacing else None
    return "1/nm" if peak * spacing > 30.0 else None


def _form(written: Written, density: float | None) -> tuple[str, str, float | None]:
    """Return the form, why it is that, and the density that was used."""
    said = written.form.name
    if written.form.scaled:
        return said, "as the file says", density
    fits = fitting_forms(written.kind, written.x, written.value, density)
    by_name = written.table.columns
    named = any(column.quantity == said for column in by_name)
    if not fits:
        if not named:
            raise _no_form(written, density)
        return said, "as the file says; its limits do not confirm it", density
    mine = next((fit for fit in fits if fit.form == said and named), None)
    best = mine or fits[0]
    reason = "by its limits" if mine is None else "as the file says, and by its limits"
    others = [FORMS[fit.form].text for fit in fits if fit.form != best.form]
    if others and density is None and mine is None:
        # of the forms of S none has a density in it
        asked = "give the density" if CURVES[written.kind] is R else "say which by form"
        reason += f"; it could also be {' or '.join(others)}: {asked}"
    return best.form, reason, best.density


def _no_form(written: Written, density: float | None) -> InputError:
    """Return an error that names the mistake in the curve, if it is a known one."""
    what = f"{written.table.format} curve"
    for mistake in mistakes(written.kind, written.x, written.value, density):
        if mistake.fatal:
            return InputError(what, mistake.expected, mistake.found, mistake.advice)
    limits = "the limits of a g(r), an S(Q), or one of their other forms"
    advice = "check the columns and the density"
    return InputError(what, limits, "none of them", advice)


def _cannot(kind: str, x: FloatArray, density: float | None) -> list[str]:
    found = []
    spacing = 3.5 if density is None else density ** (-1.0 / 3.0)
    if CURVES[kind] is R and x[-1] < 2.5 * spacing:
        found.append(
            f"It ends at {x[-1]:g} Å: v(r) beyond is known only from its smoothness and its prior."
        )
    if CURVES[kind] is Q and x[0] > 0.5:
        found.append(f"It begins at {x[0]:g} Å⁻¹: the compressibility is not in it.")
    if CURVES[kind] is Q and x[-1] < 25.0 / spacing:
        found.append(f"It ends at {x[-1]:g} Å⁻¹: the steepness of the core is hardly in it.")
    found.append("The depth of the well is weakly in a structure: a pressure beside it helps.")
    return found
