"""The commands of ``sopr-uq``, and what becomes of their errors."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from sopr_uq.cli.codes import DATA_UNEXPLAINED, FAULT, INTERRUPTED, WRONG_INPUT
from sopr_uq.errors import Interrupted, NoPotential, SoprUqError
from sopr_uq.interrupts import listening

SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Your data": {
        "systems": ("refinement", "List the liquids that ship."),
        "look": ("look", "Say what a file of numbers is, and draw it."),
        "init": ("init", "Write a commented configuration."),
        "schema": ("look", "Print the JSON schema of a configuration, for editors."),
    },
    "Refine": {
        "refine": ("refinement", "Refine a potential."),
        "resume": ("refinement", "Go on after an interruption."),
    },
    "Look at a result": {
        "show": ("results", "Show the numbers."),
        "figures": ("results", "Draw the figures."),
        "report": ("results", "Write a report for a paper or its referees."),
        "export": ("results", "Write tables for a simulation program."),
    },
    "Use it": {
        "simulate": ("simulate", "Predict properties at other states."),
        "laws": ("laws", "Learn power laws in polarizability."),
        "predict": ("laws", "Predict elements that nobody has measured."),
    },
    "Trust it": {
        "calibrate": ("calibration", "Count how often intervals hold, on twins."),
        "verify": ("trust", "Check that files are as they were written."),
        "repeat": ("trust", "Refine again, and compare within error."),
        "doctor": ("refinement", "Try the engines and say what is installed."),
    },
    "Shell": {
        "completion": ("completion", "Print what makes the Tab key complete commands."),
    },
}
"""Commands in the order in which one needs them: their module, and what they do in a few words."""

COMMANDS = {name: each for section in SECTIONS.values() for name, each in section.items()}


class _Lazy(click.Group):
    """A group that imports a command when it is called: the list of all comes at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        return command(cmd_name) if cmd_name in COMMANDS else None

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        known = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        # the group's own would import every command
        return known + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        width = max(map(len, COMMANDS))
        for title, section in SECTIONS.items():
            with formatter.section(title):
                rows = [(name.ljust(width), text) for name, (_, text) in section.items()]
                formatter.write_dl(rows)


def command(name: str) -> click.Command:
    """Return a command by its name."""
    module = import_module(f"sopr_uq.cli.{COMMANDS[name][0]}")
    found: click.Command = getattr(module, name)
    return found


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Print version, commit and checksum of the code, as results have them."""
    if not wanted or ctx.resilient_parsing:
        return
    # Imported here because it asks git.
    from sopr_uq.revision import code

    click.echo(f"sopr-uq, version {code()}")
    ctx.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Version, commit and checksum of the code.",
)  # fmt: skip
def cli() -> None:
    """Learn the potential between atoms from a scattering measurement, with its uncertainty."""


def main() -> None:
    """Run the command line; errors of the input end with code 2 and a clear message.

    Ctrl-C ends with 130, and a request to end (SIGTERM, as from a batch system) with 143.
    """
    try:
        with _manners():
            cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(WRONG_INPUT)
    except (click.Abort, KeyboardInterrupt) as error:
        sys.exit(_interrupted(error))
    except SoprUqError as error:
        _say(f"sopr-uq: {error}")
        sys.exit(DATA_UNEXPLAINED if isinstance(error, NoPotential) else WRONG_INPUT)
    except ModuleNotFoundError as error:
        # our own are there: one that is not is a fault of the program
        if error.name is None or error.name.startswith("sopr_uq"):
            raise
        _say(f"sopr-uq: {error.name} is not installed. Try: pip install 'sopr-uq[all]'.")
        sys.exit(WRONG_INPUT)
    except OSError as error:
        # a file has a name; what has none is where we print to
        if error.filename is not None:
            raise
        _say(f"sopr-uq: cannot print: {error.strerror}.")
        sys.exit(FAULT)


@contextmanager
def _manners() -> Iterator[None]:
    """Hear a request to end as one hears Ctrl-C, and print warnings for people."""
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        with listening(), warnings.catch_warnings():
            warnings.showwarning = _tell
            yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: object) -> None:  # noqa: ARG001
    raise Interrupted("Told to end.", number)


def _interrupted(error: BaseException) -> int:
    """Say what an interrupt means; return its exit code."""
    cause = error if isinstance(error, Interrupted) else error.__cause__
    found = cause if isinstance(cause, Interrupted) else Interrupted("Interrupted.")
    _say(f"\n{found}")
    return INTERRUPTED + found.signal - signal.SIGINT


def _say(text: str) -> None:
    # Imported here because most commands have nothing to say like this.
    from sopr_uq.cli.terminal import terminal

    terminal(stderr=True).print(text, markup=False)


def _tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Print our own warnings without the line of code that they come from."""
    shown = f"note: {message}" if category is UserWarning else f"{category.__name__}: {message}"
    if category is not DeprecationWarning:
        _say(shown)
