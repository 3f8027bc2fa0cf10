"""What is to be simulated of a stored posterior, and how."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.directions import Directions
from sopr_uq.engine.plan import check_cutoff
from sopr_uq.engine.protocol import Engine, Setup, check_able
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.slab import check_size
from sopr_uq.engine.timestep import length_scale
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import Q, R
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import Property
from sopr_uq.potentials import Potential, Tabulated
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.workflow.measured_totals import measured_totals
from sopr_uq.workflow.states import boiling, check_no_coexistence
from sopr_uq.workflow.stored_liquid import StoredLiquid, settings_of, stored_liquid

FEWEST = 6
"""Good simulations that a state must have, and at least half of all."""

_CONTROLS = 4
"""Simulations without a correction, at each state."""


@dataclass(frozen=True)
class Order:
    """What is to be simulated.

    Parameters
    ----------
    result : DataTree
        Of a refinement.
    states : tuple of StatePoint
    properties : tuple of Property
    draws : int
        How many draws of the posterior are simulated at each state.
    seed : int
    engine : Engine

    Raises
    ------
    InputError
        If there are too few draws, the engine cannot simulate the liquid or record what is asked
        for, a box is too small for the cut-off, for the composition or for a slab, a state lies
        inside the two-phase region of the fluid or, of a slab, above the critical temperature;
        if coexistence is asked of anything but an element by one pair potential, or a total that
        was not measured.
    """

    result: xr.DataTree
    states: tuple[StatePoint, ...]
    properties: tuple[Property, ...]
    draws: int
    seed: int
    engine: Engine

    def __post_init__(self) -> None:
        if not self.states:
            raise InputError("states", "at least one", "none")
        if self.draws < FEWEST:
            raise InputError("draws", f"at least {FEWEST}", f"{self.draws}")
        if True in self.kinds and not self.liquid.simple_element:
            expected = "an element by one pair potential that was refined as a whole"
            raise InputError(COEXISTENCE, expected, "another liquid")
        for state in self.states:
            self._check(state)
        _ = self.told

    def _check(self, state: StatePoint) -> None:
        for slab in self.kinds:
            check_able(self.engine, self.setup(state, 0, slab=slab))
        if False in self.kinds and not state.composition:
            check_no_coexistence(self.fluid, [state])
        settings = self.settings
        if self.engine.traits.boxed and settings is not None:
            self.liquid.substance.counts(state, settings.particles)
            self._check_size(state, settings.particles)

    def _check_size(self, state: StatePoint, particles: int) -> None:
        if False in self.kinds:
            check_cutoff(self.cutoff, particles, state.density)
        if True in self.kinds:
            sigma = length_scale(self.mean, state.temperature) or 0.0
            check_size(self.cutoff, sigma, particles, self.at(state, slab=True).density)

    @property
    def kinds(self) -> tuple[bool, ...]:
        """Whether liquids alone are simulated (False), slabs beside vapour (True), or both."""
        return tuple(sorted({p.slab for p in self.properties}))

    @property
    def fewest(self) -> int:
        """How many good simulations a state must have."""
        return max(FEWEST, self.draws // 2)

    @property
    def record(self) -> tuple[str, ...]:
        """What the engine is asked to record."""
        return tuple(dict.fromkeys(name for p in self.properties for name in p.record))

    @cached_property
    def told(self) -> tuple[Property, ...]:
        """The properties, each of every pair, molecule or measured total that has its own."""
        return tuple(part for p in self.properties for part in self._parts(p))

    def _parts(self, which: Property) -> tuple[Property, ...]:
        if which.each == "measured":
            return measured_totals(which, self.result, self.liquid.state)
        return which.parts(self.liquid.substance)

    @property
    def continued(self) -> bool:
        """Whether what was simulated must be continued to infinite liquids."""
        return any(p.axis is R or p.axis is Q for p in self.properties)

    @property
    def settings(self) -> EngineSettings | None:
        """Of the engine."""
        return getattr(self.engine, "settings", None)

    @property
    def fluid(self) -> str | None:
        """CoolProp's name of the liquid."""
        return fluid_of(self.result)

    @cached_property
    def liquid(self) -> StoredLiquid:
        """What the potentials are of."""
        return stored_liquid(self.result)

    @property
    def cutoff(self) -> float:
        """Where the potentials end, in Å."""
        return float(self.liquid.r[-1])

    @cached_property
    def potentials(self) -> FloatArray:
        """All draws, chain by chain, in kcal/mol, shape (d, p, n)."""
        values = self.result["posterior"].to_dataset()["potential"]
        values = values.transpose("chain", "draw", ..., "r")
        pairs = len(self.liquid.substance.pairs)
        return np.asarray(values.values.reshape(-1, pairs, values.sizes["r"]), dtype=float)

    @cached_property
    def tables(self) -> tuple[dict[Pair, Potential], ...]:
        """The same as functions of r."""
        return tuple(self.liquid.tables(draw) for draw in self.potentials)

    @property
    def controls(self) -> int:
        """How many simulations of each state have no correction; none of a whole potential."""
        liquid = self.liquid
        return _CONTROLS if liquid.corrected and not liquid.whole else 0

    @cached_property
    def mean(self) -> Tabulated:
        """The mean of all draws of the whole potential of an element."""
        return Tabulated(self.liquid.r, self.potentials[:, 0].mean(axis=0))

    @cached_property
    def chosen(self) -> IntArray:
        """Which draws are simulated, shape (draws,)."""
        return self.directions(self.liquid.state).spread(self.draws)

    def directions(self, state: StatePoint) -> Directions:
        """Return all draws in the coordinates that the liquid feels at a state."""
        key = key_of(state, slab=False)
        if key not in self._directions:
            self._directions[key] = self.liquid.directions(self.potentials, state)
        return self._directions[key]

    @cached_property
    def _directions(self) -> dict[str, Directions]:
        return {}

    def potential(self, number: int) -> FloatArray:
        """Return what a numbered simulation is of, in kcal/mol, shape (p n,).

        The draws that were chosen, then as often as there are controls the reference.
        """
        return np.ravel(self._draw(number))

    def _draw(self, number: int) -> FloatArray:
        if number < self.draws:
            return np.asarray(self.potentials[self.chosen[number]])
        return self.liquid.reference

    def at(self, state: StatePoint, *, slab: bool) -> StatePoint:
        """Return where the liquid is simulated: of a slab only the temperature is given."""
        return boiling(self.mean, state) if slab else state

    def setup(self, state: StatePoint, number: int, *, slab: bool) -> Setup:
        """Return a numbered simulation at a state."""
        seed = integer_seed(self.seed, "simulate", key_of(state, slab=slab), number)
        record = tuple(name for name in self.record if (name == COEXISTENCE) == slab)
        tables, at = self.liquid.tables(self._draw(number)), self.at(state, slab=slab)
        return Setup(self.liquid.substance, at, tables, seed, record=record)


def key_of(state: StatePoint, *, slab: bool) -> str:
    """Return the name of a state in a folder."""
    shares = "".join(f"-{name}{x:.6g}" for name, x in sorted(state.composition.items()))
    return f"{state.temperature:.6g}K-" + (COEXISTENCE if slab else f"{state.density:.6g}{shares}")


def measured_state(result: xr.DataTree) -> StatePoint:
    """Return where the liquid of a result was measured."""
    return stored_liquid(result).state


def fluid_of(result: xr.DataTree) -> str | None:
    """Return CoolProp's name of the liquid of a result, where it has one."""
    found = stored_table(result, "system").get("fluid")
    return None if found is None else str(found)


def stored_table(result: xr.DataTree, table: str) -> dict[str, Any]:
    """Return a table of the configuration that made a result."""
    return dict(settings_of(result).get(table, {}))
