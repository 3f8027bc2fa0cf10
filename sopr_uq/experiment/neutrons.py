"""What neutrons see of a mixture."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Pair, Substance
from sopr_uq.structure.mixture import Mixture

_ISOTOPE = re.compile(r"(?:(?P<before>\d+)-?)?(?P<symbol>[A-Z][a-z]?)(?:-?(?P<after>\d+))?")


def scattering_length(element: str) -> float:
    """Return the bound coherent scattering length of an element or isotope in fm.

    Parameters
    ----------
    element : str
        Such as Ar, D, 36Ar or Ar-36.

    Raises
    ------
    InputError
        If there is no such element, or none was measured.

    References
    ----------
    The tables of the package periodictable.
    """
    # Imported here because most uses of this package do not need it.
    import periodictable

    found = _ISOTOPE.fullmatch(element)
    b = None
    if found is not None:
        number = found["before"] or found["after"]
        try:
            atom = periodictable.elements.symbol(found["symbol"])
            b = (atom[int(number)] if number else atom).neutron.b_c
        except (ValueError, KeyError):
            b = None
    if b is None:
        raise InputError(
            "scattering length",
            "an element or isotope whose scattering length is known, such as Ar, D or 36Ar",
            repr(element),
            "element or scattering_length of its [[molecule]]",
        )
    return float(b)


def neutron_weights(
    substance: Substance, state: StatePoint, lengths: Mapping[str, float]
) -> dict[Pair, float]:
    """Return the weights of the pairs in the total S(Q) that neutrons see.

    w_ab = (2 − δ_ab) c_a c_b b_a b_b / (Σ c_a b_a)².

    Parameters
    ----------
    substance : Substance
    state : StatePoint
    lengths : mapping of str to float
        Coherent scattering length b of each type of site, in one unit.

    Raises
    ------
    InputError
        If a type has no scattering length, or their mean is zero.
    """
    missing = {site.name for site in substance.sites} - set(lengths)
    if missing:
        raise InputError("scattering lengths", "one for each site", f"none for {missing}")
    b = np.array([lengths[site.name] for site in substance.sites])
    mixture = Mixture.of(substance.densities(state))
    mean = float(mixture.fractions @ b)
    if abs(mean) < 1e-9 * np.abs(b).max():
        raise InputError(
            "scattering lengths",
            "a mean that is not zero",
            "a null mixture, whose S(Q) has no norm",
            "partial structure factors",
        )
    first, second = mixture.pairs
    weights = mixture.weights * b[first] * b[second] / mean**2
    return dict(zip(substance.pairs, weights.tolist(), strict=True))
