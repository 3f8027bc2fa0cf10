"""From a finished refinement to its result."""

from __future__ import annotations

import xarray as xr

from sopr_uq.posterior.arviz import stamped
from sopr_uq.posterior.status import DOUBTFUL, UNEXPLAINED
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.notices import notices, slow_waves, stretched, troubles
from sopr_uq.refine.rule import Rule
from sopr_uq.threads import one_thread
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.result import Result, assemble, shown

_MAY_BE_DOUBTED = ("converged", "max_iterations")


@one_thread
def finish(config: Config, rule: Rule, refinement: Refinement) -> Result:
    """Return the result of a refinement, with all that its rule has to say of it.

    A refinement that ended as it should, or for want of patience, but whose answer is not
    to be trusted is ``doubtful``; one whose data no pair potential gives is ``unexplained``.

    Parameters
    ----------
    config : Config
        What was asked for.
    rule : Rule
        What ran.
    refinement : Refinement
        What the loop returned.

    Returns
    -------
    Result
        The groups of :func:`~sopr_uq.workflow.result.assemble`, and those of
        :meth:`~sopr_uq.refine.rule.Rule.conclude`.
    """
    result = assemble(config, rule, refinement)
    posterior = result["posterior"].to_dataset()
    sentences = [
        *notices(rule.problem),
        *stretched(rule.problem, posterior),
        *slow_waves(rule.problem, refinement),
        *troubles(refinement),
    ]
    for name, group in rule.conclude(refinement.past, posterior).items():
        doubt, unexplained = group.attrs.pop("doubt", ""), group.attrs.pop("unexplained", "")
        if doubt and result.attrs["outcome"] in _MAY_BE_DOUBTED:
            result.attrs |= {"outcome": DOUBTFUL, "message": doubt}
        if unexplained and result.attrs["outcome"] in (*_MAY_BE_DOUBTED, DOUBTFUL):
            result.attrs |= {"outcome": UNEXPLAINED, "message": unexplained}
        sentences += [group.attrs.pop("warning", ""), doubt, unexplained]
        result[name] = xr.DataTree(group)
    stamped(result)
    known = [result.attrs["warning"], *sentences]
    result.attrs["warning"] = " ".join(dict.fromkeys(filter(None, known)))
    return shown(result)
