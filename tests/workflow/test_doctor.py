"""What ``sopr-uq doctor`` finds: engines that simulate, and the machine they run on."""

import json

import pytest
from click.testing import CliRunner

from sopr_uq.cli import refinement
from sopr_uq.workflow import doctor


def test_everything_a_bug_report_needs_is_there():
    done = CliRunner().invoke(refinement.doctor, [])
    assert done.exit_code == 0, done.output
    lines = {line[4:28].strip(): line for line in done.output.splitlines()}
    wanted = {
        "engine lammps", "engine hoomd", "engine integral_equation", "engine dilute", "GPU",
        "threads", "memory", "disk", "temporary files", "cluster", "machine", "python",
        "sopr-uq", "numpy", "lammps", "pymc",
    }  # fmt: skip
    assert wanted <= set(lines)
    assert lines["engine lammps"].startswith("ok")
    assert "steps/s" in lines["engine lammps"]
    assert "a checkpoint is on it in" in lines["disk"]


@pytest.mark.parametrize(("well", "code"), [(True, 0), (False, 2)])
def test_programs_are_told_whether_something_simulates(well, code, monkeypatch):
    engine = doctor.Finding("engine lammps", well, "said", dynamics=True)
    found = [engine, doctor.Finding("disk", True, "room")]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    done = CliRunner().invoke(refinement.doctor, ["--json"])
    assert done.exit_code == code
    assert json.loads(done.stdout) == {
        "simulates": well,
        "findings": [
            {"check": "engine lammps", "good": well, "text": "said"},
            {"check": "disk", "good": True, "text": "room"},
        ],
    }


@pytest.mark.parametrize(("name", "dynamics"), [("lammps", True), ("dilute", False)])
def test_only_what_follows_particles_counts_as_simulating(name, dynamics):
    assert doctor._engine(name, "not installed").dynamics is dynamics


def test_an_engine_with_a_wrong_answer_is_not_well(monkeypatch):
    monkeypatch.setattr(doctor, "_COMPRESSIBILITY", 1.5)
    finding = doctor._engine("lammps", None)
    assert not finding.good
    assert "1.5 ± 0.06 expected" in finding.text
