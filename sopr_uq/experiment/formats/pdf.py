"""``.gr``, ``.sq`` and ``.fq`` of PDFgetX3, PDFgetN3, PDFgetN and diffpy.

The head is a configuration (``qmax = 25.0``), as text or as comments; a line
``#L`` or the suffix names the columns. ``.gr`` holds G(r) = 4πρr(g − 1), ``.fq``
holds F(Q) = Q(S − 1).
"""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Text

_SETTING = re.compile(r"[#\s]*(?P<key>[A-Za-z][A-Za-z_0-9]*)\s*[=:]\s*(?P<value>.*)")
_SECTION = re.compile(r"\[[A-Za-z]+\]")
_WRITERS = ("pdfget", "diffpy", "xpdfsuite", "pdfgui")
_COLUMNS = {
    "gr": (Column("r", "r", "angstrom"), Column("G", "G")),
    "sq": (Column("Q", "q", "1/angstrom"), Column("S", "s")),
    "fq": (Column("Q", "q", "1/angstrom"), Column("F", "q(s-1)")),
}
_KEYS = ("qmax", "qmin", "qmaxinst", "outputtype", "composition", "rpoly", "mode", "qdamp")


def is_pdf(name: str, text: Text) -> bool:
    """Whether a program of the PDF family wrote it: by its head, or by ``#L`` and suffix."""
    head = "\n".join(line.text for line in (*text.lines[:60], *text.comments[:60])).casefold()
    labelled = any(c.text.startswith("#L ") for c in text.comments)
    return any(word in head for word in _WRITERS) or (labelled and _suffix(name) in _COLUMNS)


def read_pdf(name: str, text: Text) -> Table:
    """Read a curve and the settings above it.

    Raises
    ------
    InputError
        If it holds no columns of numbers.
    """
    settings = {line: m for line in (*text.comments, *text.lines) if (m := _setting(line.text))}
    facts = {m["key"].casefold(): m["value"].strip() for m in settings.values()}
    facts = {key: value for key, value in facts.items() if key in _KEYS}
    body = tuple(
        line for line in text.lines if line not in settings and not _SECTION.fullmatch(line.text)
    )
    table = read_delimited(replace(text, lines=body))
    kind = facts.get("outputtype", "").casefold() or _suffix(name)
    known = _COLUMNS.get(kind)
    columns = table.columns if known is None else _named(known, len(table.columns))
    return replace(table, format=f"PDFgetX3/diffpy .{kind}", columns=columns, facts=facts)


def _named(known: tuple[Column, ...], width: int) -> tuple[Column, ...]:
    """Return the columns: x and y, then dx and dy where there are four, dy where three."""
    more = {3: (Column("error", "error"),), 4: (Column("dr", "other"), Column("error", "error"))}
    return (known + more.get(width, (Column("", "other"),) * (width - 2)))[:width]


def _setting(text: str) -> re.Match[str] | None:
    return _SETTING.fullmatch(text)


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].casefold()
