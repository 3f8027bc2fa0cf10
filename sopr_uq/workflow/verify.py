"""Whether what is on disk is what was written: inputs, checkpoints, result."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pydantic import ValidationError

from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.experiment.catalogue import check_sha256, curve
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.posterior import store
from sopr_uq.posterior.store import RESULT
from sopr_uq.provenance import versions
from sopr_uq.refine.checkpoint import decode
from sopr_uq.workflow.config import CONFIG, Config
from sopr_uq.workflow.doctor import Finding
from sopr_uq.workflow.result import load_any
from sopr_uq.workflow.run import ITERATIONS

_GROUPS = ("posterior", "derived", "observed_data", "iterations")


def verify_run(path: Path | str) -> list[Finding]:
    """Check everything in the folder of a refinement, or one result file.

    Returns
    -------
    list of Finding
        One a check, with a plain sentence; all good if nothing is wrong.

    Raises
    ------
    InputError
        If there is nothing to check.
    """
    path = Path(path)
    if path.is_file():
        return [*_result_findings(path, None)]
    if not (path / CONFIG).is_file() and not (path / RESULT).is_file():
        raise InputError(str(path), f"the folder of a refinement, with {CONFIG}", "none")
    return list(_findings(path))


def _findings(folder: Path) -> Iterator[Finding]:
    config, finding = _config(folder / CONFIG)
    yield finding
    if config is not None:
        yield from _inputs(config)
    yield _checkpoints(folder / ITERATIONS, "iteration")
    if not (folder / RESULT).is_file():
        yield Finding(
            "result", True, f"not there yet; `sopr-uq resume {folder}` goes on with the refinement"
        )
        return
    yield from _result_findings(folder / RESULT, config)


def _config(file: Path) -> tuple[Config | None, Finding]:
    try:
        config = Config.model_validate(tomllib.loads(file.read_bytes().decode()))
    except (OSError, ValueError, RecursionError) as error:
        count = f"{error.error_count()} keys" if isinstance(error, ValidationError) else str(error)
        return None, Finding("configuration", False, f"{file.name} cannot be used: {count}")
    return config, Finding("configuration", True, f"{file.name} is whole and understood")


def _inputs(config: Config) -> Iterator[Finding]:
    measured = [*config.observe, *(o for state in config.state for o in state.observe)]
    for entry in measured:
        for file, stated in _files(entry):
            yield _input(file, stated)
    for reference in (config.reference, *config.pair):
        if reference is not None and reference.file is not None:
            yield _input(reference.file, reference.sha256)


def _files(entry: ObserveSettings) -> Iterator[tuple[Path, str | None]]:
    if entry.curve is not None:
        yield curve(entry.curve).path, entry.sha256
    if entry.file is not None:
        yield entry.file, entry.sha256
    if entry.covariance is not None:
        yield entry.covariance, entry.covariance_sha256


def _input(file: Path, stated: str | None) -> Finding:
    label = f"input {file.name}"
    if stated is None:
        return Finding(label, True, "no hash was recorded, so none could be checked")
    try:
        check_sha256(file, stated)
    except InputError as error:
        return Finding(label, False, str(error))
    return Finding(label, True, f"is the file that was used (SHA-256 {stated[:12]}…)")


def _checkpoints(folder: Path, suffix: str) -> Finding:
    files, faults = sorted(folder.glob(f"*.{suffix}")), []
    for number, file in enumerate(files):
        try:
            stated = decode(file.read_bytes()).state.iteration
        except (OSError, CheckpointError) as error:
            faults.append(f"{file.name}: {error}")
            continue
        if suffix == "iteration" and (file.stem, stated) != (f"{number:04d}", number + 1):
            faults.append(f"{file.name} is not iteration {number}")
    aside = [file.name for file in sorted(folder.glob("*.damaged*"))]
    text = f"{len(files)} in {folder.name}/, all whole" if files else f"none in {folder.name}/"
    if aside:
        text += f"; {', '.join(aside)} had been set aside as damaged"
    return Finding(f"{suffix}s", not faults, "; ".join(faults) or text)


def _result_findings(file: Path, config: Config | None) -> Iterator[Finding]:
    try:
        tree = load_any(file)
    except InputError as error:
        yield Finding("result", False, str(error))
        return
    text = f"schema {tree.attrs['schema']}, as it was written (fingerprint agrees)"
    if store.FINGERPRINT not in tree.attrs:
        text = f"schema {tree.attrs['schema']}, read; such files have no fingerprint to check"
    yield Finding("result", True, text)
    if "kind" in tree.attrs:
        return
    yield _contents(tree)
    if config is not None:
        yield _same_settings(tree, config)
        yield _same_iterations(tree, file.parent / ITERATIONS)
    yield _versions(tree)


def _contents(tree: xr.DataTree) -> Finding:
    missing = [name for name in _GROUPS if name not in tree.children]
    if missing:
        return Finding("content", False, f"lacks the groups {', '.join(missing)}")
    potential = tree["posterior"].to_dataset()["potential"]
    if not np.isfinite(potential.values).all():
        return Finding("content", False, "a draw of the potential is not finite")
    draws = potential.sizes.get("chain", 1) * potential.sizes.get("draw", 1)
    return Finding("content", True, f"{draws} draws of the potential, all finite")


def _same_settings(tree: xr.DataTree, config: Config) -> Finding:
    label = "settings"
    try:
        stored = Config.model_validate_json(str(tree.attrs["settings"]))
    except (ValidationError, KeyError):
        return Finding(label, True, "of another version of sopr_uq; not compared with config.toml")
    if stored == config:
        return Finding(label, True, "the result was made from this config.toml")
    one, other = (json.loads(c.model_dump_json(exclude_none=True)) for c in (stored, config))
    names = sorted(set(_differences(one, other)))
    return Finding(label, False, f"config.toml and the result differ in {', '.join(names)}")


def _differences(one: Any, other: Any, key: str = "") -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {*one, *other}:
            yield from _differences(one.get(name), other.get(name), f"{key}.{name}".strip("."))
    elif one != other:
        yield key


def _same_iterations(tree: xr.DataTree, folder: Path) -> Finding:
    label, course = "course", tree["iterations"].to_dataset()["potential"].values
    files = sorted(folder.glob("*.iteration"))
    if not files:
        return Finding(label, True, "no checkpoints to compare with")
    if len(files) != len(course):
        text = f"{len(course)} iterations in the result, {len(files)} checkpoints"
        return Finding(label, False, text)
    for number, file in enumerate(files):
        try:
            same = np.array_equal(decode(file.read_bytes()).potential, course[number].ravel())
        except CheckpointError:
            continue
        if not same:
            return Finding(label, False, f"the result and {file.name} differ")
    return Finding(label, True, f"the {len(files)} iterations of the result are the checkpoints")


def _versions(tree: xr.DataTree) -> Finding:
    made, here = json.loads(str(tree.attrs["versions"])), versions()
    other = [f"{n} {v} (here {here.get(n, 'none')})" for n, v in made.items() if here.get(n) != v]
    return Finding("versions", True, "made with " + ", ".join(other) if other else "as installed")
