"""Every exit code is met from the command line, and told in the documentation.

Those of an interrupt (130, 143) are in ``tests/workflow/test_survival.py``, that of data which no
potential explains (4) in ``tests/workflow/test_own_files.py``.
"""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sopr_uq.cli import codes
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Setup
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.experiment import StatePoint
from sopr_uq.potentials import Mie
from sopr_uq.workflow.result import load_result

PAGE = Path(__file__).parents[2] / "docs/reference/command_line.md"
LIQUID = """
[system]
name = "liquid"
temperature = 220.0
density = 0.0125
mass = 84.0
[reference]
sigma = 3.5
epsilon = 0.42
[[observe]]
kind = "g"
file = "gr.dat"
[engine]
name = "integral_equation"
[refine]
chains = 1
tune = 100
draws = 50
"""


def ended(*arguments, out=subprocess.PIPE, cwd=None):
    command = [sys.executable, "-m", "sopr_uq", *arguments]
    return subprocess.run(
        command, check=False, stdout=out, stderr=subprocess.PIPE, text=True, cwd=cwd, timeout=300
    )


@pytest.fixture
def liquid(tmp_path):
    """A folder with a configuration whose data a potential explains."""
    engine = make_engine(EngineSettings(name="integral_equation", cutoff=10.8))
    state = StatePoint(220.0, 0.0125, 84.0)
    found = engine.run(Setup.of(Mie(sigma=3.6, epsilon=0.40, n=11.5), state, 0))
    r = np.arange(3.1, 14.0, 0.15)
    g = np.interp(r, found.r, found.g) + 0.01 * np.random.default_rng(4).standard_normal(r.size)
    np.savetxt(tmp_path / "gr.dat", np.column_stack([r, g]), fmt="%.4f")
    (tmp_path / "liquid.toml").write_text(LIQUID)
    return tmp_path


def test_three_where_the_posterior_is_doubtful(liquid):
    """One round was predicted by nobody, so nothing has checked the answer."""
    once = ["--set", "refine.max_iterations=1", "--quiet", "--out", "run"]
    done = ended("refine", "liquid.toml", *once, cwd=liquid)
    assert done.returncode == 3, done.stderr
    assert "DOUBTFUL, stopped after 1 round, 4 simulations" in done.stdout
    assert "value (sd), doubtful" in done.stdout
    assert done.stdout.count("Allow more rounds") == 1
    assert load_result(liquid / "run").attrs["outcome"] == "doubtful"
    assert ended("show", "run", cwd=liquid).returncode == 0
    assert ended("resume", "run", "--quiet", cwd=liquid).returncode == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_one_where_nothing_can_be_printed():
    with Path("/dev/full").open("w") as full:
        done = ended("systems", out=full)
    assert done.returncode == 1
    assert done.stderr == "sopr-uq: cannot print: No space left on device.\n"


def test_a_pipe_that_is_closed_is_no_traceback():
    """As by ``sopr-uq schema | head -1``."""
    command = [sys.executable, "-m", "sopr_uq", "schema"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert "Traceback" not in process.communicate(timeout=60)[1]
    assert process.returncode == 1


def test_each_is_told():
    told = re.findall(r"^\| ([\d, ]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    numbers = {int(n) for row in told for n in row.split(",")}
    known = {value for name, value in vars(codes).items() if name.isupper()}
    assert numbers == known | {codes.INTERRUPTED + 13}
