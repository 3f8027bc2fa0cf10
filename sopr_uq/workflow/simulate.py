"""``sopr-uq simulate``: a stored posterior at any state, for any property, by simulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr
from pydantic import ValidationError

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import InputErrors
from sopr_uq.executor import Executor
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import properties_of
from sopr_uq.workflow.order import Order, measured_state, stored_table
from sopr_uq.workflow.result import load_result
from sopr_uq.workflow.simulate_folder import Kept
from sopr_uq.workflow.simulate_runs import OnSimulationDone, make_runs
from sopr_uq.workflow.simulated import assembled
from sopr_uq.workflow.translate import faults_of

DRAWS = 16
DEFAULT_PROPERTIES = ("g", "pressure", "energy", "diffusion")


def simulate(
    path: Path | str | xr.DataTree,
    states: Sequence[StatePoint] = (),
    properties: Sequence[str] = DEFAULT_PROPERTIES,
    *,
    draws: int = DRAWS,
    out: Path | str | None = None,
    engine: Mapping[str, Any] | None = None,
    seed: int = 1,
    executor: Executor | None = None,
    on_done: OnSimulationDone = lambda *_: None,
) -> xr.DataTree:
    """Carry the posterior of a refinement to other states and properties.

    A few draws, spread over the posterior's leading directions, are simulated at each
    state; a regression on those directions then speaks for all draws, and says what
    it does not know.

    Parameters
    ----------
    path : Path, str or DataTree
        The folder of a refinement, its file, or its result.
    states : sequence of StatePoint, optional
        By default where the liquid was measured.
    properties : sequence of str
        Names in :data:`~sopr_uq.observables.property.PROPERTIES`.
    draws : int
        How many to simulate at each state.
    out : Path or str, optional
        Folder for the simulations and ``simulated.nc``; one of the same result, draws and
        engine goes on, so that what was stopped is resumed and states can be added. Without
        it nothing is written.
    engine : mapping, optional
        Engine settings other than those of the refinement.
    seed : int
        Of velocities, thermostats and the regressions' errors.
    executor : Executor, optional
        What makes the simulations; by default processes on this machine.
    on_done : callable, optional
        Called with the number of simulations done, and of all.

    Returns
    -------
    DataTree
        See :func:`~sopr_uq.workflow.simulated.assembled`.

    Raises
    ------
    InputError
        If something that is asked for cannot be had; nothing is simulated then.
    SimulationFailed
        If too few simulations of a state succeed.
    """
    result = path if isinstance(path, xr.DataTree) else load_result(path)
    chosen = properties_of(properties)
    at = tuple(states) or (measured_state(result),)
    slabs = any(p.slab for p in chosen)
    order = Order(result, at, chosen, draws, seed, _engine(result, engine or {}, slabs=slabs))
    with Kept.open(None if out is None else Path(out), order) as kept:
        found = assembled(order, *make_runs(order, kept, executor, on_done))
        kept.write(found)
    return found


def _engine(result: xr.DataTree, given: Mapping[str, Any], *, slabs: bool) -> Engine:
    """Return the engine of a result, with other settings where they are given."""
    tables = stored_table(result, "engine")
    if given.get("name", tables.get("name")) != tables.get("name"):
        tables.pop("sampling_error", None)
    # rounds of a refinement may be shorter, and smaller, than what a property needs
    for key in ("production_steps", *(("particles",) if slabs else ())):
        least = EngineSettings.model_fields[key].default
        tables[key] = max(int(tables.get(key, 0)), least)
    try:
        settings = EngineSettings.model_validate({**tables, **given})
    except ValidationError as error:
        raise InputErrors(list(faults_of(error, EngineSettings))) from None
    r = result["posterior"].to_dataset()["potential"]["r"].values
    return make_engine(settings.model_copy(update={"cutoff": float(r[-1]), "r_max": None}))
