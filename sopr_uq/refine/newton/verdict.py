"""Whether any pair potential of the kind that is sought can give the data."""

from __future__ import annotations

import numpy as np

from sopr_uq.errors import NoPotential
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray


def is_potential(problem: Problem, potential: FloatArray) -> bool:
    """Whether a proposal, shape (n,) in kcal/mol, has a repulsive core and a well."""
    found = descriptors(problem.r, potential, problem.samples[0].state.beta)
    return bool(potential[0] > 0 and np.isfinite(found).all())


def require_potential(problem: Problem, potential: FloatArray) -> None:
    """Refuse a proposal without a repulsive core or without a well.

    Parameters
    ----------
    problem : Problem
    potential : array, shape (n,)
        On the grid of the problem, in kcal/mol.

    Raises
    ------
    NoPotential
        If it is no potential of a simple liquid; says what the data may be.
    """
    if is_potential(problem, potential):
        return
    missing = "repulsive core" if not potential[0] > 0 else "well"
    raise NoPotential(
        f"newton: the data ask for a potential without a {missing}, and no simple liquid has one. "
        "Check the normalisation of the curves, the density and the temperature, and that the "
        "window leaves out what lies inside the core"
    )
