"""What a total F(Q) is, by its level at low Q: what scattered, what it was divided by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.scattering import FM
from sopr_uq.typing import FloatArray

LOW = 0.7
"""In Å⁻¹: below, S of most liquids is near S(0), that of water at 0.9."""

_COMPRESSIBLE = 0.1
_OFF = 0.3
"""As far from what it may be a level is still believed to be it."""

_FEWEST = 3


@dataclass(frozen=True)
class Composition:
    """Atoms of a formula, isotopes of hydrogen as one: they exchange.

    Parameters
    ----------
    counts, lengths, electrons : array, shape (t,)
        How many of each, their mean scattering lengths in √barn, and electrons.
    deuterated : float or None
        Share of D on the sites of hydrogen; None where there is no D.
    """

    counts: FloatArray
    lengths: FloatArray
    electrons: FloatArray
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
            found = {str(atom): (n, atom.neutron.b_c, atom.number) for atom, n in atoms.items()}
        except Exception:  # the parser of formulas raises errors of its own
            found = {}
        if not found or any(b is None for _, b, _ in found.values()):
            expected = "a chemical formula of known elements, such as D2O or Ar"
            raise InputError("formula", expected, repr(formula))
        none = (0.0, 0.0, 1)
        (light, b_h, _), (heavy, b_d, _) = found.pop("H", none), found.pop("D", none)
        hydrogen = light + heavy
        if hydrogen:
            found["H"] = (hydrogen, (light * b_h + heavy * b_d) / hydrogen, 1)
        counts, lengths, electrons = np.array(list(found.values()), dtype=float).T
        return cls(counts, FM * lengths, electrons, heavy / hydrogen if heavy else None)

    @property
    def element(self) -> bool:
        """Whether it is one atom."""
        return self.counts.size == 1 and float(self.counts[0]) == 1.0


class Candidate(NamedTuple):
    """What a total may be: its keys in a configuration, its level where S(0) is zero."""

    keys: tuple[str, ...]
    level: float


def candidates(atoms: Composition) -> Iterator[Candidate]:
    """Yield what a total of a liquid of these molecules may be."""
    share = atoms.counts / atoms.counts.sum()
    for weights, factors in (("neutron", atoms.lengths), ("x-ray", atoms.electrons)):
        squares, average = float(share @ factors**2), float(share @ factors) ** 2
        whole = float(atoms.counts @ factors) ** 2 / float(atoms.counts.sum())
        own = [f'weights = "{weights}"']
        if weights == "neutron" and atoms.deuterated is not None:
            own += [f"deuterated = {atoms.deuterated:.3g}"]
        norms = {"none": 1.0, "square-of-average": average, "average-of-squares": squares}
        for name, norm in norms.items():
            said = [] if name == "none" else [f'normalisation = "{name}"']
            if norm > 0.0:
                yield Candidate((*own, *said), -squares / norm)
                if atoms.counts.sum() > 1:
                    yield Candidate((*own, *said, "intramolecular = false"), -whole / norm)


def low_level(q: FloatArray, value: FloatArray) -> float | None:
    """Return the mean of a total below :data:`LOW`; None where it begins beyond."""
    low = q < LOW
    return float(np.mean(value[low])) if int(low.sum()) >= _FEWEST else None


def fitting(atoms: Composition, level: float) -> list[Candidate]:
    """Return what fits a level at low Q, the nearest first."""

    def far(one: Candidate) -> float:
        nearest = np.clip(level, one.level, (1.0 - _COMPRESSIBLE) * one.level)
        return abs(level - float(nearest)) / abs(one.level)

    return sorted((c for c in candidates(atoms) if c.level and far(c) <= _OFF), key=far)


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
