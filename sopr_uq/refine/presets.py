"""Named collections of settings; what a configuration says explicitly comes first."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Literal

type PresetName = Literal["desktop", "published"]

_PUBLISHED: dict[str, dict[str, Any]] = {
    "engine": {
        "particles": 2916,
        "timestep": 0.5,
        "thermalisation_steps": 5_000,
        "ramp_steps": 10_000,
        "equilibration_steps": 1_000_000,
        "production_steps": 1_000_000,
        "sample_every": 100,
    },
    "refine": {
        "rule": "sopr",
        "gamma": 0.2,
        "regressed": "potential",
        "width": 0.05,
        "length": 1.0,
        "noise": 0.01,
        "regress_from": 0.9,
        "fit_level": False,
        "stable_start": False,
        "warm_start": False,
        "stop": "published",
        "tolerance": 5e-4,
    },
}
"""Every setting of arXiv 2501.06501: cut-off 3 σ with tail corrections is the default."""

_DESKTOP: dict[str, dict[str, Any]] = {
    "engine": {"particles": 1372, "equilibration_steps": 1_500, "production_steps": 4_000},
    "refine": {"gamma": 0.5, "regressed": "correction", "stop": "noise"},
}
"""A few minutes on two cores: smaller, warm starts, the GP on the correction."""


def preset(name: PresetName) -> dict[str, dict[str, Any]]:
    """Return the tables ``engine`` and ``refine`` of a preset.

    Parameters
    ----------
    name : {"desktop", "published"}
        ``desktop`` takes minutes; ``published`` follows arXiv 2501.06501 to
        the letter and takes days.
    """
    return deepcopy({"desktop": _DESKTOP, "published": _PUBLISHED}[name])
