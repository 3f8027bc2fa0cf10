"""What ships: four liquids with their measured curves."""

from __future__ import annotations

from dataclasses import dataclass

import xarray as xr

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import ShippedCurve, curve, system_entries
from sopr_uq.experiment.dataset import to_dataset
from sopr_uq.experiment.elements import Element, element
from sopr_uq.experiment.measurement import read_observation
from sopr_uq.experiment.nearest import suggestion
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import ReferenceSettings, SystemSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.system import System, build_system


@dataclass(frozen=True)
class ShippedSystem:
    """A liquid of the registry, before its curves are read.

    Parameters
    ----------
    name : str
        As in ``sopr-uq refine NAME``.
    title, remark : str
        For people.
    element : Element
        Its row in the table of elements.
    state : StatePoint
        Temperature, density, mass.
    curves : tuple of ShippedCurve
        What was measured.
    prior : dict of str to float
        Centre of what is believed of σ in Å and ε in kcal/mol: its critical point,
        by corresponding states.
    """

    name: str
    title: str
    remark: str
    element: Element
    state: StatePoint
    curves: tuple[ShippedCurve, ...]
    prior: dict[str, float]

    @property
    def system(self) -> SystemSettings:
        """``[system]`` of its configuration."""
        return SystemSettings(
            name=self.name,
            title=self.title,
            temperature=self.state.temperature,
            density=self.state.density,
            mass=self.state.mass,
            fluid=self.element.fluid,
        )

    @property
    def reference(self) -> ReferenceSettings:
        """``[reference]`` of its configuration: the Lennard-Jones potential of the dimer."""
        dimer = self.element.dimer
        assert dimer is not None
        return ReferenceSettings(form="lennard-jones", sigma=dimer.sigma, epsilon=dimer.epsilon)

    @property
    def observe(self) -> tuple[ObserveSettings, ...]:
        """``[[observe]]`` for every curve, g(r) first."""
        return tuple(ObserveSettings(kind=c.kind, curve=c.name) for c in self.curves)


def systems() -> list[ShippedSystem]:
    """Return what ships, in the order of the registry."""
    return [shipped_system(name) for name in system_entries()]


def shipped_system(name: str) -> ShippedSystem:
    """Return one shipped system without reading its curves.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    entries = system_entries()
    if name not in entries:
        known = ", ".join(entries)
        raise InputError("system", f"one of {known}", repr(name), suggestion(name, entries))
    entry = entries[name]
    row = element(entry["element"])
    assert row.state is not None
    curves = tuple(curve(c) for c in entry["curves"])
    title, remark, prior = (entry[key] for key in ("title", "remark", "prior"))
    return ShippedSystem(name, title, remark, row, row.state, curves, prior)


def load_system(name: str) -> System:
    """Read, verify and assemble a shipped system with all its curves.

    Raises
    ------
    InputError
        If there is none of that name.
    InputErrors
        If a file is missing or does not have its recorded SHA-256.
    """
    shipped = shipped_system(name)
    return build_system(shipped.system, shipped.reference, shipped.observe)


def load_curve(name: str) -> xr.Dataset:
    """Return a shipped curve as a Dataset with units and its state point.

    Parameters
    ----------
    name : str
        Such as ``argon_85K_gr``.

    Raises
    ------
    InputError
        If there is none of that name, or its file is not the recorded one.
    """
    shipped = curve(name)
    (owner,) = [system for system in systems() if shipped in system.curves]
    observation = read_observation(ObserveSettings(kind=shipped.kind, curve=name))
    return to_dataset(observation, owner.state)
