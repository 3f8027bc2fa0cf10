"""What a result of the newton rule holds beside its posterior."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.potentials.descriptors import Descriptors
from sopr_uq.refine.belief import without_meaning
from sopr_uq.refine.newton.agreement import agreement
from sopr_uq.refine.newton.answer import Answer
from sopr_uq.refine.newton.budget import SOURCES, descriptor_budget
from sopr_uq.refine.newton.conditioner import Conditioner
from sopr_uq.refine.newton.emulator import PredictionMisfit
from sopr_uq.refine.newton.evidence import correction_evidence
from sopr_uq.refine.newton.memory import unpack
from sopr_uq.refine.newton.misfit import Misfit
from sopr_uq.refine.newton.prior import OF_A_PAIR
from sopr_uq.refine.newton.prior_predictive import prior_potentials
from sopr_uq.refine.newton.sensitivity import prior_sensitivity
from sopr_uq.refine.newton.state_evidence import state_evidence
from sopr_uq.refine.newton.trial import Trial
from sopr_uq.refine.newton.unexplained import doubt, unexplained
from sopr_uq.refine.rule import RuleState
from sopr_uq.typing import FloatArray

_UNITS = ("angstrom", "kcal/mol", "angstrom", "angstrom")


def groups(
    conditioner: Conditioner, answer: Answer, last: RuleState, posterior: xr.Dataset
) -> dict[str, xr.Dataset]:
    """Return the groups by name; ``last`` is the state that the refinement ended in.

    An attribute ``doubt`` says why the result is not to be trusted, ``unexplained`` why it
    is none, ``warning`` what else a reader should know.
    """
    problem = conditioner.problem
    numbers = agreement(conditioner, answer.fit)
    leading = unpack(problem, last.memory)[0]
    shares = unexplained(conditioner, Misfit(conditioner).residual(answer.fit, leading), leading)
    check = posterior_check(last, answer, posterior)
    check = check.assign_coords(curve=list(shares)).assign_attrs(unexplained=doubt(shares))
    found = {
        "posterior_check": check.assign(unexplained=("curve", list(shares.values()))),
        "prior": prior_draws(conditioner),
        "prior_sensitivity": prior_sensitivity(conditioner, answer),
        "error_budget": error_budget(conditioner, answer),
        **({"agreement": numbers} if numbers else {}),
    }
    jacobian = answer.linear.jacobian
    if not any(term.whole for term in problem.field.terms):
        found["correction_evidence"] = correction_evidence(answer.fit, jacobian)
    if len(problem.liquids) > 1:
        found["state_evidence"] = state_evidence(problem, answer.fit, jacobian)
    return found


def posterior_check(state: RuleState, answer: Answer, posterior: xr.Dataset) -> xr.Dataset:
    """Return what the last round says of the posterior, as scalars; see :mod:`.trial`."""
    chi2, numbers = state.memory["predicted"]
    prediction = PredictionMisfit(float(chi2), int(numbers)) if numbers else None
    attrs = posterior.attrs
    surrogate = answer.emulator.surrogate
    trial = Trial(
        prediction,
        surrogate.left_out,
        float(attrs["k_hat"]),
        float(attrs["effective_draws"]),
        int(attrs["weighed"]),
        *(int(number) for number in state.memory["runs"]),
    )
    faults = trial.faults
    return xr.Dataset(
        {
            "predicted": trial.predicted,
            "predicted_p": trial.predicted_p,
            "left_out": trial.left_out,
            "k_hat": trial.k_hat,
            "effective_draws": trial.effective,
            "draws": trial.draws,
            "passed": np.int8(not faults),
            "runs": trial.runs,
            "failed": trial.failed,
            "scale": ("part", surrogate.scales),
        },
        coords={"part": ["jacobian", "curvature", "unseen noise", "jacobian of Mie"]},
        attrs={"doubt": faults},
    )


def prior_draws(conditioner: Conditioner) -> xr.Dataset:
    """Return potentials of the prior, ``potential`` (chain, draw, r) in kcal/mol.

    Of a mixture with a dimension ``pair``.
    """
    problem = conditioner.problem
    v = prior_potentials(conditioner)
    field = problem.field
    potential = xr.DataArray(
        field.plain(field.split(v[None]), -2),
        dims=("chain", "draw", *field.dims, "r"),
        coords={"chain": [0], "draw": np.arange(len(v)), "r": problem.r, **field.coords},
    )
    sizes = np.exp(conditioner.prior.centre.reshape(-1, OF_A_PAIR))
    numbers = problem.prior.model_dump(exclude_none=True)
    vain = without_meaning(
        mixture=not problem.element,
        whole=any(term.whole for term in field.terms),
        corrected=any(term.corrected for term in field.terms),
    )
    numbers = {k: v for k, v in numbers.items() if not k.startswith(vain)}
    numbers |= {"sigma": _listed(sizes[:, 0]), "epsilon": _listed(sizes[:, 1])}
    return xr.Dataset({"potential": potential.assign_attrs(units="kcal/mol")}, attrs=numbers)


def error_budget(conditioner: Conditioner, answer: Answer) -> xr.Dataset:
    """Return where the variance of each descriptor comes from.

    The shares of measurement, normalisation, discrepancy between state points,
    simulation and prior decompose the posterior of the linear model at the most
    probable noise levels and kernel exactly. What is not known of the liquid's
    response, after all simulations, is part of the simulation.

    Returns
    -------
    Dataset
        ``variance_share`` (descriptor, source), which sums to one over the
        sources, and ``sd`` (descriptor), the root of the whole variance.
    """
    parts = descriptor_budget(conditioner, answer.fit)
    field = conditioner.problem.field
    variance = field.plain(np.array([parts[source] for source in SOURCES]))
    total = variance.sum(axis=0)
    with np.errstate(invalid="ignore"):
        share = np.moveaxis(variance / total, 0, 1)
    ds = xr.Dataset(
        {
            "variance_share": (("descriptor", "source", *field.dims), share),
            "sd": (("descriptor", *field.dims), np.sqrt(total)),
        },
        coords={
            "descriptor": list(Descriptors._fields),
            "source": list(SOURCES),
            "unit": ("descriptor", list(_UNITS)),
            **field.coords,
        },
    )
    ds["variance_share"].attrs["units"] = "1"
    return ds


def _listed(values: FloatArray) -> float | list[float]:
    """Return a number, or several as a list."""
    return float(values[0]) if values.size == 1 else values.tolist()
