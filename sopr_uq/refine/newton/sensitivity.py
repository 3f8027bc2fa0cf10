"""What the posterior owes to what was believed: the same data under other priors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.rng import stream

_DRAWS = 400
_WIDTHS = ("sigma_sd", "epsilon_sd", "exponent_sd", "attraction_sd", "width")


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
    for name, changed in _variants(conditioner):
        prior = problem.prior.model_copy(update=changed)
        other = Conditioner(replace(problem, prior=prior)) if changed else conditioner
        fit = other.fit(answer.linear, answer.fit.point)
        # common numbers: differences between variants are not those of draws
        z = stream(problem.seed, "sensitivity").standard_normal((_DRAWS, 512))
        v = fit.draws(z[:, : fit.coefficients.mean.size])
        found = np.array(descriptors(problem.r, v, problem.samples[0].state.beta))
        names.append(name)
        rows.append((np.nanmean(found, axis=1), np.nanstd(found, axis=1)))
    mean, sd = (np.array(column) for column in zip(*rows, strict=True))
    return xr.Dataset(
        {"mean": (("variant", "descriptor"), mean), "sd": (("variant", "descriptor"), sd)},
        coords={"variant": names, "descriptor": list(Descriptors._fields)},
    )


def _variants(conditioner: Conditioner) -> Iterator[tuple[str, dict[str, Any]]]:
    s = conditioner.problem.prior
    ln_sigma, ln_epsilon = conditioner.prior.centre[:2]
    yield "as configured", {}
    yield "widths halved", {name: 0.5 * getattr(s, name) for name in _WIDTHS}
    yield "widths doubled", {name: 2.0 * getattr(s, name) for name in _WIDTHS}
    for sign, text in ((1.0, "+"), (-1.0, "−")):
        moved = float(np.exp(ln_sigma + sign * s.sigma_sd))
        yield f"sigma centre {text}1 sd", {"sigma": moved}
        moved = float(np.exp(ln_epsilon + sign * s.epsilon_sd))
        yield f"epsilon centre {text}1 sd", {"epsilon": moved}
    observed = [o for sample in conditioner.problem.samples for o in sample.observations]
    if any(o.kind == "pressure" and o.error is None for o in observed):
        yield "pressure error /3", {"pressure_error": s.pressure_error / 3.0}
        yield "pressure error ×3", {"pressure_error": s.pressure_error * 3.0}
