"""What errors of curves alone do to an answer: one fit each, at the true potential itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from plan import SYSTEMS, WORLDS

from sopr_uq.engine.protocol import Setup
from sopr_uq.errors import InputError
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.potentials import Tabulated
from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.refine.newton import Newton
from sopr_uq.refine.newton.linear import linearise
from sopr_uq.refine.newton.unexplained import unexplained
from sopr_uq.refine.problem import Problem
from sopr_uq.rng import stream
from sopr_uq.workflow.campaign import Campaign
from sopr_uq.workflow.twins import Twin

AT_ITS_WORD: dict[str, Any] = {
    "q_max": np.inf, "lorch": False, "damping": 0.0, "smoothing": 0.0, "drift": 0.0, "spacing": 0.0,
}  # fmt: skip
"""A curve whose points are what they say, with white noise: the negative control."""

_DRAWS = 400
_FIRST = 1000


def errors(twins: int) -> xr.Dataset:
    """Return where truths lie among posterior draws, of twins that no refinement has seen.

    Returns
    -------
    Dataset
        ``rank`` (kind, twin, quantity), the share of draws below the truth with what is modelled
        of a curve, and with the curve taken at its word; ``unexplained`` (twin); ``refused``,
        how many curves were not read.
    """
    ranks, left, refused = [], [], 0
    campaigns = [WORLDS["fast"].campaign(system) for system in SYSTEMS]
    for number in range(twins):
        # families of truths go by the number: every liquid has them all
        campaign = campaigns[number % len(campaigns)]
        try:
            twin, _ = campaign.twin(_FIRST + number // len(campaigns))
        except InputError:
            refused += 1
            continue
        found = [_rank(campaign, twin, changed) for changed in ({}, AT_ITS_WORD)]
        ranks.append([rank for rank, _ in found])
        left.append(found[0][1])
    return xr.Dataset(
        {
            "rank": (("twin", "kind", "quantity"), np.array(ranks)),
            "unexplained": ("twin", np.array(left)),
            "refused": refused,
        },
        coords={"kind": ["modelled", "at its word"], "quantity": list(Descriptors._fields)},
    )


def _rank(campaign: Campaign, twin: Twin, changed: dict[str, Any]) -> tuple[np.ndarray, float]:
    liquid = twin.problem.liquids[0]
    seen = tuple(replace(o, **changed) for o in liquid.observations)
    liquids = (Liquid(liquid.state, seen, liquid.substance),)
    problem: Problem = replace(twin.problem, liquids=liquids)
    setup = Setup.of(Tabulated(problem.r, twin.truth), liquid.state, 1)
    model = linearise(problem, twin.truth, [campaign.truth_engine.run(setup)])
    rule = Newton(problem)
    fit = rule.conditioner.fit(model, rule.conditioner.prior.centre)
    z = stream(1, "errors").standard_normal((_DRAWS, fit.coefficients.mean.size))
    drawn = np.array(descriptors(problem.r, fit.draws(z), liquid.state.beta))
    truth = np.array(descriptors(problem.r, twin.truth, liquid.state.beta))
    residual = rule.misfit.residual(fit, model)
    left = max(unexplained(rule.conditioner, residual, model).values())
    return np.mean(drawn < truth[:, None], axis=1), left
