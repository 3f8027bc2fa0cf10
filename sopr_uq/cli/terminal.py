"""Where text for people goes: whole lines for programs, broken between words for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text


def terminal(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Return what prints within the width of a terminal, and elsewhere a line as a line."""
    found = Console(stderr=stderr, quiet=quiet, highlight=False)
    found.soft_wrap = not found.is_terminal
    return found


def print_facts(
    console: Console,
    found: Sequence[tuple[str, str]],
    *,
    width: int = 8,
    justify: Literal["left", "right"] = "right",
) -> None:
    """Print words of at least a width, each with a text whose further lines stand under it."""
    if not console.is_terminal:
        for name, text in found:
            said = name.rjust(width) if justify == "right" else name.ljust(width)
            console.print(f"{said}  {text}", markup=False)
        return
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify=justify, min_width=width, no_wrap=True)
    for name, text in found:
        grid.add_row(Text(name), Text(text))
    console.print(grid)
