"""What a configuration says a liquid is made of, read and checked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import combinations_with_replacement
from typing import NamedTuple

from sopr_uq.errors import InputError
from sopr_uq.experiment.checks import check_density, check_temperature
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.makeup import Makeup, element_of, mixture_of
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.packing import check_packing
from sopr_uq.experiment.settings import (
    BaseSettings,
    PairSettings,
    ReferenceSettings,
    SystemSettings,
)
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.warmth import check_warmth


class Ingredients(NamedTuple):
    """The tables that say what a liquid is made of: ``[reference]``, or molecules and pairs."""

    reference: ReferenceSettings | None = None
    molecules: tuple[MoleculeSettings, ...] = ()
    pairs: tuple[PairSettings, ...] = ()
    base: BaseSettings | None = None

    def completed(self, mass: float | None) -> Ingredients:
        """Return the same with what a base leaves no choice about.

        Its only kind of atom has the mass of the system, in u; a pair that is not told has a
        correction alone.
        """
        if self.base is None or self.reference is not None:
            return self
        names = list(self.base.elements)
        molecules, pairs = self.molecules, self.pairs
        if not molecules and mass is not None and len(names) == 1:
            molecules = (MoleculeSettings(name=names[0], mass=mass),)
        if not pairs:
            both = combinations_with_replacement([m.name for m in molecules], 2)
            pairs = tuple(PairSettings(sites=each, form="zero") for each in both)
        return self._replace(molecules=molecules, pairs=pairs)


def checked_makeup(
    faults: Faults, system: SystemSettings | None, ingredients: Ingredients
) -> Makeup | None:
    """Return what a liquid is made of; note what is wrong with it, or with the state for it."""
    mass = None if system is None else system.mass
    reference, molecules, pairs, base = ingredients.completed(mass)
    if molecules or pairs:
        makeup = mixture_of(molecules, pairs, faults, base)
    elif reference is None:
        return None
    else:
        # without a mass the potential can be looked at all the same
        makeup = element_of(1.0 if mass is None else mass, reference, faults, base)
    if makeup is None or system is None:
        return makeup
    if len(molecules) > 1 and system.composition is None:
        names = ", ".join(f"{molecule.name} = …" for molecule in molecules)
        expected = "the mole fraction of each [[molecule]]"
        advice = f"composition = {{ {names} }}"
        faults.add(InputError("system.composition", expected, "none", advice))
        return makeup
    with faults.caught("system"):
        for fault in no_liquid(makeup, system.state):
            faults.add(fault)
    return makeup


def no_liquid(makeup: Makeup, state: StatePoint) -> Iterator[InputError]:
    """Yield why what it is made of can be no liquid at a state point, as of ``[system]``."""
    mass, size = makeup.substance.mean_mass(state), makeup.size(state)
    told = makeup.substance, makeup.references, state
    for check in (
        partial(check_temperature, state, size, mass),
        partial(check_density, state, size, mass),
        partial(check_packing, *told),
        partial(check_warmth, *told),
    ):
        try:
            check()
        except InputError as fault:
            yield fault
