"""``sopr-uq look``: what was seen in a file as text, as data for programs, and as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sopr_uq.disk import atomic
from sopr_uq.experiment.forms import FORMS, TOTAL
from sopr_uq.experiment.kinds import CURVES, KINDS
from sopr_uq.experiment.look import Look

_TOTAL = "F(Q) of several types or of molecules"


def lines_of(seen: Look) -> list[tuple[str, str]]:
    """Return rows (what, text) about a file."""
    axis, spacing = CURVES[seen.kind], _spacing(seen)
    function = _TOTAL if KINDS[seen.kind].total else FORMS[seen.form].text
    rows = [
        ("file", f"{seen.path.name}, {seen.format}"),
        ("columns", ", ".join(seen.columns)),
        ("function", f"{function}, {seen.form_reason}"),
        ("unit", f"{seen.unit} ({axis.symbol})"),
        ("range", f"{seen.x[0]:g} to {seen.x[-1]:g} {axis.text}, {seen.x.size} points, {spacing}"),
        ("noise", f"{seen.noise:.2g} from point to point"),
        ("level", f"{KINDS[seen.kind].symbol} ends at {seen.level:.3f}"),
    ]
    if seen.density is not None:
        rows.append(("density", f"{seen.density:.4g} Å⁻³"))
    rows += [("note", remark) for remark in seen.remarks]
    return rows + [("cannot", remark) for remark in seen.cannot]


def as_dict(seen: Look) -> dict[str, Any]:
    """Return what was seen for programs."""
    return {
        "file": str(seen.path),
        "format": seen.format,
        "columns": list(seen.columns),
        "kind": seen.kind,
        "form": seen.form,
        "form_reason": seen.form_reason,
        "unit": seen.unit,
        "points": int(seen.x.size),
        "range": [float(seen.x[0]), float(seen.x[-1])],
        "noise": seen.noise,
        "level": seen.level,
        "density_per_angstrom3": seen.density,
        "q_max": seen.q_max,
        "first": seen.first,
        "remarks": list(seen.remarks),
        "cannot": list(seen.cannot),
        "observe": seen.block,
    }


def save_look(seen: Look, file: Path) -> None:
    """Draw the curve into a file.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    """
    from matplotlib.figure import Figure

    from sopr_uq.figures.curve import plot_curve
    from sopr_uq.figures.style import style

    with style(), atomic(file) as temporary:
        figure = Figure(figsize=(6.0, 3.6))
        form = TOTAL if KINDS[seen.kind].total else FORMS[seen.form]
        label = form.text if form.scaled else ""
        ax = figure.subplots()
        first = float("-inf") if seen.first is None else seen.first
        plot_curve(seen.kind, seen.x, seen.value, ax, first=first, label=label)
        ax.set_title(seen.path.name)
        figure.savefig(temporary, format=file.suffix.lstrip(".") or "png")


def _spacing(seen: Look) -> str:
    steps = seen.x[1:] - seen.x[:-1]
    low, high = float(steps.min()), float(steps.max())
    if high - low < 0.01 * high:
        return f"every {high:.4g}"
    return f"{low:.3g} to {high:.3g} apart"
