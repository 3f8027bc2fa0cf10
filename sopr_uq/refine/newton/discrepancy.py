"""What an effective pair potential changes from one state point to the next.

Liquids that share one potential need not do so exactly: three-body forces and
quantum effects make the effective v(r) depend on density and temperature. Each
liquid may therefore have its own correction δ_s(r), a Gaussian process like
that of the prior, v_s = v + δ_s, which the data of no other liquid know.
"""

from __future__ import annotations

import numpy as np

from sopr_uq.refine.newton.prior import Prior
from sopr_uq.refine.problem import Problem
from sopr_uq.typing import FloatArray, IntArray


def discrepancy_columns(
    problem: Problem, jacobian: FloatArray, liquid: IntArray, prior: Prior
) -> FloatArray:
    """Return the columns of the corrections of all liquids.

    Parameters
    ----------
    problem : Problem
        Its ``settings.discrepancy`` is the standard deviation of δ_s at σ, in kcal/mol.
    jacobian : array, shape (d, n)
        Of data, per kcal/mol.
    liquid : array of int, shape (d,)
        To which liquid each of them belongs.
    prior : Prior
        δ_s is as smooth as what a Mie potential lacks.

    Returns
    -------
    array, shape (d, m)
        For standard normal coefficients; m = 0 without discrepancy.
    """
    root = discrepancy_root(problem, prior)
    of_liquid = liquid[:, None] == np.arange(len(problem.liquids))
    columns = of_liquid[:, :, None] * (jacobian @ root)[:, None, :]
    return np.asarray(columns.reshape(len(jacobian), -1))


def discrepancy_root(problem: Problem, prior: Prior) -> FloatArray:
    """Return the factor of δ_s on the grid of the potential, shape (p n, m), in kcal/mol."""
    sd = problem.settings.discrepancy
    if sd == 0.0:
        return np.zeros((problem.field.size, 0))
    return sd * prior.correction(prior.length_median)
