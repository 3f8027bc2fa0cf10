"""The mistakes people make with a curve, each found by what it does to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CURVES, KINDS, Q, R
from sopr_uq.experiment.limits import LEVEL_FROM, LEVEL_TOLERANCE, level_of
from sopr_uq.experiment.set_points import liquid_begin, stands_alone
from sopr_uq.typing import FloatArray


class Mistake(NamedTuple):
    """A mistake: whether nothing can be done with the curve, what is seen, what to try."""

    fatal: bool
    expected: str
    found: str
    advice: str

    @property
    def text(self) -> str:
        """One sentence for people."""
        found = self.found
        begin = "A" if found.startswith(("a ", "an ")) else found[0]
        return f"{begin}{found[1:]}: {self.advice}."


OFF_LEVEL = 0.03
"""Levels farther from one are said; the shipped curves are within."""

_BELIEVED, _ORDERED = 0.1, 3.0
"""How far a level may be from one where nothing is left of a liquid's order: beyond that many
times the place of its first peak."""

_SPIKE = 0.5
_RIPPLE = 0.25
_LOWEST_S = -0.1
_EMPTY = 0.03
"""No S(Q) is as small as that before its peak; liquids have 0.05 to 0.5."""

_NO_CORE = 0.07
"""In the core of a g(r) ripples cancel."""

_DENSER = -0.5
"""Below this, 1 + ρ∫(g − 1)d³r says that the density is too high; noise and cuts do half of it."""


def check_mistakes(
    name: str,
    kind: str,
    x: FloatArray,
    value: FloatArray,
    density: float | None,
    molecular: bool = False,
    lowest: float = 0.0,
) -> list[str]:
    """Return sentences about what is odd in a g(r) or S(Q) and can be lived with.

    Parameters
    ----------
    name : str
        Of the curve, for messages.
    kind : {"g", "s"}
    x, value : array, shape (n,)
        In Å or Å⁻¹; only what an inference would use.
    density : float or None
        In Å⁻³.
    molecular : bool
        Whether it is between sites of molecules, which may have a shell of a few neighbours
        in front of a gap, as by a hydrogen bond.
    lowest : float
        Below what an S(Q) cannot be; partials may be negative.

    Raises
    ------
    InputError
        With the first mistake with which nothing can be done.
    """
    found = list(mistakes(kind, x, value, density, molecular, lowest))
    for mistake in found:
        if mistake.fatal:
            raise InputError(name, mistake.expected, mistake.found, mistake.advice)
    return [mistake.text for mistake in found]


def mistakes(
    kind: str,
    x: FloatArray,
    value: FloatArray,
    density: float | None,
    molecular: bool = False,
    lowest: float = 0.0,
) -> Iterator[Mistake]:
    """Yield what is wrong or odd in a g(r) or S(Q)."""
    if x.size < 5:
        return
    if CURVES[kind] is R:
        if not molecular:
            yield from _in_the_core(x, value)
        yield from _at_the_end(x, value, density)
        yield from _too_dense(x, value, density)
    else:
        yield from _at_low_q(x, value, lowest)
    yield from _off_level(kind, x, value)


def _in_the_core(x: FloatArray, g: FloatArray) -> Iterator[Mistake]:
    """Self pairs, a bond, ripples: what stands inside the first neighbours, behind a gap."""
    inner = liquid_begin(x, g)
    if inner == 0:
        return
    core, height = x[:inner], float(np.max(np.abs(g[:inner])))
    at = float(core[np.argmax(np.abs(g[:inner]))])
    core_text = "no pair of an atomic liquid inside its first neighbours"
    if float(np.max(g[:inner])) > _SPIKE and stands_alone(g[:inner]):
        if at < 0.35:
            what = "the particles themselves: exclude self pairs"
        else:
            what = "a bond, or another species: subtract it, or begin the window behind it"
        advice = what + f" (window = [{x[inner]:g}, {x[-1]:g}])"
        yield Mistake(True, core_text, f"a spike of {height:.3g} at {at:g} Å", advice)
    elif height > _RIPPLE:
        window = f"window = [{x[inner]:g}, {x[-1]:g}]"
        advice = f"remove them, or leave them out: {window}"
        yield Mistake(False, core_text, f"ripples of up to {height:.2g} in the core", advice)


def _at_the_end(x: FloatArray, g: FloatArray, density: float | None) -> Iterator[Mistake]:
    """A g that falls beyond half a box, or one that is multiplied by the density."""
    n = max(3, g.size // 25)
    middle = (x > 0.5 * x[-1]) & (x < LEVEL_FROM * x[-1])
    level = float(np.mean(g[middle])) if middle.any() else 1.0
    end = min(float(np.mean(g[-n:])), float(np.mean(g[-3:])))
    if density is not None and abs(level / density - 1.0) < 0.2 and level < 0.3:
        expected, found = "g that ends at one", f"a tail at {level:.3g}, the density"
        yield Mistake(True, expected, found, "divide by the density")
    elif 0.7 < level < 1.3 and end < 0.7 * level and np.any(g > 0.9 * level):
        last = int(np.flatnonzero(g > 0.9 * level)[-1])
        advice = f"cut it where it leaves one: window = [{x[0]:g}, {x[last]:.3g}]"
        found = f"a fall to {end:.2g} at {x[-1]:g} Å, as beyond half a box"
        yield Mistake(True, "g that stays at one", found, advice)


_SHELLS = 3.0
"""In places of the first peak: how far S(0) is summed. Farther out an error of the level counts
with the volume, and structure no more."""


def _too_dense(x: FloatArray, g: FloatArray, density: float | None) -> Iterator[Mistake]:
    """Formula units for atoms, or a density twice too high: S would be negative at low Q."""
    if density is None or x[-1] < 3.0 * density ** (-1.0 / 3.0):
        return
    level = level_of(x, g)
    near = x <= _SHELLS * x[np.argmax(g)]
    x, g = x[near], g[near]
    taper = np.sinc(x / x[-1])
    hole = 4.0 * np.pi / 3.0 * x[0] ** 3 * (g[0] - 1.0)
    volume = hole + float(np.trapezoid(4.0 * np.pi * x**2 * (g - level) * taper, x))
    compressibility = 1.0 + density * volume
    if compressibility < _DENSER:
        advice = (
            "the density is that of particles which the g(r) is about, in 1/Å³: atoms, not "
            "formula units, and not twice as many"
        )
        found = f"S(0) = {compressibility:.2f} from this g(r) at {density:g} Å⁻³"
        yield Mistake(True, "a density with which S(0) is not negative", found, advice)


def check_function(name: str, kind: str, x: FloatArray, value: FloatArray) -> None:
    """Check that a g(r) of atoms is no S(Q), and an S(Q) no g(r), by what is before the peak.

    Parameters
    ----------
    name : str
        Of the curve, for messages.
    kind : {"g", "s"}
    x, value : array, shape (n,)
        In Å or Å⁻¹; with what a window leaves out.

    Raises
    ------
    InputError
        If a g(r) rises slowly towards its peak, or an S(Q) not at all.
    """
    peak = float(x[np.argmax(value)])
    before = value[(x > 0.6 * peak) & (x < 0.78 * peak)]
    if before.size < 3 or x[0] > 0.5 * peak:
        return
    third = before.size // 3
    rises = float(np.mean(before[-third:])) > 1.3 * float(np.mean(before[:third]))
    if CURVES[kind] is R and rises and np.min(before) > 0.0 and np.mean(before) > _NO_CORE:
        found = f"a slow rise before {peak:.2g}, as of an S(Q)"
        raise InputError(name, "g(r), which is zero before its peak", found, 'kind = "s"')
    if CURVES[kind] is Q and np.max(np.abs(before)) < _EMPTY:
        found = f"nothing at all before {peak:.2g}, as in the core of a g(r)"
        raise InputError(name, "S(Q), which rises before its peak", found, 'kind = "g"')


def _at_low_q(q: FloatArray, s: FloatArray, lowest: float) -> Iterator[Mistake]:
    """Values that are too low, the forward beam, a rise towards small angles."""
    peak = int(np.argmax(np.where(q > 0.5, s, -np.inf)))
    least = float(np.min(s))
    if least < lowest + _LOWEST_S:
        at = float(q[np.argmin(s)])
        advice = 'check the form (form = "s-1"?) and the background'
        wanted = "S(Q) that is not negative" if lowest == 0.0 else f"S(Q) above {lowest:.3g}"
        yield Mistake(True, wanted, f"S = {least:.2f} at {at:g} Å⁻¹", advice)
        return
    before = s[: max(peak, 1)]
    if before.size < 5:
        return
    valley = int(np.argmin(before))
    rise = float(np.max(before[: valley + 1])) - float(before[valley])
    high = before[: valley + 1] > before[valley] + 0.5 * rise
    sharp = int(high.sum()) <= max(3, q.size // 50)
    if rise > 1.0 and sharp:
        advice = f"leave it out: window = [{q[valley]:g}, {q[-1]:g}]"
        found = f"a spike of {rise:.2g} below {q[valley]:g} Å⁻¹, as of the direct beam"
        yield Mistake(True, "S(Q) without the direct beam", found, advice)
    elif rise > 0.1:
        advice = (
            "a liquid near its critical point has that; if it is the container or particles "
            f"in it, window = [{q[valley]:g}, {q[-1]:g}]"
        )
        found = f"S rises by {rise:.2g} below {q[valley]:g} Å⁻¹"
        yield Mistake(False, "", found, advice)


def _off_level(kind: str, x: FloatArray, value: FloatArray) -> Iterator[Mistake]:
    level, symbol = level_of(x, value), KINDS[kind].symbol
    if abs(level - 1.0) <= OFF_LEVEL:
        return
    found = f"{symbol} ends at {level:.3f} instead of 1"
    # what is farther off is no matter of a norm, and refused as such
    slightly = _BELIEVED < abs(level - 1.0) <= LEVEL_TOLERANCE
    if slightly and x[-1] * LEVEL_FROM > _ORDERED * x[np.argmax(value)]:
        advice = f"{_LEVELS[kind]}: divide by {level:.3f} if nothing but that is wrong"
        yield Mistake(True, f"{symbol} that ends within {_BELIEVED:g} of 1", found, advice)
    else:
        advice = f"{_LEVELS[kind]}; the level is inferred, within its prior"
        yield Mistake(False, "", found, advice)


_LEVELS = {
    "g": "N/(N − 1) or another density do that",
    "s": "another normalisation does that",
}
