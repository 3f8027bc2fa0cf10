"""Every snippet of the documentation and the README does what it is printed for.

TOML is read and checked whole; a fragment stands over a small liquid's configuration. Python
runs, the blocks of a page one after the other. Of shell lines those that only read run;
those that simulate by molecular dynamics, need a network or change the machine are parsed.
"""

import re
import shlex
import tomllib
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import tomli_w
from click.testing import CliRunner

from sopr_uq import load_config
from sopr_uq.cli.main import COMMANDS, cli
from sopr_uq.experiment.settings import BaseSettings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"(?P<mark><!-- only parsed: [^>]+ -->\n)?^```(?P<language>[a-z]+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
BASE = Path(__file__).with_name("my_liquid.toml").read_text(encoding="utf-8")
READS = {"look", "show", "figures", "report", "export", "verify", "systems", "schema", "init"}


class Snippet(NamedTuple):
    """A fenced block of a page."""

    page: Path
    number: int
    language: str
    text: str
    runs: bool


def snippets(page):
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [
        Snippet(page, i, m["language"], m["text"], m["mark"] is None) for i, m in enumerate(found)
    ]


ALL = [snippet for page in PAGES for snippet in snippets(page)]


def of(language):
    chosen = [s for s in ALL if s.language == language]
    return [pytest.param(s, id=f"{s.page.stem}-{s.number}") for s in chosen]


def laid_over(base, fragment):
    """Return tables with those of a fragment in place of them, key by key."""
    merged = dict(base)
    for key, value in fragment.items():
        both = isinstance(value, dict) and key in merged
        merged[key] = {**merged[key], **value} if both and key != "reference" else value
    return merged


def test_no_language_is_left_out():
    assert {s.language for s in ALL} == {"toml", "python", "sh"}
    assert len(ALL) > 30


@pytest.mark.parametrize("snippet", of("toml"))
def test_toml_is_a_configuration(snippet, reader):
    mine = tomllib.loads(snippet.text)
    if mine.get("base", {}).get("style", "").startswith("ase:"):
        # no page makes this process run the code of others
        assert set(mine) == {"base"}
        assert BaseSettings.model_validate(mine["base"]).arguments
        return
    # a mixture is told whole
    tables = mine if "molecule" in mine else laid_over(tomllib.loads(BASE), mine)
    path = reader / "page.toml"
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")
    config = load_config(path)
    system = config.build_system()
    assert system.observations
    config.build_states(system.makeup)


def test_a_wrong_key_would_be_seen(reader):
    (reader / "page.toml").write_text(BASE + "[refine]\nround_sise = 3\n")
    with pytest.raises(ValueError, match="round_sise"):
        load_config(reader / "page.toml")


WITH_PYTHON = sorted({s.page for s in ALL if s.language == "python"})


@pytest.mark.parametrize("page", WITH_PYTHON, ids=lambda p: p.stem)
def test_python_of_a_page_runs(page, reader):
    names = {"__name__": "page"}
    for snippet in (s for s in snippets(page) if s.language == "python"):
        code = compile(snippet.text, f"{page.name}, block {snippet.number}", "exec")
        if snippet.runs:
            exec(code, names)


def command_of(line):
    """Parse a line of ``sopr-uq``; an unknown command or option raises."""
    _, name, *words = shlex.split(line, comments=True)
    with cli.make_context("sopr-uq", [name, *words]) as context:
        found, command, rest = cli.resolve_command(context, [name, *words])
        assert command is not None
        command.make_context(found, rest, parent=context).close()
    return name, words


def lines_of(snippet):
    whole = snippet.text.replace("\\\n", " ").splitlines()
    return [line for line in whole if line.startswith("sopr-uq ")]


LINES = [
    pytest.param(line, s, id=f"{s.page.stem}-{line[:60]}")
    for s in ALL if s.language == "sh"
    for line in lines_of(s)
]  # fmt: skip


@pytest.mark.parametrize(("line", "snippet"), LINES)
def test_a_command_is_one(line, snippet, reader):
    name, words = command_of(line)
    there = all((reader / w).exists() for w in words if w.startswith("runs/") or w.endswith(".nc"))
    if name in READS and there and snippet.runs and not (name == "init" and "--curve" not in words):
        done = CliRunner().invoke(cli, [name, *words])
        assert done.exit_code == 0, (done.output, done.exception)


def test_a_wrong_command_would_be_seen():
    with pytest.raises(click.UsageError):
        command_of("sopr-uq refine argon-85K --engin lammps")


def test_every_command_is_shown_somewhere():
    shown = {shlex.split(p.values[0], comments=True)[1] for p in LINES}
    assert shown == set(COMMANDS)


def test_every_public_name_is_in_the_reference():
    import sopr_uq

    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"auto(?:function|class):: (\w+)\b(?!\.)", text, re.MULTILINE))
    assert listed == set(sopr_uq.__all__) - {"__version__"}


def test_the_groups_of_a_result_are_told(refined_liquid):
    from sopr_uq import load_result

    text = (ROOT / "docs/reference/result.md").read_text(encoding="utf-8")
    told = {}
    for group, names in re.findall(r"^\| `/(\w+)` \| ([^|]+) \|", text, re.MULTILINE):
        told.setdefault(group, set()).update(re.findall(r"`(\w+)`", names))
    result = load_result(refined_liquid / "runs" / "my-liquid-newton")
    # this liquid has no number among its data, one state, and no correction
    of_others = {"agreement", "state_evidence", "correction_evidence"}
    assert set(told) == {*result.children, *of_others}
    for group, dataset in result.children.items():
        assert set(dataset.data_vars) <= told[group], group
    written = set(result.attrs) - {"sampler"}
    assert written <= set(re.findall(r"`(\w+)`", text))
