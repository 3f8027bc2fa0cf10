"""Calibrations in a folder: many twins, one small file each, and the dataset of them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.executor import Executor, InTurn, Lost
from sopr_uq.interrupts import explained
from sopr_uq.posterior import store
from sopr_uq.posterior.calibrate import joint_rank, score
from sopr_uq.provenance import now, versions
from sopr_uq.refine.start import CRITICAL_TEMPERATURE, saturated_density
from sopr_uq.workflow.calibration_folder import (
    TWINS,
    claim,
    read_campaign,
    read_twins,
    twin_file,
)
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.lock import locked
from sopr_uq.workflow.truths import freezing_density

CALIBRATION = "calibration.nc"

type OnTwinDone = Callable[[int, int], None]
"""Takes how many twins are done, and how many refinements failed now."""

TOGETHER = ("sigma", "epsilon", "r_vdw", "d_hp", "v(1.29 sigma)", "v(1.57 sigma)")
"""Quantities whose joint posterior is judged too."""

_KEPT = ("truth", "band_truth", "band")
_NUMBERS = (
    "number", "iterations", "floor", "seconds", "refused", "reduced_density",
    "reduced_temperature", "k_hat", "divergences", "max_rhat", "min_ess",
    "noise", "reading", "scale", "level", "noise_inferred", "reading_inferred",
    "q_max", "q_max_found", "window", "lorch", "spacing", "smoothed",
)  # fmt: skip
_TEXTS = ("family", "outcome", "error")


def calibrate(
    campaign: Campaign,
    out: Path | str,
    *,
    twins: int,
    executor: Executor | None = None,
    on_done: OnTwinDone = lambda *_: None,
) -> xr.Dataset:
    """Refine twins of known truth and set the truths beside the posteriors.

    Twins that a folder holds are not made again, so that a calibration that was
    stopped goes on, and a larger one begins where a smaller one ended. A twin
    depends on the seed and its number alone.

    Parameters
    ----------
    campaign : Campaign
        How twins are made and refined.
    out : Path or str
        Folder for ``config.toml``, ``campaign.json``, ``twins/`` and
        ``calibration.nc``.
    twins : int
        How many, those that are there included.
    executor : Executor, optional
        What makes them; by default one after the other. Each of several processes
        compiles the model of the noise once and makes many twins.
    on_done : callable, optional
        Called with the number of twins done, and of refinements that failed now.

    Returns
    -------
    Dataset
        Of :func:`collect`.

    Raises
    ------
    InputError
        If the folder holds another calibration.
    CheckpointError
        If another process is working in it.

    Warns
    -----
    UserWarning
        If a twin in it was damaged; it is set aside, and made again.
    """

    def make() -> None:
        make_twins(campaign, out, twins=twins, executor=executor, on_done=on_done)

    make()
    found, damaged = _collected(Path(out))
    if not damaged:
        return found
    make()
    return _collected(Path(out))[0]


def make_twins(
    campaign: Campaign,
    out: Path | str,
    *,
    twins: int,
    executor: Executor | None = None,
    on_done: OnTwinDone = lambda *_: None,
) -> int:
    """Make the twins of :func:`calibrate` that are missing; return how many of them failed."""
    if twins < 1:
        raise InputError("twins", "at least 1", f"{twins}")
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), "a folder that can be made", str(error)) from None
    with locked(folder):
        claim(folder, campaign)
        return _make_missing(folder, campaign, twins, executor, on_done)


def _make_missing(
    folder: Path,
    campaign: Campaign,
    twins: int,
    executor: Executor | None,
    on_done: OnTwinDone,
) -> int:
    missing = [n for n in range(twins) if not twin_file(folder, n).exists()]
    failed = [False] * (twins - len(missing))
    on_done(len(failed), 0)

    def ended(_: int, found: bool | Lost) -> None:
        # a twin whose process was lost has no file, and is made again the next time
        failed.append(bool(found))
        on_done(len(failed), sum(failed))

    chosen = executor or InTurn()
    with explained(partial(_kept, folder)):
        chosen.run(partial(make_one, campaign, folder), missing, ended)
    return sum(failed)


def _kept(folder: Path) -> str:
    kept = len(list((folder / TWINS).glob("*.nc")))
    return f"Interrupted. {kept} twins are kept in {folder}; the same command goes on."


def make_one(campaign: Campaign, folder: Path, number: int) -> bool:
    """Make one twin and write its file, whole or not at all; return whether it failed."""
    result = _same(campaign).result(number)
    small = {name: v.astype(np.float32) for name, v in result.data_vars.items() if v.dtype == float}
    store.write(xr.DataTree(result.assign(small)), twin_file(folder, number))
    return bool(result.attrs["outcome"] == "failed")


@lru_cache(maxsize=4)
def _same(campaign: Campaign) -> Campaign:
    """Return the equal campaign that came first: it has read its data already."""
    return campaign


def collect(folder: Path | str) -> xr.Dataset:
    """Gather the twins of a folder into ``calibration.nc``.

    Returns
    -------
    Dataset
        ``truth``, ``mean``, ``sd``, ``z``, ``rank``, ``rank_shrunk``,
        ``rank_shifted`` (simulation, quantity), ``joint_rank`` (simulation) of
        :data:`TOGETHER`, ``lower``, ``upper``
        (simulation, quantity, nominal), ``band_truth``
        (simulation, r) and ``band`` (simulation, bound, r) in kcal/mol, and of
        every twin its ``number``, ``family``, ``outcome``, ``error``,
        ``iterations``, ``reduced_density`` and so on; ``limit_saturated`` and
        ``limit_freezing`` (limit) bound the Lennard-Jones fluid. Failed refinements are
        there, with NaN. The attributes are the birth certificate.

    Raises
    ------
    CheckpointError
        If no twin is there.

    Warns
    -----
    UserWarning
        If a twin was damaged; it is set aside, and the others are gathered.
    """
    return _collected(Path(folder))[0]


def _collected(folder: Path) -> tuple[xr.Dataset, int]:
    """Return the dataset of a folder, and how many of its twins were damaged."""
    campaign = read_campaign(folder)
    found, damaged = read_twins(folder)
    if not found:
        raise CheckpointError(f"{folder} holds no twin yet.")
    ds = xr.concat(
        [_scored(each) for each in found], "simulation",
        join="outer", data_vars="all", coords="minimal", compat="override", combine_attrs="drop",
    )  # fmt: skip
    ds = ds.assign(_attributes(found)).assign(_limits()).assign_attrs(_certificate(campaign))
    store.write(xr.DataTree(ds), folder / CALIBRATION)
    return ds, damaged


def _scored(twin: xr.Dataset) -> xr.Dataset:
    """Return what is kept of a twin, and how its truth lies among its draws."""
    kept = twin[[name for name in _KEPT if name in twin]]
    if "draws" not in twin:
        return kept
    number = int(twin.attrs["number"])
    scores = score(twin["truth"].values, twin["draws"].values, seed=number)
    scores = scores.drop_vars("truth").rename(row="quantity")
    together = twin.sel(quantity=list(TOGETHER))
    scores["joint_rank"] = joint_rank(
        together["truth"].values, together["draws"].values, seed=number
    )
    return kept.merge(scores.astype(np.float32)).assign_coords(nominal=scores["nominal"])


def _attributes(found: Sequence[xr.Dataset]) -> dict[str, tuple[str, Any]]:
    columns: dict[str, tuple[str, Any]] = {}
    for name in _NUMBERS:
        values = [float(each.attrs.get(name, np.nan)) for each in found]
        if np.isfinite(values).any():
            columns[name] = ("simulation", np.array(values))
    for name in _TEXTS:
        columns[name] = ("simulation", [str(each.attrs.get(name, "")) for each in found])
    return columns


def _limits() -> dict[str, tuple[str, Any]]:
    """Where the Lennard-Jones fluid ends: coexisting and freezing densities, ρσ³."""
    temperature = np.geomspace(0.69, 5.0, 60)
    saturated = [saturated_density(t) if t < CRITICAL_TEMPERATURE else np.nan for t in temperature]
    return {
        "limit_temperature": ("limit", temperature),
        "limit_saturated": ("limit", np.array(saturated)),
        "limit_freezing": ("limit", np.array([freezing_density(t) for t in temperature])),
    }


def _certificate(campaign: Campaign) -> dict[str, str | int | float]:
    config, problem = campaign.config, campaign.problem
    return {
        "kind": "calibration",
        "system": config.system.name,
        "temperature": config.system.temperature,
        "density": config.system.density,
        "rule": config.refine.rule,
        "engine": campaign.engine.name,
        "seed": config.seed,
        "sigma_reference": problem.sigma,
        "epsilon_reference": problem.epsilon,
        "campaign": json.dumps(campaign.settings()),
        "settings": config.model_dump_json(exclude_none=True),
        "created": now(),
        "versions": json.dumps(versions()),
    }
