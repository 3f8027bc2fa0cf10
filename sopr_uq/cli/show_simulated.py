"""Simulated draws on the terminal: a table for each state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from sopr_uq.cli.json_output import print_json
from sopr_uq.cli.terminal import terminal

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console


def print_simulated(tree: xr.DataTree, file: Path, *, as_json: bool) -> None:
    """Print what simulated draws say."""
    from sopr_uq.workflow.simulated_report import BOILING, as_dict, head, notice, table, title

    if as_json:
        print_json(as_dict(tree))
        return
    console = terminal()
    if BOILING in tree.children:
        _print_line(tree, console)
        console.print(f"result   {file}", markup=False)
        return
    for state in range(tree["runs"].sizes["state"] if "summary" in tree.children else 0):
        out = Table(*head(tree), title=title(tree, state), title_justify="left")
        for row in table(tree, state):
            out.add_row(*row)
        console.print(out)
    if said := notice(tree):
        console.print(said, markup=False)
    if tree.attrs["failed"]:
        console.print(f"{tree.attrs['failed']} simulations failed and speak for no draw.")
    console.print(f"result   {file}", markup=False)
    console.print(f"figures  {file.parent / 'figures'}", markup=False)


def _print_line(tree: xr.DataTree, console: Console) -> None:
    from sopr_uq.workflow.simulated_report import boiling_head, boiling_point, boiling_rows

    out = Table(*boiling_head(tree), title=str(tree.attrs["system"]), title_justify="left")
    for row in boiling_rows(tree):
        out.add_row(*row)
    console.print(out)
    console.print(boiling_point(tree))
