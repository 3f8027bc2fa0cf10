"""Curves with bands: g(r), v(r) and what the hard-particle diameter is made of."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.derived import labelled
from sopr_uq.derived.pairs import pairs
from sopr_uq.derived.summary import interval
from sopr_uq.errors import InputError
from sopr_uq.posterior.observed import measured
from sopr_uq.posterior.status import interval_kind, kind_of_band, outcome
from sopr_uq.units import inverse_temperature

MOST_DRAWS = 400


def band(draws: xr.DataArray, ci_prob: float = 0.95) -> xr.Dataset:
    """Return mean and central band of a curve: at each abscissa the equal-tailed interval.

    Every band of a curve in a table or figure is made here.

    Parameters
    ----------
    draws : DataArray, dims (chain, draw, x)
        x stands for any one dimension; undefined draws are left out.
    ci_prob : float
        Probability of the band.

    Returns
    -------
    Dataset
        ``mean``, ``median``, ``lower``, ``upper``, dims (x), in the unit of the draws.
    """
    curve = draws.transpose(..., "chain", "draw")
    values = curve.values.reshape(curve.shape[0], -1)
    values = values[:, np.isfinite(values).all(axis=0)]
    lower, upper = interval(values, ci_prob)
    dim = str(curve.dims[0])
    columns = {"mean": values.mean(axis=-1), "median": np.median(values, axis=-1)}
    columns |= {"lower": lower, "upper": upper}
    attrs = {"units": str(draws.attrs.get("units", "1"))}
    return xr.Dataset(
        {name: (dim, column, attrs) for name, column in columns.items()},
        {dim: curve[dim]},
        attrs={"ci_kind": "eti", "ci_prob": ci_prob},
    )


def structure_bands(result: xr.DataTree, ci_prob: float = 0.95) -> xr.Dataset:
    """Return the curves of a refinement, each with its band.

    Parameters
    ----------
    result : DataTree
        A refinement's result.
    ci_prob : float
        Probability of the bands.

    Returns
    -------
    Dataset
        ``g`` over ``r_g``; ``potential`` (kcal/mol), ``hard_particle_integrand`` and
        ``blip`` over ``r``, all in Å; each with ``*_lower`` and ``*_upper``; ``d_hp``,
        mean over draws (these three not of a correction); ``reference``, the potential at
        the start; and, where a g(r) was measured, ``g_measured`` over ``r_observed``, the
        points that were used, with ``g_residual``, measured minus predicted. Without a
        prediction of g(r), ``g`` is the last simulated one. Attributes ``outcome`` and
        ``band`` say what the bands may be taken for.
    """
    if pairs(result):
        expected, found = "an element, or a pair of a mixture", f"all of {', '.join(pairs(result))}"
        raise InputError("result", expected, found, "sopr_uq.derived.of_pair(result, label)")
    beta = inverse_temperature(float(result.attrs["temperature"]))
    potential = _thinned(result["posterior"].to_dataset()["potential"])
    # a correction has no core
    whole = bool(result["derived"].to_dataset()["d_hp"].notnull().any())
    curves = {"potential": potential}
    if whole:
        curves |= {
            "hard_particle_integrand": labelled.hard_particle_integrand(potential, beta),
            "blip": labelled.blip(potential, beta),
        }
    predicted = structure_of(result)
    if predicted is None:
        last = result["iterations"].to_dataset()["g"].isel(iteration=-1)
        predicted = last.expand_dims(chain=1, draw=1).assign_attrs(last.attrs)
    curves["g"] = predicted
    ds = xr.merge([_named(name, band(curve, ci_prob)) for name, curve in curves.items()])
    if whole:
        ds["d_hp"] = result["derived"].to_dataset()["d_hp"].mean()
    ds = ds.assign(_measured(measured(result), ds))
    ds["reference"] = result["iterations"].to_dataset()["potential"].isel(iteration=0, drop=True)
    attrs = {k: result.attrs[k] for k in ("system", "rule", "engine")}
    attrs |= {"outcome": outcome(result), "band": kind_of_band(result)}
    kind = "eti" if attrs["band"] == "posterior" else str(interval_kind(attrs["band"]))
    return ds.drop_attrs(deep=False).assign_attrs(attrs, ci_kind=kind, ci_prob=ci_prob)


def structure_of(result: xr.DataTree) -> xr.DataArray | None:
    """Return the g(r) of the draws of a result, (chain, draw, r_g); None where it has none.

    Results of schema 2 and older keep them as their posterior predictions.
    """
    for name in ("structure", "posterior_predictive"):
        if name in result.children and "r_g" in result[name].to_dataset().dims:
            return result[name].to_dataset()["g"]
    return None


def _measured(observed: xr.Dataset, bands: xr.Dataset) -> dict[str, xr.DataArray]:
    """The measured points that were used, and their distance from the mean of the bands."""
    if "g" not in observed:
        return {}
    g = observed["g"][observed["g_used"].values.astype(bool)]
    expected = np.interp(g["r_observed"], bands["r_g"], bands["g"], right=np.nan)
    return {"g_measured": g, "g_residual": (g - expected).assign_attrs(units="1")}


def _thinned(draws: xr.DataArray) -> xr.DataArray:
    step = max(draws.sizes["chain"] * draws.sizes["draw"] // MOST_DRAWS, 1)
    return draws.isel(draw=slice(None, None, step))


def _named(name: str, ds: xr.Dataset) -> xr.Dataset:
    ds = ds.drop_vars("median").rename(mean=name, lower=f"{name}_lower", upper=f"{name}_upper")
    return ds.drop_vars([c for c in ds.coords if c not in ds.dims])
