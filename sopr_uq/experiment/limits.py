"""Which function a curve holds, told by its limits: level far out, core or low Q near zero."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.forms import FORMS, Form, Scale, standard
from sopr_uq.experiment.kinds import CURVES, R
from sopr_uq.typing import BoolArray, FloatArray

LEVEL_FROM = 0.75
"""The level is the mean beyond this part of the range."""

LEVEL_TOLERANCE = 0.2
"""How far it may be from one. The shipped curves are within 0.03; a dense liquid measured to its
second shell only may be off by 0.15."""

CORE_TOLERANCE = 0.35
"""How large g may be, as a root mean square, where no pair can be: ripples are smaller."""

LOWEST_S = -0.25
"""S(Q) cannot be negative; noise and a level may make it so by less than this."""

_DENSITY_TOLERANCE = 0.1
"""How far the density in the slope of a core may be from what is said, besides what ripples of
the core leave open."""

_OF_RIPPLES = 0.2
"""Of the slope that ripples would make if they were a line. They go up and down: of 36 transforms,
which ended at 12 to 30 Å⁻¹, with noise of up to 0.02 in S, the slope was off by a sixth of that
and one per cent at most."""

_CORE = 0.6
"""In mean spacings: no two particles of a liquid are closer."""

_LIKELY_S = 0.6
"""S at low Q of most liquids is below."""


_PEAK_R, _PEAK_Q = (0.85, 1.2), (5.8, 8.2)
"""Where g(r) and S(Q) of liquids have their first peak: in mean spacings, in one over them."""


class OwnDensity(NamedTuple):
    """The number density that a curve itself tells, in Å⁻³, and what its ripples leave open."""

    value: float
    error: float


class FormFit(NamedTuple):
    """How a form suits a curve: its name, and zero where its limits are met exactly."""

    form: str
    misfit: float
    density: float | None
    """Number density in Å⁻³ that was used: the one given, or the curve's own."""


def fitting_forms(
    kind: str, x: FloatArray, value: FloatArray, density: float | None = None
) -> list[FormFit]:
    """Return the forms whose limits a curve meets, the best first.

    Parameters
    ----------
    kind : {"g", "s"}
        Of which function it is a form.
    x, value : array, shape (n,)
        The curve as written, x in Å or Å⁻¹.
    density : float, optional
        Number density in Å⁻³. Without it 4πρ is taken from the curve: from the
        slope in the core or the rise of the tail.
    """
    positive = x > 0
    x, value = x[positive], value[positive]
    forms = [form for form in FORMS.values() if form.kind == kind]
    found = [misfit(form, x, value, density) for form in forms if not form.scaled]
    good = sorted((fit for fit in found if fit.misfit < np.inf), key=lambda fit: fit.misfit)
    tail = float(np.mean(value[_far(x)])) if x.size else 1.0
    if not good and abs(tail) < LEVEL_TOLERANCE:
        good = [FormFit(form.name, 1.0, density) for form in forms if form.scaled]
    return good


def kind_by_peak(x: FloatArray, value: FloatArray, density: float) -> Literal["g", "s"] | None:
    """Return of which function the highest point is the first peak; None where it is unsure.

    Parameters
    ----------
    x, value : array, shape (n,)
        As written, x in Å, nm or one over them; points that are no numbers are left out.
    density : float
        In Å⁻³.
    """
    known = np.isfinite(x) & np.isfinite(value)
    if not known.any():
        return None
    peak, spacing = float(x[known][np.argmax(value[known])]), density ** (-1.0 / 3.0)
    r = any(_PEAK_R[0] < peak * unit / spacing < _PEAK_R[1] for unit in (1.0, 10.0))
    q = any(_PEAK_Q[0] < peak * unit * spacing < _PEAK_Q[1] for unit in (1.0, 0.1))
    if r == q:
        return None
    return "g" if r else "s"


def check_form(name: str, form: Form, x: FloatArray, value: FloatArray, scale: Scale) -> None:
    """Refuse a form that the limits of a curve contradict, or a density that its core does.

    Parameters
    ----------
    name : str
        Of the curve, for messages.
    form : Form
        What it is said to be.
    x, value : array, shape (n,)
        The curve as written, x in Å or Å⁻¹.
    scale : Scale
        Density and scattering length, where they are known.

    Raises
    ------
    InputError
        With the form, or the density, that fits.
    """
    if form.scaled:
        return
    others = [] if _meets(form, x, value, scale) else fitting_forms(
        form.kind, x, value, scale.density
    )  # fmt: skip
    if others:
        best = FORMS[others[0].form]
        raise InputError(
            f"{name}, form",
            f"the limits of {form.text}",
            f"a curve with those of {best.text}",
            f'form = "{best.name}"',
        )
    _check_core(name, form, x, value, scale.density)


def _check_core(
    name: str, form: Form, x: FloatArray, value: FloatArray, density: float | None
) -> None:
    """Refuse a density that is not that in the slope of a core, 4πρr(0 − 1)."""
    told = other_density(form, x, value, density)
    if told is not None and density is not None:
        raise InputError(
            f"{name}, form {form.name}",
            f"a core with the slope −4πρ of {density:.4g} atoms per Å³",
            f"the slope of {told:.4g}",
            "the density, of atoms, that the curve was made with, or a curve whose scale is right: "
            f"its values times {density / told:.3g} have it",
        )


def other_density(
    form: Form, x: FloatArray, value: FloatArray, density: float | None
) -> float | None:
    """Return the density in the slope of the core of a 4πρr(g − 1), if it is another one.

    Parameters
    ----------
    form : Form
    x, value : array, shape (n,)
        As written, x in Å.
    density : float or None
        What it is said to be, of atoms in Å⁻³.
    """
    if density is None or form.needs != "density" or not form.offset:
        return None
    positive = x > 0
    told = _in_the_core(x[positive], value[positive])
    if told is None or abs(told.value - density) <= _DENSITY_TOLERANCE * density + told.error:
        return None
    return told.value


def _meets(form: Form, x: FloatArray, value: FloatArray, scale: Scale) -> bool:
    """Whether a form's limits are met; a negative S is a mistake, and no sign of a form."""
    if CURVES[form.kind] is R:
        return misfit(form, x, value, scale.density).misfit < np.inf
    positive = x > 0
    curve = standard(form, x[positive], value[positive], scale)
    return abs(level_of(x[positive], curve) - 1.0) <= LEVEL_TOLERANCE


def misfit(form: Form, x: FloatArray, value: FloatArray, density: float | None) -> FormFit:
    """Return how far a curve is from the limits of a form; infinite where it cannot be it."""
    positive = x > 0
    x, value = x[positive], value[positive]
    if x.size < 4:
        return FormFit(form.name, np.inf, density)
    if form.needs == "density" and density is None:
        density = _own_density(form, x, value)
        if density is None:
            return FormFit(form.name, np.inf, None)
    curve = standard(form, x, value, Scale(density, None))
    level = abs(float(np.mean(curve[_far(x)])) - 1.0)
    near, tolerable = _NEAR[form.kind](x, curve, density)
    usable = level <= LEVEL_TOLERANCE and tolerable
    return FormFit(form.name, level + near if usable else np.inf, density)


def level_of(x: FloatArray, value: FloatArray) -> float:
    """Return the mean of a curve over the last quarter of its range; arrays of shape (n,)."""
    return float(np.mean(value[_far(x)]))


def _far(x: FloatArray) -> BoolArray:
    return np.asarray(x >= LEVEL_FROM * x[-1])


def _core(x: FloatArray, g: FloatArray, density: float | None) -> tuple[float, bool]:
    """Return the root mean square of g in the core, and whether it may be."""
    spacing = float(x[np.argmax(g)]) if density is None else density ** (-1.0 / 3.0)
    inside = x < _CORE * spacing
    # a curve that begins outside the core begins where g still is small
    values = g[inside] if inside.sum() > 2 else g[:1]
    rms = float(np.sqrt(np.mean(np.minimum(np.abs(values), 10.0) ** 2)))
    return rms, rms <= (CORE_TOLERANCE if inside.sum() > 2 else 2 * CORE_TOLERANCE)


def _low_q(x: FloatArray, s: FloatArray, _density: float | None) -> tuple[float, bool]:
    """Return how unlikely the first values of an S(Q) are, and whether they may be."""
    first = float(np.mean(s[:3]))
    unlikely = max(0.0, first - _LIKELY_S, -3.0 * float(np.min(s[:5]))) if x[0] < 1.0 else 0.0
    return unlikely, bool(np.quantile(s, 0.02) > LOWEST_S)


_NEAR = {"g": _core, "s": _low_q}


def _own_density(form: Form, x: FloatArray, value: FloatArray) -> float | None:
    """Return the density that a form needs to have its limits: from its core or its tail."""
    if form.offset:
        told = _in_the_core(x, value)
        return None if told is None else told.value
    far = _far(x)
    ratio = value[far] / x[far] ** form.power
    if ratio.size < 2:
        return None
    half = ratio.size // 2
    rise = abs(float(np.mean(ratio[half:]) / max(abs(float(np.mean(ratio[:half]))), 1e-30)) - 1.0)
    found = float(np.mean(ratio)) / (4.0 * np.pi)
    return found if found > 0 and rise < 0.06 else None


def _in_the_core(x: FloatArray, value: FloatArray) -> OwnDensity | None:
    """Return the density in a slope from zero down; None where there is no such line."""
    peak = float(x[np.argmax(value)])
    inside = x < 0.55 * peak
    if inside.sum() < 3:
        return None
    slope = float(value[inside] @ x[inside] / (x[inside] @ x[inside]))
    rest = float(np.std(value[inside] - slope * x[inside]))
    end = 0.55 * peak
    if slope >= 0.0 or rest >= 0.3 * abs(slope) * end:
        return None
    return OwnDensity(-slope / (4.0 * np.pi), _OF_RIPPLES * rest / end / (4.0 * np.pi))
