"""From finished runs to laws on disk."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import PolarizabilitySet, element
from sopr_uq.laws import Ensemble, FitSettings, fit_laws, load_ensemble, open_laws, save_laws

LAWS_FILE = "laws.nc"


def laws_of_runs(
    runs: Sequence[Path | str],
    out: Path | str | None = None,
    *,
    polarizabilities: PolarizabilitySet = "recommended",
    settings: FitSettings | None = None,
) -> xr.DataTree:
    """Fit the laws of several runs, and keep them.

    Parameters
    ----------
    runs : sequence of Path or str
        Folders of finished runs, or their result files, one for each element. The
        element is the one whose shipped system or fluid a result names; for
        another, write ``Xe=DIR``.
    out : Path or str, optional
        A new netCDF file; without it nothing is written.
    polarizabilities : {"recommended", "qdo"}
        Where α comes from.
    settings : FitSettings, optional
        Samplers, seed, priors, interval.

    Returns
    -------
    DataTree
        As of :func:`sopr_uq.laws.fit_laws`, with the attributes ``polarizabilities``
        and ``warning`` (what was warned of, a line each).

    Raises
    ------
    InputError
        If the file exists, a run is none, or they cannot stand in one law; nothing
        is written then.

    Warns
    -----
    UserWarning
        If rules are mixed or a sampler's diagnostics are bad.
    """
    path = None if out is None else _new(Path(out))
    ensembles = sorted(
        (read_ensemble(run, polarizabilities) for run in runs), key=lambda e: e.polarizability
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        laws = fit_laws(ensembles, settings)
    said = [str(w.message) for w in caught]
    laws.attrs |= {"polarizabilities": polarizabilities, "warning": "\n".join(said)}
    if path is not None:
        save_laws(laws, path)
    for w in caught:
        warnings.warn_explicit(w.message, w.category, w.filename, w.lineno)
    return laws


def read_ensemble(run: Path | str, polarizabilities: PolarizabilitySet) -> Ensemble:
    """Read the ensemble of a run, given as ``DIR`` or ``SYMBOL=DIR``."""
    symbol, sign, rest = str(run).partition("=")
    if sign and not Path(run).exists():
        chosen = element(symbol).symbol
        return load_ensemble(Path(rest), symbol=chosen, polarizabilities=polarizabilities)
    return load_ensemble(Path(run), polarizabilities=polarizabilities)


def read_laws(path: Path | str) -> xr.DataTree:
    """Read laws; see :func:`sopr_uq.laws.open_laws`."""
    path = Path(path)
    if not path.exists():
        raise InputError(
            str(path), "a file of laws", "nothing", "`sopr-uq laws DIR…`, which writes one"
        )
    return open_laws(path)


def _new(path: Path) -> Path:
    if path.exists():
        raise InputError("out", "a file that does not exist yet", f"{path}, which does")
    if not path.parent.is_dir():
        raise InputError("out", "a file in a folder that exists", str(path))
    return path
