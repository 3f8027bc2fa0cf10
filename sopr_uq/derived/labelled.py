"""Labelled wrappers: potentials in, xarray with units out.

Each takes a DataArray with a dimension ``r`` (its coordinate in Å, its values
in kcal/mol) and any other dimensions, usually (chain, draw), and keeps those.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived import split, tail, virial
from sopr_uq.errors import InputError
from sopr_uq.potentials.descriptors import Descriptors, descriptors
from sopr_uq.typing import ArrayLike

DESCRIPTOR_UNITS: dict[str, str] = {
    "sigma": "angstrom",
    "epsilon": "kcal/mol",
    "r_vdw": "angstrom",
    "d_hp": "angstrom",
}
"""Units of the descriptors, by name."""


def describe(potential: xr.DataArray, beta: float) -> xr.Dataset:
    """Return σ, ε, r_vdW and d_hp of every draw.

    Parameters
    ----------
    potential : DataArray, dims (..., r)
        v(r) in kcal/mol.
    beta : float
        1/(k_B T) in mol/kcal.

    Returns
    -------
    Dataset
        ``sigma``, ``epsilon``, ``r_vdw``, ``d_hp`` with dims (...) and ``units``.
    """
    found = _apply(lambda r, v: descriptors(r, v, beta), potential, [[]] * len(DESCRIPTOR_UNITS))
    named = dict(zip(Descriptors._fields, found, strict=True))
    return xr.Dataset({n: a.assign_attrs(units=DESCRIPTOR_UNITS[n]) for n, a in named.items()})


def reference(potential: xr.DataArray) -> xr.DataArray:
    """Return the repulsive reference u₀(r) of the WCA split, dims (..., r), in kcal/mol."""
    (found,) = _apply(lambda r, v: split.wca_split(r, v)[0], potential, [["r"]])
    return found.rename("reference").assign_attrs(units="kcal/mol")


def hard_particle_integrand(potential: xr.DataArray, beta: float) -> xr.DataArray:
    """Return 1 − exp(−β u₀), dims (..., r)."""
    (found,) = _apply(lambda r, v: split.hard_particle_integrand(r, v, beta), potential, [["r"]])
    return found.rename("hard_particle_integrand").assign_attrs(units="1")


def blip(potential: xr.DataArray, beta: float) -> xr.DataArray:
    """Return the blip function, dims (..., r)."""
    (found,) = _apply(lambda r, v: split.blip(r, v, beta), potential, [["r"]])
    return found.rename("blip").assign_attrs(units="1")


def second_virial(
    potential: xr.DataArray, temperature: ArrayLike, *, molar: bool = False
) -> xr.DataArray:
    """Return B₂(T), dims (..., temperature), in Å³ or, if ``molar``, in cm³/mol."""
    t = np.atleast_1d(np.asarray(temperature, dtype=float))
    factor, units = (virial.CM3_PER_MOL, "cm3/mol") if molar else (1.0, "angstrom3")
    (found,) = _apply(
        lambda r, v: factor * virial.second_virial(r, v, t), potential, [["temperature"]]
    )
    axis = xr.Variable("temperature", t, {"units": "K"})
    return found.assign_coords(temperature=axis).rename("second_virial").assign_attrs(units=units)


def boyle_temperature(potential: xr.DataArray) -> xr.DataArray:
    """Return the Boyle temperature in K, dims (...)."""
    (found,) = _apply(virial.boyle_temperature, potential, [[]])
    return found.rename("boyle_temperature").assign_attrs(units="K")


def tail_strength(
    potential: xr.DataArray, window: tuple[float, float] = (1.5, 2.5)
) -> xr.DataArray:
    """Return the C₆-like strength of the tail in kcal Å⁶/mol, dims (...)."""
    (found,) = _apply(lambda r, v: tail.tail_strength(r, v, window), potential, [[]])
    return found.rename("tail_strength").assign_attrs(units="kcal angstrom6/mol")


def _apply(
    function: Callable[..., Any], potential: xr.DataArray, cores: list[list[str]]
) -> tuple[xr.DataArray, ...]:
    if "r" not in potential.dims or "r" not in potential.coords:
        raise InputError("potential", "a dimension r with its coordinate", str(potential.dims))
    found = xr.apply_ufunc(
        function, potential["r"], potential, input_core_dims=[["r"], ["r"]], output_core_dims=cores
    )
    return found if isinstance(found, tuple) else (found,)
