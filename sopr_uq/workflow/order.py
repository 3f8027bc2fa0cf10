"""What is to be simulated of a stored posterior, and how."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.directions import Directions
from sopr_uq.engine.plan import check_cutoff
from sopr_uq.engine.protocol import Engine, Setup, check_records
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.engine.slab import check_size
from sopr_uq.engine.timestep import length_scale
from sopr_uq.engine.traits import COEXISTENCE
from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import Q, R
from sopr_uq.experiment.state import StatePoint
from sopr_uq.observables.property import Property
from sopr_uq.potentials import Potential, Tabulated
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray, IntArray
from sopr_uq.workflow.beneath import Beneath, beneath
from sopr_uq.workflow.states import boiling, check_no_coexistence

_SHAPED = ("sites", "file", "model")
"""Keys of a ``[[molecule]]`` that is no atom."""

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
        If the engine cannot record what is asked for, a box is too small for the
        cut-off or for a slab, a state lies inside the two-phase region of the fluid or, of a
        slab, above the critical temperature, or the liquid is a mixture or of molecules; if
        coexistence is asked of a correction.
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
        _check_element(self.result)
        check_records(self.engine.name, self.engine.traits, self.record)
        if False in self.kinds:
            check_no_coexistence(self.fluid, self.states)
        if True in self.kinds and self.beneath is not None:
            raise InputError(COEXISTENCE, "a potential refined as a whole", "a correction")
        settings = self.settings
        if self.engine.traits.boxed and settings is not None:
            for state in self.states:
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
    def record(self) -> tuple[str, ...]:
        """What the engine is asked to record."""
        return tuple(dict.fromkeys(name for p in self.properties for name in p.record))

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

    @property
    def cutoff(self) -> float:
        """Where the potentials end, in Å."""
        return float(self.r[-1])

    @cached_property
    def r(self) -> FloatArray:
        """Distances of the potentials in Å, shape (n,)."""
        return np.asarray(self._potential["r"].values)

    @cached_property
    def potentials(self) -> FloatArray:
        """All draws, chain by chain, in kcal/mol, shape (d, n)."""
        values = self._potential.transpose("chain", "draw", "r").values
        return np.asarray(values.reshape(-1, values.shape[-1]), dtype=float)

    @property
    def _potential(self) -> xr.DataArray:
        return self.result["posterior"].to_dataset()["potential"]

    @cached_property
    def tables(self) -> tuple[Potential, ...]:
        """The same as functions of r."""
        below = self.beneath
        if below is None:
            return tuple(Tabulated(self.r, v) for v in self.potentials)
        return tuple(below.corrected(self.r, v) for v in self.potentials)

    @cached_property
    def beneath(self) -> Beneath | None:
        """What draws of a correction are corrections to."""
        return beneath(self.result)

    @property
    def controls(self) -> int:
        """How many simulations of each state have no correction; none of a whole potential."""
        return 0 if self.beneath is None else _CONTROLS

    @cached_property
    def mean(self) -> Tabulated:
        """The mean of all draws of a whole potential."""
        return Tabulated(self.r, self.potentials.mean(axis=0))

    @cached_property
    def chosen(self) -> IntArray:
        """Which draws are simulated, shape (draws,)."""
        return self.directions(measured_state(self.result)).spread(self.draws)

    def directions(self, state: StatePoint) -> Directions:
        """Return all draws in the coordinates that the liquid feels at a state."""
        crowd = None if self.beneath is None else self.beneath.crowd
        return Directions.of(self.r, self.potentials, state, crowd)

    def potential(self, number: int) -> FloatArray:
        """Return what a numbered simulation is of, in kcal/mol, shape (n,).

        The draws that were chosen, then as often as there are controls the reference.
        """
        if number < self.draws:
            return np.asarray(self.potentials[self.chosen[number]])
        assert self.beneath is not None
        return self.beneath.reference.energy(self.r)

    def at(self, state: StatePoint, *, slab: bool) -> StatePoint:
        """Return where the liquid is simulated: of a slab only the temperature is given."""
        return boiling(self.mean, state) if slab else state

    def setup(self, state: StatePoint, number: int, *, slab: bool) -> Setup:
        """Return a numbered simulation at a state."""
        seed = integer_seed(self.seed, "simulate", key_of(state, slab=slab), number)
        record = tuple(name for name in self.record if (name == COEXISTENCE) == slab)
        below = self.beneath
        if below is None:
            made = Setup.of(self.tables[self.chosen[number]], self.at(state, slab=slab), seed)
            return replace(made, record=record)
        (pair,) = below.substance.pairs
        table = below.corrected(self.r, self.potential(number))
        return Setup(below.substance, state, {pair: table}, seed, record=record)


def key_of(state: StatePoint, *, slab: bool) -> str:
    """Return the name of a state in a folder."""
    return f"{state.temperature:.6g}K-" + (COEXISTENCE if slab else f"{state.density:.6g}")


def measured_state(result: xr.DataTree) -> StatePoint:
    """Return where the liquid of a result was measured.

    Raises
    ------
    InputError
        If it is a mixture, or of molecules.
    """
    _check_element(result)
    a = result.attrs
    mass = stored_table(result, "system").get("mass") or _tables(result)["molecule"][0]["mass"]
    return StatePoint(float(a["temperature"]), float(a["density"]), float(mass))


def _check_element(result: xr.DataTree) -> None:
    potential = result["posterior"].to_dataset()["potential"]
    if "pair" in potential.dims:
        found = f"a mixture with {potential.sizes['pair']} pairs"
        raise InputError("simulate", "the result of an element", found)
    if any(set(_SHAPED) & set(each) for each in _tables(result).get("molecule", [])):
        raise InputError("simulate", "potentials of atoms", "molecules of several sites")


def fluid_of(result: xr.DataTree) -> str | None:
    """Return CoolProp's name of the liquid of a result, where it has one."""
    found = stored_table(result, "system").get("fluid")
    return None if found is None else str(found)


def stored_table(result: xr.DataTree, table: str) -> dict[str, Any]:
    """Return a table of the configuration that made a result."""
    return dict(_tables(result).get(table, {}))


def _tables(result: xr.DataTree) -> dict[str, Any]:
    return dict(json.loads(str(result.attrs["settings"])))
