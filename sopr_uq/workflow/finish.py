"""From a finished refinement to its result: posterior, end check, error budget."""

from __future__ import annotations

from pathlib import Path

import xarray as xr

from sopr_uq.engine.protocol import Engine
from sopr_uq.executor import Executor
from sopr_uq.posterior.budget import error_budget
from sopr_uq.posterior.check import end_check
from sopr_uq.posterior.unexplained import doubt, unexplained
from sopr_uq.refine.loop import Refinement, Silent, Watcher
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.notices import notices, troubles
from sopr_uq.refine.rule import Rule
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.result import assemble


def finish(
    config: Config,
    rule: Rule,
    engine: Engine,
    refinement: Refinement,
    *,
    folder: Path | None = None,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> xr.DataTree:
    """Return the result of a refinement, checked by simulations at posterior draws.

    Parameters
    ----------
    config : Config
        What was asked for.
    rule, engine
        What ran.
    refinement : Refinement
        What the loop returned.
    folder : Path, optional
        Where the simulations of the end check are kept, so that none is ever
        done twice.
    watcher : Watcher, optional
        Told of their progress.
    executor : Executor, optional
        What makes them; by default processes on this machine.

    Returns
    -------
    xarray.DataTree
        The groups of :func:`~sopr_uq.workflow.result.assemble`; for the newton
        rule also ``prior``, ``error_budget`` and, unless ``refine.check_draws``
        is zero, ``posterior_check``.
    """
    result = assemble(config, rule, refinement)
    _warn(result, *notices(rule.problem), *troubles(refinement))
    if not isinstance(rule, Newton):
        return result
    result["prior"] = xr.DataTree(rule.prior_predictive())
    _warn(result, doubt(unexplained(rule, refinement)))
    check = None
    if config.refine.check_draws:
        told = (watcher or Silent()).checking
        posterior = result["posterior"].to_dataset()
        check = end_check(rule, engine, refinement, posterior, folder, told, executor)
        _warn(result, check.attrs.pop("warning"))
        result["posterior_check"] = xr.DataTree(check)
    result["error_budget"] = xr.DataTree(error_budget(rule, refinement, check))
    return result


def _warn(result: xr.DataTree, *sentences: str) -> None:
    """Add sentences to the warnings of a result, in place."""
    result.attrs["warning"] = " ".join(filter(None, [result.attrs["warning"], *sentences]))
