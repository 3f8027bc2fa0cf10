"""Completion of commands, options and files by the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

PROGRAM = "sopr-uq"
VARIABLE = "_SOPR_UQ_COMPLETE"
SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what makes the Tab key complete sopr-uq's commands in SHELL.

    For now: eval "$(sopr-uq completion bash)"; for good, put that line into ~/.bashrc or
    ~/.zshrc. In fish: sopr-uq completion fish > ~/.config/fish/completions/sopr-uq.fish
    """
    from sopr_uq.cli.main import cli

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(made(cli, {}, PROGRAM, VARIABLE).source())
