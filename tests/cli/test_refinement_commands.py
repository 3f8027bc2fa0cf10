"""The command line as a newcomer uses it: real processes, real files, an instant engine."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sopr_uq.cli.main import main as cli_main
from sopr_uq.workflow.report import as_dict
from sopr_uq.workflow.result import load_result

QUICK = [
    "--rule", "sopr", "--engine", "integral_equation", "--set", "refine.max_iterations=3",
    "--set", "refine.noise=0.01", "--set", "refine.width=0.1", "--set", "refine.length=0.7",
    "--set", "refine.draws=50", "--quiet",
]  # fmt: skip


def sopr_uq(*arguments, cwd=None):
    command = [sys.executable, "-m", "sopr_uq", *map(str, arguments)]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=cwd, timeout=300
    )


@pytest.fixture
def main(monkeypatch, capsys):
    """The same in this process, where no process is the subject: seconds less."""

    def run(*arguments, cwd="."):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["sopr-uq", *map(str, arguments)])
        code = 0
        try:
            cli_main()
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, said.out, said.err)

    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "argon"
    done = sopr_uq("refine", "argon-85K", *QUICK, "--out", folder)
    assert done.returncode in (0, 3), done.stderr
    return folder, done


def test_a_refinement_leaves_what_it_promises(finished):
    folder, done = finished
    assert {p.name for p in folder.iterdir()} == {
        "config.toml", "iterations", "result.nc", "figures",
    }  # fmt: skip
    assert {p.suffix for p in (folder / "figures").iterdir()} == {".png", ".pdf"}
    assert "σ" in done.stdout
    assert "smoothing band" in done.stdout
    assert "equal-tailed" not in done.stdout


def test_the_result_has_the_promised_names_and_units(finished):
    tree = xr.open_datatree(finished[0] / "result.nc")
    assert tree["posterior/potential"].dims == ("chain", "draw", "r")
    assert tree["posterior/potential"].attrs["units"] == "kcal/mol"
    for name in ("sigma", "epsilon", "r_vdw", "d_hp"):
        assert tree[f"derived/{name}"].dims == ("chain", "draw")
    course = tree["iterations"]
    assert course["potential"].dims == ("iteration", "r")
    assert course["g"].dims == ("iteration", "r_g")
    for name in ("misfit", "noise", "md_steps", "md_seconds", "seconds"):
        assert course[name].dims == ("iteration",)
    assert {"observed_data", "sample_stats"} <= set(tree.children)
    for name in ("engine", "versions", "seed", "inputs", "settings", "outcome"):
        assert name in tree.attrs
    tree.close()


def test_exit_code_three_says_so_and_keeps_the_result(finished):
    folder, done = finished
    assert done.returncode == 3
    assert "max_iterations" in done.stdout
    assert (folder / "result.nc").exists()


def test_show_prints_numbers_for_people_and_programs(finished, main):
    shown = main("show", finished[0], "--json")
    assert shown.returncode == 0
    data = json.loads(shown.stdout)
    sigma = data["derived"]["sigma"]
    assert sigma["lower"] <= sigma["mean"] <= sigma["upper"]
    assert sigma["unit"] == "angstrom"
    assert sigma["interval"] == "smoothing band"
    assert main("show", finished[0]).returncode == 0


def test_figures_can_be_drawn_again(finished, main):
    drawn = main("figures", finished[0])
    assert drawn.returncode == 0
    assert all(Path(line).exists() for line in drawn.stdout.split())


def test_an_existing_folder_is_refused_and_left_alone(finished, main):
    folder, _ = finished
    before = (folder / "result.nc").read_bytes()
    again = main("refine", "argon-85K", *QUICK, "--out", folder)
    assert again.returncode == 2
    assert "resume" in again.stderr
    assert "Traceback" not in again.stderr
    assert (folder / "result.nc").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["refine", "argon"], "argon-85K"),
        (["refine", "argon-85K", "--set", "engine.particls=9"], "particles"),
        (["refine", "argon-85K", "--engine", "gromacs"], "gromacs"),
        (["refine", "argon-85K", "--observe", "g,x"], "pressure"),
        (["refine", "argon-85K", "--observe", "g,s"], "each experiment once"),
        (["refine", "no_such.toml"], "no_such.toml"),
        (["refine", "argon-85K", "--set", "engine.cutoff=40"], "particles"),
        (["refine", "argon-85K", "--rule", "sopr", "--observe", "s"], "newton"),
        (["show", "nowhere"], "nowhere"),
        (["resume", "nowhere"], "nowhere"),
    ],
)
def test_wrong_input_ends_with_two_a_message_and_no_folder(arguments, words, main, tmp_path):
    out = ["--out", "made"] if arguments[0] == "refine" else []
    done = main(*arguments, *out, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    importlib.util.find_spec("hoomd") is not None,
    reason="HOOMD-blue is installed here, so its absence cannot be tested",
)
def test_an_engine_that_is_not_there_is_named_and_nothing_is_left(main, tmp_path):
    done = main("refine", "argon-85K", "--engine", "hoomd", "--out", "made", cwd=tmp_path)
    assert done.returncode == 2
    assert "conda-forge" in done.stderr
    assert not (tmp_path / "made").exists()


def test_systems_lists_what_ships(main):
    listed = main("systems", "--json")
    names = [row["name"] for row in json.loads(listed.stdout)]
    assert names == ["argon-85K", "neon-42K", "krypton-199K", "xenon-274K"]


def test_own_data_go_through_the_same_door(main, tmp_path):
    import csv

    from sopr_uq.engine.integral_equation import IntegralEquationEngine
    from sopr_uq.engine.protocol import Setup
    from sopr_uq.engine.settings import EngineSettings
    from sopr_uq.experiment.state import StatePoint
    from sopr_uq.potentials import lennard_jones

    state = StatePoint(300.0, 0.01, 83.8)
    liquid = IntegralEquationEngine(EngineSettings()).run(
        Setup.of(lennard_jones(3.6, 0.34), state, seed=1)
    )
    with (tmp_path / "mine.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["r_angstrom", "g"])
        writer.writerows(zip(liquid.r[::5].round(4), liquid.g[::5].round(5), strict=True))
    (tmp_path / "mine.toml").write_text(
        """
        [system]
        name = "mine"
        temperature = 300.0
        density = 0.01
        mass = 83.8
        [reference]
        form = "lennard-jones"
        sigma = 3.55
        epsilon = 0.38
        [[observe]]
        kind = "g"
        file = "mine.csv"
        """
    )
    loud = QUICK[:-1]
    done = main("refine", tmp_path / "mine.toml", *loud, "--out", tmp_path / "out", "--json")
    assert done.returncode in (0, 3), done.stderr
    found = json.loads(done.stdout)
    assert abs(found["derived"]["sigma"]["mean"] - 3.6) < 0.03
    assert found == as_dict(load_result(tmp_path / "out"))
    assert "round  1" in done.stderr
    assert max(map(len, done.stderr.splitlines())) <= 80
    page = Path(__file__).parents[2] / "docs/reference/command_line.md"
    assert set(found) <= set(re.findall(r"`(\w+)`", page.read_text(encoding="utf-8")))


def test_a_killed_refinement_resumes_to_the_undisturbed_result(tmp_path, main):
    settings = [*QUICK, "--set", "refine.max_iterations=8", "--seed", "7"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main("refine", "argon-85K", *settings, "--out", whole).returncode in (0, 3)
    command = [sys.executable, "-m", "sopr_uq", "refine", "argon-85K", *settings, "--out", killed]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    while not (killed / "iterations" / "0002.iteration").exists():
        assert process.poll() is None, "finished before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (killed / "result.nc").exists()
    assert main("resume", killed, "--quiet").returncode in (0, 3)
    first, second = (xr.open_datatree(f / "result.nc") for f in (whole, killed))
    np.testing.assert_array_equal(first["posterior/potential"], second["posterior/potential"])
    np.testing.assert_array_equal(first["iterations/misfit"], second["iterations/misfit"])
    assert first.attrs["settings"] == second.attrs["settings"]
    first.close()
    second.close()
