"""The front of the command line: quick, complete, and completed by the shell."""

from __future__ import annotations

import resource
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from sopr_uq.cli.main import COMMANDS, cli, command
from sopr_uq.experiment.formats.write import WRITERS
from sopr_uq.experiment.kinds import CURVES
from sopr_uq.revision import code

MAIN = "import sys; sys.argv[0] = 'sopr-uq'; from sopr_uq.cli import main; main()"
ASKED = {"_SOPR_UQ_COMPLETE": "bash_complete", "COMP_WORDS": "sopr-uq re", "COMP_CWORD": "1"}
TAB = f"import os; os.environ.update({ASKED}); {MAIN}"
LIMITS = {"import sopr_uq": 0.3, MAIN: 0.5, TAB: 0.5}
"""Seconds of processor time."""


def seconds(code: str) -> float:
    """Processor time of a fresh interpreter, whatever else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code, "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("code", LIMITS, ids=["import", "help", "Tab key"])
def test_it_is_quick(code: str) -> None:
    assert min(seconds(code) for _ in range(3)) < LIMITS[code]


def test_the_clock_would_notice() -> None:
    assert seconds("sum(range(60_000_000))") > 0.3


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_listed_command_is_there(name: str) -> None:
    found = command(name)
    assert found.name == name
    assert found.help
    assert len(name) + len(COMMANDS[name][1]) < 76, "one line of 80 columns"


@pytest.mark.parametrize(
    ("name", "option", "known"),
    [("look", "kind", list(CURVES)), ("export", "program", list(WRITERS))],
)
def test_choices_that_are_written_out_are_all(name: str, option: str, known: list[str]) -> None:
    """They are, because what knows them takes the Tab key too long to import."""
    (found,) = [each for each in command(name).params if each.name == option]
    assert list(found.type.choices) == known


@pytest.mark.parametrize("option", ["--workers", "--scheduler", "--json", "--quiet", "--rule"])
def test_an_option_means_one_thing(option: str) -> None:
    every = [p for name in COMMANDS for p in command(name).params]
    named = [p for p in every if option in p.opts and isinstance(p, click.Option)]
    assert len({(p.help, str(p.type), p.default) for p in named}) == 1
    assert len(named) > 1


def test_help_lists_them_in_order() -> None:
    text = CliRunner().invoke(cli, ["--help"]).output
    places = [text.index(f"\n  {name} ") for name in COMMANDS]
    assert places == sorted(places)
    assert all(len(line) <= 80 for line in text.splitlines())


def test_another_command_is_none() -> None:
    done = CliRunner().invoke(cli, ["refined"])
    assert done.exit_code == 2
    assert "No such command 'refined'" in done.output


def test_the_version_is_that_of_the_code() -> None:
    done = CliRunner().invoke(cli, ["--version"])
    assert done.exit_code == 0
    assert done.output == f"sopr-uq, version {code()}\n"
    assert code().startswith("0.1.0+")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert "sopr-uq" in done.output
    assert f"_SOPR_UQ_COMPLETE={shell}_complete" in done.output


def test_the_tab_key_completes_commands_and_options() -> None:
    """As bash asks, by way of what ``completion bash`` prints."""

    def completed(words: str) -> list[str]:
        place = str(len(words.split()) - 1)
        asked = ASKED | {"COMP_WORDS": words, "COMP_CWORD": place}
        done = CliRunner().invoke(cli, [], prog_name="sopr-uq", env=asked)
        return [line.partition(",")[2] for line in done.output.split()]

    done = subprocess.run([sys.executable, "-c", TAB], capture_output=True, text=True, check=True)
    commands = ["refine", "resume", "report", "repeat"]
    assert done.stdout.split() == [f"plain,{name}" for name in commands]
    assert completed("sopr-uq re") == commands
    assert completed("sopr-uq report --bi") == ["--bibtex"]
    assert completed("sopr-uq nothing") == []
