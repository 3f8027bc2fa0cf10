"""What people see in a terminal, and programs in a pipe."""

import re
from pathlib import Path

import pytest

from sopr_uq.cli.main import main
from sopr_uq.cli.show import print_doctor, print_result
from sopr_uq.workflow.doctor import Finding


def shown(result, capsys):
    print_result(result, Path("runs/x"), as_json=False, prob=0.95)
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    return [line.rstrip() for line in text.splitlines()]


@pytest.fixture
def result(small_result):
    made = small_result(outcome="doubtful")
    made.attrs["warning"] = "The last round was predicted badly. " + "Use more rounds. " * 9
    return made


def test_lines_keep_within_a_terminal(result, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    lines = shown(result, capsys)
    assert max(map(len, lines)) <= 80
    first = next(i for i, line in enumerate(lines) if line.strip().startswith("warning  The last"))
    column = lines[first].index("The last")
    assert lines[first + 1][:column].isspace(), "its further lines stand under it"
    assert not lines[first + 1][column].isspace()


def test_a_pipe_gets_a_line_a_fact(result, capsys, monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    assert f" warning  {result.attrs['warning']}".rstrip() in shown(result, capsys)


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")


def widths(text):
    return [len(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line)) for line in text.splitlines()]


@pytest.mark.usefixtures("narrow")
def test_an_error_is_broken_between_words(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["sopr-uq", "refine", "argon-85K", "--observe", "g,s"])
    with pytest.raises(SystemExit, match="2"):
        main()
    said = capsys.readouterr().err
    assert len(widths(said)) > 1
    assert max(widths(said)) <= 80
    whole = " ".join(said.split())
    assert "each experiment once" in whole


@pytest.mark.usefixtures("narrow")
def test_findings_keep_within_a_terminal(capsys):
    print_doctor([Finding("engine hoomd", False, "not installed. " * 12)], as_json=False)
    said = capsys.readouterr().out
    assert len(widths(said)) > 3
    assert max(widths(said)) <= 80
