"""How much of the data no potential of the kind that is sought explains."""

from __future__ import annotations

import numpy as np

from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import FloatArray

LARGEST = 0.1
"""Share of a curve's variance. The shipped curves leave at most 0.02 (argon's g(r), with the
ripples of its truncation)."""


def unexplained(
    conditioner: Conditioner, residual: FloatArray, model: LinearModel
) -> dict[str, float]:
    """Return for every curve the share of its variance that a simulation misses.

    Stated errors of the data and the sampling error of the simulation are taken off.

    Parameters
    ----------
    conditioner : Conditioner
    residual : array, shape (d,)
        Data minus prediction, normalisation fitted.
    model : LinearModel
        Of the simulation.
    """
    stacked = conditioner.stacked
    stated = stacked.stated_variance + np.sum(stacked.stated_columns**2, axis=1)
    known = stated + np.diagonal(model.covariance)
    shares = {}
    for j, name in enumerate(stacked.names):
        mine = stacked.of_curve(j)
        missed = max(float(np.mean(residual[mine] ** 2 - known[mine])), 0.0)
        # all of it at most: a curve without structure has no variance to compare with
        whole = max(float(np.var(stacked.value[mine])), missed)
        shares[name] = missed / whole if whole else 0.0
    return shares


def doubt(shares: dict[str, float]) -> str:
    """Say which curves no potential explains; empty if all are explained."""
    missed = {name: round(100 * share) for name, share in shares.items() if share > LARGEST}
    bad = [f"{percent} % of the variance of {name}" for name, percent in missed.items()]
    if not bad:
        return ""
    return (
        f"The refined potential leaves {' and '.join(bad)} unexplained: no potential with a "
        "repulsive core and one well produces these data within their errors. Check the "
        "normalisation of the curves, the density and the temperature, and the window."
    )
