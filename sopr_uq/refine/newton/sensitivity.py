"""What the posterior owes to what was believed: the same data under other priors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.prior import DECAYS
from sopr_uq.rng import stream
from sopr_uq.typing import FloatArray

_DRAWS = 400
_KINDS = ("sigma_sd", "epsilon_sd", "exponent_sd", "attraction_sd")
_CORRECTIONS = ("correction_width", "correction_stretch_sd", "correction_factor_sd")
_WIDTHS = (*_KINDS, *(f"unlike_{name}" for name in _KINDS), "width", *_CORRECTIONS)

type _Variant = tuple[str, dict[str, Any], tuple[float, float]]


def prior_sensitivity(conditioner: Conditioner, answer: Answer) -> xr.Dataset:
    """Return the descriptors under the prior as configured and under others.

    The data, and how they depend on v, stay; noise and kernel are inferred anew,
    at their most probable values.

    Returns
    -------
    Dataset
        ``mean`` and ``sd`` (variant, descriptor).
    """
    problem = conditioner.problem
    rows, names = [], []
    for name, changed, moved in _variants(conditioner):
        prior = problem.prior.model_copy(update=changed)
        other = Conditioner(replace(problem, prior=prior), moved)
        fit = other.fit(answer.linear, answer.fit.point, answer.fit.sites)
        # common numbers: differences between variants are not those of draws
        size = (_DRAWS, fit.coefficients.mean.size)
        v = fit.draws(stream(problem.seed, "sensitivity").standard_normal(size))
        found = np.array(problem.field.descriptors(v, problem.beta))
        names.append(name)
        rows.append(_moments(found))
    mean, sd = (problem.field.plain(np.array(column)) for column in zip(*rows, strict=True))
    dims = ("variant", "descriptor", *problem.field.dims)
    coords = {"variant": names, "descriptor": list(Descriptors._fields)}
    return xr.Dataset(
        {"mean": (dims, mean), "sd": (dims, sd)}, coords=coords | problem.field.coords
    )


def _variants(conditioner: Conditioner) -> Iterator[_Variant]:
    """Yield names, changed numbers, and by how much the centres of ln σ and ln ε are moved."""
    s, still = conditioner.problem.prior, (0.0, 0.0)
    yield "as configured", {}, still
    yield "widths halved", {name: 0.5 * getattr(s, name) for name in _WIDTHS}, still
    yield "widths doubled", {name: 2.0 * getattr(s, name) for name in _WIDTHS}, still
    whole = any(term.whole for term in conditioner.problem.field.terms)
    if s.decay is None and whole:
        yield "dispersion alone", {"decay": DECAYS[0]}, still
        yield "other forces alone", {"decay": DECAYS[1]}, still
    for sign, text in ((1.0, "+"), (-1.0, "−")) if whole else ():
        yield f"sigma centre {text}1 sd", {}, (sign * s.sigma_sd, 0.0)
        yield f"epsilon centre {text}1 sd", {}, (0.0, sign * s.epsilon_sd)
    observed = [o for liquid in conditioner.problem.liquids for o in liquid.observations]
    if any(o.without_error for o in observed):
        yield "pressure error /3", {"pressure_error": s.pressure_error / 3.0}, still
        yield "pressure error ×3", {"pressure_error": s.pressure_error * 3.0}, still
    if conditioner.untold_pressure.untold.any():
        yield "tension /3", {"tension": s.tension / 3.0}, still
        yield "tension ×3", {"tension": s.tension * 3.0}, still
        yield "compression /3", {"compression": s.compression / 3.0}, still
        yield "compression ×3", {"compression": s.compression * 3.0}, still


def _moments(found: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of the defined draws, (4, draws, p) → two of (4, p)."""
    count = np.isfinite(found).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(found, axis=1) / count
        variance = np.nansum((found - mean[:, None]) ** 2, axis=1) / count
    return np.asarray(mean), np.asarray(np.sqrt(variance))
