"""A liquid with its measurements and starting potential, whoever described it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.ingredients import Ingredients, checked_makeup
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.measurement import checked_observations
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import ReferenceSettings, SystemSettings
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential


@dataclass(frozen=True)
class System:
    """Everything that is known before a refinement starts.

    Parameters
    ----------
    name : str
        Name of tables, figures and folders.
    state : StatePoint
        Temperature, density, mass.
    makeup : Makeup
        What it is made of, with the starting potentials in kcal/mol.
    observations : tuple of Observation
        What was measured.
    fluid : str or None
        CoolProp's name of the fluid.
    title : str
        One line for people.
    sources : tuple of str
        Where the measurements come from.
    """

    name: str
    state: StatePoint
    makeup: Makeup
    observations: tuple[Observation, ...]
    fluid: str | None = None
    title: str = ""
    sources: tuple[str, ...] = ()

    @property
    def reference(self) -> Potential:
        """The starting potential of an element, in kcal/mol."""
        (potential,) = self.makeup.references.values()
        return potential

    @property
    def liquid(self) -> Liquid:
        """What is refined; it must have been measured."""
        return Liquid(self.state, self.observations, self.makeup.substance)


def build_system(
    system: SystemSettings,
    made_of: ReferenceSettings | Ingredients,
    observe: Sequence[ObserveSettings],
) -> System:
    """Read, check and assemble a liquid; shipped and own data come this way.

    Parameters
    ----------
    system, made_of, observe
        The tables of a configuration; of an element its reference alone will do.

    Returns
    -------
    System

    Raises
    ------
    InputErrors
        With every file that cannot be used and everything that is physically
        implausible.
    """
    faults = Faults()
    ingredients = made_of if isinstance(made_of, Ingredients) else Ingredients(made_of)
    makeup = checked_makeup(faults, system, ingredients)
    # An implausible state would make good curves look wrong.
    believed = None if faults else system
    observations = checked_observations(faults, believed, makeup, dict(enumerate(observe)))
    faults.raise_any()
    assert makeup is not None
    return System(
        name=system.name,
        state=system.state,
        makeup=makeup,
        observations=tuple(observations),
        fluid=system.fluid,
        title=system.title,
        sources=tuple(dict.fromkeys(o.source for o in observations if o.source)),
    )
