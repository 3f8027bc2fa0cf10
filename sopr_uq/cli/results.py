"""Commands that look at what is on disk: a refinement, laws, simulated draws."""

from __future__ import annotations

from pathlib import Path

import click

from sopr_uq.cli.json_output import json_option
from sopr_uq.cli.show import print_result
from sopr_uq.cli.show_laws import print_laws
from sopr_uq.cli.show_simulated import print_simulated
from sopr_uq.errors import InputError

_AT_95 = "their file has the interval of 95 %, and every draw for others (/properties)"


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
@click.option("--prob", type=float, help="Probability of the intervals; default 0.95.")
def show(path: Path, as_json: bool, prob: float | None) -> None:
    """Show the result in PATH: a refinement's folder, or a file of laws or simulated draws."""
    from sopr_uq.workflow.result import load_any, readable

    tree = load_any(path)
    with readable(tree, path):
        if tree.attrs.get("kind") == "laws":
            print_laws(tree, path, as_json=as_json, prob=prob)
        elif tree.attrs.get("kind") == "simulated":
            if prob is not None:
                raise InputError("--prob", "a refinement or laws", "simulated draws", _AT_95)
            print_simulated(tree, path, as_json=as_json)
        else:
            folder = path if path.is_dir() else path.parent
            print_result(tree, folder, as_json=as_json, prob=0.95 if prob is None else prob)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder; default figures/ in or beside PATH."
)
def figures(path: Path, out: Path | None) -> None:
    """Draw the figures of the result in PATH: a refinement's folder, or a file of laws."""
    from sopr_uq.figures.sheet import FIGURES
    from sopr_uq.workflow.figures import save_figures
    from sopr_uq.workflow.result import load_any, readable

    folder = out or (path if path.is_dir() else path.parent) / FIGURES
    tree = load_any(path)
    with readable(tree, path):
        for file in save_figures(tree, folder):
            click.echo(str(file))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--bibtex", is_flag=True, help="Print the citations as BibTeX, and nothing else.")
@click.option("--html", is_flag=True, help="Write one page with figures in it, for a browser.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Its file; default report.html in or by PATH."
)
@click.option("--prob", default=0.95, show_default=True, help="Probability of the intervals.")
def report(path: Path, bibtex: bool, html: bool, out: Path | None, prob: float) -> None:
    """Print a report on PATH in markdown, for a paper's supporting information.

    Or, for its referees, write it as a page that needs nothing else (--html).
    """
    from sopr_uq.workflow.citations import citations
    from sopr_uq.workflow.markdown import report as written
    from sopr_uq.workflow.page import save_page
    from sopr_uq.workflow.result import load_any, readable

    tree = load_any(path)
    with readable(tree, path):
        if html:
            page = out or (path if path.is_dir() else path.parent) / "report.html"
            click.echo(str(save_page(tree, page, prob)))
        elif bibtex:
            click.echo("\n\n".join(entry.bibtex for entry in citations(tree)))
        else:
            click.echo(written(tree, prob))


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "program",
    required=True,
    type=click.Choice(["lammps", "hoomd", "gromacs", "votca", "openmm"]),
    help="Whose tables.",
)
@click.option(
    "--draws", type=click.IntRange(0), default=0, show_default=True,
    help="Draws to write besides the mean.",
)  # fmt: skip
@click.option(
    "--points", type=click.IntRange(100), default=2000, show_default=True, help="Rows of a table."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder; default PATH/export-FORMAT.")
def export(path: Path, program: str, draws: int, points: int, out: Path | None) -> None:
    """Write the potentials of the refinement in PATH as tables of a simulation program."""
    from sopr_uq.workflow.export import export as written
    from sopr_uq.workflow.result import load_result, readable

    tree = load_result(path)
    folder = out or (path if path.is_dir() else path.parent) / f"export-{program}"
    with readable(tree, path):
        for file in written(tree, folder, program, draws=draws, points=points):
            click.echo(str(file))
