"""How far families of truths lie from what the newton rule believes before a measurement.

For each truth the Mie potential is sought whose difference δ from it the prior
finds least unlikely; the largest |δ| over the well, in prior standard
deviations of δ at that distance, says how much of a surprise the truth is.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from plan import ABOUT, SYSTEMS, WORLDS
from scipy.linalg import solve_triangular
from scipy.optimize import least_squares

from sopr_uq.gp import Dispersion
from sopr_uq.refine.newton.prior import DECAYS, Prior
from sopr_uq.refine.newton.term_prior import mie_energy
from sopr_uq.refine.problem import Problem
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.truths import FAMILIES, Family, draw_truth

_TRUTHS = 6
_SLACK = 0.002
"""Of ε: below it nobody cares, and the covariance stays well conditioned."""


def distances() -> xr.Dataset:
    """Return the largest |δ| in prior standard deviations, and where, of some truths.

    Returns
    -------
    Dataset
        ``surprise`` and ``place`` (r/σ) over (family, truth).
    """
    found = [[_one(system, family, k) for system in SYSTEMS for k in range(_TRUTHS)]
             for family in FAMILIES]  # fmt: skip
    values = np.array(found)
    return xr.Dataset(
        {
            name: (("family", "truth"), values[..., i])
            for i, name in enumerate(("surprise", "place"))
        },
        coords={"family": list(FAMILIES)},
    )


def _one(system: str, family: Family, number: int) -> tuple[float, float]:
    problem = WORLDS["mixed"].campaign(system).problem
    rng = stream(1, system, "distance", family, number)
    truth = draw_truth(problem, ABOUT[system], family, rng)
    r = problem.sigma * np.linspace(0.93, 2.5, 95)
    return _surprise(problem, r, np.interp(r, problem.r, truth))


def _surprise(problem: Problem, r: FloatArray, truth: FloatArray) -> tuple[float, float]:
    prior, slack = Prior(problem), _SLACK * problem.epsilon
    sigma = float(np.exp(prior.centre[0]))
    kernels = [Dispersion(prior.width.median, prior.length_median, sigma, m) for m in DECAYS]
    covariance = np.mean([kernel(r, r) for kernel in kernels], axis=0)
    root = np.linalg.cholesky(covariance + slack**2 * np.eye(r.size))

    def unlikely(point: FloatArray) -> FloatArray:
        delta = solve_triangular(root, truth - mie_energy(point, r), lower=True)
        return np.concatenate([delta, (point - prior.centre) / prior.sd])

    best = least_squares(unlikely, prior.centre, bounds=([0, -8, 8.1, 3.5], [3, 3, 30, 8]))
    sd = np.hypot(np.sqrt(np.diag(covariance)), slack)
    ratio = np.abs(truth - mie_energy(best.x, r)) / sd
    return float(ratio.max()), float(r[ratio.argmax()] / problem.sigma)
