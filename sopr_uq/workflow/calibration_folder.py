"""The folder of a calibration: which campaign it is of, and the files of its twins."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import xarray as xr

from sopr_uq.disk import clear_leftovers, is_temporary, unused, write_atomic
from sopr_uq.errors import CheckpointError, InputError, InputErrors
from sopr_uq.posterior import store
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.config import CONFIG, Config, dump_config, load_config
from sopr_uq.workflow.lock import LOCK
from sopr_uq.workflow.stranger import Stranger
from sopr_uq.workflow.twins import Measurement

CAMPAIGN = "campaign.json"
TWINS = "twins"


def twin_file(folder: Path, number: int) -> Path:
    """Return the file of a numbered twin."""
    return folder / TWINS / f"{number:05d}.nc"


def claim(folder: Path, campaign: Campaign) -> None:
    """Write what a folder is of, or see that it is of the same.

    The campaign is written last: a folder without it, or with half of it, was
    begun by a process that was killed, and is begun again.

    Raises
    ------
    InputError
        If the folder holds anything else.
    """
    if _settings(folder) is None:
        _begin(folder, campaign)
    mine, theirs = _flat(_everything(campaign)), _flat(_everything(read_campaign(folder)))
    for key in mine:
        if theirs.get(key) != mine[key]:
            raise InputError(
                f"{folder}",
                f"a calibration with {key} = {mine[key]}",
                f"one with {theirs.get(key)}",
                "another folder, or the options that it was begun with",
            )


def read_campaign(folder: Path | str) -> Campaign:
    """Return the campaign of a folder.

    Raises
    ------
    CheckpointError
        If it is not the folder of a calibration.
    """
    folder = Path(folder)
    settings = _settings(folder)
    if settings is None:
        raise CheckpointError(f"{folder} is not the folder of a calibration: it has no {CAMPAIGN}.")
    about = tuple(settings["about"]) if "about" in settings else None
    measurement = (
        Stranger(**settings["stranger"])
        if "stranger" in settings
        else Measurement(**settings["measurement"])
    )
    return Campaign(load_config(folder / CONFIG), settings["family"], measurement, about)


def read_twins(folder: Path) -> tuple[list[xr.Dataset], int]:
    """Return the twins of a folder in order, and how many were damaged.

    Warns
    -----
    UserWarning
        Of each damaged one; it is kept under another name, and missing from then on.
    """
    found, damaged = [], 0
    for file in sorted((folder / TWINS).glob("*.nc")):
        try:
            found.append(store.read(file).to_dataset())
        except InputError as error:
            kept = unused(file.with_suffix(".damaged"))
            file.replace(kept)
            damaged += 1
            text = f"{error} It was kept as {kept.name}; calibrating again makes the twin again."
            warnings.warn(text, stacklevel=3)
    return found, damaged


def _settings(folder: Path) -> dict[str, Any] | None:
    """Return what ``campaign.json`` says; None where it is missing or was never finished."""
    try:
        found = json.loads((folder / CAMPAIGN).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _begin(folder: Path, campaign: Campaign) -> None:
    strange = [p.name for p in folder.iterdir() if not _half_begun(p, campaign.config)]
    if strange:
        found = f"a folder with {strange[0]} in it"
        raise InputError(f"{folder}", "a new folder or that of a calibration", found)
    clear_leftovers(folder)
    (folder / TWINS).mkdir(exist_ok=True)
    dump_config(campaign.config, folder / CONFIG)
    write_atomic(folder / CAMPAIGN, (json.dumps(campaign.settings(), indent=1) + "\n").encode())


def _half_begun(path: Path, config: Config) -> bool:
    """Whether a process that was beginning this very calibration may have left it."""
    if path.name == TWINS:
        return path.is_dir() and not any(path.iterdir())
    if path.name != CONFIG:
        return path.name in (LOCK, CAMPAIGN) or is_temporary(path)
    try:
        return load_config(path) == config
    except (InputError, InputErrors):
        return False


def _everything(campaign: Campaign) -> dict[str, Any]:
    settings = campaign.config.model_dump(mode="json", exclude_none=True)
    return {**settings, "campaign": campaign.settings()}


def _flat(value: Any, key: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {key: value}
    found: dict[str, Any] = {}
    for name, inner in value.items():
        found |= _flat(inner, f"{key}.{name}" if key else name)
    return found
