"""What ``sopr-uq doctor`` finds: engines that simulate, and the machine they run on."""

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


def test_an_engine_with_a_wrong_answer_is_not_well(monkeypatch):
    monkeypatch.setattr(doctor, "_COMPRESSIBILITY", 1.5)
    finding = doctor._engine("lammps", None)
    assert not finding.good
    assert "1.5 ± 0.06 expected" in finding.text
