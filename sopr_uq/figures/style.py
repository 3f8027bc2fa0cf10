"""One look for all figures: readable in print, in grey, and by colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

MEASURED = "#000000"
MODEL = "#0072B2"
REFERENCE = "#D55E00"
EXTRA = "#009E73"
"""Okabe & Ito's palette, whose members differ in lightness as well."""

BAND_ALPHA = 0.3


@dataclass(frozen=True)
class MemberStyle:
    """How one member of a family is drawn: told apart without its colour too."""

    color: str
    line: str | tuple[int, tuple[int, ...]]
    marker: str
    hatch: str


MEMBER_STYLES = (
    MemberStyle("#0072B2", "-", "o", ""),
    MemberStyle("#D55E00", "--", "s", "////"),
    MemberStyle("#009E73", "-.", "^", "...."),
    MemberStyle("#CC79A7", (0, (1, 1)), "D", "xxxx"),
    MemberStyle("#56B4E9", (0, (5, 1, 1, 1, 1, 1)), "v", "\\\\\\\\"),
    MemberStyle("#E69F00", (0, (6, 3)), "P", "++++"),
    MemberStyle("#000000", "-", "X", "OO"),
)
"""Okabe & Ito's palette with lines, markers and hatches, by place."""

AXIS_LABELS = {"sigma": "σ", "epsilon": "ε", "r_vdw": "r$_{vdW}$", "d_hp": "d$_{hp}$"}
AXIS_UNITS = {"angstrom": "Å", "kcal/mol": "(kcal/mol)", "%": "%"}


def member_style(place: int) -> MemberStyle:
    """Return the style of a family's member; they repeat after seven."""
    return MEMBER_STYLES[place % len(MEMBER_STYLES)]


def marked(title: str, reserve: str) -> str:
    """Return a title with the word that goes with what stands below; empty for none."""
    return f"{title} ({reserve})" if reserve else title


_RC: dict[Any, Any] = {
    "font.size": 10,
    "axes.labelsize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "savefig.dpi": 160,
    "savefig.bbox": "tight",
    "figure.constrained_layout.use": True,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the package's look inside this context."""
    import matplotlib as mpl

    # Not rc_context: it would also undo what a notebook's backend sets on its first figure.
    before = {key: mpl.rcParams[key] for key in _RC}
    mpl.rcParams.update(_RC)
    try:
        yield
    finally:
        mpl.rcParams.update(before)
