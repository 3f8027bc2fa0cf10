"""``sopr-uq init``: a new configuration."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from sopr_uq.errors import InputError, InputErrors

_ASKED = {
    "curve": "File with the g(r) or S(Q)",
    "name": "Name of the liquid",
    "temperature": "Temperature (K)",
    "mass": "Mass of an atom (u)",
    "density": "Density (1/Å³, or with a unit, such as 1.396 g/cm^3)",
    "sigma": "Size of an atom, σ (Å)",
    "epsilon": "Depth of the well, ε (kcal/mol, or with a unit, such as 119.8 K)",
    "pressure": "Pressure, which holds the depth of the well (MPa; empty for none)",
}
_LENGTH_AND_ENERGY = {"sigma": "length", "epsilon": "energy"}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--curve", type=click.Path(path_type=Path), help="File with the g(r) or S(Q).")
@click.option("--name", help="Name of the liquid; default that of PATH.")
@click.option("--temperature", help='In K, or with a unit: "-188 °C".')
@click.option("--mass", help="Of an atom, in u.")
@click.option("--density", help='In 1/Å³, or with a unit: "1.396 g/cm^3".')
@click.option("--sigma", help='Of the starting potential, in Å, or with a unit: "0.34 nm".')
@click.option("--epsilon", help='Its depth in kcal/mol, or with a unit: "119.8 K".')
@click.option("--pressure", help='In MPa, or with a unit: "1 bar".')
@click.option("--formula", help="Of the element, such as Ar, where the curve is its F(Q).")
@click.option("--ask/--no-ask", default=True, help="Ask for what is not given.")
def init(
    path: Path,
    curve: Path | None,
    formula: str | None,
    ask: bool,
    **given: str | None,
) -> None:
    """Write a commented configuration to PATH, a new TOML file, and check it."""
    from sopr_uq.experiment.look import look
    from sopr_uq.workflow.init import Answers, check_place, write_config

    check_place(path)
    told = {"curve": None if curve is None else str(curve), **given}
    known = {key: value for key, value in told.items() if value is not None}
    default = {"name": path.stem, "pressure": ""}
    missing = [key for key in _ASKED if key not in known]
    if not ask and (lacking := [key for key in missing if key not in default]):
        flags = ", ".join(f"--{key}" for key in lacking)
        raise InputError(flags, "a value each", "none", "leave out --no-ask to be asked")
    for key in missing:
        known[key] = _asked(key, known, default.get(key)) if ask else default[key]
    answers = {key: value for key, value in known.items() if key != "curve"}
    seen = look(Path(known["curve"]), density=_number("density", known), formula=formula)
    try:
        write_config(path, Answers(**answers), seen)
    except InputErrors:
        if ask and missing:
            click.echo(f"Your answers, to change one: {_in_one_line(path, known)}", err=True)
        raise
    click.echo(f"{path}\nnext: sopr-uq refine {path}")


def _in_one_line(path: Path, known: dict[str, str]) -> str:
    given = [word for key in _ASKED if known[key] for word in (f"--{key}", known[key])]
    return shlex.join(["sopr-uq", "init", str(path), *given])


def _asked(key: str, known: dict[str, str], default: str | None) -> str:
    """Ask until the answer can be understood."""

    def understood(text: str) -> str:
        try:
            _check(key, known | {key: text})
        except InputError as error:
            raise click.UsageError(str(error)) from None
        return text

    shown = bool(default)
    answer: str = click.prompt(
        _ASKED[key], default=default, show_default=shown, value_proc=understood
    )
    return answer


def _check(key: str, known: dict[str, str]) -> None:
    from sopr_uq.experiment.look import look

    if key == "curve":
        look(Path(known[key]))
    elif key != "name" and known[key]:
        _number(key, known)


def _number(key: str, known: dict[str, str]) -> float:
    from sopr_uq.experiment.quantities import read_number

    mass = _number("mass", known) if key == "density" else None
    quantity = _LENGTH_AND_ENERGY.get(key, key)
    return read_number(known[key], quantity, f"--{key}", mass, signed=key == "pressure")
