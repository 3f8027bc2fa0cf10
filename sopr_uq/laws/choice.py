"""Which law: marginal likelihood, leaving one element out, other priors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr
from scipy.special import ndtr

from sopr_uq.inference.power_law_density import LawData, LawPrior
from sopr_uq.laws.ensembles import Prepared
from sopr_uq.laws.law import LAWS, QUANTITIES, Priors
from sopr_uq.laws.quadrature import Quadrature, quadrature
from sopr_uq.typing import FloatArray

_DROP = 1e-10
_GRID = 201


class LeftOut(NamedTuple):
    """What a law fitted without one element says about it.

    Attributes
    ----------
    log_density : float
        Log predictive density of log D, averaged over the element's draws.
    z : float
        (Mean log D − predicted) / standard deviation of that difference.
    p : float
        Predictive probability of a log D below the ensemble's mean.
    mean, sd, lower, upper : float
        Prediction of D itself, in Å or kcal/mol.
    """

    log_density: float
    z: float
    p: float
    mean: float
    sd: float
    lower: float
    upper: float


def leave_out(
    data: LawData,
    prior: LawPrior,
    element: int,
    ci_prob: float = 0.95,
    log_evidence: float | None = None,
) -> LeftOut:
    """Refit without one element, exactly, and confront it with the prediction.

    Parameters
    ----------
    data : LawData
        All elements.
    prior : LawPrior
        Priors, the same as for all elements.
    element : int
        Index of the one to leave out.
    ci_prob : float
        Probability of the equal-tailed interval.
    log_evidence : float, optional
        That of all elements, if it is known already.
    """
    if log_evidence is None:
        log_evidence = quadrature(data, prior).log_evidence
    others = [e for e in range(data.x.size) if e != element]
    q = quadrature(data.only(others), prior)
    q = _pruned(q)
    one = data.only([element])
    centre = q.level + q.exponent * one.x
    spread = q.tau**2 + q.exponent**2 * one.x_variance
    total = spread + one.variance
    predicted = q.mean(centre)
    sd = np.sqrt(q.sd(centre) ** 2 + q.mean(total))
    # p(D_e | the others) = p(all) / p(the others)
    return LeftOut(
        log_evidence - q.log_evidence,
        float((one.mean[0] - predicted) / sd),
        q.mean(ndtr((one.mean - centre) / np.sqrt(total))),
        *_prediction(q, centre, spread, ci_prob),
    )


def leave_one_out(
    prepared: Prepared, priors: Priors, quantity: str, ci_prob: float = 0.95
) -> xr.Dataset:
    """Leave out every element in turn, under every law of the quantity.

    Returns
    -------
    Dataset
        The fields of :class:`LeftOut`, dims (law, element); NaN for laws that the
        quantity does not have.
    """
    size = prepared.data.x.size
    found = np.full((len(LAWS), size, len(LeftOut._fields)), np.nan)
    for i, law in enumerate(LAWS.values()):
        if law in QUANTITIES[quantity]:
            prior = priors.of(law, prepared.level)
            total = quadrature(prepared.data, prior).log_evidence
            found[i] = [leave_out(prepared.data, prior, e, ci_prob, total) for e in range(size)]
    columns = {name: (("law", "element"), found[..., k]) for k, name in enumerate(LeftOut._fields)}
    return xr.Dataset(columns, {"law": list(LAWS)})


def sensitivity(prepared: Prepared, priors: Priors, quantity: str) -> xr.Dataset:
    """Repeat the inference under other priors.

    Returns
    -------
    Dataset
        ``log_evidence``, ``probability`` (of the law among the quantity's laws,
        equally probable beforehand), mean and sd of ``a``, ``b`` and ``tau``; dims
        (law, prior). NaN for laws that the quantity does not have.
    """
    variants = priors.variants()
    names = ["log_evidence", *(f"{p}_{s}" for p in ("a", "b", "tau") for s in ("mean", "sd"))]
    found = np.full((len(LAWS), len(variants), len(names)), np.nan)
    for i, law in enumerate(LAWS.values()):
        if law not in QUANTITIES[quantity]:
            continue
        for j, variant in enumerate(variants.values()):
            q = quadrature(prepared.data, variant.of(law, prepared.level))
            found[i, j] = _moments(q, prepared.log_polarizability)
    columns = {name: (("law", "prior"), found[..., k]) for k, name in enumerate(names)}
    columns["probability"] = (("law", "prior"), _probabilities(found[..., 0]))
    return xr.Dataset(columns, {"law": list(LAWS), "prior": list(variants)})


def comparison(by_prior: xr.Dataset, left_out: xr.Dataset) -> xr.Dataset:
    """Set the laws side by side.

    Parameters
    ----------
    by_prior, left_out : Dataset
        Results of :func:`sensitivity` and :func:`leave_one_out`.

    Returns
    -------
    Dataset
        ``log_evidence`` and ``probability`` under the default prior, ``loo`` (sum
        over elements of the leave-one-out log predictive density of log D) and
        ``largest_z`` (worst left-out element); dims (law).
    """
    default = by_prior[["log_evidence", "probability"]].sel(prior="default", drop=True)
    loo = left_out["log_density"].sum("element", skipna=False)
    worst = abs(left_out["z"]).max("element")
    return default.assign(loo=loo, largest_z=worst)


def _moments(q: Quadrature, log_polarizability: float) -> list[float]:
    a = np.exp(q.level - q.exponent * log_polarizability)
    return [q.log_evidence, *(f(x) for x in (a, q.exponent, q.tau) for f in (q.mean, q.sd))]


def _probabilities(log_evidence: FloatArray) -> FloatArray:
    """Posterior probabilities along the first axis, of laws that exist (not NaN)."""
    weight = np.exp(log_evidence - np.nanmax(log_evidence, axis=0))
    return np.asarray(weight / np.nansum(weight, axis=0))


def _pruned(q: Quadrature) -> Quadrature:
    """Drop nodes that carry nothing."""
    keep = q.weight > _DROP * q.weight.max()
    weight = q.weight[keep] / q.weight[keep].sum()
    return q._replace(
        weight=weight, level=q.level[keep], exponent=q.exponent[keep], tau=q.tau[keep]
    )


def _prediction(
    q: Quadrature, centre: FloatArray, spread: FloatArray, ci_prob: float
) -> tuple[float, float, float, float]:
    """Mean, sd and interval of D = exp(y), y a mixture of N(centre, spread) over the nodes."""
    middle = q.mean(centre)
    sd = np.sqrt(q.sd(centre) ** 2 + q.mean(spread))
    y = middle + sd * np.linspace(-8.0, 8.0, _GRID)
    below = q.weight @ ndtr((y - centre[:, None]) / np.sqrt(spread)[:, None])
    lower, upper = np.interp([0.5 - 0.5 * ci_prob, 0.5 + 0.5 * ci_prob], below, y)
    # Moments from the distribution function: the lognormal's own would be ruled by
    # the far tail of τ, which no data can check.
    density = np.diff(below) / (below[-1] - below[0])
    d = np.exp(0.5 * (y[1:] + y[:-1]))
    mean = float(density @ d)
    return (
        mean,
        float(np.sqrt(density @ (d - mean) ** 2)),
        float(np.exp(lower)),
        float(np.exp(upper)),
    )
