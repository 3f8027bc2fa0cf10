"""``sopr-uq look``: what is in a file."""

from __future__ import annotations

from pathlib import Path

import click

from sopr_uq.cli.json_output import json_option, print_json
from sopr_uq.cli.terminal import print_facts, terminal
from sopr_uq.errors import InputError

_FIGURES = (".png", ".pdf", ".svg")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--density", help='Of molecules in 1/Å³, or with a unit: "1.396 g/cm^3".')
@click.option("--mass", help="Particle mass in u, for a density in g/cm^3.")
@click.option("--kind", type=click.Choice(["g", "s", "f"]), help="Of which function it is a form.")
@click.option("--columns", help="Such as 1,3 or r,g_OO,error_OO; numbers from one.")
@click.option("--unit", help="Unit of r or Q in the file, such as nm.")
@click.option("--formula", help="Of its molecules, such as D2O or Ar, for a total F(Q).")
@click.option("--figure", type=click.Path(path_type=Path), help="Draw it into this file.")
@json_option
def look(
    path: Path,
    density: str | None,
    mass: str | None,
    kind: str | None,
    columns: str | None,
    unit: str | None,
    formula: str | None,
    figure: Path | None,
    as_json: bool,
) -> None:
    """Say what the measured curve in PATH is, draw it, and print its [[observe]] block."""
    from sopr_uq.experiment.look import look as examine
    from sopr_uq.workflow.look import as_dict, lines_of, save_look

    if figure is not None and figure.suffix not in _FIGURES:
        raise InputError("--figure", f"a name that ends in {', '.join(_FIGURES)}", str(figure))
    seen = examine(
        path,
        density=_density(density, mass),
        kind=kind,  # type: ignore[arg-type]  # click has checked it
        columns=None if columns is None else [_column(c) for c in columns.split(",")],
        unit=unit,
        formula=formula,
    )
    drawn = figure or (None if as_json else Path(f"{path.name}.png"))
    if drawn is not None:
        save_look(seen, drawn)
    if as_json:
        print_json(as_dict(seen))
        return
    console = terminal()
    print_facts(console, lines_of(seen))
    console.print(f"  figure  {drawn}\n\n{seen.block}", markup=False)


def _density(density: str | None, mass: str | None) -> float | None:
    from sopr_uq.experiment.quantities import read_number

    if density is None:
        return None
    known = None if mass is None else read_number(mass, "mass", "--mass")
    return read_number(density, "density", "--density", known)


def _column(name: str) -> str | int:
    name = name.strip()
    return int(name) if name.isdecimal() and len(name) < 6 else name


@click.command()
def schema() -> None:
    """Print the JSON schema of a configuration, for editors."""
    from sopr_uq.workflow.schema import schema as text

    click.echo(text(), nl=False)
