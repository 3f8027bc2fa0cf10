"""Refining in a folder: start, go on, and put the result beside its configuration."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr
from filelock import FileLock, Timeout

from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.figures.sheet import save_refinement
from sopr_uq.posterior import store
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.loop import Journal, Refinement, Watcher, refine
from sopr_uq.refine.rule import Rule
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import Config, dump_config, load_config
from sopr_uq.workflow.finish import finish
from sopr_uq.workflow.result import RESULT, load_result

CONFIG = "config.toml"
ITERATIONS = "iterations"
CHECK = "check"
FIGURES = "figures"
_LOCK = ".lock"


def run(
    config: Config, out: Path | str | None = None, *, watcher: Watcher | None = None
) -> xr.DataTree:
    """Refine as a configuration says.

    Parameters
    ----------
    config : Config
        From :func:`~sopr_uq.workflow.config.load_config`.
    out : Path or str, optional
        A new folder for ``config.toml``, ``iterations/``, ``check/``,
        ``result.nc`` and ``figures/``; without it nothing is written.
    watcher : Watcher, optional
        Told of progress.

    Returns
    -------
    xarray.DataTree
        The result; its attribute ``outcome`` says whether it converged.

    Raises
    ------
    InputError
        If the folder exists, or the data cannot be used; nothing is left then.
    EngineUnavailable
        If the engine is not installed; nothing is left then.
    SimulationFailed
        If the very first simulation fails.
    """
    rule = build_rule(config)
    engine = build_engine(config, rule)
    if out is None:
        refinement = _refine(rule, engine, None, watcher)
        return finish(config, rule, engine, refinement, watcher=watcher)
    folder = Path(out)
    _make(folder)
    dump_config(config, folder / CONFIG)
    try:
        return _go_on(folder, config, rule, engine, watcher)
    except BaseException:
        if not any((folder / ITERATIONS).glob("*.iteration")):
            # nothing was computed: leave nothing half done behind
            shutil.rmtree(folder, ignore_errors=True)
        raise


def resume(folder: Path | str, *, watcher: Watcher | None = None) -> xr.DataTree:
    """Go on with a refinement that was interrupted, or return its result.

    Raises
    ------
    CheckpointError
        If the folder is not one of a refinement.
    """
    folder = Path(folder)
    if not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"{folder} is not the folder of a refinement: it has no {CONFIG}. "
            "Name the folder that was given to --out."
        )
    config = load_config(folder / CONFIG)
    if (folder / RESULT).is_file():
        return load_result(folder)
    rule = build_rule(config)
    return _go_on(folder, config, rule, build_engine(config, rule), watcher)


def _go_on(
    folder: Path, config: Config, rule: Rule, engine: Engine, watcher: Watcher | None
) -> xr.DataTree:
    with _held(folder):
        refinement = _refine(rule, engine, Folder(folder / ITERATIONS), watcher)
        result = finish(config, rule, engine, refinement, folder=folder / CHECK, watcher=watcher)
        store.write(result, folder / RESULT)
    save_refinement(result, folder / FIGURES)
    return result


def _refine(
    rule: Rule, engine: Engine, journal: Journal | None, watcher: Watcher | None
) -> Refinement:
    return refine(rule, engine, journal, watcher)


def _make(folder: Path) -> None:
    if folder.exists():
        raise InputError(
            "--out",
            "a folder that does not exist yet",
            f"{folder}, which does",
            f"another name, or `sopr-uq resume {folder}` to go on with it",
        )
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise InputError("--out", "a folder that can be made", f"{folder}: {error}") from None


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keep a second process out of the folder."""
    lock = FileLock(folder / _LOCK)
    try:
        with lock.acquire(timeout=0):
            yield
    except Timeout:
        raise CheckpointError(
            f"another process is working in {folder}. Wait for it, or stop it first."
        ) from None
    finally:
        (folder / _LOCK).unlink(missing_ok=True)
