"""The measurements in a result: the numbers that were learnt from, and the whole tables."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.totals import Total
from sopr_uq.posterior.stated import noise_over_stated, sentence
from sopr_uq.refine.labels import Labelled, labelled
from sopr_uq.refine.rule import Rule
from sopr_uq.typing import FloatArray

TABLE = "_table"
USED = "_used"
_EXCEEDED = ("noise_over_stated_lower", "noise_over_stated", "noise_over_stated_upper")


def observed_data(rule: Rule, posterior: xr.Dataset) -> xr.Dataset:
    """Return the measured numbers that a rule learns from, each with its own abscissae.

    Parameters
    ----------
    rule : Rule
    posterior : Dataset
        Its noise says by how much stated errors were exceeded.
    """
    measured = labelled(rule.problem)
    exceeded = noise_over_stated([each.observation for each in measured], posterior)
    data = {}
    for each, factor in zip(measured, exceeded, strict=True):
        o = rule.points(each.observation)
        x = xr.Variable(each.dim, o.x, _x_units(o))
        data[each.name] = xr.DataArray(
            o.value, dims=each.dim, coords={each.dim: x}, attrs=_attributes(each, factor)
        )
    return xr.Dataset(data)


def constant_data(rule: Rule) -> xr.Dataset:
    """Return what was given beside the numbers of :func:`observed_data`.

    ``temperature`` (K), ``density`` (Å⁻³) of every ``state``; of every measurement its
    whole table, ``g_table`` over ``r_measured``, with ``g_used``, whether a point is in the
    window; and, where errors came with it, those of the numbers used, ``g_error``.
    """
    problem = rule.problem
    states = [liquid.state for liquid in problem.liquids]
    data = {
        "temperature": xr.DataArray([s.temperature for s in states], dims="state"),
        "density": xr.DataArray([s.density for s in states], dims="state"),
    }
    data["temperature"].attrs["units"], data["density"].attrs["units"] = "K", "angstrom-3"
    for each in labelled(problem):
        o, unit = each.observation, _units(each.observation)
        dim = _whole(each.dim)
        x = {dim: xr.Variable(dim, o.x, _x_units(o))}
        data[each.name + TABLE] = xr.DataArray(o.value, x, dim, attrs=unit)
        data[each.name + USED] = xr.DataArray(o.mask.astype(np.int8), x, dim)
        used = rule.points(o)
        error = _stated(used)
        if error is not None:
            at = {each.dim: xr.Variable(each.dim, used.x, _x_units(o))}
            data[f"{each.name}_error"] = xr.DataArray(error, at, each.dim, attrs=unit)
    return xr.Dataset(data)


def measured(result: xr.DataTree) -> xr.Dataset:
    """Return the tables of all measurements of a result, and which points are in the window.

    Returns
    -------
    Dataset
        ``g`` and ``g_used`` over ``r_observed``, and so on; attributes tell of each where
        it is from. Results of schema 2 and older keep them like this.
    """
    if "observed_data" not in result.children:
        return xr.Dataset()
    observed = result["observed_data"].to_dataset()
    if "constant_data" not in result.children:
        return observed
    constant = result["constant_data"].to_dataset()
    found: dict[str, xr.DataArray] = {}
    for name, values in observed.data_vars.items():
        (dim,) = values.dims
        back = {_whole(str(dim)): dim}
        table = constant[f"{name}{TABLE}"].rename(back)
        found[str(name)] = table.assign_attrs(values.attrs)
        found[f"{name}{USED}"] = constant[f"{name}{USED}"].rename(back)
    return xr.Dataset(found)


def _whole(dim: str) -> str:
    """Return the dimension of a whole table, of which another has the points that are used."""
    return dim.replace("_observed", "_measured")


def _units(o: Observation) -> dict[str, str]:
    return {"units": o.unit}


def _x_units(o: Observation) -> dict[str, str]:
    return {"units": o.axis.unit} if o.is_curve else {}


def _stated(o: Observation) -> FloatArray | None:
    if o.covariance is not None:
        return np.asarray(np.sqrt(np.diagonal(o.covariance)))
    return o.error


def _attributes(each: Labelled, factor: FloatArray | None) -> dict[str, str | float]:
    """Say where a measurement is from, of what it is, and what was found about it."""
    o = each.observation
    attrs: dict[str, str | float] = {"name": o.name, "source": o.source, **_units(o)}
    attrs |= {"origin": o.origin} if o.origin else {}
    attrs |= {} if o.is_curve or o.error is None else {"error": float(o.error[0])}
    remarks = o.remarks
    if factor is not None:
        attrs |= dict(zip(_EXCEEDED, factor.tolist(), strict=True))
        remarks = (*remarks, sentence(factor))
    attrs |= {"remarks": "\n".join(remarks)} if remarks else {}
    attrs |= {"liquid": each.liquid} if each.liquid else {}
    attrs |= _of(o)
    return attrs | ({"q_max": o.q_max} if np.isfinite(o.q_max) else {})


def _of(o: Observation) -> dict[str, str]:
    """Say what a curve of a mixture is of."""
    if o.of is None:
        return {}
    if isinstance(o.of, Pair):
        return {"pair": o.of.label}
    if isinstance(o.of, Total):
        weights = dict(zip(o.of.pairs, o.of.between(np.zeros(1))[0].tolist(), strict=True))
    else:
        weights = dict(o.of)
    return {"weights": json.dumps({pair.label: weight for pair, weight in weights.items()})}
