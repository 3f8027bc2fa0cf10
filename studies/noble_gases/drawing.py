"""Figures of the study, from what is stored."""

from __future__ import annotations

from pathlib import Path

import xarray as xr
from plan import MAIN, UNMEASURED, Places

from sopr_uq.derived import structure_bands
from sopr_uq.experiment import element
from sopr_uq.figures import (
    budget_sheet,
    pulls_figure,
    residual_sheet,
    save,
    structure_sheet,
    well_sheet,
)
from sopr_uq.figures.laws_sheet import save_laws_figures
from sopr_uq.laws import as_target, load_ensemble, open_laws, predictive_draws, pulls
from sopr_uq.workflow.result import load_result

BUDGET = "error_budget"


def draw(places: Places) -> list[Path]:
    """Save every figure as PNG and PDF."""
    results = {symbol: load_result(path) for symbol, path in places.stored(MAIN).items()}
    liquids = xr.DataTree.from_dict({s: structure_bands(r) for s, r in results.items()})
    laws = open_laws(places.laws)
    folder = places.figures
    files = save(structure_sheet(liquids), folder, "structure")
    files += save(residual_sheet(liquids), folder, "residuals")
    files += save(well_sheet(liquids, {s: _others(s) for s in results}), folder, "wells")
    files += save_laws_figures(laws, folder)
    files += save(pulls_figure(_pulls(places, laws)), folder, "pulls")
    budgets = {s: r[BUDGET].to_dataset() for s, r in results.items() if BUDGET in r.children}
    if budgets:
        files += save(budget_sheet(xr.DataTree.from_dict(budgets)), folder, "budget")
    return files


def _others(symbol: str) -> dict[str, tuple[float, float]]:
    known = element(symbol)
    found = {"QDO paper": known.published, "force field": known.force_field}
    return {name: (x.sigma, x.epsilon) for name, x in found.items() if x is not None}


def _pulls(places: Places, laws: xr.DataTree) -> xr.Dataset:
    draws = {s: load_ensemble(path).to_dataset() for s, path in places.stored(MAIN).items()}
    draws |= {symbol: predictive_draws(laws, as_target(symbol)) for symbol in UNMEASURED}
    return pulls(draws)
