"""Refining in a folder: start, go on, and put the result beside its configuration."""

from __future__ import annotations

import shutil
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import xarray as xr

from sopr_uq.disk import atomic_folder, clear_leftovers, unused
from sopr_uq.engine.protocol import Engine
from sopr_uq.errors import CheckpointError, InputError
from sopr_uq.executor import Executor
from sopr_uq.figures.sheet import FIGURES, last_figure, save_refinement
from sopr_uq.interrupts import explained
from sopr_uq.posterior import store
from sopr_uq.posterior.store import RESULT
from sopr_uq.refine.checkpoint import Folder
from sopr_uq.refine.journal import Watcher
from sopr_uq.refine.loop import refine
from sopr_uq.refine.rule import Rule
from sopr_uq.revision import code, same_code
from sopr_uq.workflow.build import build_engine, build_rule
from sopr_uq.workflow.config import CONFIG, Config, dump_config, load_config, resolved_by
from sopr_uq.workflow.finish import finish
from sopr_uq.workflow.lock import locked
from sopr_uq.workflow.result import load_result

ITERATIONS = "iterations"


def run(
    config: Config,
    out: Path | str | None = None,
    *,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> xr.DataTree:
    """Refine as a configuration says.

    Parameters
    ----------
    config : Config
        From :func:`~sopr_uq.workflow.config.load_config`.
    out : Path or str, optional
        A new folder for ``config.toml``, ``iterations/``, ``result.nc`` and
        ``figures/``; without it nothing is written.
    watcher : Watcher, optional
        Told of progress.
    executor : Executor, optional
        What makes the simulations that do not depend on each other; by
        default processes on this machine, one a core.

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
    CheckpointError
        If another process took the new folder first; it is left to that one.
    """
    # The code that begins is what a result names, whatever is edited while it runs.
    code()
    rule = build_rule(config)
    engine = build_engine(config, rule)
    if out is None:
        return finish(config, rule, refine(rule, engine, None, watcher, executor))
    folder = Path(out)
    _make(folder, config)
    with locked(folder):
        try:
            return _go_on(folder, config, _Means(rule, engine, watcher, executor))
        except Exception:
            if not _count(folder):
                # Nothing was computed, and nobody else is in it: leave nothing half done behind.
                shutil.rmtree(folder, ignore_errors=True)
            raise


def resume(
    folder: Path | str, *, watcher: Watcher | None = None, executor: Executor | None = None
) -> xr.DataTree:
    """Go on with a refinement that was interrupted, or return its result.

    Raises
    ------
    CheckpointError
        If the folder is not one of a refinement, or another process is working
        in it.

    Warns
    -----
    UserWarning
        If a file in it was damaged; it is set aside, and its content made
        again. If it was begun with other code of this package.
    """
    folder = Path(folder)
    if not (folder / CONFIG).is_file():
        raise CheckpointError(
            f"{folder} is not the folder of a refinement: it has no {CONFIG}. "
            "Name the folder that the refinement was begun in."
        )
    config = load_config(folder / CONFIG)
    complete = _complete(folder)
    if complete is not None:
        return complete
    _compare_code(folder)
    rule = build_rule(config)
    means = _Means(rule, build_engine(config, rule), watcher, executor)
    with locked(folder):
        return _go_on(folder, config, means)


def _compare_code(folder: Path) -> None:
    """Say so if what is there was not computed by the code that is to go on."""
    theirs = resolved_by(folder / CONFIG)
    if _count(folder) and not same_code(theirs, code()):
        warnings.warn(
            f"{folder} was begun with sopr-uq {theirs or 'of an unknown version'}; this is "
            f"{code()}. Iterations of both would be in one result; refining anew avoids it.",
            stacklevel=3,
        )


@dataclass(frozen=True)
class _Means:
    """What a refinement is done with."""

    rule: Rule
    engine: Engine
    watcher: Watcher | None
    executor: Executor | None


def _go_on(folder: Path, config: Config, means: _Means) -> xr.DataTree:
    with explained(partial(_kept, folder)):
        for place in (folder, folder / FIGURES):
            clear_leftovers(place)
        result = _stored(folder)
        if result is None:
            rule, engine, watcher = means.rule, means.engine, means.watcher
            journal = Folder(folder / ITERATIONS)
            refinement = refine(rule, engine, journal, watcher, means.executor)
            result = finish(config, rule, refinement)
            result.attrs["begun_with"] = resolved_by(folder / CONFIG)
            store.write(result, folder / RESULT)
        save_refinement(result, folder / FIGURES)
        return result


def _complete(folder: Path) -> xr.DataTree | None:
    """Return the result if nothing is left to do: the last figure is drawn after all else."""
    if not last_figure(folder / FIGURES).is_file():
        return None
    try:
        return load_result(folder)
    except InputError:
        return None


def _stored(folder: Path) -> xr.DataTree | None:
    """Return the result of a folder; a damaged one is set aside, and named by a warning."""
    if not (folder / RESULT).is_file():
        return None
    try:
        return load_result(folder)
    except InputError as error:
        kept = unused(folder / f"{RESULT}.damaged")
        (folder / RESULT).replace(kept)
        warnings.warn(f"{error} It was kept as {kept.name} and is made again.", stacklevel=4)
        return None


def _make(folder: Path, config: Config) -> None:
    """Make a folder that holds its configuration from the first moment."""
    if folder.exists():
        raise InputError(
            "out",
            "a folder that does not exist yet",
            f"{folder}, which does",
            f"another name, or `sopr-uq resume {folder}` to go on with it",
        )
    try:
        with atomic_folder(folder) as temporary:
            dump_config(config, temporary / CONFIG)
    except OSError as error:
        raise InputError("out", "a folder that can be made", f"{folder}: {error}") from None


def _kept(folder: Path) -> str:
    """Say after an interrupt what is kept and how to go on."""
    done = _count(folder)
    kept = {0: "Nothing was finished yet", 1: "1 finished iteration is kept"}
    return (
        f"Interrupted. {kept.get(done, f'{done} finished iterations are kept')} in {folder}; "
        f"`sopr-uq resume {folder}` goes on from there."
    )


def _count(folder: Path) -> int:
    return len(list((folder / ITERATIONS).glob("*.iteration")))
