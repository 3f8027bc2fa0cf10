"""The site builds without a warning; its cells run."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sopr_uq import load_config

ROOT = Path(__file__).resolve().parents[2]

for library in ("sphinx", "myst_nb", "furo"):
    pytest.importorskip(library, reason="the documentation's own tools: pip install '.[docs]'")


pytestmark = pytest.mark.slow(seconds=82)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built pages."""
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", out],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return out


def test_the_tutorial_ends_at_its_truth(site):
    page = (site / "tutorial.html").read_text(encoding="utf-8")
    assert "converged after" in page
    assert "3.600(" in page or "3.60" in page
    assert page.count("<img") >= 2


def test_defaults_are_those_that_one_gets(site):
    page = (site / "reference/configuration.html").read_text(encoding="utf-8")
    engine = load_config("argon-85K").engine
    for key in ("particles", "equilibration_steps", "production_steps", "sample_every"):
        row = re.search(rf">{key}<.*?</tr>", page, re.DOTALL)
        assert row is not None
        assert f">{getattr(engine, key)}<" in row[0]


def test_configuration_and_commands_come_from_the_code(site):
    keys = (site / "reference/configuration.html").read_text(encoding="utf-8")
    commands = (site / "reference/command_line.html").read_text(encoding="utf-8")
    assert all(f">{key}<" in keys for key in ("jacobian_error", "round_size", "refine.gamma"))
    assert all(f">{name}<" in commands for name in ("--scheduler", "predict"))
