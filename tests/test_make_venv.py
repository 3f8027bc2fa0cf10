"""``make install`` finds a Python that is new enough, or says in one sentence what to install."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "tools" / "make-venv"


def make_venv(tmp_path, *arguments):
    """Run the script with nothing but the interpreters in ``tmp_path/bin`` on the PATH."""
    return subprocess.run(
        ["/bin/sh", str(SCRIPT), str(tmp_path / "venv"), *arguments],
        env={"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "LANG": "C"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def interpreter(tmp_path):
    """Write an executable of the given name and shell body."""
    (tmp_path / "bin").mkdir()

    def write(name, body):
        path = tmp_path / "bin" / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)

    return write


OLD = """case "$2" in
  *print*) echo "Python 3.10.13 at /opt/old/python3" ;;
  *) exit 1 ;;
esac"""
SHIM = "echo 'pyenv: python3.12: command not found' >&2; exit 127"


def test_only_an_old_python_is_one_sentence_and_exit_1(tmp_path, interpreter):
    interpreter("python3", OLD)
    done = make_venv(tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "found Python 3.10.13 at /opt/old/python3: install one" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_no_python_at_all_is_one_sentence_and_exit_1(tmp_path, interpreter):
    interpreter("python3.12", SHIM)
    done = make_venv(tmp_path)
    assert done.returncode == 1
    assert "found no Python" in done.stderr


def test_a_dead_shim_is_passed_over_and_a_working_environment_is_kept(tmp_path, interpreter):
    interpreter("python3.12", SHIM)
    interpreter("python3", f'exec "{sys.executable}" "$@"')
    assert make_venv(tmp_path).returncode == 0
    made = tmp_path / "venv" / "pyvenv.cfg"
    before = made.stat().st_mtime_ns
    assert make_venv(tmp_path).returncode == 0
    assert made.stat().st_mtime_ns == before


def test_a_named_python_is_the_only_candidate(tmp_path, interpreter):
    interpreter("python3", f'exec "{sys.executable}" "$@"')
    interpreter("old", OLD)
    assert make_venv(tmp_path, str(tmp_path / "bin" / "old")).returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]
