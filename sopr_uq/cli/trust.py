"""Commands that ask whether a result can be trusted: verify it, repeat it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from sopr_uq.cli.codes import DISAGREES, OK, WRONG_INPUT
from sopr_uq.cli.executor import chosen, executor_options
from sopr_uq.cli.json_output import json_option, print_json
from sopr_uq.cli.progress import Bar
from sopr_uq.cli.terminal import print_facts, terminal
from sopr_uq.workflow.doctor import Finding
from sopr_uq.workflow.report import LABELS, PRINTED_UNITS

if TYPE_CHECKING:
    from sopr_uq.workflow.repeat import Comparison


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@json_option
def verify(path: Path, as_json: bool) -> None:
    """Check that what is in PATH is what was written: inputs, checkpoints, result.

    Exit code 0: all good; 2: something is altered, damaged or missing.
    """
    from sopr_uq.workflow.verify import verify_run

    findings = verify_run(path)
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        _print(findings)
    sys.exit(OK if all(finding.good for finding in findings) else WRONG_INPUT)


def _print(findings: Sequence[Finding]) -> None:
    rows = [(f"{'ok   ' if f.good else 'WRONG'} {f.name}", f.text) for f in findings]
    print_facts(terminal(), rows, width=28, justify="left")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), help="New folder; default PATH with -repeat after it."
)
@click.option("--seed", type=int, help="Another seed; by default the stored one.")
@json_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
@executor_options
def repeat(
    path: Path,
    out: Path | None,
    seed: int | None,
    as_json: bool,
    quiet: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Refine again as stored in PATH, and say whether the result agrees within error.

    Exit code 0: it agrees; 3: it does not.
    """
    from sopr_uq.workflow import repeat as api
    from sopr_uq.workflow.result import load_result

    config = api.stored_config(path, load_result(path), seed)
    executor = chosen(workers, scheduler)
    with Bar(config, quiet=quiet) as bar:
        found = api.repeat(path, out, seed=seed, watcher=bar, executor=executor)
    if as_json:
        print_json(found.as_dict())
    else:
        _print_comparison(found, api.repeat_folder(path, out))
    sys.exit(OK if found.agrees else DISAGREES)


def _print_comparison(found: Comparison, folder: Path) -> None:
    table = Table("quantity", "stored (sd)", "repeated (sd)", "difference / sd", "unit")
    for row in found.rows:
        stored, again = f"{row.first:.4f} ({row.first_sd:.4f})", f"{row.second:.4f}"
        label, unit = LABELS.get(row.quantity, row.quantity), PRINTED_UNITS.get(row.unit, row.unit)
        table.add_row(label, stored, f"{again} ({row.second_sd:.4f})", f"{row.z:.2f}", unit)
    console = terminal()
    console.print(table)
    words = "agrees within error" if found.agrees else "does NOT agree within error"
    if found.identical:
        words = "is the same, number for number"
    console.print(f"The repetition {words} (limit: {found.limit:g} standard deviations).")
    if found.outcomes[0] != found.outcomes[1]:
        console.print(f"outcome  stored {found.outcomes[0]}, repeated {found.outcomes[1]}")
    console.print(f"result   {folder}", markup=False)
