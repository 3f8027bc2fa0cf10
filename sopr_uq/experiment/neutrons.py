"""What neutrons see of a mixture."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.scattering import FM, Neutrons
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.structure.mixture import Mixture

_ALIKE = 0.5
"""Differences of mass in u within which an isotope is as good as the element."""

_OF_HYDROGEN = {1: "H", 2: "D", 3: "T"}
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


def element_named(name: str, mass: float) -> str:
    """Return the element or isotope that the bare name of a type of site means.

    A number behind a symbol may be an isotope's, or a mere label, as of the two kinds of hydrogen
    of a molecule: its mass tells.

    Parameters
    ----------
    name : str
        Such as Ar, D, 36Ar, H2.
    mass : float
        In u.

    Raises
    ------
    InputError
        If there is such an isotope, and the mass is not its own, but of hydrogen; or a bare
        symbol whose element has another mass.
    """
    import periodictable

    found = _ISOTOPE.fullmatch(name)
    if found is None or found["before"]:
        return name
    symbol = found["symbol"]
    try:
        element = periodictable.elements.symbol(symbol)
    except ValueError:
        return name
    if not found["after"]:
        return _of_mass(name, mass, element.mass)
    number = int(found["after"])
    if number not in element.isotopes:
        return symbol
    own, natural = abs(element[number].mass - mass), abs(element.mass - mass)
    if own < natural:
        return f"{number}{symbol}" if symbol != "H" else _OF_HYDROGEN.get(number, name)
    if symbol != "H" and abs(element[number].mass - element.mass) > _ALIKE:
        raise InputError(
            f"element of {name}", f"the mass of {number}{symbol}, or another name",
            f"{mass:g} u", f'element = "{symbol}" or "{number}{symbol}" of its site',
        )  # fmt: skip
    return symbol


def _of_mass(name: str, mass: float, natural: float) -> str:
    """Return a symbol; refuse one of an element, or mixture of isotopes, of another mass in u."""
    # D is an isotope's own name, whatever mass it moves with
    if abs(mass - natural) <= _ALIKE or name in ("D", "T"):
        return name
    raise InputError(
        f"element of {name}",
        f"the mass of {name}, {natural:g} u, or what else scatters",
        f"{mass:g} u",
        f'element = "{name}" of its site where only its mass is another; or its isotope, such as '
        '"D"; or scattering_length',
    )


def check_element(element: str) -> None:
    """Check that an element or isotope exists, whether or not anybody asks how it scatters.

    Raises
    ------
    InputError
        If it does not.
    """
    import periodictable

    found = _ISOTOPE.fullmatch(element)
    with suppress(ValueError, KeyError):
        if found is not None:
            atom = periodictable.elements.symbol(found["symbol"])
            number = found["before"] or found["after"]
            if not number or int(number) in atom.isotopes:
                return
    raise InputError("element", "an element or isotope, such as Ar, D or 36Ar", repr(element))


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
    weights = Neutrons(b, np.zeros((b.size, b.size))).between(mixture, np.zeros(1))[0]
    return dict(zip(substance.pairs, (weights / weights.sum()).tolist(), strict=True))


def isotopes(
    elements: Sequence[str], lengths: Sequence[float], deuterated: float | None, exchange: bool
) -> Neutrons:
    """Return what neutrons see of a liquid a part of whose hydrogen is deuterium.

    Parameters
    ----------
    elements : sequence of str
        Of each type of site.
    lengths : sequence of float
        Scattering length of each in fm, that of H for hydrogen.
    deuterated : float or None
        Fraction of D on the sites of H; None where it is not asked.
    exchange : bool
        Whether hydrogen exchanges, so that isotopes come by atoms; otherwise that fraction of
        the molecules has nothing but D, and the rest nothing but H.

    Raises
    ------
    InputError
        If the fraction is none, or there is no hydrogen.
    """
    b = FM * np.array(lengths)
    if deuterated is None:
        return Neutrons(b, np.zeros((b.size, b.size)))
    hydrogen = np.array([element == "H" for element in elements])
    if not hydrogen.any():
        raise InputError(
            "deuterated", "sites whose element is H", ", ".join(elements) or "none",
            'element = "H" of its site',
        )  # fmt: skip
    change = np.where(hydrogen, FM * (scattering_length("D") - scattering_length("H")), 0.0)
    share = 0.0 if exchange else deuterated * (1.0 - deuterated)
    return Neutrons(b + deuterated * change, share * np.outer(change, change))
