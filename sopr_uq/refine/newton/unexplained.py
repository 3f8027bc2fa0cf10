"""How much of the data no potential of the kind that is sought explains."""

from __future__ import annotations

import numpy as np

from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.data import Stacked
from sopr_uq.refine.newton.linear import LinearModel
from sopr_uq.typing import FloatArray

_PLAUSIBLE = 3.0
"""In prior standard deviations of the logarithm of the noise."""

LARGEST = 0.1
"""Share of a curve's variance. The shipped curves leave at most 0.02 (argon's g(r), with the
ripples of its truncation)."""


def unexplained(
    conditioner: Conditioner, residual: FloatArray, model: LinearModel
) -> dict[str, float]:
    """Return for every curve the share of its variance that a simulation misses.

    What errors explain is taken off: stated errors of the data and the sampling error of
    the simulation, or, where that is more, what scatters from point to point, as far as
    noise of that size is plausible. So a noisy curve is not called unexplained.

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
    known = stated + model.variance
    shares = {}
    for j, name in enumerate(stacked.names):
        mine = stacked.of_curve(j)
        noise = max(float(np.mean(known[mine])), white_variance(stacked, j, residual[mine]))
        missed = max(float(np.mean(residual[mine] ** 2)) - noise, 0.0)
        # all of it at most: a curve without structure has no variance to compare with
        whole = max(float(np.var(stacked.value[mine])), missed)
        shares[name] = missed / whole if whole else 0.0
    return shares


def white_variance(stacked: Stacked, curve: int, residual: FloatArray) -> float:
    """Return the variance of what scatters from one independent point to the next.

    Half the mean square of differences is the variance of white noise (J. von Neumann, Ann.
    Math. Stat. 12, 367 (1941)), and little of a misfit that waves; two of its standard errors
    are added. It is at most what the prior of the noise allows.

    Parameters
    ----------
    stacked : Stacked
    curve : int
        Its index.
    residual : array, shape (n,)
        Its residuals.
    """
    if residual.size < 3:
        return 0.0
    prior, shape = stacked.noise[curve], stacked.noisy[stacked.of_curve(curve)]
    most = (prior.median * np.exp(_PLAUSIBLE * prior.sd)) ** 2 * float(np.mean(shape))
    white = 0.5 * float(np.mean(np.diff(residual) ** 2))
    return float(min(white * (1.0 + 2.0 / np.sqrt(residual.size)), most))


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
