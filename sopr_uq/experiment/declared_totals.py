"""Totals as a configuration tells them, and whether their curves agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.neutrons import isotopes
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.scattering import Given, Scattering, XRays
from sopr_uq.experiment.totals import NORMALISATIONS, Total, amplitudes
from sopr_uq.structure.band import power_spectrum
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

INELASTIC = 0.03
"""In barn: how far neutrons' F(Q) of a liquid with hydrogen may be off at Q = 0. Published ones
are off by up to 0.06."""

_LOW = 0.35
"""In 2π ρ^(1/3) of the molecules: below, S(Q) of most liquids is near S(0)."""

_COMPRESSIBLE = 0.1
"""S(0) of liquids far from their critical point is below."""

_CLUSTERED = 2.0
"""In what an ideal mixture has: how much more the composition of one that is far from parting
fluctuates. Where unlike molecules attract each other it is less, down to nothing."""

OFF = 0.3
"""How far the level at low Q may be from what is told, relative to it; and the tail from zero."""

_NEAREST, _FARTHEST = 0.65, 4.0
"""In Å: no two atoms are nearer, in hydrogen 0.74; and what a total is looked at up to."""

_BELOW = 0.6
"""Of structure in front of the nearest over what is behind: beyond, Q is not in Å⁻¹. Of 16 totals
of water that is at most 0.06, of contrasts without hydrogen 1e-5; in nm⁻¹ at least 1.4."""

FEWEST_OF_LEVEL = 3
"""Points that a level needs."""

_WIDE = 45.0
"""In Å⁻¹: few curves go farther, in nm⁻¹ nearly all. In shorter ones a slope, such as that of
inelastic scattering, may pass for structure at any distance."""

_SHORTEST = 20
_FAR = 0.75


def declared_total(
    settings: ObserveSettings,
    mixture: Mixture,
    pairs: tuple[Pair, ...],
    elements: Sequence[str],
    lengths: Callable[[], Mapping[str, float]],
    weights: dict[Pair, float] | None,
    mixing: FloatArray,
) -> Total:
    """Return the total that an entry of kind f describes.

    Parameters
    ----------
    settings : ObserveSettings
    mixture : Mixture
        Of the sites, with distances within molecules.
    pairs : tuple of Pair
    elements : sequence of str
        Of each type.
    lengths : callable
        Their scattering lengths in fm in this order; asked where neutrons scatter.
    weights : dict of Pair to float, or None
        Where they were given as numbers.
    mixing : array, shape (p,)
        What an ideal mixture adds to S_ab at Q = 0.

    Raises
    ------
    InputError
        If an element is unknown, or keys contradict each other.
    """
    neutron = settings.weights == "neutron"
    if not neutron and (settings.deuterated is not None or settings.exchange is not None):
        raise InputError("weights", "neutron, with deuterated or exchange", repr(settings.weights))
    normalisation = settings.normalisation or "none"
    if weights is not None and normalisation != "none":
        advice = "weights that hold it, or those of neutron or x-ray"
        raise InputError("normalisation", "none beside weights", normalisation, advice)
    scattering: Scattering
    if weights is not None:
        scattering = Given(np.array([weights.get(pair, 0.0) for pair in pairs]))
    elif neutron:
        exchange = settings.exchange is not False
        scattering = isotopes(elements, list(lengths().values()), settings.deuterated, exchange)
    else:
        scattering = XRays(tuple(elements))
    inside = settings.intramolecular is not False
    spreads = amplitudes(mixture, elements)
    total = Total(scattering, mixture, pairs, spreads, inside, normalisation, mixing=mixing)
    scale_sd = total.scale_sd if settings.scale_sd is None else settings.scale_sd
    inelastic = _inelasticity(settings, total, elements)
    background = settings.background
    return replace(total, inelastic=inelastic, background=background, scale_sd=scale_sd)


def _inelasticity(settings: ObserveSettings, total: Total, elements: Sequence[str]) -> float:
    if settings.inelastic is not None:
        return settings.inelastic
    recoils = settings.weights == "neutron" and not {"H", "D"}.isdisjoint(elements)
    return INELASTIC / float(total.norm(np.zeros(1))[0]) if recoils else 0.0


def check_total(observation: Observation) -> None:
    """Check that the level of a total at low Q and its tail are those of what it is said to be.

    Nothing is converted. A curve that begins too far from Q = 0 is believed.

    Raises
    ------
    InputError
        With what would fit: the normalisation, or whether pairs within molecules are in it.
    """
    used = observation.windowed()
    _check_tail(used)
    _check_unit(observation)
    total = used.total
    low = used.x < _LOW * 2.0 * np.pi * np.cbrt(total.mixture.molecules)
    if low.sum() < FEWEST_OF_LEVEL:
        return
    q, level = used.x[low], float(np.mean(used.value[low]))
    if level_misfit(total, q, level) <= OFF:
        return
    keys = [key for other, key in _others(total) if level_misfit(other, q, level) <= OFF]
    expected = f"about {np.mean(total.level(q, 0.0)):.3g} at low Q, by what it is said to be"
    found = f"{level:.3g} below {q[-1]:.2g} Å⁻¹"
    advice = " or ".join(keys) if keys else (
        "check deuterated, weights and the unit; if the curve is wrong at low Q only, "
        f"window = [{used.x[~low][0]:g}, {used.x[-1]:g}]"
    )  # fmt: skip
    where = f"observation {observation.name}, level"
    advice += "; or see whether these columns are of another sample"
    raise InputError(where, expected, found, advice)


def _check_unit(observation: Observation) -> None:
    """Refuse a curve most of whose structure is at distances that no two atoms have."""
    x, value = observation.x, observation.value
    if x.size < _SHORTEST or x[-1] < _WIDE:
        return
    r = np.arange(0.05, _FARTHEST, 0.01)
    power = power_spectrum(x, value, r)
    near, far = float(np.sum(power[r < _NEAREST])), float(np.sum(power[r >= _NEAREST]))
    if near > _BELOW * far:
        raise InputError(
            f"observation {observation.name}",
            f"Q in 1/Å, and so waves of distances beyond {_NEAREST:g} Å",
            f"{near / far:.2g} times as much of shorter ones, which suggests 1/nm",
            'unit = "1/nm"',
        )


def _check_tail(used: Observation) -> None:
    tail = float(np.mean(used.value[used.x >= _FAR * used.x[-1]]))
    size = float(np.ptp(used.value))
    if abs(tail) > OFF * size:
        advice = 'kind = "s" for 1 + Σ w (partial − 1); else subtract the self scattering'
        where = f"observation {used.name}, level"
        raise InputError(where, "F that ends near 0", f"a mean of {tail:.3g}", advice)


def level_misfit(total: Total, q: FloatArray, level: float) -> float:
    """Return how far a mean at low wave numbers q, shape (k,), is from what a total may be there.

    Relative to the level of an incompressible liquid of one composition everywhere; beyond
    :data:`OFF` it is not that total.
    """
    full, less = (float(np.mean(total.level(q, s))) for s in (0.0, _COMPRESSIBLE))
    less += _CLUSTERED * float(np.mean(total.mixed(q)))
    nearest = float(np.clip(level, min(full, less), max(full, less)))
    return abs(level - nearest) / abs(full) if full else np.inf


def _others(total: Total) -> Iterator[tuple[Total, str]]:
    """Yield what else it may be, with the key that says so."""
    if total.mixture.within is not None and total.mixture.within.lengths.size:
        other = not total.intramolecular
        yield replace(total, intramolecular=other), f"intramolecular = {str(other).lower()}"
    if not isinstance(total.scattering, Given):
        for name in NORMALISATIONS:
            if name != total.normalisation:
                yield replace(total, normalisation=name), f'normalisation = "{name}"'
