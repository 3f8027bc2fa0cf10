"""What a folder survives: kills, damage, a full disk, a second process, an interrupt."""

from __future__ import annotations

import json
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.errors import CheckpointError, Interrupted, SimulationFailed
from sopr_uq.figures.sheet import save_refinement
from sopr_uq.posterior.store import read
from sopr_uq.revision import code
from sopr_uq.workflow import run as workflow
from sopr_uq.workflow.config import load_config
from sopr_uq.workflow.lock import locked
from sopr_uq.workflow.run import resume, run

SOAK = Path(__file__).resolve().parents[2] / "tools" / "soak.py"
TOOL = runpy.run_path(str(SOAK))
SETTINGS = TOOL["CASES"]["instant"]


@pytest.fixture(scope="module", autouse=True)
def _quick_figures():
    """Drawing is most of a short run; one test below draws what people see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "save_refinement", TOOL["_one_small_figure"])
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed refinement."""
    folder = tmp_path_factory.mktemp("whole") / "argon"
    run(load_config("argon-85K", SETTINGS), folder)
    return folder


@pytest.fixture
def half(whole, tmp_path):
    """A copy of it as a kill in iteration 4 would have left it."""
    folder = tmp_path / "argon"
    shutil.copytree(whole, folder)
    shutil.rmtree(folder / "figures")
    (folder / "result.nc").unlink()
    for file in sorted((folder / "iterations").iterdir())[4:]:
        file.unlink()
    return folder


def names(folder):
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def agree(one, other):
    for name in ("posterior/potential", "iterations/g", "derived/d_hp"):
        a, b = (np.asarray(read(f / "result.nc")[name].values) for f in (one, other))
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow(seconds=24)
def test_twenty_kills_lose_nothing_and_do_nothing_twice():
    """Processes killed at random moments of their whole life; the tool is also `make soak`."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, SOAK, "--kills", "20", "--seed", "3", "--case", "instant"],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["kills"] == 20
    assert report["faults"] == []
    assert len(report["where"]) >= 4, "the kills came at different moments"


def test_a_damaged_checkpoint_is_named_and_the_run_goes_on_before_it(half, whole):
    third = half / "iterations" / "0002.iteration"
    third.write_bytes(third.read_bytes()[:-1])
    with pytest.warns(UserWarning, match=r"0002\.iteration.*truncated.*from iteration 2"):
        resume(half)
    agree(whole, half)
    damaged = {"iterations/0002.damaged", "iterations/0003.damaged"}
    assert set(names(half)) == set(names(whole)) | damaged


def test_a_damaged_result_is_named_and_made_again(whole, tmp_path):
    folder = tmp_path / "argon"
    shutil.copytree(whole, folder)
    content = (folder / "result.nc").read_bytes()
    (folder / "result.nc").write_bytes(content[: len(content) // 2])
    with pytest.warns(UserWarning, match=r"result\.nc.*kept as result\.nc\.damaged"):
        resume(folder)
    agree(whole, folder)


def test_figures_that_a_kill_prevented_are_drawn(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(workflow, "save_refinement", save_refinement)
    folder = tmp_path / "argon"
    shutil.copytree(whole, folder)
    shutil.rmtree(folder / "figures")
    before = (folder / "result.nc").read_bytes()
    resume(folder)
    assert {p.suffix for p in (folder / "figures").iterdir()} == {".png", ".pdf"}
    assert (folder / "result.nc").read_bytes() == before


@pytest.mark.parametrize(("limit", "name"), [(4_000, "0004-0.simulation"), (60_000, "result.nc")])
def test_a_full_disk_is_told_and_costs_nothing(half, whole, limit, name):
    """A limit on the size of files stands for a disk without room for the next one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    sizes = [(half / "iterations/0000.iteration").stat().st_size, 60_000]
    sizes.append((whole / "result.nc").stat().st_size)
    assert sizes == sorted(sizes), "the second limit lies between a checkpoint and a result"
    before = names(half)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(CheckpointError, match=f"{name} could not be written.*free some disk"):
            resume(half)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [n for n in names(half) if n in before] == before
    assert not list(half.rglob("*.tmp"))
    resume(half)
    agree(whole, half)


def test_the_second_process_is_told_who_holds_the_folder(half):
    with locked(half):
        with pytest.raises(CheckpointError, match=rf"process {os.getpid()} on .*, since 20\d\d-"):
            resume(half)
        assert (half / ".lock").exists(), "the second process leaves the lock of the first alone"
    assert not (half / ".lock").exists()


OTHER = """
import sys, time
from pathlib import Path
from sopr_uq.disk import atomic
from sopr_uq.workflow.lock import locked
folder = Path(sys.argv[1])
while not (folder / "config.toml").exists():
    time.sleep(0.01)
(folder / "figures").mkdir(exist_ok=True)
with {context} as given:
    {inside}
    print("there", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process(folder, context, inside="pass"):
    """Another process that is in a context, about a folder, until this one's context ends."""
    script = OTHER.format(context=context, inside=inside)
    process = subprocess.Popen(
        [sys.executable, "-c", script, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.communicate()
    assert process.returncode == 0


def test_a_new_folder_that_another_process_took_first_is_left_to_it(tmp_path, monkeypatch):
    """It deleted the folder of the other: "nothing was computed" was true of itself alone."""
    folder = tmp_path / "argon"
    with another_process(folder, "locked(folder)") as process:

        def late(path):
            assert process.stdout.readline() == b"there\n"
            return locked(path)

        monkeypatch.setattr(workflow, "locked", late)
        with pytest.raises(CheckpointError, match=f"process {process.pid} on "):
            run(load_config("argon-85K", SETTINGS), folder)
        assert (folder / "config.toml").is_file()


def test_a_run_that_fails_before_anything_is_computed_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise SimulationFailed("at once")

    monkeypatch.setattr(workflow, "refine", fail)
    with pytest.raises(SimulationFailed):
        run(load_config("argon-85K", SETTINGS), tmp_path / "argon")
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_is_writing_stays_and_what_a_dead_one_wrote_goes(half):
    """Figures may be drawn in a folder where a refinement goes on."""
    context, inside = 'atomic(folder / "figures" / "mine.png")', 'given.write_bytes(b"picture")'
    with another_process(half, context, inside) as process:
        assert process.stdout.readline() == b"there\n"
        (left,) = (half / "figures").glob(".mine.png.*.tmp")
        dead = left.with_name(left.name.replace("mine", "dead").replace(f"{process.pid}", "{}"))
        gone = subprocess.Popen(["true"])
        gone.wait()
        dead = dead.with_name(dead.name.format(gone.pid))
        dead.write_bytes(b"half a picture")
        elsewhere = left.with_name(".mine.png.1@another-computer.tmp")
        old = left.with_name(".old.png.1@another-computer.tmp")
        for file in (elsewhere, old):
            file.write_bytes(b"half a picture")
        os.utime(old, (0, 0))
        resume(half)
        assert set(half.rglob("*.tmp")) == {left, elsewhere}
    assert (half / "figures" / "mine.png").read_bytes() == b"picture"


def test_resuming_with_other_code_says_so_and_the_result_names_both(half):
    config = half / "config.toml"
    text = config.read_text()
    config.write_text(text.replace(code(), "0.1.0+g0123456789ab.abcdefabcdef"))
    with pytest.warns(UserWarning, match=r"begun with sopr-uq 0\.1\.0\+g0123456789ab\.a.*this is"):
        resume(half)
    attrs = read(half / "result.nc").attrs
    assert attrs["begun_with"] == "0.1.0+g0123456789ab.abcdefabcdef"
    assert json.loads(attrs["versions"])["sopr-uq"] == code()


def test_a_lock_that_a_killed_process_left_holds_nobody_up(half, whole):
    (half / ".lock").write_text('{"pid": 1, "host": "elsewhere", "since": "2020"}')
    resume(half)
    agree(whole, half)
    assert not (half / ".lock").exists()


class Impatient:
    """A watcher that presses Ctrl-C in the second iteration."""

    def begin(self, r):
        pass

    def simulating(self, iteration, fraction):
        if iteration >= 1:
            raise KeyboardInterrupt

    def done(self, iteration):
        pass

    def checking(self, fraction):
        pass


def test_an_interrupt_says_what_is_kept_and_how_to_go_on(whole, tmp_path):
    folder = tmp_path / "argon"
    with pytest.raises(Interrupted, match=r"1 finished iteration is kept.*sopr-uq resume"):
        run(load_config("argon-85K", SETTINGS), folder, watcher=Impatient())
    begun = ["iterations/0000.iteration", "iterations/0001-0.simulation"]
    assert names(folder) == ["config.toml", *begun]
    resume(folder)
    agree(whole, folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_process_cleanly(tmp_path, number, code):
    folder = tmp_path / "argon"
    settings = SETTINGS | {"refine.max_iterations": 900, "refine.stop": "published",
                           "refine.tolerance": 1e-12}  # fmt: skip
    given = [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
    command = [sys.executable, "-m", "sopr_uq", "refine", "argon-85K", "--quiet", *given]
    process = subprocess.Popen([*command, "--out", folder], stderr=subprocess.PIPE, text=True)
    while not (folder / "iterations" / "0001.iteration").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(number)
    words = process.communicate(timeout=60)[1]
    assert process.returncode == code, words
    assert f"`sopr-uq resume {folder}` goes on" in words
    assert "Traceback" not in words
    assert {p.name for p in folder.iterdir()} == {"config.toml", "iterations"}
    assert not list(folder.rglob("*.tmp"))
