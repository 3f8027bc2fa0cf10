"""Molecular liquids whose potentials are known, and what is measured of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import single_threaded
from sopr_uq.engine.plan import rdf_reach
from sopr_uq.engine.protocol import Engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import RuleFailed, SimulationFailed
from sopr_uq.experiment.boxed import boxed
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.models import molecule_of
from sopr_uq.experiment.molecule import Molecule, Pair, Site
from sopr_uq.experiment.molecule_settings import MoleculeSettings
from sopr_uq.experiment.neutrons import isotopes, scattering_length
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.sites import site_mixture
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.experiment.totals import Total, amplitudes
from sopr_uq.potentials import Mie, Potential, Zero, lennard_jones
from sopr_uq.refine.field import Term
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

NITROGEN = Substance((molecule_of(MoleculeSettings(name="N2", model="n2")),))
WATER = Substance((molecule_of(MoleculeSettings(name="water", model="spce")),))
COLD = StatePoint(70.0, 0.0180, NITROGEN.molecules[0].mass)
ROOM = StatePoint(298.0, 0.03338, WATER.molecules[0].mass)

FLEXIBLE = Substance((molecule_of(MoleculeSettings(name="water", model="spcfw")),))

BENZENE = Substance((molecule_of(MoleculeSettings(name="benzene", model="benzene")),))
WARM = StatePoint(298.0, 0.006736, BENZENE.molecules[0].mass)

SALT = Substance(
    (Molecule("Na", (Site("Na", 22.99, 1.0),)), Molecule("Cl", (Site("Cl", 35.45, -1.0),)))
)
MOLTEN = StatePoint(1150.0, 0.034, composition={"Na": 0.5, "Cl": 0.5})

OO = lennard_jones(3.166, 0.1553)
CARBON, HYDROGEN = (3.55, 0.07), (2.42, 0.03)
"""σ in Å and ε in kcal/mol (Jorgensen and Severance, J. Am. Chem. Soc. 112, 4768 (1990));
unlike atoms by geometric means."""
BASES: Mapping[Substance, Mapping[Pair, Potential]] = MappingProxyType(
    {
        WATER: {p: Zero() for p in WATER.pairs} | {Pair("O", "O"): OO},
        FLEXIBLE: {p: Zero() for p in WATER.pairs}
        | {Pair("O", "O"): lennard_jones(3.165492, 0.1554253)},
        BENZENE: {
            Pair("C", "C"): lennard_jones(*CARBON),
            Pair("C", "H"): lennard_jones(*np.sqrt(np.multiply(CARBON, HYDROGEN)).tolist()),
            Pair("H", "H"): lennard_jones(*HYDROGEN),
        },
        SALT: {
            Pair("Na", "Na"): lennard_jones(2.6, 0.1),
            Pair("Na", "Cl"): lennard_jones(3.0, 0.5),
            Pair("Cl", "Cl"): lennard_jones(4.2, 0.1),
        },
    }
)
"""What acts between sites besides a correction and the charges."""
NN = (3.31, 0.0741)
"""σ in Å and ε in kcal/mol about which truths of nitrogen scatter."""

CONTRASTS = {
    WATER: {"D2O": 1.0, "HDO": 0.5, "null": 0.359, "H2O": 0.0},
    BENZENE: {"C6D6": 1.0, "C6H3D3": 0.5, "C6H6": 0.0},
}
"""Deuterium fraction of each sample."""

R = np.arange(1.5, 9.0, 0.05)
Q = np.arange(0.7, 22.0, 0.05)
FIRST = {
    "O-O": 2.4, "O-H": 1.5, "H-H": 1.6, "N-N": 2.9, "Na-Na": 2.4, "Na-Cl": 2.0, "Cl-Cl": 2.8,
}  # fmt: skip
"""Å from which a g(r) is measured."""

_CUTOFF = 9.0
_TRIES = 10
_QUICK = RefineSettings(chains=2, tune=150, draws=100, max_iterations=6)
_MD = EngineSettings(
    name="lammps",
    cutoff=_CUTOFF,
    particles=256,
    thermalisation_steps=500,
    ramp_steps=1000,
    equilibration_steps=1500,
    production_steps=6000,
    sample_every=10,
    bin_width=0.04,
)

type Measured = Literal["partials", "totals"]


@dataclass(frozen=True)
class World:
    """A kind of twin.

    Parameters
    ----------
    title : str
        As the tables call it.
    substance : Substance
    state : StatePoint
    measured : {"partials", "totals"}
        g(r) of every pair, or F(Q) of four contrasts.
    measurement : Measurement
        What is wrong with it.
    twins : int
    particles : int
        Molecules of a simulation in the refinement; twice as many where the truth is made.
    size : float
        Of the corrections, beside those of water: one of benzene acts between 36 pairs of atoms,
        and a salt is four times as hot.
    longer : int
        By how much more steps a simulation has: those of bonds that stretch are a quarter as long.
    cores : bool
        Whether the truth's cores are off as well: distances by 3 %, energies by 25 % (standard
        deviations of their logarithms).
    """

    title: str
    substance: Substance
    state: StatePoint
    measured: Measured
    measurement: Measurement
    twins: int
    particles: int = 256
    size: float = 1.0
    longer: int = 1
    cores: bool = False


_OF_G = Measurement(noise=0.01, reading=0.0, scale=0.005, level=0.003)
_OF_F = Measurement(noise=0.002, reading=0.0, scale=0.05, level=0.005)

WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "nitrogen": World("nitrogen, g(r) of the sites", NITROGEN, COLD, "partials", _OF_G, 8),
        "salt": World(
            "molten salt, three partial g(r)", SALT, MOLTEN, "partials", _OF_G, 8, size=4.0
        ),
        "cores": World(
            "molten salt, cores off", SALT, MOLTEN, "partials", _OF_G, 8, size=2.0, cores=True
        ),
        "partials": World("water, three partial g(r)", WATER, ROOM, "partials", _OF_G, 8),
        "flexible": World(
            "flexible water, three partial g(r)", FLEXIBLE, ROOM, "partials", _OF_G, 4, longer=3
        ),
        "totals": World("water, F(Q) of four contrasts", WATER, ROOM, "totals", _OF_F, 8),
        "benzene": World(
            "benzene, F(Q) of three contrasts", BENZENE, WARM, "totals", _OF_F, 1, 128, 0.15
        ),
    }
)


def blank(world: World) -> tuple[Observation, ...]:
    """Return what is measured, without numbers."""
    substance = world.substance
    if world.measured == "totals":
        return tuple(_contrast(world, name, share) for name, share in CONTRASTS[substance].items())
    return tuple(
        Observation("g", x := R[FIRST[p.label] <= R], np.ones(x.size), name=f"g {p.label}", of=p)
        for p in substance.pairs
    )


def _contrast(world: World, name: str, deuterated: float) -> Observation:
    substance = world.substance
    mixture = site_mixture(substance, world.state)
    elements = [site.name for site in substance.sites]
    lengths = [scattering_length(element) for element in elements]
    scattering = isotopes(elements, lengths, deuterated, True)
    total = Total(scattering, mixture, substance.pairs, amplitudes(mixture, elements))
    return Observation("f", Q, np.ones(Q.size), name=name, of=total)


def problem_of(name: str, number: int, rng: np.random.Generator) -> tuple[Problem, FloatArray]:
    """Return a problem without numbers, and potentials of which it could be, shape (p n,)."""
    world = WORLDS[name]
    liquid = Liquid(world.state, blank(world), world.substance)
    seed = integer_seed(1, "molecules", name, number)
    if name == "nitrogen":
        size, depth = NN[0] * np.exp(0.01 * rng.standard_normal()), NN[1] * rng.uniform(0.92, 1.08)
        truth: Potential = Mie(size, depth, rng.uniform(10.0, 14.0))
        problem = Problem((liquid,), lennard_jones(*NN), _QUICK, cutoff=_CUTOFF, seed=seed)
        return problem, truth.energy(problem.r)
    known, corrected = dict(BASES[world.substance]), frozenset(world.substance.pairs)
    problem = Problem((liquid,), known, _QUICK, cutoff=_CUTOFF, seed=seed, corrected=corrected)
    truth = problem.field.start + _corrections(problem, rng, world.size)
    return problem, truth + (_cores(problem, rng) if world.cores else 0.0)


def _cores(problem: Problem, rng: np.random.Generator) -> FloatArray:
    """Return what references lack whose distances and energies are off, shape (p n,)."""
    r, parts = problem.r, []
    for term in problem.field.terms:
        stretch, factor = np.exp(np.array([0.03, 0.25]) * rng.standard_normal(2))
        parts.append(factor * term.reference.energy(r / stretch) - term.reference.energy(r))
    return problem.field.joined(np.array(parts))


def _corrections(problem: Problem, rng: np.random.Generator, size: float) -> FloatArray:
    """Return a bump or a dip for each pair, and one of the other sign farther out, (p n,)."""
    parts = []
    for term in problem.field.terms:
        # of a reference with a core its zero
        r, zero = problem.r, Term(term.pair, term.reference, term.reference).sigma
        sigma = term.sigma if np.isnan(zero) else zero
        height = size * rng.choice([-1.0, 1.0]) * rng.uniform(0.08, 0.16)
        places = sigma * np.array([rng.uniform(1.0, 1.2), rng.uniform(1.45, 1.6)])
        widths = sigma * np.array([0.12, 0.2])
        sizes = height * np.array([1.0, -0.5])
        bumps = sizes @ np.exp(-(((r - places[:, None]) / widths[:, None]) ** 2))
        parts.append(bumps * (1.0 - (r / r[-1]) ** 2) ** 2)
    return problem.field.joined(np.array(parts))


def engine_of(world: World, *, exact: bool = False) -> Engine:
    """Return what simulates in a refinement, or the truth: larger and longer."""
    settings = _settings(world)
    larger = {
        "particles": 2 * world.particles,
        "production_steps": 2 * settings.production_steps,
    }
    settings = settings.model_copy(update=larger if exact else {})
    return single_threaded(make_engine(settings))


def _settings(world: World) -> EngineSettings:
    steps = ("equilibration_steps", "production_steps", "sample_every")
    longer = {name: world.longer * getattr(_MD, name) for name in steps}
    return _MD.model_copy(update={"particles": world.particles, **longer})


def twin(name: str, number: int) -> Twin:
    """Return a twin of a world; it depends on its number alone."""
    rng = stream(1, "molecules", name, number)
    world = WORLDS[name]
    for attempt in range(_TRIES):
        problem, truth = problem_of(name, number, rng)
        seed, engine = (
            integer_seed(1, "molecules", name, number, attempt),
            engine_of(world, exact=True),
        )
        try:
            made = make_twin(problem, truth, engine, world.measurement, seed=seed)
        except (SimulationFailed, RuleFailed):
            continue
        (liquid,) = made.problem.liquids
        seen = boxed(liquid, rdf_reach(_settings(world), liquid.state.density))
        return replace(made, problem=replace(made.problem, liquids=(seen,)))
    raise SystemExit(f"water: no liquid among {_TRIES} truths of twin {number}")
