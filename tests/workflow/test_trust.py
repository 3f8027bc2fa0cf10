"""A stored refinement: everything in it can be checked, and it can be done again."""

from __future__ import annotations

import json
import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import netCDF4
import pytest
from click.testing import CliRunner

from sopr_uq.cli import trust
from sopr_uq.errors import InputError, InputErrors
from sopr_uq.experiment.catalogue import curve
from sopr_uq.workflow import run as workflow
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.repeat import Compared, Comparison, repeat
from sopr_uq.workflow.run import run
from sopr_uq.workflow.verify import verify_run

TOOL = runpy.run_path(str(Path(__file__).resolve().parents[2] / "tools" / "soak.py"))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A refinement of a file of one's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "save_refinement", TOOL["_one_small_figure"])
        base = tmp_path_factory.mktemp("trust")
        shutil.copy(curve("argon_85K_gr").path, base / "mine.csv")
        known = curve("argon_85K_gr")
        (base / "mine.toml").write_text(
            f"""
            [system]
            name = "mine"
            temperature = 85.0
            density = 0.02125
            mass = 39.948
            [reference]
            sigma = 3.35
            epsilon = 0.287
            [[observe]]
            kind = "g"
            file = "mine.csv"
            window = [{known.window[0]}, {known.window[1]}]
            """
        )
        settings = TOOL["CASES"]["instant"] | {"refine.max_iterations": 3}
        run(load_config(base / "mine.toml", settings), base / "run")
        yield base


@pytest.fixture
def stored(made, tmp_path):
    shutil.copytree(made / "run", tmp_path / "run")
    return tmp_path / "run"


def wrong(path):
    return {f.name: f.text for f in verify_run(path) if not f.good}


def test_a_whole_folder_is_good_in_plain_words(made):
    findings = verify_run(made / "run")
    assert all(f.good for f in findings)
    assert [f.name for f in findings] == [
        "configuration", "input mine.csv", "iterations", "result", "content", "settings",
        "course", "versions",
    ]  # fmt: skip
    assert all(f.good for f in verify_run(made / "run" / "result.nc"))
    done = CliRunner().invoke(trust.verify, [str(made / "run")])
    assert done.exit_code == 0
    assert "3 in iterations/, all whole" in done.output


def spoil_input(folder):
    file = Path(str(load_config(folder / "config.toml").observe[0].file))
    content = file.read_text()
    file.write_text(content.replace("\n", "\n# altered\n", 1))
    return lambda: file.write_text(content)


def spoil_checkpoint(folder):
    file = folder / "iterations" / "0001.iteration"
    file.write_bytes(file.read_bytes()[:-3])


def spoil_course(folder):
    (folder / "iterations" / "0002.iteration").unlink()


def spoil_result(folder):
    with netCDF4.Dataset(folder / "result.nc", "a") as content:
        content["derived/sigma"][0, 0] += 1e-6


def spoil_settings(folder):
    file = folder / "config.toml"
    file.write_text(file.read_text().replace("gamma = 0.5", "gamma = 0.4"))


def spoil_config(folder):
    (folder / "config.toml").write_text("[system")


@pytest.mark.parametrize(
    ("spoil", "check", "words"),
    [
        (spoil_input, "input mine.csv", "SHA-256"),
        (spoil_checkpoint, "iterations", "0001.iteration: truncated or altered"),
        (spoil_course, "course", "3 iterations in the result, 2 checkpoints"),
        (spoil_result, "result", "altered after it was written"),
        (spoil_settings, "settings", "differ in refine.gamma"),
        (spoil_config, "configuration", "config.toml cannot be used"),
    ],
)
def test_what_is_wrong_is_named_and_ends_with_two(stored, spoil, check, words):
    undo = spoil(stored)
    try:
        found = wrong(stored)
        assert words in found[check]
        done = CliRunner().invoke(trust.verify, [str(stored), "--json"])
        assert done.exit_code == 2
        assert [row["check"] for row in json.loads(done.output) if not row["good"]] == list(found)
    finally:
        if undo is not None:
            undo()


def test_an_unfinished_folder_is_no_fault(stored):
    (stored / "result.nc").unlink()
    assert not wrong(stored)
    assert "sopr-uq resume" in {f.name: f.text for f in verify_run(stored)}["result"]


def test_nothing_to_verify_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"the folder of a refinement, with config\.toml"):
        verify_run(tmp_path)


@pytest.mark.parametrize("source", ["folder", "file alone"])
def test_a_repetition_is_the_same_number_for_number(made, tmp_path, source):
    path = made / "run"
    if source == "file alone":
        path = Path(shutil.copy(path / "result.nc", tmp_path / "alone.nc"))
    found = repeat(path, tmp_path / "again")
    assert found.identical
    assert found.agrees
    assert {row.quantity for row in found.rows} >= {"sigma", "epsilon", "r_vdw", "d_hp"}
    shutil.rmtree(tmp_path / "again" / "figures")
    assert repeat(path, tmp_path / "again").identical, "one that was interrupted is gone on with"


def test_another_seed_is_another_folder_and_not_identical(made, tmp_path):
    found = repeat(made / "run", tmp_path / "seed", seed=77)
    assert not found.identical
    with pytest.raises(InputError, match="another configuration"):
        repeat(made / "run", tmp_path / "seed")


def test_a_changed_input_cannot_be_repeated(stored, tmp_path):
    undo = spoil_input(stored)
    try:
        with pytest.raises(InputErrors, match="SHA-256"):
            repeat(stored, tmp_path / "again")
    finally:
        undo()
    assert not (tmp_path / "again").exists()


def test_the_verdict_and_its_exit_code(monkeypatch, made, tmp_path):
    row = Compared("sigma", 3.40, 0.01, 3.42, 0.01, "angstrom")
    assert row.z == pytest.approx(2**0.5)
    close = Comparison((row,), ("converged", "converged"), identical=False)
    far = replace(close, rows=(row, replace(row, second=3.45)))
    assert (close.agrees, far.agrees) == (True, False)
    assert replace(row, first_sd=0.0, second_sd=0.0).z == float("inf")
    for found, code, words in ((close, 0, "agrees within"), (far, 3, "does NOT agree")):
        monkeypatch.setattr("sopr_uq.workflow.repeat.repeat", lambda *_, f=found, **__: f)
        done = CliRunner().invoke(trust.repeat, [str(made / "run"), "--quiet"])
        assert done.exit_code == code, done.output
        assert words in done.output
