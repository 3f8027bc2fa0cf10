"""Tables for the terminal, and the same as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr
from rich.table import Table

from sopr_uq.cli.json_output import print_json
from sopr_uq.cli.terminal import print_facts, terminal
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.registry import ShippedSystem
from sopr_uq.workflow.doctor import Finding
from sopr_uq.workflow.report import as_dict, facts, head, table


def print_systems(shipped: Sequence[ShippedSystem], as_json: bool) -> None:
    """Print what ships."""
    rows = [
        {
            "name": s.name,
            "title": s.title,
            "temperature_K": s.state.temperature,
            "density_per_angstrom3": s.state.density,
            "curves": [
                {"kind": c.kind, "points": _size(c.path), "source": c.source, "doi": c.doi}
                for c in s.curves
            ],
        }
        for s in shipped
    ]
    if as_json:
        print_json(rows)
        return
    out = Table("system", "T / K", "ρ / Å⁻³", "measured", "source")
    for row, s in zip(rows, shipped, strict=True):
        curves = "\n".join(f"{KINDS[c.kind].text}, {_size(c.path)} points" for c in s.curves)
        sources = "\n".join(dict.fromkeys(c.source for c in s.curves))
        temperature, density = f"{s.state.temperature:g}", f"{s.state.density:g}"
        out.add_row(str(row["name"]), temperature, density, curves, sources)
    terminal().print(out)


def _size(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(1 for line in lines if line and not line.startswith("#")) - 1


def print_result(result: xr.DataTree, folder: Path, *, as_json: bool, prob: float) -> None:
    """Print what a refinement found."""
    if as_json:
        print_json(as_dict(result, prob))
        return
    console = terminal()
    print_facts(console, facts(result))
    # corrections have none of these numbers
    if rows := table(result, prob):
        out = Table(*head(result, prob))
        for row in rows:
            out.add_row(*row)
        console.print(out)
    console.print(f"result   {folder / 'result.nc'}\nfigures  {folder / 'figures'}", markup=False)


def print_doctor(findings: Sequence[Finding], as_json: bool) -> bool:
    """Print findings; return whether something can simulate."""
    simulates = any(f.good and f.dynamics for f in findings)
    if as_json:
        print_json({"simulates": simulates, "findings": [f.as_dict() for f in findings]})
        return simulates
    console = terminal()
    rows = [(f"{'ok' if f.good else '--'}  {f.name}", f.text) for f in findings]
    print_facts(console, rows, width=28, justify="left")
    return simulates
