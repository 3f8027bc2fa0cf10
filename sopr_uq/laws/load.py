"""Reading ensembles from finished runs, and laws from their file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import is_corrected
from sopr_uq.derived.labelled import describe
from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import Element, PolarizabilitySet, element, elements
from sopr_uq.laws.ensembles import Ensemble
from sopr_uq.laws.fit import KIND_OF_LAWS
from sopr_uq.laws.law import QUANTITIES, unit
from sopr_uq.posterior.status import is_doubtful, kind_of_band
from sopr_uq.posterior.store import RESULT, read, write
from sopr_uq.units import inverse_temperature

GROUP = "derived"
_SPELLINGS: Mapping[str, tuple[str, ...]] = {
    "angstrom": ("angstrom", "Angstrom", "Å", "A"),
    "kcal/mol": ("kcal/mol", "kcal mol-1", "kcal mol^-1"),
}


def load_ensemble(
    folder: Path,
    *,
    symbol: str | None = None,
    polarizabilities: PolarizabilitySet = "recommended",
    group: str = GROUP,
) -> Ensemble:
    """Read the draws of a finished run.

    Parameters
    ----------
    folder : Path
        Folder of the run, or its ``result.nc``.
    symbol : str, optional
        Element; by default what the result says: its attribute ``element``, or
        the element whose shipped system or fluid it names.
    polarizabilities : {"recommended", "qdo"}
        Where α comes from.
    group : str
        Group that holds ``sigma(chain, draw)`` and the others.

    Raises
    ------
    InputError
        If there is no result, no such group (a point estimate has none), no
        quantity that follows laws, another unit, or no telling which element.
    """
    path = folder / RESULT if folder.is_dir() else folder
    tree = read(path)
    if group not in tree.children:
        raise InputError(
            str(path),
            f"an ensemble, that is a group /{group} with draws",
            ", ".join(f"/{name}" for name in tree.children) or "no groups",
            "a run whose rule gives a posterior, such as newton or sopr",
        )
    draws = tree[group].to_dataset()
    if "pair" in draws.dims:
        raise InputError(str(path), "the result of an element", "one of a mixture")
    if is_corrected(tree):
        raise InputError(str(path), "a potential refined as a whole", "a correction to another")
    found = {q: draws[q] for q in QUANTITIES if q in draws and "draw" in draws[q].dims}
    for quantity, values in found.items():
        _check_unit(path, quantity, str(values.attrs.get("units", unit(quantity))))
    chosen = element(symbol) if symbol is not None else _element_of(tree, path)
    alpha = chosen.polarizability(polarizabilities)
    return Ensemble(
        element=chosen.symbol,
        polarizability=alpha.value,
        polarizability_error=alpha.error,
        draws={q: np.asarray(values.values, dtype=float) for q, values in found.items()},
        rule=str(tree.attrs.get("rule", "")),
        source=path.parent.name,
        band=kind_of_band(tree),
        doubtful=is_doubtful(tree),
        prior_sd=_prior_sd(tree, list(found)),
    )


def _prior_sd(tree: xr.DataTree, quantities: Sequence[str]) -> dict[str, float]:
    """Standard deviations of log D over the draws of the prior, where a result has some."""
    if "prior" not in tree.children or "potential" not in tree["prior"]:
        return {}
    beta = inverse_temperature(float(tree.attrs["temperature"]))
    drawn = describe(tree["prior"].to_dataset()["potential"].astype(float), beta)
    logs = {q: np.log(drawn[q].values[np.isfinite(drawn[q].values)]) for q in quantities}
    return {q: float(x.std(ddof=1)) for q, x in logs.items() if x.size > 1}


def save_laws(laws: xr.DataTree, path: Path) -> None:
    """Write laws to one netCDF-4 file, whole or not at all."""
    write(laws, path)


def open_laws(path: Path) -> xr.DataTree:
    """Read laws into memory.

    Raises
    ------
    InputError
        If the file is missing or holds something else.
    """
    tree = read(path)
    if tree.attrs.get("kind") != KIND_OF_LAWS:
        expected, advice = "laws", "the file that 'sopr-uq laws' wrote"
        raise InputError(str(path), expected, f"kind {tree.attrs.get('kind')!r}", advice)
    return tree


def _check_unit(path: Path, quantity: str, found: str) -> None:
    expected = unit(quantity)
    if found not in _SPELLINGS[expected]:
        raise InputError(f"{path}: {quantity}", f"draws in {expected}", f"draws in {found}")


def _element_of(tree: xr.DataTree, path: Path) -> Element:
    if "element" in tree.attrs:
        return element(str(tree.attrs["element"]))
    names = {str(tree.attrs.get(key, "")) for key in ("system", "fluid")} - {""}
    for candidate in elements().values():
        if names & {candidate.system, candidate.fluid}:
            return candidate
    raise InputError(
        str(path),
        "a result that names its element: " + ", ".join(elements()),
        f"system {tree.attrs.get('system', 'unnamed')!r}",
        'naming it: Xe=DIR for sopr-uq laws, symbol="Xe" in Python',
    )
