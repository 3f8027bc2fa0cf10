"""The simulations of an order: made, kept as they end, and judged by how many succeeded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from sopr_uq.engine.parallel import run_tasks
from sopr_uq.engine.protocol import Setup, Simulation
from sopr_uq.errors import InputError, RuleFailed, SimulationFailed
from sopr_uq.executor import Executor
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.workflow.order import Order, key_of
from sopr_uq.workflow.simulate_folder import Kept

type OnSimulationDone = Callable[[int, int], None]
"""Takes how many simulations are done, and how many there are in all."""

type Runs = Mapping[bool, Sequence[Mapping[int, SimulatedLiquid]]]
"""What succeeded: of liquids alone (False), of slabs (True); by state and number of the draw."""


class Place(NamedTuple):
    """Which simulation of an order."""

    slab: bool
    state: int
    number: int


type _Found = Mapping[Place, SimulatedLiquid | SimulationFailed]


def make_runs(
    order: Order, kept: Kept, executor: Executor | None, on_done: OnSimulationDone
) -> tuple[Runs, list[dict[int, SimulatedLiquid]]]:
    """Simulate what is not there yet; return by state and number what succeeded.

    Draws, and controls without a correction.

    Raises
    ------
    SimulationFailed
        If too few did at one state.
    """
    setups: dict[Place, Setup] = {}
    found: dict[Place, Simulation | SimulationFailed] = {}
    for place in _places(order):
        setups[place] = order.setup(order.states[place.state], place.number, slab=place.slab)
        there = kept.read(_key(order, place), place.number, order.potential(place.number))
        if there is not None:
            found[place] = there
    missing = [place for place in setups if place not in found]
    on_done(len(found), len(setups))

    def ended(number: int, outcome: Simulation | SimulationFailed) -> None:
        place = missing[number]
        found[place] = outcome
        if isinstance(outcome, Simulation):
            kept.keep(_key(order, place), place.number, order.potential(place.number), outcome)
        on_done(len(found), len(setups))

    run_tasks(order.engine, [setups[p] for p in missing], executor=executor, done=ended)
    judged = {p: _judged(order, p, setups[p], each) for p, each in found.items()}
    runs = {slab: _good(order, slab, judged) for slab in order.kinds}
    return runs, _without(order, judged)


def _judged(
    order: Order, place: Place, setup: Setup, outcome: Simulation | SimulationFailed
) -> SimulatedLiquid | SimulationFailed:
    """Return a simulation as one of its setup, or why it is of no homogeneous liquid."""
    if isinstance(outcome, SimulationFailed):
        return outcome
    run = SimulatedLiquid(setup, outcome)
    if order.continued and not place.slab:
        try:
            _ = run.infinite
        except (InputError, RuleFailed) as error:
            return SimulationFailed(str(error))
    return run


def _key(order: Order, place: Place) -> str:
    return key_of(order.states[place.state], slab=place.slab)


def _places(order: Order) -> list[Place]:
    return [
        Place(slab, s, number)
        for slab in order.kinds
        for s in range(len(order.states))
        for number in range(order.draws + order.controls)
    ]


def _good(order: Order, slab: bool, found: _Found) -> list[dict[int, SimulatedLiquid]]:
    runs = []
    for s, state in enumerate(order.states):
        runs.append(_succeeded(slab, s, range(order.draws), found))
        if len(runs[-1]) < order.fewest:
            every = (found[Place(slab, s, i)] for i in range(order.draws))
            why = next(str(each) for each in every if isinstance(each, SimulationFailed))
            where = f"{state.temperature:g} K" + ("" if slab else f" and {state.density:g} Å⁻³")
            raise SimulationFailed(
                f"at {where} only {len(runs[-1])} of {order.draws} "
                f"{'slabs' if slab else 'simulations'} succeeded. The first that failed: {why}"
            )
    return runs


def _without(order: Order, found: _Found) -> list[dict[int, SimulatedLiquid]]:
    """Return the simulations without a correction; a liquid may be none without it."""
    numbers = range(order.draws, order.draws + order.controls)
    return [_succeeded(False, s, numbers, found) for s in range(len(order.states))]


def _succeeded(
    slab: bool, s: int, numbers: Iterable[int], found: _Found
) -> dict[int, SimulatedLiquid]:
    every = {i: found.get(Place(slab, s, i)) for i in numbers}
    return {i: each for i, each in every.items() if isinstance(each, SimulatedLiquid)}
