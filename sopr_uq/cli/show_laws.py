"""Tables of laws and predictions for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr
from rich.table import Column, Table

from sopr_uq.cli.json_output import print_json
from sopr_uq.cli.terminal import print_facts, terminal
from sopr_uq.laws import reservations
from sopr_uq.workflow import laws_report as text


def print_laws(
    laws: xr.DataTree, path: Path, *, as_json: bool = False, prob: float | None = None
) -> None:
    """Print what laws were learnt, from what, and how surely."""
    probability = float(laws.attrs["ci_prob"]) if prob is None else prob
    if as_json:
        found = text.laws_dict(laws, probability)
        print_json(found)
        return
    console = terminal()
    print_facts(console, text.laws_facts(laws))
    console.print(_table(text.element_head(laws), text.element_rows(laws)))
    console.print(_table(text.LAW_HEAD, text.law_rows(laws)))
    console.print(text.LAW_LEGEND, markup=False)
    console.print(f"laws     {path}", markup=False)


def print_predictions(
    predictions: dict[str, dict[str, dict[str, Any]]], laws: xr.DataTree, alpha: dict[str, str]
) -> None:
    """Print predictions, and say which of them extrapolate."""
    console = terminal()
    rows = text.prediction_rows(predictions, alpha)
    prob = next(iter(next(iter(predictions.values())).values()))["prob"]
    head = [h.replace("interval", f"{100 * prob:g} % interval") for h in text.PREDICTION_HEAD]
    console.print(_table(head, rows))
    for sentence in reservations(laws):
        console.print(f"† {sentence}", markup=False)
    low, high = text.fitted_range(laws)
    console.print(
        f"Intervals are equal-tailed, with the law's scatter and the error of α.\n"
        f"The laws were fitted to α from {low:.3g} to {high:.3g} Å³; beyond, they extrapolate.",
        markup=False,
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*(Column(name, no_wrap=True) for name in head))
    for row in rows:
        table.add_row(*row)
    return table
