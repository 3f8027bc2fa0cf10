"""The measured curves of rules that compare g(r) with g(r), pair by pair."""

from __future__ import annotations

from typing import NamedTuple

from sopr_uq.engine.protocol import Simulation
from sopr_uq.errors import InputError
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.field import Term
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.residual import Residual, residual
from sopr_uq.refine.rule import Rule, check_kinds
from sopr_uq.typing import FloatArray

_FIRST_LEVEL = 2.0
"""In σ: the level of a curve is fitted beyond."""


class Partial(NamedTuple):
    """A refined pair, with its place in the field, its liquid and its measured g(r)."""

    place: int
    term: Term
    liquid: Liquid
    observation: Observation

    def compared(self, problem: Problem, v: FloatArray, simulation: Simulation) -> Residual:
        """Evaluate a simulation of potentials, shape (p n,), at the measured points."""
        far = _FIRST_LEVEL * self.term.sigma
        return residual(
            simulation,
            problem.field.tables(v)[self.term.pair],
            self.liquid.state,
            self.observation,
            pair=self.term.pair,
            level_from=far if problem.settings.fit_level else None,
        )


def partials(rule: Rule) -> tuple[Partial, ...]:
    """Return every refined pair of a rule's problem with its measured g(r).

    Raises
    ------
    InputError
        If there is not one liquid of atoms, with exactly one g(r) of each pair that is refined
        and nothing else measured.
    """
    problem = rule.problem
    terms, liquids = problem.field.terms, problem.liquids
    if not problem.substance.simple:
        found = "molecules or charges"
        raise InputError(f"rule {rule.name}", "potentials of pairs of atoms", found,
                         "the newton rule takes them")  # fmt: skip
    curves = [(_pair(o, problem), o) for _, o in problem.observed("g")]
    of, wanted = dict(curves), [term.pair for term in terms if term.refined]
    if len(liquids) != 1 or len(curves) != len(wanted) or set(of) != set(wanted):
        each = " of each refined pair" if len(terms) > 1 else ""
        raise InputError(
            f"rule {rule.name}",
            f"one state point with one measured g(r){each}",
            f"{len(liquids)} state points with {len(curves)} g(r)",
            "the newton rule takes any number of curves and numbers",
        )
    check_kinds(rule)
    return tuple(
        Partial(i, term, liquids[0], of[term.pair]) for i, term in enumerate(terms) if term.refined
    )


def _pair(observation: Observation, problem: Problem) -> Pair | None:
    """Return the pair that a curve is of; None for a total."""
    weights = observation.weights(problem.substance.pairs)
    return next(iter(weights)) if list(weights.values()) == [1.0] else None
