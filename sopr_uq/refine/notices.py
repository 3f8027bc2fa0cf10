"""What a reader should know about a problem before believing its answer."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import xarray as xr

from sopr_uq.errors import InputError, RuleFailed
from sopr_uq.experiment.kinds import Q
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.observables.composition_waves import CompositionWaves, has_waves
from sopr_uq.refine.loop import Refinement
from sopr_uq.refine.newton.implied import implied
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.round import good

_MOLECULES = (
    "Intervals of potentials between sites of molecules were tried on a few twins of nitrogen and "
    "of water alone (studies/water)."
)
_IONS = (
    "Intervals of potentials between ions were tried on a few twins of one molten salt alone "
    "(studies/water)."
)

_STRETCHED = 0.5
"""Tension in ρ k_B T that no liquid bears for long."""


def notices(problem: Problem) -> list[str]:
    """Return sentences about what leaves a part of v(r) to the prior, or was not tried."""
    many = len(problem.liquids) > 1
    substance = problem.substance
    found = [] if substance.simple else [_IONS if substance.atomic else _MOLECULES]
    for number, liquid in enumerate(problem.liquids):
        reach = _reach(liquid)
        if 0.0 < reach < problem.r_cut:
            where = f" at state point {number + 1}" if many else ""
            found.append(
                f"The measured g(r){where} ends at {reach:g} Å, inside the cut-off of "
                f"{problem.r_cut:.2f} Å: between the two v(r) is known from the prior, from its "
                "smoothness, and from what it does to g(r) at shorter distances only."
            )
    return found


def stretched(problem: Problem, posterior: xr.Dataset) -> list[str]:
    """Return a sentence for every liquid that most potentials found would tear.

    Parameters
    ----------
    problem : Problem
    posterior : Dataset
        With the ``pressure`` of every draw at every state in MPa, if the rule knows it.
    """
    if "pressure" not in posterior or not problem.substance.bare:
        return []
    found, untold, ideal = [], problem.lacks("pressure"), problem.ideal_pressures
    middle = posterior["pressure"].median(("chain", "draw")).values
    for number, pressure in enumerate(middle):
        if untold[number] and np.isfinite(pressure) and pressure < -_STRETCHED * ideal[number]:
            where = f" at state point {number + 1}" if len(problem.liquids) > 1 else ""
            found.append(
                f"No pressure was given{where}, and half of the potentials found have one below "
                f"{pressure:.0f} MPa: liquids so stretched boil, and their simulations may come "
                'apart. Give the pressure ([[observe]] kind = "pressure"), with a wide error where '
                "pairs do not make all of it."
            )
    return found


def slow_waves(problem: Problem, refinement: Refinement) -> list[str]:
    """Return a sentence for every mixture whose composition changes more slowly than it ran."""
    rounds = [runs[0] for x in refinement.iterations if (runs := good(x.runs))]
    found: list[str] = []
    for run in rounds[-1:]:
        for number, simulation in enumerate(run.simulations):
            if not has_waves(problem.setup(run.potential, number), simulation):
                continue
            with suppress(InputError, RuleFailed):
                liquid = implied(problem, number, run.potential, simulation).at
                found += _slow(problem, number, CompositionWaves(liquid))
    return found


def _slow(problem: Problem, number: int, waves: CompositionWaves) -> list[str]:
    sampled = waves.liquid.simulation.sampled
    if waves.time <= sampled:
        return []
    where = f" at state point {number + 1}" if len(problem.liquids) > 1 else ""
    said = (
        f"The longest waves of composition in the box{where} last {waves.time:.0f} ps, and each "
        f"simulation sampled {sampled:.0f} ps: what few of them leave open of its g(r) "
        "its blocks do not show; longer runs (engine.production_steps) leave less."
    )
    return [said]


def troubles(refinement: Refinement) -> list[str]:
    """Return a sentence for every simulation that succeeded at its second attempt only."""
    return [
        f"A simulation of round {number} was made twice, because the first failed: "
        f"{simulation.trouble}"
        for number, iteration in enumerate(refinement.iterations, 1)
        for run in iteration.runs
        for simulation in run.simulations
        if simulation.trouble
    ]


def _reach(liquid: Liquid) -> float:
    """Largest distance of a measured g(r), in Å; 0 where a curve of Q sees all distances."""
    curves = [o for o in liquid.observations if o.is_curve]
    if any(o.axis is Q for o in curves):
        return 0.0
    return max((float(o.x[o.known][-1]) for o in curves), default=0.0)
