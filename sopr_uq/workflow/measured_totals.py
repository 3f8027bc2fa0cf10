"""The totals that were measured, as properties: what they would be elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.totals import Total
from sopr_uq.observables.property import WAVE_NUMBERS, Property
from sopr_uq.observables.quantity import Curve
from sopr_uq.observables.simulated_liquid import Reading, SimulatedLiquid, reading_of
from sopr_uq.observables.structure_factor import StructureFactor
from sopr_uq.observables.total import TotalScattering
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.stored_liquid import makeup_of, settings_of

_KINDS = ("s", "f")
_WEIGHING = ("kind", "weights", "deuterated", "exchange", "intramolecular", "normalisation")
"""What tells one total from another; the same at several states is one."""


def measured_totals(
    which: Property, result: xr.DataTree, state: StatePoint
) -> tuple[Property, ...]:
    """Return a property for every total S(Q) or F(Q) that was measured, at any state, by its name.

    Parameters
    ----------
    which : Property
        ``total``.
    result : DataTree
        Of a refinement.
    state : StatePoint
        Where it was measured.

    Raises
    ------
    InputError
        If none was measured.
    """
    makeup = makeup_of(result)
    found = [each for each in _entries(result) if _curve(makeup, each, state) is not None]
    if not found:
        expected = "a result learnt from totals, [[observe]] with weights"
        raise InputError("properties", expected, "total, of none")
    names = [entry.name or entry.kind for entry in found]
    unique = [name if names.count(name) == 1 else f"{name} {i}" for i, name in enumerate(names, 1)]
    curves = [_curve(makeup, entry, state) for entry in found]
    return tuple(
        replace(which, of=name, unit=curve.unit, read=_Weighed(makeup, entry))
        for name, entry, curve in zip(unique, found, curves, strict=True)
        if curve is not None
    )


class _Weighed:
    """Reads a total, with the weights that it has at the state of the runs."""

    def __init__(self, makeup: Makeup, entry: ObserveSettings) -> None:
        self._makeup, self._entry = makeup, entry

    def __call__(self, runs: Sequence[SimulatedLiquid], _: str) -> Reading:
        curve = _curve(self._makeup, self._entry, runs[0].setup.state)
        assert curve is not None
        return reading_of([curve.predict(run.infinite) for run in runs])


def _entries(result: xr.DataTree) -> Sequence[ObserveSettings]:
    config = Config.model_validate(settings_of(result))
    every = [*config.observe, *(entry for state in config.state for entry in state.observe)]
    alike: dict[str, ObserveSettings] = {}
    for each in every:
        alike.setdefault(each.model_dump_json(include=set(_WEIGHING)), each)
    return [each for each in alike.values() if each.kind in _KINDS]


def _curve(makeup: Makeup, entry: ObserveSettings, state: StatePoint) -> Curve | None:
    """Return what predicts a total at a state; None of a partial."""
    of = makeup.of(entry, state)
    if isinstance(of, Total):
        return TotalScattering(of, WAVE_NUMBERS)
    return StructureFactor(of, WAVE_NUMBERS) if isinstance(of, Mapping) else None
