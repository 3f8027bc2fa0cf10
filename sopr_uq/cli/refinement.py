"""Commands about refinements: what ships, refine, resume, draw again, examine the machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

import click

from sopr_uq.cli.codes import DATA_UNEXPLAINED, NOT_CONVERGED, OK, RESULT_DOUBTFUL, WRONG_INPUT
from sopr_uq.cli.executor import chosen, executor_options
from sopr_uq.cli.json_output import json_option
from sopr_uq.cli.progress import Bar
from sopr_uq.cli.show import print_doctor, print_result, print_systems
from sopr_uq.engine.settings import EngineName
from sopr_uq.refine.presets import PresetName
from sopr_uq.refine.settings import RuleName


@click.command()
@json_option
def systems(as_json: bool) -> None:
    """List the liquids that ship, with state point, source and size."""
    from sopr_uq.experiment import systems as shipped

    print_systems(shipped(), as_json)


@click.command()
@click.argument("system")
@click.option("--rule", type=click.Choice(get_args(RuleName.__value__)), help="Update rule.")
@click.option(
    "--preset",
    type=click.Choice(get_args(PresetName.__value__)),
    help="Collection of settings: desktop (minutes) or published (as in the papers; days).",
)
@click.option("--engine", type=click.Choice(get_args(EngineName.__value__)), help="What simulates.")
@click.option("--observe", help="Measurements to use, such as g,pressure (newton takes any).")
@click.option("--seed", type=int, help="Seed of every random choice.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="New folder; default runs/SYSTEM-RULE."
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set any key.")
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@executor_options
def refine(
    system: str,
    rule: str | None,
    preset: str | None,
    engine: str | None,
    observe: str | None,
    seed: int | None,
    out: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Refine a potential for SYSTEM: the name of a shipped liquid, or a TOML file."""
    from sopr_uq.workflow.config import load_config
    from sopr_uq.workflow.run import run

    named: dict[str, Any] = {"refine.rule": rule, "engine.name": engine, "seed": seed}
    given = [f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None]
    config = load_config(system, [*given, *settings], preset=preset, observe=observe)
    folder = out or Path("runs") / f"{config.system.name}-{config.refine.rule}"
    executor = chosen(workers, scheduler)
    with Bar(config, quiet=quiet) as bar:
        result = run(config, folder, watcher=bar, executor=executor)
    _finish(result, folder, as_json=as_json)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@executor_options
def resume(
    folder: Path, as_json: bool, quiet: bool, workers: int | None, scheduler: str | None
) -> None:
    """Go on with the refinement in FOLDER after an interruption."""
    from sopr_uq.workflow.config import CONFIG, load_config
    from sopr_uq.workflow.run import resume as go_on

    if not (folder / CONFIG).is_file():
        go_on(folder)
    executor = chosen(workers, scheduler)
    with Bar(load_config(folder / CONFIG), quiet=quiet) as bar:
        result = go_on(folder, watcher=bar, executor=executor)
    _finish(result, folder, as_json=as_json)


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Try the engines and say what is installed."""
    from sopr_uq.workflow.doctor import examine

    sys.exit(OK if print_doctor(examine(), as_json) else WRONG_INPUT)


def _finish(result: Any, folder: Path, *, as_json: bool) -> None:
    from sopr_uq.posterior.status import outcome

    print_result(result, folder, as_json=as_json, prob=0.95)
    codes = {"converged": OK, "doubtful": RESULT_DOUBTFUL, "unexplained": DATA_UNEXPLAINED}
    sys.exit(codes.get(outcome(result), NOT_CONVERGED))
