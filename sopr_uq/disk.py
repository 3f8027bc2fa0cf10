"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import errno
import glob
import os
import platform
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopr_uq.errors import CheckpointError

_TEMPORARY = ".*.tmp"
_DAY = 86_400.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def atomic(file: Path) -> Iterator[Path]:
    """Give a temporary name; what is written there takes the file's place at the end.

    It is synced before it is renamed, and its folder afterwards, so that the
    name never belongs to half a file, even after a power failure.

    Parameters
    ----------
    file : Path
        What it is to become.

    Yields
    ------
    Path
        Where to write.

    Raises
    ------
    CheckpointError
        If the disk does not take it; what was there before stays.
    """
    temporary = _temporary(file)
    try:
        yield temporary
        sync(temporary)
        temporary.replace(file)
        sync(file.parent)
    except OSError as error:
        raise CheckpointError(_refusal(file, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises
    ------
    CheckpointError
        If the disk does not take it; what was there before stays.
    """
    with atomic(file) as temporary:
        temporary.write_bytes(content)


def read_bytes(path: Path, largest: float = 100e6) -> bytes:
    """Read a file that may be anything: only a regular one, and of ordinary size.

    Raises
    ------
    OSError
        If it cannot be read, is a device or a pipe (which might never end), or
        is larger than so many bytes.
    """
    about = path.stat()
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise OSError(errno.EINVAL, "not a regular file")
    if about.st_size > largest:
        size = f"{about.st_size / 1e6:.0f} MB, more than {largest / 1e6:g} MB"
        raise OSError(errno.EFBIG, size)
    return path.read_bytes()


def sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Give a temporary folder; what is written there appears under its name at the end.

    Raises
    ------
    OSError
        If it cannot be made, or something of that name is there by then.
    """
    temporary = _temporary(folder)
    for other in folder.parent.glob(f".{glob.escape(folder.name)}.*.tmp"):
        if _is_left(other):
            shutil.rmtree(other, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        temporary.rename(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def clear_leftovers(folder: Path) -> None:
    """Remove what killed processes were writing in a folder when they died.

    What a process that lives is writing stays, whether or not it holds the folder.
    """
    for file in folder.glob(_TEMPORARY):
        if _is_left(file):
            file.unlink(missing_ok=True)


def is_temporary(path: Path) -> bool:
    """Whether it has a name under which something is being written, or was."""
    return path.match(_TEMPORARY)


def _temporary(path: Path) -> Path:
    """Return the name to write under; it says which process of which computer does."""
    return path.with_name(f".{path.name}.{os.getpid()}@{_host()}.tmp")


def _host() -> str:
    return platform.node().replace(".", "-").replace("/", "-")


def _is_left(temporary: Path) -> bool:
    """Whether nobody is writing it any more."""
    owner, _, host = temporary.name.split(".")[-2].partition("@")
    if host in ("", _host()) and owner.isdecimal():
        return not _lives(int(owner))
    try:
        # Another computer's processes cannot be asked; none writes one file for a day.
        return time.time() - temporary.stat().st_mtime > _DAY
    except FileNotFoundError:
        return False


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def unused(file: Path) -> Path:
    """Return a name that no file has yet: the one given, or with a number after it."""
    names = (file, *(file.with_name(f"{file.name}{n}") for n in range(2, 10_000)))
    return next(name for name in names if not name.exists())


def _refusal(file: Path, error: OSError) -> str:
    advice = "check the disk and the permissions of the folder"
    if error.errno in _FULL:
        advice = "free some disk space"
    reason = error.strerror or str(error)
    return (
        f"{file} could not be written: {reason}. What was written before is intact; "
        f"{advice} and resume."
    )
