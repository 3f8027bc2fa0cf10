"""A liquid with its measurements and starting potential, whoever described it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import curve, verify
from sopr_uq.experiment.checks import (
    check_angstrom,
    check_curve,
    check_density,
    check_level,
    check_temperature,
)
from sopr_uq.experiment.conventions import check_convention
from sopr_uq.experiment.curve import read_curve
from sopr_uq.experiment.declared_totals import check_total
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.forms import Scale
from sopr_uq.experiment.inner_peak import check_inner_peak
from sopr_uq.experiment.inner_waves import check_inner_waves
from sopr_uq.experiment.kinds import KINDS, NUMBERS
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import Makeup, element_of, mixture_of
from sopr_uq.experiment.mistakes import check_function, check_mistakes
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.motion import check_motion
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.packing import check_packing
from sopr_uq.experiment.settings import (
    BaseSettings,
    PairSettings,
    ReferenceSettings,
    SystemSettings,
)
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.warmth import check_warmth
from sopr_uq.experiment.weighing import lowest_s
from sopr_uq.potentials import Potential

_CURVE_KEYS = ("name", "source", "window", "abscissa_error", "q_max", "spacing")
_FILE_KEYS = ("form", "unit", "columns", "edges", "lorch", "smoothing", "damping", "drift")


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
        mean = makeup.mean_mass(system.state)
        for check in (check_temperature, check_density):
            with faults.caught():
                check(system.state, makeup.size(system.state), mean)
        with faults.caught():
            check_packing(makeup.substance, makeup.references, system.state)
        with faults.caught():
            check_warmth(makeup.substance, makeup.references, system.state)
    return makeup


def checked_observations(
    faults: Faults,
    system: SystemSettings | None,
    makeup: Makeup | None,
    observe: Mapping[int, ObserveSettings],
) -> list[Observation]:
    """Return the measurements that can be used; note what is wrong with the others.

    ``observe`` maps the place of an entry in the configuration to the entry.
    """
    usable = []
    for index, settings in observe.items():
        with faults.caught(f"observe.{index}"):
            state = None if system is None else system.state
            found = read_observation(settings, state, makeup)
            # of what a curve is, and what it may look like, only what is all right can say
            known = makeup is not None or not (settings.sites or settings.weights)
            usable.append(checked(found, state if known else None, makeup))
    return usable


def checked(
    observation: Observation, state: StatePoint | None, makeup: Makeup | None = None
) -> Observation:
    """Return an observation with what is odd in it among its remarks.

    Raises
    ------
    InputError
        If it cannot be used at this state point.
    """
    if not observation.is_curve:
        if state is not None:
            check_motion(observation, state)
        return observation
    if observation.kind == "f":
        if observation.of is not None:
            check_total(observation)
        return observation
    odd = _odd(observation, state, makeup)
    if observation.of is not None:
        check_level(observation)
        if state is not None:
            check_angstrom(observation, state)
    elif state is not None:
        check_curve(observation, state)
    return replace(observation, remarks=(*observation.remarks, *odd))


def _odd(observation: Observation, state: StatePoint | None, makeup: Makeup | None) -> list[str]:
    """Return sentences about what is odd in a curve of r or Q; refuse the mistakes people make."""
    used, name = observation.windowed(), f"observation {observation.name}"
    # what the density says holds for one kind of particle
    density = None if state is None or observation.of is not None else state.density
    substance = None if makeup is None else makeup.substance
    molecular, lowest = substance is not None and not substance.atomic, 0.0
    if not molecular:
        check_function(name, observation.kind, observation.x, observation.value)
    if observation.of is not None and substance is not None and state is not None:
        lowest = lowest_s(observation, substance, state)
    return check_mistakes(name, observation.kind, used.x, used.value, density, molecular, lowest)


def read_observation(
    settings: ObserveSettings, state: StatePoint | None = None, makeup: Makeup | None = None
) -> Observation:
    """Return the measurement that an entry of ``[[observe]]`` describes.

    Parameters
    ----------
    settings : ObserveSettings
    state : StatePoint, optional
        Where it was made; forms such as G(r) cannot do without the density.
    makeup : Makeup, optional
        Of what; a curve of a mixture cannot do without.

    Raises
    ------
    InputError
        If its file is missing, is no such curve, or is not the recorded one.
    """
    if settings.kind in NUMBERS:
        assert settings.value is not None
        return Observation(
            kind=settings.kind,
            x=np.zeros(1),
            value=np.array([settings.value]),
            error=None if settings.error is None else np.array([settings.error]),
            name=settings.name,
            source=settings.source,
            origin=settings.origin,
        )
    of = None if makeup is None or state is None else makeup.of(settings, state)
    found = replace(_read_curve(settings, state), origin=origin_of(settings), of=of)
    if makeup is not None and state is not None and found.kind != "f":
        # what is left out of a window of one's own may be anything
        looked_at = found if settings.window is None else found.windowed()
        _check_sites(looked_at, state, makeup)
    if isinstance(of, Pair) and not settings.name:
        return replace(found, name=f"{settings.kind} {of.label}")
    return found


def _check_sites(observation: Observation, state: StatePoint, makeup: Makeup) -> None:
    """Refuse what is inside molecules in a g(r) or S(Q), and partials of other conventions."""
    substance = makeup.substance
    if observation.kind == "g":
        check_inner_peak(observation, site_mixture(substance, state), substance.pairs)
        return
    check_inner_waves(observation, site_mixture(substance, state), substance.pairs)
    check_convention(observation, substance, makeup.references, state)


def origin_of(settings: ObserveSettings) -> str:
    """Return the experiment that a measurement is of.

    What is said wins over what the registry knows of a shipped curve; another file is an
    experiment of its own. A number in no file, such as a pressure, is of none.
    """
    if settings.origin:
        return settings.origin
    if settings.curve is not None:
        return curve(settings.curve).origin
    return "" if settings.file is None else str(settings.file.absolute())


def _read_curve(settings: ObserveSettings, state: StatePoint | None) -> Observation:
    """Read a curve; what the settings do not say, the registry says for a shipped one."""
    options: dict[str, Any] = {}
    path = settings.file
    if settings.curve is not None:
        shipped = curve(settings.curve)
        if shipped.kind != settings.kind:
            raise InputError("kind", f"{shipped.kind!r}, as {shipped.name} is", repr(settings.kind))
        verify(shipped.path, shipped.sha256)
        path, options = shipped.path, {key: getattr(shipped, key) for key in _CURVE_KEYS}
        options["q_max"] = shipped.q_max or "none"
    else:
        options = dict(KINDS[settings.kind].of_a_file)
    assert path is not None
    given = {key: getattr(settings, key) for key in (*_CURVE_KEYS, *_FILE_KEYS)}
    options |= {key: value for key, value in given.items() if value not in (None, "")}
    if settings.covariance is not None:
        verify(settings.covariance, settings.covariance_sha256)
    scale = Scale(None if state is None else state.density, settings.scattering_length)
    # partial S(Q) have limits of other conventions, which are no forms of theirs
    options["limits"] = settings.sites is None or settings.kind != "s"
    return read_curve(
        path,
        settings.kind,
        covariance=settings.covariance,
        sha256=settings.sha256,
        scale=scale,
        **options,
    )
