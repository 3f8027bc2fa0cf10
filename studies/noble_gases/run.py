"""The noble-gas study, from neutron data to elements that nobody has measured.

    python studies/noble_gases/run.py                    # everything, resumably
    python studies/noble_gases/run.py laws tables figures  # from stored results, two minutes

Stages: ``refine`` (molecular dynamics; what is done is not done again), ``store``
(thinned results), ``laws``, ``tables`` (the README's), ``figures``.
"""

from __future__ import annotations

import os
from pathlib import Path

# The machine's cores are filled by processes, not by threads of linear algebra.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import click
from plan import HERE, VARIANTS, Places

from sopr_uq.errors import SoprUqError

_PATH = click.Path(path_type=Path)
STAGES = ("refine", "store", "laws", "tables", "figures")


@click.command(help=__doc__, no_args_is_help=False)
@click.argument("stages", nargs=-1, type=click.Choice(STAGES))
@click.option("--only", multiple=True, type=click.Choice(list(VARIANTS)), help="Rules and data.")
@click.option("--at-a-time", "workers", default=2, show_default=True, help="Refinements.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster for the refinements.")
@click.option("--engine", default="auto", show_default=True, help="What simulates.")
@click.option("--set", "options", multiple=True, metavar="KEY=VALUE", help="For every refinement.")
@click.option("--draws", default=1000, show_default=True, help="Of each law, by chain.")
@click.option("--runs", type=_PATH, default=HERE.parents[1] / "runs" / "noble_gases")
@click.option("--results", type=_PATH, default=HERE / "results")
@click.option("--figures", type=_PATH, default=HERE / "figures")
@click.option("--readme", type=_PATH, default=HERE / "README.md")
def main(
    stages: tuple[str, ...],
    only: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    engine: str,
    options: tuple[str, ...],
    draws: int,
    runs: Path,
    results: Path,
    figures: Path,
    readme: Path,
) -> None:
    """Run stages of the study in their order."""
    places = Places(runs, results, figures, readme)
    chosen = [stage for stage in STAGES if stage in (stages or STAGES)]
    try:
        for stage in chosen:
            click.echo(f"— {stage}")
            _stage(
                stage, places, only or tuple(VARIANTS), workers, scheduler, engine, options, draws
            )
    except SoprUqError as error:
        raise SystemExit(f"run.py: {error}") from None


def _stage(
    stage: str,
    places: Places,
    variants: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    engine: str,
    options: tuple[str, ...],
    draws: int,
) -> None:
    # Imported late: the first stages need neither samplers nor matplotlib.
    if stage == "refine":
        from refining import refine

        refine(
            places, variants, engine=engine, workers=workers, options=options, scheduler=scheduler
        )
    elif stage == "store":
        from refining import store

        store(places, variants)
    elif stage == "laws":
        from learning import learn

        learn(places, draws=draws)
    elif stage == "tables":
        from tables import fill

        fill(places, HERE / "README.md")
    else:
        from drawing import draw

        for file in draw(places):
            click.echo(str(file))


if __name__ == "__main__":
    main()
