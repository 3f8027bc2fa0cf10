"""The site builds without a warning; its cells and the notebooks run, once."""

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

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

slow = pytest.mark.slow(seconds=130)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the built pages."""
    out = tmp_path_factory.mktemp("site") / "html"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", out],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return out


@slow
def test_the_tutorial_ends_at_its_truth(site):
    page = (site / "tutorial.html").read_text(encoding="utf-8")
    assert "converged after" in page
    shown = re.sub(r"<[^>]*>", "", page)
    for symbol, truth in (("σ", 3.6), ("ε", 0.40)):
        found = re.search(rf"│ {symbol} +│ (\d+\.(\d+))\((\d+)\)", shown)
        assert found is not None, symbol
        value, decimals, sd = found.groups()
        # three standard deviations, as they are printed: of two numbers one false alarm in 190
        assert abs(float(value) - truth) <= 3.0 * int(sd) * 10.0 ** -len(decimals)
    assert page.count("<img") >= 2


@slow
def test_defaults_are_those_that_one_gets(site):
    page = (site / "reference/configuration.html").read_text(encoding="utf-8")
    engine = load_config("argon-85K").engine
    for key in ("particles", "equilibration_steps", "production_steps", "sample_every"):
        row = re.search(rf">{key}<.*?</tr>", page, re.DOTALL)
        assert row is not None
        assert f">{getattr(engine, key)}<" in row[0]


@slow
def test_configuration_and_commands_come_from_the_code(site):
    keys = (site / "reference/configuration.html").read_text(encoding="utf-8")
    commands = (site / "reference/command_line.html").read_text(encoding="utf-8")
    assert all(f">{key}<" in keys for key in ("jacobian_error", "round_size", "refine.gamma"))
    assert all(f">{name}<" in commands for name in ("--scheduler", "predict"))


def code_of(path):
    import nbformat

    return [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]


@slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_a_page_of_what_it_gave(site, path):
    page = (site / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    ran = code_of(site.parent / "jupyter_execute" / "notebooks" / path.name)
    shown = [output for cell in ran for output in cell.outputs]
    assert [cell.source for cell in ran] == [cell.source for cell in code_of(path)]
    pictures = [o for o in shown if "image/png" in o.get("data", {})]
    assert 1 <= len(pictures) == page.count('src="../_images/')
    said = [output.text for output in shown if output.get("name") == "stderr"]
    # a law that the data contradict is hard to sample, and may say so
    noise = [text for text in said if "the result is kept" not in text]
    assert not noise, noise


def test_there_are_five():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_keeps_no_output(path):
    """The site shows what the code of now gives; what was kept would be another's."""
    assert all(not cell.outputs and cell.execution_count is None for cell in code_of(path))
