"""One process at a time in a folder; the second is told who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.provenance import now

LOCK = ".lock"
"""In a folder while a process works in it."""

_LONGEST = 1000


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep every other process out of a folder.

    The system releases the lock when the process ends, however it ends, so
    that a lock file which a killed process left behind holds nobody up.

    Raises
    ------
    CheckpointError
        If another process is working there: its number, computer and since when.
    InputError
        If the folder cannot be written.
    """
    path = folder / LOCK
    try:
        handle = _acquire(path)
    except BlockingIOError:
        raise CheckpointError(
            f"another process is working in {folder}: {_holder(path)}. "
            "Wait for it, or stop it first."
        ) from None
    except OSError as error:
        raise InputError(str(folder), "a folder to write in", str(error)) from None
    try:
        who = {"pid": os.getpid(), "host": platform.node(), "since": now()}
        os.ftruncate(handle, 0)
        os.write(handle, json.dumps(who).encode())
        yield
    finally:
        # Still holding it: nobody can have taken it in between.
        path.unlink(missing_ok=True)
        os.close(handle)


def _acquire(path: Path) -> int:
    """Open and lock the file that has the name at that moment."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(handle)
            raise
        if _is_named(handle, path):
            return handle
        # Its last holder removed it between our opening and our locking it.
        os.close(handle)


def _is_named(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        who = json.loads(path.read_text(encoding="utf-8")[:_LONGEST])
        return f"process {who['pid']} on {who['host']}, since {who['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it has not said yet who it is"
