"""Which code made a result: from git, from a build, or by its checksum alone; never a guess."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from sopr_uq import __version__, revision

ROOT = Path(__file__).resolve().parents[1]

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *arguments):
    names = ["-c", "user.name=a", "-c", "user.email=a@b"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    done = subprocess.run(
        ["git", *names, *arguments],
        cwd=folder, env=clean, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path):
    """A package of two files in a committed work tree."""
    folder = tmp_path / "tree" / "package"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text("1\n")
    (folder / "two.py").write_text("2\n")
    (folder.parent / "README").write_text("words\n")
    git(folder.parent, "init", "-q")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "-q", "-m", "first")
    return folder


@needs_git
def test_a_work_tree_names_its_commit_and_whether_the_package_was_changed(package):
    head = "g" + git(package, "rev-parse", "HEAD")[:12]
    assert revision.commit(package) == head
    (package.parent / "README").write_text("other words\n")
    assert revision.commit(package) == head, "what is not code does not count"
    (package / "three.py").write_text("3\n")
    assert revision.commit(package) == f"{head}.dirty"


@needs_git
def test_another_repository_around_an_installed_package_is_not_asked(package, monkeypatch):
    installed = package.parent / "venv" / "site-packages" / "package"
    shutil.copytree(package, installed)
    assert revision.commit(installed) == ""
    (installed / revision.STAMP).write_text("g0123456789ab\n")
    assert revision.commit(installed) == "g0123456789ab"
    monkeypatch.setenv("GIT_DIR", str(ROOT / ".git"))
    assert revision.commit(package) == "g" + git(package, "rev-parse", "HEAD")[:12]


def test_without_a_usable_git_nothing_is_claimed(package, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert revision.commit(package) == ""


def test_the_checksum_sees_content_and_names_of_code_alone(package):
    first = revision.checksum(package)
    (package / "notes.txt").write_text("no code")
    assert revision.checksum(package) == first
    (package / "two.py").rename(package / "three.py")
    renamed = revision.checksum(package)
    (package / "three.py").write_text("3\n")
    assert len({first, renamed, revision.checksum(package)}) == 3


def test_same_code_is_same_files_whatever_the_commit():
    one, other = "0.1.0+g0123456789ab.aaaaaaaaaaaa", "0.1.0+gba9876543210.dirty.aaaaaaaaaaaa"
    assert revision.same_code(one, other)
    assert revision.same_code("0.1.0+aaaaaaaaaaaa", one)
    assert not revision.same_code(one, one[:-1] + "b")
    assert not revision.same_code(one, "0.1.0")


def test_this_code_says_what_it_is():
    text = revision.code()
    assert text.startswith(f"{__version__}+")
    assert text.endswith(revision.checksum(revision.PACKAGE))
    assert revision.commit(revision.PACKAGE) in text


def build(source, target, folder):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder],
        cwd=source, check=True, capture_output=True, text=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def stamp_of(wheel):
    with zipfile.ZipFile(wheel) as archive:
        found = [n for n in archive.namelist() if n.endswith(revision.STAMP)]
        assert found == [f"sopr_uq/{revision.STAMP}"]
        return archive.read(found[0]).decode().strip()


@needs_git
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a work tree of git")
def test_what_is_built_knows_its_commit_even_through_a_source_distribution(tmp_path):
    """A wheel from here, and one from a source distribution that has left git behind."""
    here = revision.commit(revision.PACKAGE)
    assert stamp_of(build(ROOT, "wheel", tmp_path / "wheel")) == here
    with tarfile.open(build(ROOT, "sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    # the link that the site makes to them does not stand for them
    assert len(list((source / "notebooks").glob("*.ipynb"))) == 5
    assert stamp_of(build(source, "wheel", tmp_path / "again")) == here
    assert not (revision.PACKAGE / revision.STAMP).exists()
