"""``sopr-uq simulate``: a stored posterior at other states, for other properties."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from sopr_uq.cli.executor import chosen, executor_options
from sopr_uq.cli.json_output import json_option
from sopr_uq.cli.show_simulated import print_simulated
from sopr_uq.engine.settings import EngineName
from sopr_uq.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from sopr_uq.executor import Executor
    from sopr_uq.experiment.state import StatePoint

_ENGINE = "engine."
_POINTS, _PROPERTIES = 6, "g,pressure,energy,diffusion"


@click.command()
@click.argument("path", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "--element",
    help="RUN is a file of laws: simulate the boiling line of this element that they predict.",
)
@click.option("--temperature", multiple=True, help='In K, or "-150 °C"; again for more states.')
@click.option("--density", multiple=True, help='In 1/Å³, or "1.2 g/cm^3"; one, or one each.')
@click.option(
    "--composition", multiple=True,
    help='Mole fractions of a mixture, "Ar=0.3, Kr=0.7"; one, or one each.',
)  # fmt: skip
@click.option(
    "--along", type=click.Choice(["saturation"]), help="The boiling liquid, by CoolProp's line."
)
@click.option("--from", "first", help="First temperature along the line.")
@click.option("--to", "last", help="Last temperature along the line.")
@click.option("--points", type=click.IntRange(1, 1000), help=f"Along the line; default {_POINTS}.")
@click.option(
    "--properties",
    help=f"Default {_PROPERTIES}. Some of g, s, total, pressure, energy, diffusion, vacf, "
    "spectrum, viscosity, heat-capacity, coexistence.",
)
@click.option(
    "--draws", type=click.IntRange(6), default=16, show_default=True,
    help="Draws of the posterior to simulate at each state.",
)  # fmt: skip
@click.option("--engine", type=click.Choice(get_args(EngineName.__value__)), help="What simulates.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of every random choice.")
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="Folder; default RUN with -simulated after it. One of the same result and draws goes on.",
)  # fmt: skip
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Set any key of the engine."
)
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@executor_options
def simulate(
    path: Path,
    element: str | None,
    temperature: tuple[str, ...],
    density: tuple[str, ...],
    composition: tuple[str, ...],
    along: str | None,
    first: str | None,
    last: str | None,
    points: int | None,
    properties: str | None,
    draws: int,
    engine: str | None,
    seed: int,
    out: Path | None,
    settings: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Simulate draws of the posterior in RUN at other states, and let them speak for all draws."""
    from sopr_uq.figures.simulated import save_simulated
    from sopr_uq.observables.property import properties_of
    from sopr_uq.workflow.result import load_result
    from sopr_uq.workflow.simulate import simulate as made
    from sopr_uq.workflow.simulate_folder import SIMULATED

    given = ({"name": engine} if engine is not None else {}) | _engine_settings(settings)
    executor = chosen(workers, scheduler)
    if element is not None:
        of_line = (along, first, last, points, properties)
        kelvin = _temperatures(temperature, (*density, *composition), of_line)
        _simulate_element(
            path, element, kelvin, out, draws, given, seed, executor, quiet=quiet, as_json=as_json
        )
        return
    result = load_result(path)
    names = [name.strip() for name in (properties or _PROPERTIES).split(",") if name.strip()]
    slabs = all(p.slab for p in properties_of(names))
    given_states = (temperature, density, composition)
    states = _states(result, given_states, along, first, last, points, slabs=slabs)
    folder = out or _beside(path)
    with _Progress(quiet) as progress:
        tree = made(
            path, states, names,
            draws=draws, out=folder, engine=given, seed=seed, executor=executor,
            on_done=progress.on_done,
        )  # fmt: skip
    save_simulated(tree, folder / "figures")
    print_simulated(tree, folder / SIMULATED, as_json=as_json)


def _states(
    result: xr.DataTree,
    given: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
    along: str | None,
    first: str | None,
    last: str | None,
    points: int | None,
    *,
    slabs: bool,
) -> tuple[StatePoint, ...]:
    from sopr_uq.experiment.quantities import read_number
    from sopr_uq.workflow.order import fluid_of
    from sopr_uq.workflow.states import along_saturation, read_states
    from sopr_uq.workflow.stored_liquid import stored_liquid

    liquid = stored_liquid(result)
    temperature, density, composition = given
    if along is None:
        if any(each is not None for each in (first, last, points)):
            raise InputError(
                "--from, --to, --points", "--along saturation beside them", "no --along"
            )
        return read_states(temperature, density, liquid, composition)
    if temperature or density or composition:
        found = "--temperature, --density or --composition beside it"
        raise InputError("--along", "--from and --to", found)
    if first is None or last is None:
        raise InputError("--along saturation", "--from and --to, temperatures", "not both")
    ends = [
        read_number(text, "temperature", name) for name, text in (("--from", first), ("--to", last))
    ]
    fluid, number = fluid_of(result), points or _POINTS
    return along_saturation(fluid, liquid.state, ends[0], ends[1], number, slabs=slabs)


def _simulate_element(
    path: Path,
    element: str,
    temperatures: list[float],
    out: Path | None,
    draws: int,
    engine: dict[str, Any],
    seed: int,
    executor: Executor | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    from sopr_uq.laws import open_laws
    from sopr_uq.workflow.simulate_element import simulate_element
    from sopr_uq.workflow.simulate_folder import SIMULATED

    folder = out or path.absolute().with_name(f"{path.stem}-{element}-simulated")
    laws = open_laws(path)
    with _Progress(quiet) as progress:
        tree = simulate_element(
            laws, element, temperatures,
            draws=draws, out=folder, engine=engine, seed=seed, executor=executor,
            on_done=progress.on_done,
        )  # fmt: skip
    print_simulated(tree, folder / SIMULATED, as_json=as_json)


def _temperatures(
    temperature: tuple[str, ...],
    density: tuple[str, ...],
    of_line: tuple[str | int | None, ...],
) -> list[float]:
    from sopr_uq.experiment.quantities import read_number

    if density or any(each is not None for each in of_line):
        expected = "--temperature, twice or more, or nothing: a line begins and ends there"
        found = "--density, --composition, --along, --from, --to, --points or --properties"
        raise InputError("--element", expected, f"{found} beside it")
    return [read_number(text, "temperature", "--temperature") for text in temperature]


def _engine_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """Return keys of the engine from ``KEY=VALUE`` texts, with or without ``engine.``."""
    from sopr_uq.experiment.faults import Faults
    from sopr_uq.workflow.overrides import overrides_by_key

    faults = Faults()
    found = overrides_by_key(faults, settings)
    faults.raise_any()
    return {key.removeprefix(_ENGINE): value for key, value in found.items()}


def _beside(path: Path) -> Path:
    base = path.absolute()
    base = base.parent if base.suffix == ".nc" else base
    return base.with_name(f"{base.name}-simulated")


class _Progress:
    """A bar on standard error: simulations done, time left."""

    def __init__(self, quiet: bool) -> None:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        from sopr_uq.cli.terminal import terminal

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=terminal(stderr=True, quiet=quiet),
        )
        self._task = self._progress.add_task("simulations", total=None)

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def on_done(self, done: int, total: int) -> None:
        """Move the bar, which appears when there is something to simulate."""
        self._progress.start()
        self._progress.update(self._task, completed=done, total=total)
