"""Measurements as labelled arrays: units in the attributes, the state point beside them."""

from __future__ import annotations

from typing import Any

import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.system import System
from sopr_uq.typing import FloatArray

_STATE = {
    "temperature": {"units": "K", "long_name": "temperature"},
    "density": {"units": "1/angstrom^3", "long_name": "number density"},
    "mass": {"units": "u", "long_name": "particle mass"},
}


def to_dataset(source: System | Observation, state: StatePoint | None = None) -> xr.Dataset:
    """Return a measurement, or all measurements of a system, as a Dataset.

    Parameters
    ----------
    source : System or Observation
        A system brings its own state point.
    state : StatePoint, optional
        Put beside a single observation.

    Returns
    -------
    xarray.Dataset
        ``g(r)``, ``s(q)`` or a scalar ``pressure``, ``diffusion`` or ``viscosity``;
        where stated ``*_error`` or ``*_covariance``; ``*_in_window`` marks the points
        that inferences use; the state point as scalar coordinates. Every variable has
        ``units``.

    Raises
    ------
    InputError
        If a system has two measurements of one kind, which one Dataset
        cannot hold; convert its observations one by one.
    """
    if isinstance(source, Observation):
        return _observation(source, state)
    kinds = [observation.kind for observation in source.observations]
    if len(set(kinds)) < len(kinds):
        advice = "to_dataset(observation, system.state) for each of them"
        raise InputError("to_dataset", "one measurement of each kind", ", ".join(kinds), advice)
    parts = [_observation(observation, source.state) for observation in source.observations]
    attrs = {"system": source.name, "title": source.title, "source": "; ".join(source.sources)}
    merged = xr.merge(parts, join="outer", compat="equals", combine_attrs="drop_conflicts")
    return merged.assign_attrs(attrs)


def _observation(observation: Observation, state: StatePoint | None) -> xr.Dataset:
    coordinates: dict[str, Any] = {
        name: ((), getattr(state, name), attrs) for name, attrs in _STATE.items() if state
    }
    if observation.is_curve:
        axis, reading = observation.axis, {"standard_error": observation.abscissa_error}
        described = {"units": axis.unit, "long_name": axis.long_name, **reading}
        coordinates[axis.name] = (axis.name, observation.x, described)
        variables = _curve(observation, axis.name)
    else:
        variables = _number(observation)
    attrs = {"name": observation.name, "source": observation.source}
    return xr.Dataset(variables, coordinates, attrs)


def _curve(observation: Observation, dim: str) -> dict[str, Any]:
    kind = observation.kind
    attrs = {"long_name": KINDS[kind].long_name, "units": observation.unit}
    name = attrs["long_name"]
    variables: dict[str, Any] = {
        kind: (dim, observation.value, {**attrs, "source": observation.source}),
        f"{kind}_in_window": (dim, observation.mask, {"units": "1", "long_name": "used"}),
    }
    if observation.error is not None:
        described = {"units": attrs["units"], "long_name": f"standard error of the {name}"}
        variables[f"{kind}_error"] = (dim, observation.error, described)
    if observation.covariance is not None:
        described = {"units": "1", "long_name": f"covariance of the {name}"}
        dims = (dim, f"{dim}_other")
        variables[f"{kind}_covariance"] = (dims, observation.covariance, described)
    return variables


def _number(observation: Observation) -> dict[str, Any]:
    kind = observation.kind
    attrs = {"long_name": KINDS[kind].long_name, "units": observation.unit}
    variables: dict[str, Any] = {kind: ((), _scalar(observation.value), attrs)}
    if observation.error is not None:
        described = {**attrs, "long_name": f"standard error of the {attrs['long_name']}"}
        variables[f"{kind}_error"] = ((), _scalar(observation.error), described)
    return variables


def _scalar(array: FloatArray) -> float:
    return float(array[0])
