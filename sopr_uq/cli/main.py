"""The commands of ``sopr-uq``, and what becomes of their errors."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

from sopr_uq import __version__
from sopr_uq.cli import calibration, init, laws, look, refinement, results, simulate, trust
from sopr_uq.cli.codes import INTERRUPTED, UNEXPLAINED, WRONG_INPUT
from sopr_uq.errors import Interrupted, NoPotential, SoprUqError

_COMMANDS = (
    refinement.systems,
    look.look,
    init.init,
    look.schema,
    refinement.refine,
    refinement.resume,
    results.show,
    results.figures,
    results.report,
    results.export,
    simulate.simulate,
    trust.verify,
    trust.repeat,
    laws.laws,
    laws.predict,
    calibration.calibrate,
    refinement.doctor,
)


class _InOrder(click.Group):
    """A group that lists its commands in the order in which one needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"]},
    commands={str(command.name): command for command in _COMMANDS},
)
@click.version_option(__version__, prog_name="sopr-uq")
def cli() -> None:
    """Learn the potential between atoms from a scattering measurement, with its uncertainty."""


def main() -> None:
    """Run the command line; errors of the input end with code 2 and a clear message.

    Ctrl-C ends with 130, and a request to end (SIGTERM, as from a batch system) with 143.
    """
    try:
        with _manners():
            cli(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(WRONG_INPUT)
    except click.ClickException as error:
        error.show()
        sys.exit(WRONG_INPUT)
    except (click.Abort, KeyboardInterrupt) as error:
        sys.exit(_interrupted(error))
    except SoprUqError as error:
        _say(f"sopr-uq: {error}")
        sys.exit(UNEXPLAINED if isinstance(error, NoPotential) else WRONG_INPUT)


@contextmanager
def _manners() -> Iterator[None]:
    """Hear a request to end as one hears Ctrl-C, and print warnings for people."""
    before = signal.signal(signal.SIGTERM, _stop)
    try:
        with warnings.catch_warnings():
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
    Console(stderr=True, soft_wrap=True, highlight=False).print(text, markup=False)


def _tell(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    """Print our own warnings without the line of code that they come from."""
    shown = f"note: {message}" if category is UserWarning else f"{category.__name__}: {message}"
    if category is not DeprecationWarning:
        _say(shown)
