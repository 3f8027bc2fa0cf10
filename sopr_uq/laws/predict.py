"""Predictions for elements that nobody has measured."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from sopr_uq.derived.summary import interval
from sopr_uq.errors import InputError
from sopr_uq.experiment.elements import PolarizabilitySet, element
from sopr_uq.laws.ensembles import check_polarizability
from sopr_uq.laws.law import QUANTITIES, choose, unit
from sopr_uq.laws.reserve import doubtful_elements, smoothed_elements
from sopr_uq.rng import stream

type PredictedQuantities = dict[str, dict[str, float | str]]
"""Of one target: by quantity what is predicted, under the names that :func:`predict` tells."""

_NUMBER = r"[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?"
_WITH_ERROR = re.compile(rf"\s*({_NUMBER})\s*(?:(?:±|\+/-|\+-)\s*({_NUMBER})|\(([0-9]+)\))?\s*")


@dataclass(frozen=True)
class Target:
    """Something to predict for.

    Parameters
    ----------
    name : str
        Its key in the result.
    polarizability, polarizability_error : float
        α and its standard error, in Å³.

    Raises
    ------
    InputError
        If α is not positive or its error makes no sense.
    """

    name: str
    polarizability: float
    polarizability_error: float = 0.0

    def __post_init__(self) -> None:
        check_polarizability(self.name, self.polarizability, self.polarizability_error)


def element_target(symbol: str, polarizabilities: PolarizabilitySet = "recommended") -> Target:
    """Return an element of the table as a target.

    Raises
    ------
    InputError
        If the table lacks the element; it lists those it has.
    """
    alpha = element(symbol).polarizability(polarizabilities)
    return Target(symbol, alpha.value, alpha.error)


def parse_target(text: str) -> Target:
    """Read a bare polarizability in Å³: ``5.19``, ``5.19±0.30``, ``5.19+-0.30`` or ``5.19(30)``.

    Raises
    ------
    InputError
        If the text is none of these.
    """
    match = _WITH_ERROR.fullmatch(text)
    if match is None:
        expected = "a number in Å³, if need be with its error, as in 5.19±0.30 or 5.19(30)"
        raise InputError("polarizability", expected, repr(text))
    value, plus, digits = match.groups()
    error = float(plus) if plus else 0.0
    if digits:
        decimals = len(value.partition(".")[2])
        error = int(digits) * 10.0**-decimals
    return Target(text.strip(), float(value), error)


def predict(
    laws: xr.DataTree,
    targets: Sequence[str | Target | tuple[float, float]],
    *,
    law: str | None = None,
    polarizabilities: PolarizabilitySet | None = None,
    ci_prob: float | None = None,
) -> dict[str, PredictedQuantities]:
    """Predict every quantity of every target.

    Parameters
    ----------
    laws : DataTree
        Result of :func:`sopr_uq.laws.fit.fit_laws`.
    targets : sequence
        Symbols of elements, targets, or pairs (α, error) in Å³.
    law : str, optional
        ``qdo``, ``classical`` or ``free``; a quantity that lacks it, or any
        quantity if none is named, is predicted by its own default (1/7 for
        sizes, free for the energy).
    polarizabilities : {"recommended", "qdo"}, optional
        Where α of an element comes from; by default where the laws have it from.
    ci_prob : float, optional
        Probability of the equal-tailed interval; by default that of the laws.

    Returns
    -------
    dict
        By target and quantity: ``mean``, ``sd``, ``lower``, ``upper``, ``prob``,
        ``unit``, ``rests_on`` (``posterior``, or ``smoothing`` where an ensemble is a
        smoothing band) and ``doubtful`` (the elements of the law whose refinement is,
        with commas between), ready for JSON.

    Raises
    ------
    InputError
        If an element or law is unknown, or α makes no sense.
    """
    probability = float(laws.attrs["ci_prob"]) if ci_prob is None else ci_prob
    source = polarizabilities or laws.attrs.get("polarizabilities", "recommended")
    mark: dict[str, float | str] = {
        "rests_on": "smoothing" if smoothed_elements(laws) else "posterior",
        "doubtful": ", ".join(doubtful_elements(laws)),
    }
    found = {}
    for target in targets:
        one = as_target(target, source)
        draws = predictive_draws(laws, one, law=law)
        found[one.name] = {str(q): _summarise(x, probability) | mark for q, x in draws.items()}
    return found


def as_target(
    target: str | Target | tuple[float, float], polarizabilities: PolarizabilitySet = "recommended"
) -> Target:
    """Return any of the accepted forms of a target as a `Target`."""
    if isinstance(target, Target):
        return target
    if isinstance(target, str):
        return element_target(target, polarizabilities)
    alpha, error = target
    return Target(f"{alpha:g}±{error:g}" if error else f"{alpha:g}", alpha, error)


def predictive_draws(laws: xr.DataTree, target: Target, *, law: str | None = None) -> xr.Dataset:
    """Return posterior predictive draws of every quantity, paired with the law's draws.

    D = a α^b exp(η), with the law's own draw of a, b and τ, η ~ N(0, τ²), and log α
    drawn within its error. All quantities share the draws of α.

    Returns
    -------
    Dataset
        One variable a quantity, dims (chain, draw), with ``units`` and ``law``.
    """
    seed = int(laws.attrs["seed"])
    found = {}
    for quantity in (q for q in QUANTITIES if q in laws.children):
        chosen = choose(quantity, law)
        draws = laws[f"{quantity}/{chosen.name}"].to_dataset()
        shape = draws["tau"].shape
        alpha_noise = stream(seed, "predict", target.name, "alpha").standard_normal(shape)
        scatter = stream(seed, "predict", target.name, quantity).standard_normal(shape)
        relative = target.polarizability_error / target.polarizability
        log_alpha = np.log(target.polarizability) + relative * alpha_noise
        log_d = draws["log_a"] + draws["b"] * log_alpha + draws["tau"] * scatter
        found[quantity] = np.exp(log_d).assign_attrs(units=unit(quantity), law=chosen.name)
    attrs = {"target": target.name, "polarizability": target.polarizability}
    attrs["polarizability_error"] = target.polarizability_error
    return xr.Dataset(found, attrs=attrs)


def _summarise(draws: xr.DataArray, probability: float) -> dict[str, float | str]:
    lower, upper = interval(draws.values.ravel(), probability)
    return {
        "mean": float(draws.mean()),
        "sd": float(draws.std(ddof=1)),
        "lower": float(lower),
        "upper": float(upper),
        "prob": probability,
        "unit": str(draws.attrs["units"]),
    }
