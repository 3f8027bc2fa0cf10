"""The commands of ``sopr-uq``, and what becomes of their errors."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from sopr_uq import __version__
from sopr_uq.cli import calibration, laws, refinement, results
from sopr_uq.cli.codes import INTERRUPTED, WRONG_INPUT
from sopr_uq.errors import SoprUqError

_COMMANDS = (
    refinement.systems,
    refinement.refine,
    refinement.resume,
    results.show,
    results.figures,
    results.report,
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
    """Run the command line; errors of the input end with code 2 and a clear message."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(WRONG_INPUT)
    except click.ClickException as error:
        error.show()
        sys.exit(WRONG_INPUT)
    except (click.Abort, KeyboardInterrupt):
        Console(stderr=True).print(
            "\nInterrupted. What was finished is on disk: `sopr-uq resume FOLDER` goes on."
        )
        sys.exit(INTERRUPTED)
    except SoprUqError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"sopr-uq: {error}", markup=False
        )
        sys.exit(WRONG_INPUT)
