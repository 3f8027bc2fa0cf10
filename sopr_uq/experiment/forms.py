"""The functions in which a g(r) or an S(Q) is written down, and the way back to these two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import CurveName
from sopr_uq.typing import FloatArray

type FormName = Literal["g", "h", "G", "rdf", "t", "s", "s-1", "q(s-1)", "f"]

FORM_NAMES: tuple[str, ...] = get_args(FormName.__value__)

BARN = 100.0
"""fm² in one barn."""


class NoDensity(InputError):
    """A form needs the number density, and nobody knows it."""


class Scale(NamedTuple):
    """What a form needs besides the curve: ρ in Å⁻³ and ⟨b⟩ in fm; None if unknown."""

    density: float | None = None
    scattering_length: float | None = None


UNKNOWN = Scale()


@dataclass(frozen=True)
class Form:
    """A function that stands for g(r) or S(Q): standard = offset + factor(x) · value.

    Parameters
    ----------
    name : str
        Its key in a configuration.
    kind : {"g", "s", "f"}
        What it is another form of.
    text : str
        For people.
    offset : int
        0 or 1.
    factor : callable
        (x, ρ, ⟨b⟩²) → factor, shape (n,).
    needs : str
        The field of :class:`Scale` that it needs; empty for none.
    power : int
        Of x, by which it divides: at zero it says nothing.
    scaled : bool
        Whether it ends at zero times a factor that nothing in a curve tells: so its limits do
        not tell it.
    """

    name: FormName
    kind: CurveName
    text: str
    offset: int
    factor: Callable[[FloatArray, float, float], FloatArray]
    needs: Literal["", "density", "scattering_length"] = ""
    power: int = 0
    scaled: bool = False


def _one(x: FloatArray, _rho: float, _b2: float) -> FloatArray:
    return np.ones_like(x)


def _shell(name: FormName, text: str, offset: int, power: int) -> Form:
    """Return a form of g(r) with 4πρ and a power of r in it."""

    def factor(x: FloatArray, rho: float, _b2: float) -> FloatArray:
        return np.asarray(1.0 / (4.0 * np.pi * rho * x**power))

    return Form(name, "g", text, offset, factor, "density", power)


FORMS: dict[str, Form] = {
    form.name: form
    for form in (
        Form("g", "g", "g(r)", 0, _one),
        Form("h", "g", "h(r) = g − 1", 1, _one),
        _shell("G", "G(r) = 4πρr(g − 1)", 1, 1),
        _shell("rdf", "4πr²ρg", 0, 2),
        _shell("t", "T(r) = 4πρrg", 0, 1),
        Form("s", "s", "S(Q)", 0, _one),
        Form("s-1", "s", "S(Q) − 1", 1, _one),
        Form("q(s-1)", "s", "Q(S − 1)", 1, lambda x, _rho, _b2: np.asarray(1.0 / x), power=1),
        Form(
            "f",
            "s",
            "F(Q) = ⟨b⟩²(S − 1), barn/sr/atom",
            1,
            lambda x, _rho, b2: np.full_like(x, 1.0 / b2),
            "scattering_length",
            scaled=True,
        ),
    )
}
TOTAL = Form("f", "f", "F(Q)", 0, _one, scaled=True)
"""F(Q) of several types or molecules, which is no form of one S(Q)."""

_KEYS = {
    "density": "the number density, system.density",
    "scattering_length": "scattering_length, ⟨b⟩ in fm",
}


def factor_of(form: Form, x: FloatArray, scale: Scale) -> FloatArray:
    """Return the factor of a form.

    Parameters
    ----------
    form : Form
    x : array, shape (n,)
        In Å or Å⁻¹; positive where the form divides by it.
    scale : Scale

    Returns
    -------
    array, shape (n,)

    Raises
    ------
    InputError
        If what the form needs is unknown; :class:`NoDensity` where it is the density.
    """
    if form.needs and getattr(scale, form.needs) is None:
        error = NoDensity if form.needs == "density" else InputError
        raise error(f"form {form.name!r}", f"{_KEYS[form.needs]}, for {form.text}", "nothing")
    length = scale.scattering_length or 1.0
    return form.factor(x, scale.density or 1.0, length**2 / BARN)


def standard(form: Form, x: FloatArray, value: FloatArray, scale: Scale) -> FloatArray:
    """Return g(r) or S(Q) of a curve in some form; shape (n,)."""
    return np.asarray(form.offset + factor_of(form, x, scale) * value)
