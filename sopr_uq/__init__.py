"""From a scattering measurement of a liquid to a calibrated posterior over its pair potential.

The names below are what a notebook needs. They are imported when first used,
so that ``import sopr_uq`` stays quick; everything else is found in its layer. Type
checkers read ``__init__.pyi``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "sopr_uq.derived": ("describe", "structure_bands", "summary"),
    "sopr_uq.engine.factory": ("make_engine",),
    "sopr_uq.engine.protocol": ("Setup",),
    "sopr_uq.engine.settings": ("EngineSettings",),
    "sopr_uq.experiment": (
        "Molecule",
        "Observation",
        "Pair",
        "Site",
        "Substance",
        "element",
        "elements",
        "load_curve",
        "load_system",
        "read_curve",
        "systems",
        "to_dataset",
    ),
    "sopr_uq.experiment.liquid": ("Liquid",),
    "sopr_uq.experiment.look": ("look",),
    "sopr_uq.experiment.state": ("StatePoint",),
    "sopr_uq.laws": (
        "Ensemble",
        "FitSettings",
        "Sampling",
        "Target",
        "fit_laws",
        "law_curve",
        "law_view",
        "load_ensemble",
        "predict",
        "predictive_draws",
        "published_analysis",
        "save_laws",
    ),
    "sopr_uq.posterior.thin": ("thin",),
    "sopr_uq.potentials": ("Exp6", "Mie", "Tabulated", "lennard_jones"),
    "sopr_uq.refine.ibi": ("Ibi",),
    "sopr_uq.refine.newton": ("Newton",),
    "sopr_uq.refine.problem": ("Problem",),
    "sopr_uq.refine.settings": ("RefineSettings",),
    "sopr_uq.refine.sopr": ("Sopr",),
    "sopr_uq.workflow.build": ("build_engine", "build_rule"),
    "sopr_uq.workflow.calibration": ("calibrate",),
    "sopr_uq.workflow.campaign": ("Campaign",),
    "sopr_uq.workflow.citations": ("citations",),
    "sopr_uq.workflow.config": ("Config", "dump_config", "load_config"),
    "sopr_uq.workflow.figures": ("save_figures",),
    "sopr_uq.workflow.laws": ("laws_of_runs", "read_laws"),
    "sopr_uq.workflow.markdown": ("report",),
    "sopr_uq.workflow.result": ("load_result",),
    "sopr_uq.workflow.run": ("resume", "run"),
    "sopr_uq.workflow.simulate": ("simulate",),
    "sopr_uq.workflow.simulate_element": ("simulate_element",),
    "sopr_uq.workflow.simulated": ("load_simulated",),
    "sopr_uq.workflow.twins": ("Measurement",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'sopr_uq' has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
