"""A measurement that a configuration tells of: read, and checked at its state point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.catalogue import check_sha256, curve
from sopr_uq.experiment.checks import check_angstrom, check_curve, check_level
from sopr_uq.experiment.conventions import check_convention
from sopr_uq.experiment.curve import read_curve
from sopr_uq.experiment.declared_totals import check_total
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.forms import NoDensity, Scale
from sopr_uq.experiment.inner_peak import check_inner_peak
from sopr_uq.experiment.inner_waves import check_inner_waves
from sopr_uq.experiment.kinds import CURVES, KINDS, NUMBERS, R
from sopr_uq.experiment.makeup import Makeup
from sopr_uq.experiment.mistakes import check_function, check_mistakes
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.motion import check_motion
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.settings import SystemSettings
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.weighing import lowest_s

_CURVE_KEYS = ("name", "source", "window", "abscissa_error", "q_max", "spacing", "drift")
_FILE_KEYS = ("form", "unit", "columns", "edges", "lorch", "smoothing", "damping")


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
            try:
                found = read_observation(settings, state, makeup)
            except NoDensity:
                if system is None:  # whose own fault is noted already
                    continue
                raise
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
    if observation.is_total:
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
    used, name = observation.whole(), f"observation {observation.name}"
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
    density = None if state is None else _atoms(state, makeup)
    found = replace(_read_curve(settings, density), origin=origin_of(settings), of=of)
    if makeup is not None and state is not None and not found.is_total:
        # what is left out of a window of one's own may be anything
        looked_at = found if settings.window is None else found.windowed()
        _check_sites(looked_at, state, makeup)
    if isinstance(of, Pair) and not settings.name:
        return replace(found, name=f"{settings.kind} {of.label}")
    return found


def _check_sites(observation: Observation, state: StatePoint, makeup: Makeup) -> None:
    """Refuse what is inside molecules in a g(r) or S(Q), and partials of other conventions."""
    substance = makeup.substance
    if observation.axis is R:
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


def _atoms(state: StatePoint, makeup: Makeup | None) -> float:
    """Return the number density of atoms in Å⁻³, by which programs write G(r)."""
    if makeup is None or makeup.substance.atomic:
        return state.density
    return float(makeup.substance.densities(state).sum())


def _read_curve(settings: ObserveSettings, density: float | None) -> Observation:
    """Read a curve; what the settings do not say, the registry says for a shipped one."""
    options: dict[str, Any] = {}
    path = settings.file
    if settings.curve is not None:
        shipped = curve(settings.curve)
        if shipped.kind != settings.kind:
            raise InputError("kind", f"{shipped.kind!r}, as {shipped.name} is", repr(settings.kind))
        check_sha256(shipped.path, shipped.sha256)
        path, options = shipped.path, {key: getattr(shipped, key) for key in _CURVE_KEYS}
        options["q_max"] = shipped.q_max or "none"
        options["drift"] = shipped.drift or 0.0
    else:
        options = dict(KINDS[settings.kind].of_a_file)
    assert path is not None
    given = {key: getattr(settings, key) for key in (*_CURVE_KEYS, *_FILE_KEYS)}
    options |= {key: value for key, value in given.items() if value not in (None, "")}
    if settings.covariance is not None:
        check_sha256(settings.covariance, settings.covariance_sha256)
    scale = Scale(density, settings.scattering_length)
    # partial S(Q) have limits of other conventions, which are no forms of theirs
    options["limits"] = settings.sites is None or CURVES[settings.kind] is R
    return read_curve(
        path,
        settings.kind,
        covariance=settings.covariance,
        sha256=settings.sha256,
        scale=scale,
        **options,
    )
