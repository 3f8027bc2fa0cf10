"""What a total F(Q) is, by its level at low Q: what scattered, what it was divided by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.declared_totals import FEWEST_OF_LEVEL, OFF, level_misfit
from sopr_uq.experiment.neutrons import isotopes
from sopr_uq.experiment.scattering import XRays
from sopr_uq.experiment.totals import NORMALISATIONS, Total
from sopr_uq.structure.intramolecular import Intramolecular
from sopr_uq.structure.mixture import Mixture
from sopr_uq.typing import FloatArray

LOW = 0.7
"""In Å⁻¹: below, S of most liquids is near S(0), that of water at 0.9."""

_DENSITY = 0.01
_ZERO = np.zeros(1)


@dataclass(frozen=True)
class Composition:
    """Atoms of a formula, isotopes of hydrogen as one: they exchange.

    Parameters
    ----------
    elements : tuple of str
        Whose electrons scatter x-rays.
    counts, lengths : array, shape (t,)
        How many of each, and their scattering lengths in fm, that of H for hydrogen.
    deuterated : float or None
        Share of D on the sites of hydrogen; None where there is no D.
    """

    elements: tuple[str, ...]
    counts: FloatArray
    lengths: FloatArray
    deuterated: float | None

    @classmethod
    def of(cls, formula: str) -> Composition:
        """Return the atoms of a chemical formula such as ``"D2O"``.

        Raises
        ------
        InputError
            If it is none, or holds an element whose scattering is unknown.
        """
        # Imported here because most uses of this package do not need it.
        import periodictable

        try:
            atoms = periodictable.formula(formula).atoms
            found = {
                str(atom): (periodictable.elements[atom.number].symbol, n, atom.neutron.b_c)
                for atom, n in atoms.items()
            }
        except Exception:  # the parser of formulas raises errors of its own
            found = {}
        if not found or any(b is None for _, _, b in found.values()):
            expected = "a chemical formula of known elements, such as D2O or Ar"
            raise InputError("formula", expected, repr(formula))
        light, heavy = (found.pop(name, ("", 0, 0.0))[1] for name in ("H", "D"))
        hydrogen = light + heavy
        if hydrogen:
            found["H"] = ("H", hydrogen, periodictable.elements.symbol("H").neutron.b_c)
        elements, counts, lengths = zip(*found.values(), strict=True)
        share = heavy / hydrogen if heavy else None
        return cls(elements, np.array(counts, dtype=float), np.array(lengths, dtype=float), share)

    @property
    def element(self) -> bool:
        """Whether it is one atom."""
        return self.counts.size == 1 and float(self.counts[0]) == 1.0

    @property
    def mixture(self) -> Mixture:
        """Molecules of these atoms, as far as Q = 0 knows them: no distance matters there."""
        atoms = Mixture(_DENSITY * self.counts)
        first, second = atoms.pairs
        both = self.counts[first] * (self.counts[second] - atoms.like) / (1.0 + atoms.like)
        columns = np.flatnonzero(both > 0.0)
        lengths, densities = np.ones(columns.size), _DENSITY * both[columns]
        return Mixture(
            atoms.densities, within=Intramolecular(columns, lengths, densities, _DENSITY)
        )


class Candidate(NamedTuple):
    """What a total may be: its keys in a configuration, and the total."""

    keys: tuple[str, ...]
    total: Total

    @property
    def level(self) -> float:
        """At Q = 0, where S(0) is zero."""
        return float(self.total.level(_ZERO, 0.0)[0])


def candidates(atoms: Composition) -> Iterator[Candidate]:
    """Yield what a total of a liquid of these molecules may be."""
    mixture, share = atoms.mixture, atoms.deuterated
    assert mixture.within is not None
    spreads = np.zeros(mixture.within.lengths.size)
    neutrons = isotopes(atoms.elements, atoms.lengths.tolist(), share, exchange=True)
    deuterated = [] if share is None else [f"deuterated = {share:.3g}"]
    for scattering, own in (
        (neutrons, ['weights = "neutron"', *deuterated]),
        (XRays(atoms.elements), ['weights = "x-ray"']),
    ):
        for name in NORMALISATIONS:
            said = [] if name == "none" else [f'normalisation = "{name}"']
            for inside in (True, False) if spreads.size else (True,):
                total = Total(scattering, mixture, (), spreads, inside, name)
                if total.norm(_ZERO)[0] > 0.0:
                    also = [] if inside else ["intramolecular = false"]
                    yield Candidate((*own, *said, *also), total)


def low_level(q: FloatArray, value: FloatArray) -> float | None:
    """Return the mean of a total below :data:`LOW`; None where it begins beyond."""
    low = q < LOW
    return float(np.mean(value[low])) if int(low.sum()) >= FEWEST_OF_LEVEL else None


def fitting(atoms: Composition, level: float) -> list[Candidate]:
    """Return what fits a level at low Q, the nearest first."""
    far = [(level_misfit(one.total, _ZERO, level), one) for one in candidates(atoms)]
    return [one for misfit, one in sorted(far, key=lambda each: each[0]) if misfit <= OFF]


def proposed(q: FloatArray, value: FloatArray, formula: str | None) -> tuple[list[str], list[str]]:
    """Return keys of ``[[observe]]`` for a total, and sentences about its level.

    Parameters
    ----------
    q, value : array, shape (n,)
        In Å⁻¹, and as written.
    formula : str or None
        Of its molecules; without it nothing can be compared.

    Raises
    ------
    InputError
        If the formula is none.
    """
    level = low_level(q, value)
    guess = ['weights = "neutron"  # or "x-ray"; see normalisation, intramolecular, deuterated']
    if level is None:
        return guess, [f"It begins beyond {LOW:g} Å⁻¹: its level says nothing of its division."]
    said = f"Below {LOW:g} Å⁻¹ it is at {level:.3g}"
    if formula is None:
        return guess, [f"{said}: give the formula of its molecules to compare that."]
    found = fitting(Composition.of(formula), level)
    if not found:
        return guess, [f"{said}, which no total of {formula} is: check the unit and the isotopes."]
    first, *others = found
    remarks = [f"{said}, as {formula} has by {_text(first)}: {first.level:.3g}."]
    if others:
        also = "; or ".join(f"{_text(one)}, {one.level:.3g}" for one in others[:3])
        remarks.append(f"It could also be: {also}.")
    return list(first.keys), remarks


def _text(one: Candidate) -> str:
    return ", ".join(one.keys)
