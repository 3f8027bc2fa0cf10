"""Figures of whatever a file holds."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from sopr_uq.figures.laws_sheet import save_laws_figures
from sopr_uq.figures.sheet import save_refinement
from sopr_uq.figures.simulated import save_simulated
from sopr_uq.workflow.simulated import KIND_OF_SIMULATED


def save_figures(tree: xr.DataTree, folder: Path) -> list[Path]:
    """Save the figures of a refinement's result, laws or simulated draws; return the files."""
    if tree.attrs.get("kind") == "laws":
        return save_laws_figures(tree, folder)
    if tree.attrs.get("kind") == KIND_OF_SIMULATED:
        return save_simulated(tree, folder)
    return save_refinement(tree, folder)
