"""The course of a refinement as a labelled dataset."""

from __future__ import annotations

import numpy as np
import xarray as xr

from sopr_uq.engine.protocol import Simulation
from sopr_uq.refine.field import Field
from sopr_uq.refine.journal import Iteration
from sopr_uq.refine.loop import Refinement
from sopr_uq.typing import FloatArray

_UNITS = {
    "potential": "kcal/mol",
    "noise": "kcal/mol",
    "width": "kcal/mol",
    "length": "angstrom",
    "pressure": "MPa",
    "pressure_error": "MPa",
    "energy": "kcal/mol",
    "seconds": "s",
    "md_seconds": "s",
    "rdf_seconds": "s",
    "g": "1",
    "g_error": "1",
    "misfit": "1",
}


def iterations_dataset(field: Field, refinement: Refinement, liquid: int = 0) -> xr.Dataset:
    """Return what happened, one entry a round.

    Parameters
    ----------
    field : Field
        The unknown.
    refinement : Refinement
        What the loop returned.
    liquid : int
        Which liquid's simulations to show.

    Returns
    -------
    xarray.Dataset
        ``potential`` (iteration, r), ``g``, ``g_error`` (iteration, r_g), these of a
        mixture with a dimension ``pair``;
        ``misfit``, ``noise``, ``change``, ``pressure``, ``pressure_error``,
        ``energy`` (of the best guess that was simulated), ``simulations``,
        ``md_steps``, ``md_seconds``, ``rdf_seconds`` (of all simulations of the
        round), ``seconds`` (wall time), ``failed`` (how many potentials could not
        be simulated), ``repeated`` (how many simulations succeeded at a second
        attempt only) (iteration) and the rule's own values.
    """
    done = refinement.iterations
    simulations = [each.simulations[liquid] for each in done]
    data: dict[str, tuple[tuple[str, ...], FloatArray]] = {
        "potential": (
            ("iteration", *field.dims, "r"),
            field.plain(field.split(np.array([each.potential for each in done])), -2),
        ),
        "g": _curves(field, [[x.mean for x in s.rdfs.values()] for s in simulations]),
        "g_error": _curves(field, [[x.error for x in s.rdfs.values()] for s in simulations]),
    }
    numbers: dict[str, list[float]] = {
        "misfit": [each.info.misfit for each in done],
        "noise": [each.info.noise for each in done],
        "change": [each.info.change for each in done],
        "pressure": [s.pressure for s in simulations],
        "pressure_error": [s.pressure_error for s in simulations],
        "energy": [s.energy for s in simulations],
        "md_steps": [_total(each, "steps") for each in done],
        "md_seconds": [_total(each, "seconds") - _total(each, "rdf_seconds") for each in done],
        "rdf_seconds": [_total(each, "rdf_seconds") for each in done],
        "seconds": [each.seconds for each in done],
        "simulations": [_begun(each) for each in done],
        "failed": [float(sum(run.failed for run in each.runs)) for each in done],
        "repeated": [float(sum(bool(s.trouble) for s in _all(each))) for each in done],
    }
    data |= {name: (("iteration",), np.array(values)) for name, values in numbers.items()}
    data |= _rule_values(field, done)
    coords = {"iteration": np.arange(len(done)), "r": field.r, "r_g": simulations[0].r}
    ds = xr.Dataset(data, coords=coords | field.coords)
    ds["misfit"].attrs["of"] = done[-1].info.of
    for name, unit in {**_UNITS, "r": "angstrom", "r_g": "angstrom"}.items():
        if name in ds:
            ds[name].attrs["units"] = unit
    return ds


def _curves(field: Field, values: list[list[FloatArray]]) -> tuple[tuple[str, ...], FloatArray]:
    return ("iteration", *field.dims, "r_g"), field.plain(np.array(values), -2)


def _all(iteration: Iteration) -> list[Simulation]:
    """Every simulation of a round, at every state point."""
    return [s for run in iteration.runs for s in run.simulations]


def _begun(iteration: Iteration) -> float:
    """How many simulations were begun, those of abandoned attempts included."""
    return float(len(iteration.runs) * len(iteration.simulations) + iteration.abandoned)


def _total(iteration: Iteration, name: str) -> float:
    return float(sum(getattr(s, name) for s in _all(iteration)))


def _rule_values(
    field: Field, done: tuple[Iteration, ...]
) -> dict[str, tuple[tuple[str, ...], FloatArray]]:
    """The rule's numbers, and its numbers of each pair, that every iteration reported."""
    shapes = {(): (), (len(field.terms),): field.dims}
    found = {}
    for name, value in done[0].info.values.items():
        dims = shapes.get(np.shape(value))
        if dims is not None and all(name in each.info.values for each in done):
            values = np.array([each.info.values[name] for each in done], dtype=float)
            found[name] = (("iteration", *dims), values)
    return found
