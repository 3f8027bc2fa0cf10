"""The test that two samplers of one density agree within Monte Carlo error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import norm

from sopr_uq.errors import SoprUqError
from sopr_uq.typing import FloatArray

FALSE_DISAGREEMENT = 1e-4
_PROBABILITIES = (0.025, 0.25, 0.5, 0.75, 0.975)


class SamplersDisagree(SoprUqError):
    """Two samplers of the same density give different posteriors."""


class Agreement(NamedTuple):
    """The comparison of two samples.

    Attributes
    ----------
    z : dict
        By functional (mean and quantile probabilities of each parameter), the
        difference in units of its Monte Carlo standard error.
    limit : float
        What the largest |z| may be.
    """

    z: dict[str, float]
    limit: float

    @property
    def largest(self) -> float:
        """Largest |z|."""
        return max(abs(z) for z in self.z.values())

    @property
    def agrees(self) -> bool:
        """Whether no functional differs by more than the limit."""
        return self.largest <= self.limit


def compare_samples(
    first: xr.Dataset, second: xr.Dataset, false_alarm: float = FALSE_DISAGREEMENT
) -> Agreement:
    """Compare two samples of a law's posterior.

    Parameters
    ----------
    first, second : Dataset
        ``level``, ``exponent``, ``tau`` with dims (chain, draw); parameters that
        do not vary are left out.
    false_alarm : float
        Probability that correct samplers exceed the limit (Bonferroni over the
        functionals, so an upper bound).
    """
    z: dict[str, float] = {}
    for name in first.data_vars:
        if float(first[name].std()) < 1e-12:
            continue
        pair = [np.asarray(sample[name].values, dtype=float) for sample in (first, second)]
        if name == "tau":
            pair = [np.log(x) for x in pair]
        z |= {f"{name}: {what}": value for what, value in _differences(*pair).items()}
    return Agreement(z, float(norm.isf(false_alarm / (2 * len(z)))))


def require_agreement(agreement: Agreement) -> None:
    """Raise SamplersDisagree, naming the worst functional, unless the samples agree."""
    if not agreement.agrees:
        worst = max(agreement.z, key=lambda name: abs(agreement.z[name]))
        raise SamplersDisagree(
            f"NUTS and emcee differ in {worst} by {agreement.z[worst]:.1f} Monte Carlo standard "
            f"errors; at most {agreement.limit:.1f} is expected. Try longer runs."
        )


def _differences(first: FloatArray, second: FloatArray) -> dict[str, float]:
    found = {"mean": _z(first, second)}
    levels = np.quantile(np.concatenate([first.ravel(), second.ravel()]), _PROBABILITIES)
    for probability, level in zip(_PROBABILITIES, levels, strict=True):
        below = [(x < level).astype(float) for x in (first, second)]
        found[f"P(below quantile {probability:g})"] = _z(*below)
    return found


def _z(first: FloatArray, second: FloatArray) -> float:
    variance = _squared_error(first) + _squared_error(second)
    return float((first.mean() - second.mean()) / np.sqrt(variance))


def _squared_error(x: FloatArray) -> float:
    """Squared Monte Carlo standard error of the mean of (chain, draw)."""
    import arviz as az

    return float(x.var() / az.ess(x, method="mean"))
