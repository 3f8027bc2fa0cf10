"""``sopr-uq init``: a new configuration."""

from __future__ import annotations

from pathlib import Path

import click

from sopr_uq.errors import InputError

_ASKED = {
    "name": "Name of the liquid",
    "temperature": "Temperature (K)",
    "mass": "Mass of an atom (u)",
    "density": "Density (1/Å³, or with a unit, such as 1.396 g/cm^3)",
    "sigma": "Size of an atom, σ (Å)",
    "epsilon": "Depth of the well, ε (kcal/mol, or with a unit, such as 119.8 K)",
}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--curve", type=click.Path(path_type=Path), help="File with the g(r) or S(Q).")
@click.option("--name", help="Name of the liquid; default that of PATH.")
@click.option("--temperature", help='In K, or with a unit: "-188 °C".')
@click.option("--mass", help="Of an atom, in u.")
@click.option("--density", help='In 1/Å³, or with a unit: "1.396 g/cm^3".')
@click.option("--sigma", help='Of the starting potential, in Å, or with a unit: "0.34 nm".')
@click.option("--epsilon", help='Its depth in kcal/mol, or with a unit: "119.8 K".')
@click.option("--pressure", default="", help='In MPa, or with a unit: "1 bar".')
@click.option("--formula", help="Of the element, such as Ar, where the curve is its F(Q).")
@click.option("--ask/--no-ask", default=True, help="Ask for what is not given.")
def init(
    path: Path,
    curve: Path | None,
    pressure: str,
    formula: str | None,
    ask: bool,
    **given: str | None,
) -> None:
    """Write a commented configuration to PATH, a new TOML file, and check it."""
    from sopr_uq.experiment.look import look
    from sopr_uq.workflow.init import Answers, write_config

    if curve is None:
        curve = Path(_asked("curve", "File with the g(r) or S(Q)", ask, None))
    named = {"name": path.stem}
    answers = Answers(
        **{
            key: given[key] or _asked(key, text, ask, named.get(key))
            for key, text in _ASKED.items()
        },
        pressure=pressure,
    )
    density = _density(answers.density, answers.mass)
    write_config(path, answers, look(curve, density=density, formula=formula))
    click.echo(f"{path}\nnext: sopr-uq refine {path}")


def _asked(key: str, text: str, ask: bool, default: str | None) -> str:
    if not ask and default is None:
        raise InputError(f"--{key}", text, "nothing")
    return default or "" if not ask else str(click.prompt(text, default=default))


def _density(density: str, mass: str) -> float:
    from sopr_uq.experiment.quantities import read_number

    return read_number(density, "density", "--density", read_number(mass, "mass", "--mass"))
