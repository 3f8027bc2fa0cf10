"""The problem of a rule that knows one liquid and one measured g(r)."""

from __future__ import annotations

from sopr_uq.errors import InputError
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.problem import Problem, Sample


def only_rdf(problem: Problem, rule: str) -> tuple[Sample, Observation]:
    """Return the liquid and its g(r).

    Raises
    ------
    InputError
        If there is not exactly one liquid with exactly one g(r).
    """
    curves = problem.observed("g")
    if len(problem.samples) != 1 or len(curves) != 1:
        raise InputError(
            f"rule {rule}",
            "one state point with one measured g(r)",
            f"{len(problem.samples)} state points with {len(curves)} g(r)",
            "the newton rule takes any number of g, s and pressure",
        )
    return curves[0]
