"""What is known of a property of every draw before its simulation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError, RuleFailed, SimulationFailed
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.kindred import Kindred
from sopr_uq.observables.property import Property
from sopr_uq.observables.simulated_liquid import SimulatedLiquid
from sopr_uq.potentials import Potential
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.order import Order


class Expected(NamedTuple):
    """Properties of every draw by theory."""

    values: Mapping[str, FloatArray]
    """By name, each of shape (d,); empty where theory tells nothing."""
    good: Mapping[int, SimulatedLiquid]
    """The simulations that may be set beside it."""


def expected(order: Order, runs: Mapping[int, SimulatedLiquid]) -> Expected:
    """Return pressure and energy of every draw by the Ornstein–Zernike equation.

    With the bridge function of the simulations; what they differ by from this is left to
    regression. A simulation whose g(r) is no homogeneous liquid's has no part in either. It tells
    nothing on top of a base, of molecules or charges, where a draw has no such liquid, and where
    too few simulations are of one.

    Parameters
    ----------
    order : Order
    runs : mapping of int to SimulatedLiquid
        Liquids at one state.
    """
    names = [p.name for p in order.properties if p.tail is not None]
    if not names or not has_theory(order):
        return Expected({}, runs)
    good = {number: run for number, run in runs.items() if _homogeneous(run)}
    if len(good) < order.fewest:
        return Expected({}, runs)
    try:
        kindred = Kindred.of([run.infinite for run in good.values()])
        found = [kindred.simulation(in_order(order, each)) for each in order.tables]
    except (InputError, SimulationFailed):
        return Expected({}, runs)
    values = {name: np.array([float(each[name].mean[0]) for each in found]) for name in names}
    return Expected(values, good)


def has_theory(order: Order) -> bool:
    """Whether there is a theory of the liquid: of atoms alone, refined as a whole."""
    return not order.liquid.corrected and order.liquid.substance.bare


def _homogeneous(run: SimulatedLiquid) -> bool:
    try:
        _ = run.infinite
    except (InputError, RuleFailed):
        return False
    return True


def tails(order: Order, which: Property, state: StatePoint) -> FloatArray | None:
    """Return what the potentials of every draw add beyond their cut-off, shape (d,)."""
    if which.tail is None:
        return None
    densities = order.liquid.substance.densities(state)
    tail = partial(which.tail, densities=densities, cutoff=order.cutoff, molecules=state.density)
    return np.array([tail(in_order(order, each)) for each in order.tables])


def in_order(order: Order, tables: Mapping[Pair, Potential]) -> list[Potential]:
    """Return potentials in the order of the pairs of the substance."""
    return [tables[pair] for pair in order.liquid.substance.pairs]
