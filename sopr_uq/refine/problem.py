"""The inverse problem: liquids with their measurements, references, settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from sopr_uq.engine.protocol import Configuration, Setup
from sopr_uq.engine.traits import FLUCTUATIONS
from sopr_uq.errors import InputError
from sopr_uq.experiment.kinds import DYNAMICS
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Potential
from sopr_uq.refine.belief import PriorSettings
from sopr_uq.refine.field import CorrectionScale, Field, Term
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.typing import BoolArray, FloatArray
from sopr_uq.units import MPA_PER_KCAL_MOL_A3

CUTOFF_IN_SIGMA = 3.0
_FARTHEST = 1.5
"""Of the distance of molecules that touch: a reference that is k_B T beyond has no core there."""

_CORE = 0.7
_CORE_OF_MOLECULES = 0.6
"""Hydrogen comes close to an oxygen: 1.5 Å, where molecules are 3 Å apart."""

type Potentials = Potential | Mapping[Pair, Potential]
"""The potential of an element, or of each pair of a mixture."""


@dataclass(frozen=True)
class Problem:
    """Everything an update rule needs to know before it starts.

    Parameters
    ----------
    liquids : tuple of Liquid
        The liquids that share the potentials; most problems have one.
    reference : Potential, or mapping of Pair to Potential
        First guesses in kcal/mol; they set the scales σ and ε of grids and of what
        is believed, unless ``prior`` says otherwise.
    settings : RefineSettings
        How to refine.
    cutoff : float, optional
        Cut-off of the potentials in Å; 3 σ of the widest reference by default.
    seed : int
        Seed of every random choice.
    prior : PriorSettings
        What is believed beforehand.
    start : as ``reference``, optional
        What is simulated first, in kcal/mol; by default the reference.
    frozen : frozenset of Pair
        Pairs whose potential is kept as it is.
    corrected : frozenset of Pair
        Pairs whose potential is the reference and a correction, which is inferred.
    """

    liquids: tuple[Liquid, ...]
    reference: Potentials
    settings: RefineSettings
    cutoff: float | None = None
    seed: int = 1
    prior: PriorSettings = field(default_factory=PriorSettings)
    start: Potentials | None = None
    frozen: frozenset[Pair] = frozenset()
    corrected: frozenset[Pair] = frozenset()

    def __post_init__(self) -> None:
        if not self.liquids:
            raise InputError("Problem.liquids", "at least one liquid", "none")
        if len({liquid.substance.pairs for liquid in self.liquids}) > 1:
            raise InputError("Problem.liquids", "liquids of one substance", "several")
        for term in self._terms:
            if term.refined and np.isnan(term.sigma):
                raise InputError(
                    "reference potential" if self.element else f"reference of {term.pair.label}",
                    "a repulsive core and a well",
                    "no zero of v(r)",
                )
        if not any(term.refined for term in self._terms):
            raise InputError("pairs", "at least one that is refined", "none")

    @property
    def substance(self) -> Substance:
        """What the liquids are made of."""
        return self.liquids[0].substance

    @property
    def element(self) -> bool:
        """Whether there is one pair only."""
        return len(self.substance.pairs) == 1

    @cached_property
    def _terms(self) -> tuple[Term, ...]:
        pairs = self.substance.pairs
        references = _by_pair(self.reference, pairs, "reference")
        starts = references if self.start is None else _by_pair(self.start, pairs, "start")
        return tuple(
            Term(p, references[p], starts[p], p not in self.frozen, self._scale(references[p], p))
            for p in pairs
        )

    def _scale(self, reference: Potential, pair: Pair) -> CorrectionScale | None:
        """Return what a correction of a pair is measured by; None of a whole potential.

        A frozen pair without a core is a reference with a correction of zero. Neighbours touch
        where the reference is k_B T: what it has of a well may be far out, as that of ions,
        whose charges are no part of it. A reference that is as high much farther out than molecules
        touch is no core.
        """
        state = self.liquids[0].state
        term, heat = Term(pair, reference, reference), 1.0 / float(self.betas.mean())
        kept = pair in self.frozen and np.isnan(term.sigma)
        if pair not in self.corrected and not kept:
            return None
        length = np.nan if kept else term.reaches(heat)
        if not length < _FARTHEST * state.contact:
            length = self.substance.contact(pair, state)
        return CorrectionScale(length, heat)

    @cached_property
    def field(self) -> Field:
        """The unknown."""
        return Field(self._terms, self.r)

    @cached_property
    def sigma(self) -> float:
        """σ of the widest reference, in Å."""
        return max(term.sigma for term in self._terms)

    @property
    def epsilon(self) -> float:
        """ε of the deepest reference, in kcal/mol."""
        return max(term.epsilon for term in self._terms)

    @property
    def first_epsilon(self) -> float:
        """ε of what is simulated first, in kcal/mol; the deepest."""
        return max(term.depth(term.start) for term in self._terms)

    @property
    def first(self) -> Potential:
        """What is simulated first of an element, in kcal/mol."""
        return self._terms[0].start

    @property
    def record(self) -> frozenset[str]:
        """What simulations of any of the liquids must record."""
        return frozenset(name for liquid in self.liquids for name in _record(liquid))

    @property
    def betas(self) -> FloatArray:
        """1/(k_B T) of every liquid in mol/kcal."""
        return np.array([liquid.state.beta for liquid in self.liquids])

    @property
    def beta(self) -> float:
        """1/(k_B T) of the first liquid, at which d_hp is told, in mol/kcal."""
        return float(self.betas[0])

    @property
    def r_cut(self) -> float:
        """Cut-off of the potentials, in Å."""
        return CUTOFF_IN_SIGMA * self.sigma if self.cutoff is None else self.cutoff

    @cached_property
    def r(self) -> FloatArray:
        """The grid on which v(r) is refined, shape (n,), in Å; it ends at the cut-off.

        With the potential itself as target the regression knows nothing inside
        ``regress_from``, so the grid begins there and the core is continued.
        """
        settings = self.settings
        core = settings.regress_from if settings.regressed == "potential" else _CORE
        if not self.substance.simple:
            core = _CORE_OF_MOLECULES
        first = core * min(term.sigma for term in self._terms)
        n = round((self.r_cut - first) / settings.grid_spacing)
        return np.asarray(np.linspace(first, self.r_cut, n + 1))

    def observed(self, kind: str) -> list[tuple[Liquid, Observation]]:
        """Return every measurement of one kind with its liquid."""
        return [(s, o) for s in self.liquids for o in s.observations if o.kind == kind]

    def lacks(self, kind: str) -> BoolArray:
        """Return of which liquids nothing of one kind was measured, shape (liquids,)."""
        kinds = [{o.kind for o in liquid.observations} for liquid in self.liquids]
        return np.array([kind not in each for each in kinds])

    @property
    def ideal_pressures(self) -> FloatArray:
        """ρ k_B T of every liquid in MPa, shape (liquids,)."""
        densities = np.array([liquid.state.density for liquid in self.liquids])
        return np.asarray(densities / self.betas * MPA_PER_KCAL_MOL_A3)

    def setup(
        self, potential: FloatArray, number: int, seed: int = 1, start: Configuration | None = None
    ) -> Setup:
        """Return the simulation of potentials, shape (p n,), in one of the liquids.

        Raises
        ------
        InputError
            If one of them is no potential.
        """
        liquid = self.liquids[number]
        tables = self.field.tables(potential)
        return Setup(liquid.substance, liquid.state, tables, seed, start, _record(liquid))


def _record(liquid: Liquid) -> tuple[str, ...]:
    """Return what a simulation must record beside g(r), pressure and energy.

    Motion that was measured; fluctuations, where theory does not know the response.
    """
    kinds = {observation.kind for observation in liquid.observations}
    motion = tuple(kind for kind in DYNAMICS if kind in kinds)
    return motion if liquid.substance.bare else (*motion, FLUCTUATIONS)


def _by_pair(given: Potentials, pairs: tuple[Pair, ...], what: str) -> Mapping[Pair, Potential]:
    if isinstance(given, Mapping):
        if set(given) != set(pairs):
            wanted = ", ".join(pair.label for pair in pairs)
            found = ", ".join(pair.label for pair in given) or "none"
            raise InputError(f"Problem.{what}", f"a potential of each of {wanted}", found)
        return given
    if len(pairs) > 1:
        raise InputError(f"Problem.{what}", "a potential of each pair", "one for all")
    return {pairs[0]: given}
