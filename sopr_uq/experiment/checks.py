"""Is it physically plausible? Units that were mixed up betray themselves here."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import constants

from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import KINDS, Q, R
from sopr_uq.experiment.limits import LEVEL_FROM, LEVEL_TOLERANCE
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.reference import Shape
from sopr_uq.experiment.state import StatePoint
from sopr_uq.units import thermal_energy

CLOSE_PACKED = 1.3
"""Upper bound of r_peak ρ^(1/3). Close packing gives 2^(1/6) = 1.12, shipped liquids 0.9 to 1.0."""

NANOMETRES = 0.25
"""Lower bound of r_peak ρ^(1/3). Read in nm, liquids have 0.09 to 0.11; a gas comes down to
0.25 at ρσ³ = 0.011."""

SMALLEST_PEAK = 1.5
"""In Å; no atomic liquid has its neighbours closer, and every one has in nm."""

NANOMETRES_INVERSE = 20.0
"""Upper bound of Q_peak ρ^(-1/3). Liquids have about 2π to 8; read in 1/nm, ten times that."""

COLDEST = 0.35
"""Lower bound of k_B T/ε: half of the Lennard-Jones triple point, 0.69, because a starting
potential may be too deep (the shipped ones come down to 0.59)."""

HEAVIEST = 30.0
"""In g/cm³; osmium has 22.6, its melt 20."""

_PER_A3 = constants.N_A * (constants.angstrom / constants.centi) ** 3

DENSEST = 1.2
"""Upper bound of ρσ³ at k_B T/ε ≤ 1. Hard spheres freeze at 0.94, and a starting potential may be
a few per cent too wide. Above, the r⁻¹² core lets it grow as (k_B T/ε)^(1/4)."""


_CONVENTION = (
    "partials in the sense of Faber and Ziman tend to 1; of Ashcroft and Langreth's, which tend to "
    "1 or 0, S_FZ = 1 + (S_AL − δ_ab)/√(c_a c_b); of Bhatia and Thornton's or of concentration-"
    "weighted ones, which tend to c_a or 0, S_FZ = 1 + (S − c_a δ_ab)/(c_a c_b). Convert the file, "
    'or give the weights of a total. Of S − 1 itself, form = "s-1"'
)


def check_origins(observations: Iterable[Observation]) -> None:
    """Check that no experiment is counted twice in one liquid.

    Parameters
    ----------
    observations : iterable of Observation
        What was measured at one state point. Those of unknown origin are believed.

    Raises
    ------
    InputError
        If two curves are of one origin and contrast: their errors are the same errors, and
        taking them for independent makes intervals too narrow by up to √2.
    """
    seen: dict[tuple[str, frozenset[tuple[Pair, float]]], Observation] = {}
    for one in (o for o in observations if o.origin and o.is_curve):
        other = seen.setdefault((one.origin, one.contrast), one)
        if other is not one:
            raise InputError(
                "curves",
                "each experiment once",
                f"{other.name} ({other.kind}) and {one.name} ({one.kind}), both of {one.origin}",
                f"{other.name} alone or {one.name} alone: a g(r) is the transform of the S(Q) "
                "that was measured, the same data once more. If there were two experiments, give "
                "each its own origin",
            )


def check_copies(observations: Iterable[Observation]) -> None:
    """Check that no curve of one experiment is there twice, of two pairs or of two states.

    Parameters
    ----------
    observations : iterable of Observation
        What was measured at all state points.

    Raises
    ------
    InputError
        If two curves of one origin have the same numbers.
    """
    seen: dict[tuple[str, bytes, bytes], Observation] = {}
    for one in (o for o in observations if o.is_curve and o.origin and np.ptp(o.value) > 0.0):
        key = (one.origin, one.x.tobytes(), one.value.tobytes())
        other = seen.setdefault(key, one)
        if other is not one:
            raise InputError(
                "curves",
                "each measured curve once",
                f"the same {one.x.size} numbers as {other.name} and as {one.name}",
                "check file and columns of both",
            )


def check_temperature(state: StatePoint, shape: Shape | None, mass: float = 0.0) -> None:  # noqa: ARG001
    """Check that particles of a given well depth can be liquid at a temperature.

    Parameters
    ----------
    state : StatePoint
        Temperature in K.
    shape : Shape or None
        σ and ε of the starting potential; None where something else makes the liquid.
    mass : float
        Not needed here.

    Raises
    ------
    InputError
        If they would be frozen solid; a temperature in °C looks like that.
    """
    if shape is None:
        return
    reduced = thermal_energy(state.temperature) / shape.epsilon
    if reduced < COLDEST:
        raise InputError(
            "system.temperature",
            f"a temperature in K at which a liquid with ε = {shape.epsilon:g} kcal/mol exists, "
            f"k_B T/ε ≥ {COLDEST}",
            f"{state.temperature:g} K, k_B T/ε = {reduced:.2g}",
            f"if {state.temperature:g} is in °C, write {state.temperature + 273.15:g}; "
            f'if ε is in other units, epsilon = "{shape.epsilon:g} kJ/mol" or '
            f'epsilon = "{shape.epsilon:g} K"',
        )


def check_density(state: StatePoint, shape: Shape | None, mass: float = 0.0) -> None:
    """Check that particles of a given size can be as dense as that.

    Parameters
    ----------
    state : StatePoint
        Temperature in K and number density in Å⁻³.
    shape : Shape or None
        σ and ε of the starting potential; None where something else makes the liquid.
    mass : float
        Mean mass of a particle in u, for advice; by default that of the state point.

    Raises
    ------
    InputError
        If they cannot; a mass density looks like that.
    """
    if shape is None:
        _check_mass_density(state, mass)
        return
    reduced = thermal_energy(state.temperature) / shape.epsilon
    packed = state.density * shape.sigma**3
    limit = DENSEST * max(1.0, reduced) ** 0.25
    if packed > limit:
        raise InputError(
            "system.density",
            f"a number density in 1/Å³ that particles with σ = {shape.sigma:g} Å can have at "
            f"{state.temperature:g} K, ρσ³ ≤ {limit:.2f}",
            f"{state.density:g}, ρσ³ = {packed:.3g}",
            f"if it is in g/cm³, write density × 0.60221/mass = "
            f"{state.density * _PER_A3 / (mass or state.mass):.4g}; if it is in 1/nm³, divide by "
            "1000",
        )


def _check_mass_density(state: StatePoint, mass: float) -> None:
    """Refuse a number density that would make a liquid heavier than any."""
    found = state.density * (mass or state.mass) / _PER_A3
    if found > HEAVIEST:
        raise InputError(
            "system.density",
            f"a number density in 1/Å³ of at most {HEAVIEST:g} g/cm³",
            f"{state.density:g}, {found:.3g} g/cm³",
            "if it is in g/cm³, write it as a text with its unit, such as "
            f'"{state.density:g} g/cm^3"',
        )


def check_curve(observation: Observation, state: StatePoint) -> None:
    """Check level and units of a measured curve.

    Parameters
    ----------
    observation : Observation
        A g(r) or S(Q); a number passes.
    state : StatePoint
        Its density sets the scale of distances.

    Raises
    ------
    InputError
        If the curve does not end near one, or its first peak is where only
        other units would put it.
    """
    if not observation.is_curve:
        return
    check_level(observation)
    check_angstrom(observation, state)
    peak, spacing = _first_peak(observation), state.density ** (-1.0 / 3.0)
    if observation.axis is R and peak > CLOSE_PACKED * spacing:
        raise InputError(
            f"observation {observation.name}, first peak",
            f"neighbours no farther than {CLOSE_PACKED} mean spacings, as packing demands",
            f"{peak:g} Å at a mean spacing of {spacing:.3g} Å",
            "check that r is in Å and the density a number density in 1/Å³, not in 1/nm³ or g/cm³",
        )


def check_angstrom(observation: Observation, state: StatePoint) -> None:
    """Check that a g(r) or S(Q) of any pairs has its peak where other units would not put it.

    Parameters
    ----------
    observation : Observation
    state : StatePoint
        Its density, of molecules, sets the scale of distances.

    Raises
    ------
    InputError
        If the peak is where nanometres would put it.
    """
    peak, spacing = _first_peak(observation), state.density ** (-1.0 / 3.0)
    where = f"observation {observation.name}, first peak"
    if observation.axis is R and peak < SMALLEST_PEAK and peak < NANOMETRES * spacing:
        found = f"{peak:g} Å at a mean spacing of {spacing:.3g} Å, which suggests nanometres"
        raise InputError(
            where, f"distances in Å, a peak near {spacing:.2g} Å", found, "multiply r by 10"
        )
    if observation.axis is Q and peak * spacing > NANOMETRES_INVERSE:
        raise InputError(
            where,
            f"Q in 1/Å, a peak near {2 * np.pi / spacing:.2g} 1/Å",
            f"{peak:g} 1/Å, which suggests 1/nm",
            "divide Q by 10, and check the density",
        )


def _first_peak(observation: Observation) -> float:
    """Return where a curve is highest; what is left out of the window may be anything."""
    used = observation.windowed()
    return float(used.x[np.argmax(used.value)])


def check_level(observation: Observation) -> None:
    """Check that a curve of r or Q ends near one.

    Raises
    ------
    InputError
        If it does not; that of a mixture may be of another convention.
    """
    observation = observation.whole()
    far = observation.x >= LEVEL_FROM * observation.x[-1]
    level = float(np.mean(observation.value[far]))
    if abs(level - 1.0) > LEVEL_TOLERANCE:
        raise InputError(
            f"observation {observation.name}, level",
            f"{KINDS[observation.kind].symbol} within {LEVEL_TOLERANCE} of 1 over the last quarter "
            "of its range",
            f"a mean of {level:.3g}",
            _CONVENTION
            if observation.of is not None and observation.axis is Q
            else "check the normalisation, the columns (g or g − 1?), and that the curve reaches "
            "far enough",
        )
