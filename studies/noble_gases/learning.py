"""Laws of the study, and how their answers move when something is done differently."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from plan import MAIN, UNMEASURED, Places

from sopr_uq.experiment.elements import PolarizabilitySet
from sopr_uq.laws import (
    QUANTITIES,
    Ensemble,
    FitSettings,
    NutsSettings,
    Sampling,
    as_target,
    fit_laws,
    load_ensemble,
    predict,
    save_laws,
)
from sopr_uq.posterior.store import write
from sopr_uq.posterior.thin import single_precision
from sopr_uq.workflow.laws import laws_of_runs

PARAMETERS = ("a", "b", "tau")
STATISTICS = ("mean", "sd", "lower", "upper")


def learn(places: Places, *, draws: int = 1000, check: bool = True) -> None:
    """Fit the laws, checked by emcee, and every variation of them; keep both.

    Parameters
    ----------
    places : Places
    draws : int
        Draws kept of each of four chains.
    check : bool
        Whether emcee checks the laws.
    """
    quick = FitSettings(Sampling(NutsSettings(draws=draws), None))
    whole = FitSettings(Sampling(NutsSettings(draws=draws))) if check else quick
    paths = places.stored(MAIN)
    laws = laws_of_runs(list(paths.values()), settings=whole)
    save_laws(single_precision(laws), places.laws)
    found = {"as above": _answers(laws, "recommended")}
    for label, ensembles, chosen in _variations(places):
        varied = fit_laws(ensembles, quick)
        found[label] = _answers(varied, chosen)
        print(f"variation: {label}", flush=True)
    names = xr.Variable("variation", list(found))
    write(xr.DataTree(xr.concat(list(found.values()), names, join="outer")), places.variations)


def _variations(places: Places) -> Iterator[tuple[str, list[Ensemble], PolarizabilitySet]]:
    main = _ensembles(places.stored(MAIN))
    yield "α of the QDO paper", _ensembles(places.stored(MAIN), "qdo"), "qdo"
    yield "argon left out", [e for e in main if e.element != "Ar"], "recommended"
    others = {"newton-g": "pressure left out", "sopr": "rule sopr, g(r) alone"}
    for variant, label in others.items():
        found = places.stored(variant)
        if len(found) == len(main):
            yield label, _ensembles(found), "recommended"


def _ensembles(
    paths: Mapping[str, Path], polarizabilities: PolarizabilitySet = "recommended"
) -> list[Ensemble]:
    return [load_ensemble(p, polarizabilities=polarizabilities) for p in paths.values()]


def _answers(laws: xr.DataTree, polarizabilities: PolarizabilitySet) -> xr.Dataset:
    """Return parameters over (quantity, law, parameter) and predictions over (target, quantity)."""
    table = laws["parameters"].to_dataset()
    columns: dict[str, Any] = {
        f"parameter_{k}": table[k].sel(parameter=list(PARAMETERS)).astype(float) for k in STATISTICS
    }
    columns["probability"] = laws["comparison"].to_dataset()["probability"]
    targets = [as_target(t, polarizabilities) for t in UNMEASURED]
    found = predict(laws, targets)
    for k in STATISTICS:
        columns[f"prediction_{k}"] = (("target", "quantity"), _grid(found, UNMEASURED, k))
    ds = xr.Dataset(columns, {"target": list(UNMEASURED)})
    return ds.drop_vars([c for c in ds.coords if c not in ds.dims])


def _grid(found: Mapping[str, Any], targets: Sequence[str], key: str) -> np.ndarray:
    quantities = [q for q in QUANTITIES if q in found[targets[0]]]
    return np.array([[found[t][q][key] for q in quantities] for t in targets])
