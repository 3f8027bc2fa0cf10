"""The lines of a text file: numbers and headers apart from comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from sopr_uq.errors import InputError

_LEADING = ("#", "%", "!", ";", "@", "//")
_TRAILING = re.compile(r"[#%!]")
_BLOCK = re.compile(r"/\*.*?(\*/|\Z)", re.DOTALL)
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_TEXT_ADVICE = "save the file as UTF-8, or as plain text when it is a spreadsheet"


class Line(NamedTuple):
    """A line of a file with its number, counted from one."""

    number: int
    text: str


@dataclass(frozen=True)
class Text:
    """A text file.

    Parameters
    ----------
    name : str
        How messages call the file.
    lines : tuple of Line
        Every line that is neither empty nor a comment.
    comments : tuple of Line
        Comments, with the mark that begins them.
    """

    name: str
    lines: tuple[Line, ...]
    comments: tuple[Line, ...]

    def at(self, line: int) -> str:
        """Return how a message names a line."""
        return f"{self.name}, line {line}"


def read_text(name: str, content: bytes) -> Text:
    """Split the bytes of a file into lines and comments.

    Comments are lines that begin with ``# % ! ; @ //``, what follows ``# % !``
    in a line, and what stands between ``/*`` and ``*/``. Comments need not be
    UTF-8; older programs write Å as one byte.

    Raises
    ------
    InputError
        If it is no text.
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        _not_text(name, 1, content[0])
    decoded = content.decode("utf-8-sig", errors="surrogateescape")
    decoded = _BLOCK.sub(lambda block: "\n" * block[0].count("\n"), _one_line_end(decoded))
    lines, comments = [], []
    for number, raw in enumerate(decoded.split("\n"), start=1):
        text, comment = _split(raw.strip())
        if comment:
            comments.append(Line(number, _NOT_UTF8.sub("?", comment)))
        if text:
            _check(name, number, text)
            lines.append(Line(number, text))
    return Text(name, tuple(lines), tuple(comments))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(line: str) -> tuple[str, str]:
    if line.startswith(_LEADING) or line == "&":
        return "", line
    found = _TRAILING.search(line)
    if found is None:
        return line, ""
    return line[: found.start()].rstrip(), line[found.start() :]


def _check(name: str, number: int, text: str) -> None:
    other = _NOT_UTF8.search(text)
    if other is not None:
        _not_text(name, number, ord(other[0]) - 0xDC00)
    if "\0" in text:
        _not_text(name, number, 0)


def _not_text(name: str, number: int, byte: int) -> None:
    where = f"{name}, line {number}"
    raise InputError(where, "text in UTF-8", f"byte 0x{byte:02x}", _TEXT_ADVICE)
