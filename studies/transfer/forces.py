"""A force field of the table at the same states: its size and depth, with either exponent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from plan import ENGINE, EXPONENTS, LIQUID, REPLICAS, SHARES, Gas

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import SimulationFailed
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import Property, properties_of
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import Mie
from sopr_uq.rng import integer_seed
from sopr_uq.workflow.order import key_of
from sopr_uq.workflow.states import boiling

_CUTOFF = 3.0
"""In σ, as the tables of the posteriors end."""


def force_field(gas: Gas) -> list[dict[str, Any]]:
    """Simulate the force field; a row for each exponent, temperature and property."""
    rows: list[dict[str, Any]] = []
    for exponent in EXPONENTS:
        potential = gas.force_field(exponent)
        for slabs, names, shares in (
            (False, LIQUID, SHARES),
            (True, (COEXISTENCE,), gas.slab_shares),
        ):
            properties = properties_of(names)
            for state in gas.states(shares, slabs=slabs):
                runs = _runs(gas, potential, state, properties, slabs=slabs)
                for each in properties:
                    # two runs may not tell a viscosity; the table has a dash there then
                    with suppress(SimulationFailed):
                        rows.append(_row(exponent, state, each, runs))
    return rows


def _runs(
    gas: Gas, potential: Mie, state: StatePoint, properties: Sequence[Property], *, slabs: bool
) -> list[SimulatedLiquid]:
    settings = EngineSettings(
        name="lammps", threads=1, cutoff=_CUTOFF * potential.sigma, **({} if slabs else ENGINE)
    )
    record = tuple(dict.fromkeys(name for each in properties for name in each.record))
    at = boiling(potential, state) if slabs else state
    setups = [
        replace(
            Setup.of(
                potential,
                at,
                integer_seed(1, gas.symbol, key_of(at, slab=slabs), round(potential.n), i),
            ),
            record=record,
        )
        for i in range(REPLICAS[slabs])
    ]
    found = []
    for setup, outcome in zip(setups, run_tasks(make_engine(settings), setups), strict=True):
        if not isinstance(outcome, Simulation):
            raise outcome
        found.append(SimulatedLiquid(setup, outcome))
    return found


def _row(
    exponent: int, state: StatePoint, which: Property, runs: Sequence[SimulatedLiquid]
) -> dict[str, Any]:
    reading = which.tell(runs)
    error = np.hypot(np.sqrt(reading.noise[0] / len(runs)), reading.common)
    return {
        "exponent": exponent,
        "temperature": state.temperature,
        "property": which.name,
        "value": float(f"{reading.values[:, 0].mean():.6g}"),
        "error": float(f"{error:.3g}"),
    }
