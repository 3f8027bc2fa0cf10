"""Does the interval hold what it promises? Refine liquids whose potential is known."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from sopr_uq.cli.codes import NOT_CONVERGED, OK
from sopr_uq.cli.executor import chosen, executor_options
from sopr_uq.cli.json_output import json_option, print_json
from sopr_uq.engine.settings import EngineName
from sopr_uq.errors import InputError
from sopr_uq.executor import Processes
from sopr_uq.refine.presets import PresetName
from sopr_uq.refine.settings import RuleName

if TYPE_CHECKING:
    import xarray as xr

    from sopr_uq.workflow.twins import Measurement


@click.command()
@click.argument("system", metavar="CONFIG")
@click.option("--twins", type=click.IntRange(1), required=True, help="How many, those there too.")
@click.option("--rule", type=click.Choice(get_args(RuleName.__value__)), help="Update rule.")
@click.option("--engine", type=click.Choice(get_args(EngineName.__value__)), help="What simulates.")
@click.option(
    "--family",
    default="prior",
    show_default=True,
    help="Where true potentials come from: prior, mie, exp6, morse, shoulder, oscillating; several "
    "in turn (mie,exp6), or mixed for those of one well.",
)
@click.option(
    "--about",
    metavar="SIGMA,EPSILON",
    help="Where truths that are not from the prior scatter, in Å and kcal/mol; "
    "default: the reference.",
)
@click.option(
    "--measurement",
    default="",
    metavar="KEY=VALUE,...",
    help="Size of noise, reading, scale and level errors; one not given is drawn from its prior.",
)
@click.option(
    "--preset",
    type=click.Choice(get_args(PresetName.__value__)),
    help="Collection of settings, as for refine.",
)
@click.option("--observe", help="Measurements to imitate, such as g,pressure.")
@click.option("--seed", type=int, help="Seed of every random choice.")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set any key.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder; one of the same calibration goes on.",
)
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@executor_options
def calibrate(
    system: str,
    twins: int,
    rule: str | None,
    engine: str | None,
    family: str,
    about: str | None,
    measurement: str,
    preset: str | None,
    observe: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    out: Path,
    as_json: bool,
    quiet: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Refine twins of CONFIG, liquids of known potential, and count how often intervals hold.

    CONFIG is the name of a shipped liquid, or a TOML file, as for refine.
    """
    from sopr_uq.figures.calibration import save_calibration
    from sopr_uq.workflow import calibration
    from sopr_uq.workflow.campaign import Campaign
    from sopr_uq.workflow.config import load_config

    named: dict[str, Any] = {"refine.rule": rule, "engine.name": engine, "seed": seed}
    given = [f"{key}={json.dumps(value)}" for key, value in named.items() if value is not None]
    config = load_config(system, [*given, *settings], preset=preset, observe=observe)
    campaign = Campaign(config, family, _measurement(measurement), _about(about))
    executor = chosen(workers, scheduler) or Processes()
    with _Progress(twins, quiet) as progress:
        found = calibration.calibrate(
            campaign, out, twins=twins, executor=executor, on_done=progress.on_done
        )
    save_calibration(found, out / "figures")
    _print(found, out, as_json)
    sys.exit(OK if (found["outcome"] != "failed").all() else NOT_CONVERGED)


def _measurement(text: str) -> Measurement:
    from sopr_uq.workflow.twins import Measurement

    known = ("noise", "reading", "scale", "level")
    values: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, _, value = part.partition("=")
        try:
            values[key] = float(value)
        except ValueError:
            raise InputError("--measurement", "KEY=NUMBER,...", repr(part)) from None
        if key not in known:
            raise InputError("--measurement", f"some of {', '.join(known)}", repr(key))
    return Measurement(**values)


def _about(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        sigma, epsilon = (float(part) for part in text.split(","))
    except ValueError:
        raise InputError("--about", "SIGMA,EPSILON, such as 3.40,0.238", repr(text)) from None
    return sigma, epsilon


class _Progress:
    """A bar on standard error: twins done, failed ones, time left."""

    def __init__(self, total: int, quiet: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        from sopr_uq.cli.terminal import terminal

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=terminal(stderr=True, quiet=quiet),
        )
        self._task = self._progress.add_task("twins", total=total)

    def __enter__(self) -> _Progress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_done(self, done: int, failed: int) -> None:
        """Move the bar."""
        text = "twins" if not failed else f"twins ({failed} failed)"
        self._progress.update(self._task, completed=done, description=text)


def _print(found: xr.Dataset, out: Path, as_json: bool) -> None:
    from sopr_uq.cli.terminal import terminal
    from sopr_uq.posterior.calibration_table import as_dict, text

    if as_json:
        print_json(as_dict(found))
    else:
        click.echo(text(found))
    terminal(stderr=True).print(f"The dataset is {out / 'calibration.nc'}.")
