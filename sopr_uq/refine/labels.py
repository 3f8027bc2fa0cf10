"""How the measurements of a problem are called in a result."""

from __future__ import annotations

from typing import NamedTuple

from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.observation import Observation
from sopr_uq.refine.problem import Problem


class Labelled(NamedTuple):
    """A measurement with its name and its dimension in a result, and the number of its liquid."""

    name: str
    dim: str
    liquid: int
    observation: Observation


def labelled(problem: Problem) -> list[Labelled]:
    """Return the measurements of all liquids in order: ``g``, ``pressure``, ``g_2`` and so on."""
    count: dict[str, int] = {}
    found = []
    for number, liquid in enumerate(problem.liquids):
        for o in liquid.observations:
            count[o.kind] = count.get(o.kind, 0) + 1
            suffix = "" if count[o.kind] == 1 else f"_{count[o.kind]}"
            dim = KINDS[o.kind].dim or f"{o.kind}_observed"
            found.append(Labelled(o.kind + suffix, dim + suffix, number, o))
    return found
