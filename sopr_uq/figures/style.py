"""One look for all figures: readable in print, in grey, and by colour-blind readers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MEASURED = "#000000"
MODEL = "#0072B2"
REFERENCE = "#D55E00"
EXTRA = "#009E73"
"""Okabe & Ito's palette, whose members differ in lightness as well."""

BAND_ALPHA = 0.3

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

    with mpl.rc_context(_RC):
        yield
