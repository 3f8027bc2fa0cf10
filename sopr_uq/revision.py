"""Which code this is: its version, the commit it comes from, and a checksum of its files.

``0.1.0+g7cb242c1d2e3.3fa9c1d2e0b1`` is a commit of the repository as it is,
``0.1.0+g7cb242c1d2e3.dirty.9c0b…`` one with changes, and ``0.1.0+9c0b…`` code of
which nobody wrote down whence it comes. The checksum at the end tells in each
case whether two results were made by the same code.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from functools import lru_cache
from pathlib import Path

from sopr_uq import __version__

PACKAGE = Path(__file__).resolve().parent

STAMP = "_commit.txt"
"""In an installed package: the commit that it was built from."""

_DIGITS = 12
_SECONDS = 10.0


@lru_cache
def code() -> str:
    """Return version, commit and checksum of the code, as they were when first asked for."""
    parts = (commit(PACKAGE), checksum(PACKAGE))
    return f"{__version__}+{'.'.join(filter(None, parts))}"


def same_code(one: str, other: str) -> bool:
    """Whether two texts of :func:`code` are of the same files, whatever their commits."""
    first, second = (re.split("[.+]", each)[-1] for each in (one, other))
    return first == second


def checksum(package: Path) -> str:
    """Return the beginning of the SHA-256 of the Python files in a folder, with their names."""
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(package).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:_DIGITS]


def commit(package: Path) -> str:
    """Return ``g`` and the commit of a folder, with ``.dirty`` if it was changed since.

    It comes from git where the folder above is a work tree, and from the file
    that a build left in an installed package; nothing where neither is there.
    """
    if (package.parent / ".git").exists():
        found = _git(package.parent, "rev-parse", f"--short={_DIGITS}", "HEAD")
        changed = _git(package.parent, "status", "--porcelain", "--", package.name)
        if found is None or changed is None:
            return ""
        return f"g{found}.dirty" if changed else f"g{found}"
    stamp = package / STAMP
    return stamp.read_text(encoding="ascii").strip() if stamp.is_file() else ""


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what git says about the work tree of a folder, or None if it cannot tell."""
    # In a hook of git these variables name another repository.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
