"""The figure of the study: how far each property is from what is known."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from plan import EXPONENTS, GASES
from tables import Told, told

from sopr_uq.figures.sheet import save
from sopr_uq.figures.style import MEASURED, member_style, style

ALONG = {"pressure": "pressure", "energy": "energy", "viscosity": "viscosity"}
BESIDE = {
    "liquid-density": "ρ of the liquid", "vapour-density": "ρ of the vapour",
    "vapour-pressure": "vapour pressure", "surface-tension": "surface tension",
}  # fmt: skip
_TWO_SIDED = 1.96
_MARKS = dict(zip(EXPONENTS, "ox", strict=True))
_APART = 0.006


def draw(folder: Path) -> list[Path]:
    """Save the figure: along the boiling lines above, of slabs below."""
    rows = [each for gas in GASES for each in told(gas) if np.isfinite(each.known)]
    if not rows:
        return []
    # three panels above, four below
    layout: list[Any] = [[n for n in ALONG for _ in BESIDE], [n for n in BESIDE for _ in ALONG]]
    with style():
        figure, axes = plt.subplot_mosaic(layout, figsize=(11.7, 6.8), layout="constrained")
        for name, words in (ALONG | BESIDE).items():
            ax = axes[name]
            for number, gas in enumerate(GASES):
                of = [each for each in rows if each.gas is gas and each.name == name]
                x = [each.share + _APART * (number - 1.5) for each in of]
                _points(ax, of, x if name in ALONG else [number] * len(of), number)
            ax.axhline(0.0, color=MEASURED, lw=0.8, zorder=0)
            ax.set(title=words, ylabel="off by / MPa" if name == "pressure" else "off by / %")
            if name in ALONG:
                ax.set(xlabel="T / T$_c$")
            else:
                ax.set_xticks(range(len(GASES)), [gas.symbol for gas in GASES])
                ax.set_xlim(-0.5, len(GASES) - 0.5)
        axes["pressure"].legend(fontsize=8)
        figure.suptitle(
            "Minus CoolProp; bars: 95 % of a normal posterior. "
            f"Faint: the force field, n = {EXPONENTS[0]} (circles), {EXPONENTS[1]} (crosses)"
        )
    return save(figure, folder, "boiling")


def _points(ax: Axes, of: Sequence[Told], x: Sequence[float], number: int) -> None:
    if not of:
        return
    look, known = member_style(number), np.array([each.known for each in of])
    # a boiling liquid's pressure is next to nothing: its difference says more than its share
    per = np.ones(len(of)) if of[0].name == "pressure" else np.abs(known) / 100.0
    sign = 1.0 if of[0].name == "pressure" else np.sign(known)
    gap = sign * (np.array([each.mean for each in of]) - known) / per
    wide = _TWO_SIDED * np.array([each.sd for each in of]) / per
    ax.errorbar(
        x, gap, wide, fmt=look.marker, color=look.color, ms=4, capsize=2, lw=1.2,
        label=of[0].gas.name,
    )  # fmt: skip
    for n, mark in _MARKS.items():
        fields = np.array([each.forces[n][0] for each in of])
        ax.plot(
            x, sign * (fields - known) / per, mark, color=look.color, ms=4, mfc="none", alpha=0.6
        )
