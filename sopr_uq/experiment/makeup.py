"""What a liquid is made of, from a configuration: its substance and its starting potentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from sopr_uq.errors import InputError
from sopr_uq.experiment.base import Base
from sopr_uq.experiment.declared_totals import declared_total
from sopr_uq.experiment.faults import Faults
from sopr_uq.experiment.kinds import KINDS
from sopr_uq.experiment.models import molecule_of, sites_of
from sopr_uq.experiment.molecule import Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings, SiteSettings
from sopr_uq.experiment.neutrons import (
    check_element,
    element_named,
    neutron_weights,
    scattering_length,
)
from sopr_uq.experiment.observe_settings import ObserveSettings
from sopr_uq.experiment.reference import Shape, reference_potential, shape
from sopr_uq.experiment.settings import BaseSettings, PairSettings, ReferenceSettings
from sopr_uq.experiment.sites import mixing, site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import ATOM, Substance
from sopr_uq.experiment.totals import Total
from sopr_uq.experiment.weighing import check_weights
from sopr_uq.potentials import Mie, Potential, lennard_jones
from sopr_uq.structure.mixture import Mixture


@dataclass(frozen=True)
class Makeup:
    """A substance with the potentials that a refinement starts from.

    Parameters
    ----------
    substance : Substance
    references : mapping of Pair to Potential
        One for each pair, in kcal/mol.
    frozen : frozenset of Pair
        Those that are kept.
    corrected : frozenset of Pair
        Those to which a correction is inferred.
    lengths : mapping of str to float
        Scattering lengths in fm that were given, by the name of the site.
    elements : mapping of str to str
        The element or isotope that a site is.
    """

    substance: Substance
    references: Mapping[Pair, Potential]
    frozen: frozenset[Pair] = frozenset()
    corrected: frozenset[Pair] = frozenset()
    lengths: Mapping[str, float] = field(default_factory=dict)
    elements: Mapping[str, str] = field(default_factory=dict)

    def size(self, state: StatePoint) -> Shape | None:
        """Return σ in Å and ε in kcal/mol of the one fluid that the liquid is like.

        None where its pairs alone do not make it a liquid.
        """
        if not self.substance.bare:
            return None
        shapes = [shape(self.references[pair]) for pair in self.substance.pairs]
        return one_fluid(self.substance, state, shapes)

    def of(
        self, settings: ObserveSettings, state: StatePoint
    ) -> Pair | dict[Pair, float] | Total | None:
        """Return what a measurement is of: a pair, weights over pairs, or a total.

        Raises
        ------
        InputError
            If it is of pairs that are not there, or of a site without a scattering length.
        """
        if settings.sites is not None:
            return self._known(Pair(*settings.sites), "sites")
        weights = self._weights(settings.weights)
        if weights is not None:
            check_weights(settings.kind, weights)
        if KINDS[settings.kind].total:
            mixture, pairs = site_mixture(self.substance, state), self.substance.pairs
            elements = [self._element(site) for site in self.substance.sites]
            free = mixing(self.substance, state)
            return declared_total(settings, mixture, pairs, elements, self._lengths, weights, free)
        if settings.weights == "neutron":
            return neutron_weights(self.substance, state, self._lengths())
        return weights

    def _lengths(self) -> dict[str, float]:
        """Scattering lengths of the sites in fm, by their names."""
        return {site.name: self._length(site) for site in self.substance.sites}

    def _weights(self, weights: str | Mapping[str, float] | None) -> dict[Pair, float] | None:
        if weights is None or isinstance(weights, str):
            return None
        found = {self._known(Pair.of(label), "weights"): w for label, w in weights.items()}
        if len(found) < len(weights):
            raise InputError("weights", "each pair once", ", ".join(weights))
        return found

    def _length(self, site: Site) -> float:
        given = self.lengths.get(site.name)
        return scattering_length(self._element(site)) if given is None else given

    def _element(self, site: Site) -> str:
        return self.elements.get(site.name) or element_named(site.name, site.mass)

    def _known(self, pair: Pair, key: str) -> Pair:
        """Return a pair by the label that the substance gives it."""
        known = {each: each for each in self.substance.pairs}
        if pair not in known:
            raise InputError(key, f"a pair among {_listed(known)}", pair.label)
        return known[pair]


def one_fluid(substance: Substance, state: StatePoint, shapes: Sequence[Shape]) -> Shape:
    """Return the size and depth of the one fluid that a mixture is like.

    Van der Waals': σ³ = Σ c_a c_b σ_ab³ and ε σ³ = Σ c_a c_b ε_ab σ_ab³.

    Parameters
    ----------
    substance : Substance
    state : StatePoint
    shapes : sequence of Shape
        Of each pair, in their order.
    """
    weights = Mixture.of(substance.densities(state)).weights
    sigma, epsilon = np.array(shapes).T
    volume = weights @ sigma**3
    return Shape(float(np.cbrt(volume)), float(weights @ (epsilon * sigma**3) / volume))


def element_of(
    mass: float, reference: ReferenceSettings, faults: Faults, base: BaseSettings | None = None
) -> Makeup | None:
    """Return an element; note what is wrong with its starting potential, or its base."""
    known, below = base_of(base, faults)
    if not known:
        return None
    name = ATOM if below is None else below.elements[0][0]
    with faults.caught("reference"):
        substance = Substance.atom(name, mass, below)
        potential = reference_potential(reference)
        corrected = frozenset(substance.pairs) if below is not None else frozenset[Pair]()
        if below is None:
            shape(potential)
        elif reference.form != "zero":
            raise _whole_on(below)
        return Makeup(substance, {substance.pairs[0]: potential}, corrected=corrected)
    return None


def base_of(settings: BaseSettings | None, faults: Faults) -> tuple[bool, Base | None]:
    """Return whether a base is all right, and the base; note what is wrong with it."""
    if settings is None:
        return True, None
    before = len(faults)
    found: Base | None = None
    with faults.caught():
        if not settings.elements:
            raise InputError("base.elements", "an element for each type of site", "none")
        s = settings
        found = Base.of(s.style, s.files, s.elements, s.sha256, s.arguments)
    return len(faults) == before, found


def _whole_on(base: Base) -> InputError:
    return InputError(
        "form",
        f'"zero" of a pair that the base {base.style} holds together: what is refined is a '
        "correction to the base",
        "a whole potential",
        'form = "zero", or refine = "correction" where the potential acts besides the base',
    )


def mixture_of(
    molecules: Sequence[MoleculeSettings],
    pairs: Sequence[PairSettings],
    faults: Faults,
    base: BaseSettings | None = None,
) -> Makeup | None:
    """Return a mixture; note everything that is wrong with its molecules, pairs and base."""
    before = len(faults)
    substance = substance_of(molecules, faults)
    _, below = base_of(base, faults)
    if substance is None:
        return None
    with faults.caught():
        substance = replace(substance, base=below)
    _check_pairs(substance, pairs, faults)
    if len(faults) > before:
        return None
    found = _references(substance, pairs, faults)
    seen = _scatterers(molecules)
    with faults.caught("molecule"):
        _check_scatterers(seen)
    if len(faults) > before:
        return None
    return Makeup(
        substance,
        {pair: found[pair] for pair in substance.pairs},
        frozenset(settings.pair for settings in pairs if not settings.refine),
        frozenset(settings.pair for settings in pairs if settings.corrected),
        {name: s.scattering_length for name, s in seen if s.scattering_length is not None},
        {name: s.element for name, s in seen if s.element is not None},
    )


def _references(
    substance: Substance, pairs: Sequence[PairSettings], faults: Faults
) -> dict[Pair, Potential]:
    """Return what each pair starts from; note what is wrong with it."""
    before = len(faults)
    found: dict[Pair, Potential] = {}
    for index, settings in enumerate(pairs):
        with faults.caught(f"pair.{index}"):
            _check_refined(settings, substance)
            if settings.combine is None:
                found[settings.pair] = reference_potential(settings)
                coreless = settings.corrected or settings.form == "zero"
                if not coreless and not _of_ions(settings.pair, substance):
                    shape(found[settings.pair])
    if len(faults) > before:
        return found
    for index, settings in enumerate(pairs):
        if settings.combine is not None:
            with faults.caught(f"pair.{index}.combine"):
                found[settings.pair] = lorentz_berthelot(settings.pair, found)
    return found


def _check_refined(settings: PairSettings, substance: Substance) -> None:
    """Refuse a whole potential on a base or of ions, and a correction to nothing."""
    whole, product = settings.refine and not settings.corrected, _of_ions(settings.pair, substance)
    if substance.base is not None and whole:
        raise _whole_on(substance.base)
    if product and whole:
        raise InputError(
            "refine",
            '"correction" (or false) of a pair of ions: unlike ones are pressed together so far, '
            "and like ones kept so far apart, that no σ and ε of theirs could be told",
            "a whole potential",
            'refine = "correction", and a repulsion from the literature as the form',
        )
    if settings.form == "zero" and (substance.bare or product < 0.0):
        advice = "a [base]" if substance.bare else "a form with a core, such as a table"
        raise InputError("form", "a potential that keeps particles apart", "zero", advice)


def _of_ions(pair: Pair, substance: Substance) -> float:
    """Return the product of the charges of two ions; 0 of anything else."""
    ions = {m.sites[0].name: m.charge for m in substance.molecules if len(m.sites) == 1}
    return ions.get(pair.first, 0.0) * ions.get(pair.second, 0.0)


def substance_of(molecules: Sequence[MoleculeSettings], faults: Faults) -> Substance | None:
    """Return what molecules make up; note everything that is wrong with them."""
    before, made = len(faults), []
    for index, settings in enumerate(molecules):
        with faults.caught(f"molecule.{index}"):
            made.append(molecule_of(settings))
            for element in {s.element for _, s in _scatterers([settings]) if s.element}:
                check_element(element)
    if len({each.name for each in molecules}) < len(molecules):
        names = ", ".join(molecule.name for molecule in molecules)
        faults.add(InputError("molecule", "each name once", names))
    if len(faults) > before:
        return None
    with faults.caught("molecule"):
        return Substance(tuple(made))
    return None


def _scatterers(
    molecules: Sequence[MoleculeSettings],
) -> list[tuple[str, SiteSettings | MoleculeSettings]]:
    """Return what says how each type of site scatters."""
    found: list[tuple[str, SiteSettings | MoleculeSettings]] = []
    for molecule in molecules:
        sites = [(site.kind, site) for site in sites_of(molecule)]
        found += sites or [(molecule.name, molecule)]
    return found


def _check_scatterers(seen: Sequence[tuple[str, SiteSettings | MoleculeSettings]]) -> None:
    """Refuse two isotopes, or two scattering lengths, of one type of site."""
    told: dict[str, tuple[str | None, float | None]] = {}
    for name, settings in seen:
        this = (settings.element, settings.scattering_length)
        other = told.setdefault(name, this)
        if other != this:
            shown = [
                ", ".join(str(x) for x in each if x is not None) or "nothing"
                for each in (other, this)
            ]
            raise InputError(
                f"type {name}", "one element and one scattering_length, said of each of its sites",
                " and ".join(shown), "two types of site, each with its pairs",
            )  # fmt: skip


def _check_pairs(substance: Substance, pairs: Sequence[PairSettings], faults: Faults) -> None:
    known, given = substance.pairs, [settings.pair for settings in pairs]
    for index, pair in enumerate(given):
        where = f"pair.{index}.sites"
        if pair not in known:
            faults.add(InputError(where, f"a pair among {_listed(known)}", pair.label))
        elif pair in given[:index]:
            faults.add(InputError(where, "each pair once", f"{pair.label} again"))
        elif pairs[index].combine and pair.like:
            expected = "an unlike pair for a combining rule"
            faults.add(InputError(f"pair.{index}.combine", expected, pair.label))
    missing = [pair for pair in known if pair not in given]
    if missing:
        advice = "" if missing[0].like else 'combine = "lorentz-berthelot" makes an unlike one'
        faults.add(
            InputError(
                "pair", "a table [[pair]] for each pair", f"none for {_listed(missing)}", advice
            )
        )
    if pairs and not any(settings.refine for settings in pairs):
        faults.add(InputError("pair", "at least one pair that is refined", "refine = false of all"))


def lorentz_berthelot(pair: Pair, like: Mapping[Pair, Potential]) -> Potential:
    """Return the potential of an unlike pair by the combining rules.

    σ_ab = (σ_a + σ_b)/2, ε_ab = √(ε_a ε_b); of two Mie potentials another, with the mean
    exponents, otherwise a Lennard-Jones potential.
    """
    ends = [like[Pair(name, name)] for name in (pair.first, pair.second)]
    (first, second) = (shape(end) for end in ends)
    sigma = 0.5 * (first.sigma + second.sigma)
    epsilon = float(np.sqrt(first.epsilon * second.epsilon))
    a, b = ends
    if isinstance(a, Mie) and isinstance(b, Mie):
        return Mie(sigma, epsilon, 0.5 * (a.n + b.n), 0.5 * (a.m + b.m))
    return lennard_jones(sigma, epsilon)


def _listed(pairs: Iterable[Pair]) -> str:
    return ", ".join(pair.label for pair in pairs)
