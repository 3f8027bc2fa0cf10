"""The liquid of a stored result, and how draws of its potentials act in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from sopr_uq.derived.correction import is_corrected
from sopr_uq.derived.directions import Directions, Felt
from sopr_uq.derived.pairs import pairs as labels_of
from sopr_uq.errors import InputError
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import checked_makeup
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import ATOM, Substance
from sopr_uq.potentials import Corrected, Potential, Tabulated
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.config import Config

_SHAPED = ("sites", "file", "model")
"""Keys of a ``[[molecule]]`` that is no atom."""


@dataclass(frozen=True)
class StoredLiquid:
    """The liquid of a result.

    Parameters
    ----------
    substance : Substance
        With its base, if it has one.
    state : StatePoint
        Where it was measured; the first of several states.
    r : array, shape (n,)
        Distances of its potentials in Å.
    references : mapping of Pair to Potential
        In kcal/mol, of pairs of which a correction was found, and of those that were kept.
    corrected : frozenset of Pair
        Those of which a correction was found.
    crowds : mapping of Pair to array
        g(r) of the corrected pairs, shape (n,).
    """

    substance: Substance
    state: StatePoint
    r: FloatArray
    references: Mapping[Pair, Potential] = field(default_factory=dict)
    corrected: frozenset[Pair] = frozenset()
    crowds: Mapping[Pair, FloatArray] = field(default_factory=dict)

    @property
    def simple_element(self) -> bool:
        """Whether it is an element of one pair potential and nothing else."""
        return self.substance.bare and len(self.substance.pairs) == 1 and not self.corrected

    @property
    def whole(self) -> bool:
        """Whether a potential of any pair was found as a whole."""
        return len(self.references) < len(self.substance.pairs)

    @cached_property
    def reference(self) -> FloatArray:
        """The references as draws, shape (p, n), in kcal/mol; there must be one of every pair."""
        return np.array([self.references[pair].energy(self.r) for pair in self.substance.pairs])

    def tables(self, draw: FloatArray) -> dict[Pair, Potential]:
        """Return a draw of the potentials, shape (p, n) in kcal/mol, as functions of r."""
        found: dict[Pair, Potential] = {}
        for pair, values in zip(self.substance.pairs, draw, strict=True):
            if pair not in self.references:
                found[pair] = Tabulated(self.r, values)
                continue
            reference = self.references[pair]
            change = values - reference.energy(self.r)
            found[pair] = (
                Corrected(reference, self.r, change) if pair in self.corrected else reference
            )
        return found

    def directions(self, draws: FloatArray, state: StatePoint) -> Directions:
        """Return draws, shape (d, p, n), in the coordinates that the liquid feels at a state."""
        densities = self.substance.densities(state)
        first, second = np.triu_indices(densities.size)
        many = np.where(first == second, 1.0, 2.0) * densities[first] * densities[second]
        felt = [
            Felt(draws[:, i], float(many[i]) / state.density, self.crowds.get(pair))
            for i, pair in enumerate(self.substance.pairs)
        ]
        return Directions.of(self.r, felt, state.beta)


def stored_liquid(result: xr.DataTree) -> StoredLiquid:
    """Return the liquid of a result.

    Raises
    ------
    InputError, InputErrors
        If files of a base, a molecule or a reference are not those of the refinement, or of a
        correction g(r) was not stored.
    """
    a = result.attrs
    temperature, density = float(a["temperature"]), float(a["density"])
    r = np.asarray(result["posterior"].to_dataset()["potential"]["r"].values)
    tables = settings_of(result)
    if _element_by_itself(result, tables):
        mass = tables.get("system", {}).get("mass") or tables["molecule"][0]["mass"]
        state = StatePoint(temperature, density, float(mass))
        return StoredLiquid(Substance.atom(ATOM, state.mass), state, r)
    makeup = makeup_of(result)
    substance, single = makeup.substance, len(makeup.substance.molecules) == 1
    composition = {} if single else tables["system"]["composition"]
    mass = substance.molecules[0].mass if single else 0.0
    state = StatePoint(temperature, density, mass, composition)
    labels = [pair.label for pair in substance.pairs]
    if len(labels) > 1 and labels != list(labels_of(result)):
        found = ", ".join(labels_of(result)) or "one potential"
        raise InputError("result", f"potentials of {', '.join(labels)}", found)
    known = makeup.corrected | makeup.frozen
    references = {pair: v for pair, v in makeup.references.items() if pair in known}
    crowds = _crowds(result, substance, makeup.corrected, r) if makeup.corrected else {}
    return StoredLiquid(substance, state, r, references, makeup.corrected, crowds)


def makeup_of(result: xr.DataTree) -> Makeup:
    """Return the substance and the references of a result, without its measurements.

    Raises
    ------
    InputError, InputErrors
        If a file of the base or of a reference is missing or another one.
    """
    config = Config.model_validate(settings_of(result))
    faults = Faults()
    makeup = checked_makeup(faults, config.system, config.ingredients)
    faults.raise_any()
    assert makeup is not None
    return makeup


def settings_of(result: xr.DataTree) -> dict[str, Any]:
    """Return the tables of the configuration that made a result."""
    return dict(json.loads(str(result.attrs["settings"])))


def _element_by_itself(result: xr.DataTree, tables: Mapping[str, Any]) -> bool:
    """Whether a result is of the whole potential of one kind of atom, and needs no other file."""
    shaped = any(set(_SHAPED) & set(each) for each in tables.get("molecule", []))
    return not (labels_of(result) or shaped or is_corrected(result))


def _crowds(
    result: xr.DataTree, substance: Substance, corrected: frozenset[Pair], r: FloatArray
) -> dict[Pair, FloatArray]:
    """Return g(r) of corrected pairs at the distances of the potentials."""
    if "structure" not in result.children:
        raise InputError("result", "a correction with g(r) of its draws", "no group structure")
    g = result["structure"].to_dataset()["g"].mean(("chain", "draw"))
    found = {}
    for pair in substance.pairs:
        if pair in corrected:
            one = g.sel(pair=pair.label) if "pair" in g.dims else g
            found[pair] = np.maximum(np.interp(r, g["r_g"].values, one.values), 0.0)
    return found
