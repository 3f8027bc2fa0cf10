"""``fix ave/time`` of LAMMPS' ``compute rdf``: blocks of rows, one a time."""

from __future__ import annotations

import re
from dataclasses import replace

from sopr_uq.errors import InputError
from sopr_uq.experiment.formats.delimited import read_delimited
from sopr_uq.experiment.formats.table import Column, Table
from sopr_uq.experiment.formats.text import Line, Text

_HEAD = re.compile(r"(?P<step>[0-9]+)\s+(?P<rows>[0-9]+)")


def is_lammps(text: Text) -> bool:
    """Whether the comments are those of ``fix ave/time`` in vector mode."""
    heads = " ".join(comment.text for comment in text.comments[:5])
    return "Number-of-rows" in heads or "Time-averaged data for fix" in heads


def read_lammps(text: Text) -> Table:
    """Read the last block: of ``ave running`` it is the average of all.

    Columns after the row's number are r, then g and the coordination number of
    every pair of the compute.

    Raises
    ------
    InputError
        If no block is whole.
    """
    blocks = _blocks(text)
    if not blocks:
        expected = "blocks of rows, as fix ave/time writes them for compute rdf"
        raise InputError(text.name, expected, f"{len(text.lines)} lines without a whole block")
    table = read_delimited(replace(text, lines=blocks[-1]))
    columns, name = [Column("row", "other"), Column("r", "r", "angstrom")], "g"
    for i in range(2, len(table.columns)):
        pair = f"{name}{i // 2}" if len(table.columns) > 4 else name
        columns.append(Column(pair, "g") if i % 2 == 0 else Column(f"coord{i // 2}", "other"))
    remark = f"The last of {len(blocks)} blocks in time was read."
    return replace(
        table,
        format="LAMMPS compute rdf",
        columns=tuple(columns[: len(table.columns)]),
        simulated=True,
        remarks=(remark,) if len(blocks) > 1 else (),
    )


def _blocks(text: Text) -> list[tuple[Line, ...]]:
    """Return the whole blocks, each the rows that the line above it announces."""
    blocks, i = [], 0
    while i < len(text.lines):
        found = _HEAD.fullmatch(text.lines[i].text)
        if found is None:
            break
        n = int(found["rows"][:9])
        rows = text.lines[i + 1 : i + 1 + n]
        if len(rows) == n > 0 and not any(_HEAD.fullmatch(row.text) for row in rows):
            blocks.append(rows)
        i += 1 + max(n, 1)
    return blocks
