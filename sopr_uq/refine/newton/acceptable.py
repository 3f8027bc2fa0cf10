"""Whether any pair potential of the kind that is sought can give the data."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import NoPotential
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray


def is_potential(problem: Problem, potential: FloatArray) -> bool:
    """Whether a proposal, shape (p n,) in kcal/mol, has repulsive cores and wells."""
    return not _missing(problem, potential)


def require_potential(problem: Problem, potential: FloatArray) -> None:
    """Refuse a proposal without a repulsive core or without a well.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (p n,)
        On the grid of the problem, in kcal/mol.

    Raises
    ------
    NoPotential
        If it is no potential of a simple liquid; says what the data may be.
    """
    missing = _missing(problem, potential)
    if not missing:
        return
    raise NoPotential(
        f"newton: the data ask for a potential without a {missing}, and no simple liquid has one. "
        "Check the normalisation of the curves, the density and the temperature, and that the "
        "window leaves out what lies inside the core"
    )


def _missing(problem: Problem, potential: FloatArray) -> str:
    """Say what a proposal lacks, and of which pair; empty if it lacks nothing."""
    field = problem.field
    found = np.isfinite(field.descriptors(potential, problem.beta)).all(axis=0)
    for term, v, whole in zip(field.terms, field.split(potential), found, strict=True):
        if term.scale is not None:
            continue
        pair = term.pair
        of = "" if problem.element else f" of {pair.label}"
        if not v[0] > 0:
            return f"repulsive core{of}"
        if not whole:
            return f"well{of}"
    return ""
