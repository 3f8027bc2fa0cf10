"""Files that are there whole or not at all, whatever ends the process that writes them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sopr_uq.errors import CheckpointError

_TEMPORARY = ".*.tmp"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole(file: Path) -> Iterator[Path]:
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
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        sync(temporary)
        temporary.replace(file)
        sync(file.parent)
    except OSError as error:
        raise CheckpointError(_refusal(file, error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises
    ------
    CheckpointError
        If the disk does not take it; what was there before stays.
    """
    with whole(file) as temporary:
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


def clear_leftovers(folder: Path) -> None:
    """Remove what killed processes were writing in a folder when they died."""
    for file in folder.glob(_TEMPORARY):
        file.unlink(missing_ok=True)


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
