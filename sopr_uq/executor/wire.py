"""Values between two processes: how they become bytes, and where one ends on a pipe.

Functions and classes of a notebook or a script travel by value, as no other
process can import them; those of modules by name.
"""

from __future__ import annotations

import struct
from typing import IO, Any

import cloudpickle

_LENGTH = struct.Struct("<Q")


def to_bytes(value: Any) -> bytes:
    """Return a value as bytes."""
    return bytes(cloudpickle.dumps(value))


def from_bytes(content: bytes) -> Any:
    """Return the value of some bytes that :func:`to_bytes` made."""
    return cloudpickle.loads(content)


def send(stream: IO[bytes], content: bytes) -> None:
    """Write some bytes, with their length before them."""
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read what :func:`send` wrote.

    Raises
    ------
    EOFError
        If the other end closes before it is whole.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    return _exactly(stream, length)


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return content
