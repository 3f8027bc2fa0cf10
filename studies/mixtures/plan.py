"""Binary liquids whose three potentials are known, and what is measured of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np

from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.parallel import single_threaded
from sopr_uq.engine.protocol import Engine
from sopr_uq.engine.settings import EngineSettings
from sopr_uq.errors import RuleFailed, SimulationFailed
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.makeup import lorentz_berthelot
from sopr_uq.experiment.molecule import Pair
from sopr_uq.experiment.neutrons import neutron_weights
from sopr_uq.experiment.observation import Observation
from sopr_uq.experiment.state import StatePoint
from sopr_uq.experiment.substance import Substance
from sopr_uq.potentials import Exp6, Mie, Potential, lennard_jones
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.refine.start import stabilised
from sopr_uq.rng import integer_seed, stream
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

AR_KR = Substance.atoms({"Ar": 39.948, "Kr": 83.798})
LENGTHS = {"Ar": 1.909, "Kr": 7.81}
"""Coherent scattering lengths in fm."""

LIKE = {"Ar": (3.36, 0.25), "Kr": (3.58, 0.35)}
"""σ in Å and ε in kcal/mol about which truths scatter."""

R, Q = np.arange(2.9, 12.0, 0.1), np.arange(0.6, 12.0, 0.1)
NOISE = Measurement(noise=0.01, reading=0.0, scale=0.005, level=0.003)

_TRIES = 40
_QUICK = RefineSettings(chains=2, tune=150, draws=100)
_FAST = EngineSettings(name="integral_equation", particles=1000, blocks=10, sampling_error=0.005)
_MD = EngineSettings(
    name="lammps",
    particles=1000,
    thermalisation_steps=500,
    ramp_steps=1000,
    equilibration_steps=1500,
    production_steps=8000,
    sample_every=20,
)
_CUTOFF = 10.7
"""Of molecular dynamics, in Å: half a box of 1000 atoms is longer."""

type Measured = Literal["partials", "partials and P", "total"]


@dataclass(frozen=True)
class State:
    """A state point: temperature in K, density in Å⁻³, mole fraction of argon."""

    temperature: float
    density: float
    argon: float

    @property
    def point(self) -> StatePoint:
        """As the package has it."""
        shares = {"Ar": self.argon, "Kr": 1.0 - self.argon}
        return StatePoint(self.temperature, self.density, composition=shares)


WARM = State(240.0, 0.0175, 0.4)
"""The integral equation has no solution for liquids that are much colder."""

DENSE = State(120.0, 0.0195, 0.4)
SEVERAL = (
    State(240.0, 0.0171, 0.2),
    State(240.0, 0.0176, 0.5),
    State(240.0, 0.0181, 0.8),
    State(280.0, 0.0167, 0.5),
)


@dataclass(frozen=True)
class World:
    """A kind of twin.

    Parameters
    ----------
    title : str
        As the tables call it.
    states : tuple of State
    measured : {"partials", "partials and P", "total"}
        Three partial g(r), without or with a pressure, or one S(Q) as neutrons see it and a
        pressure.
    twins : int
    engine : EngineSettings
    replicas : int
        Simulations of a truth, twice as large and long as others, that are averaged.
    part_of : str
        The world whose twins these are, each at one of its states alone, in turn.
    """

    title: str
    states: tuple[State, ...]
    measured: Measured
    twins: int
    engine: EngineSettings = _FAST
    replicas: int = 1
    part_of: str = ""


WORLDS: Mapping[str, World] = MappingProxyType(
    {
        "partials": World("three partial g(r)", (WARM,), "partials", 50),
        "pressure": World("three partial g(r) and P", (WARM,), "partials and P", 20),
        "total": World("one total S(Q) and P", (WARM,), "total", 20),
        "several": World(
            "total S(Q) and P at three compositions and two temperatures", SEVERAL, "total", 10
        ),
        "alone": World(
            "the same at one of these states alone", SEVERAL, "total", 40, part_of="several"
        ),
        "md": World("three partial g(r), molecular dynamics", (DENSE,), "partials", 10, _MD, 8),
    }
)


def truths(rng: np.random.Generator, number: int) -> dict[Pair, Potential]:
    """Return three potentials: Mie and exp-6 in turn, the unlike one off the combining rules.

    By up to 5 % in σ and 20 % in ε.
    """
    family = "exp6" if number % 2 else "mie"
    found: dict[Pair, Potential] = {}
    for name, (sigma, epsilon) in LIKE.items():
        size = sigma * np.exp(0.015 * rng.standard_normal())
        depth = epsilon * np.exp(0.06 * rng.standard_normal())
        found[Pair(name, name)] = _of_family(family, size, depth, rng)
    unlike = Pair("Ar", "Kr")
    rule = lorentz_berthelot(unlike, _sizes(found))
    size = rule.sigma * (1.0 + rng.uniform(-0.05, 0.05))
    depth = rule.epsilon * (1.0 + rng.uniform(-0.2, 0.2))
    found[unlike] = _of_family(family, size, depth, rng)
    return found


def _of_family(family: str, sigma: float, epsilon: float, rng: np.random.Generator) -> Potential:
    if family == "exp6":
        a = rng.uniform(12.5, 14.5)
        return Exp6(sigma / Exp6(1.0, 1.0, a).sigma, epsilon, a)
    return Mie(sigma, epsilon, rng.uniform(10.0, 14.0))


def _sizes(potentials: Mapping[Pair, Potential]) -> dict[Pair, Potential]:
    """Return Lennard-Jones potentials of the σ and ε of others."""
    return {pair: lennard_jones(v.sigma, v.epsilon) for pair, v in potentials.items()}


def starts(truth: Mapping[Pair, Potential], rng: np.random.Generator) -> dict[Pair, Potential]:
    """Return what is known beforehand: 2 % off in σ and 10 % in ε; the unlike pair by the rules."""
    found = {
        pair: lennard_jones(
            v.sigma * np.exp(0.02 * rng.standard_normal()),
            v.epsilon * np.exp(0.1 * rng.standard_normal()),
        )
        for pair, v in truth.items()
        if pair.like
    }
    unlike = Pair("Ar", "Kr")
    return found | {unlike: lorentz_berthelot(unlike, found)}


def blank(world: World, state: State) -> tuple[Observation, ...]:
    """Return what is measured at a state, without numbers."""
    pressure = Observation("pressure", np.zeros(1), np.zeros(1), name="P")
    if world.measured == "total":
        weights = neutron_weights(AR_KR, state.point, LENGTHS)
        return Observation("s", Q, np.ones(Q.size), name="S", of=weights), pressure
    partials = tuple(
        Observation("g", R, np.ones(R.size), name=f"g {pair.label}", of=pair)
        for pair in AR_KR.pairs
    )
    return partials if world.measured == "partials" else (*partials, pressure)


def engine_of(world: World, *, exact: bool = False) -> Engine:
    """Return what simulates in a refinement, or the truth: larger and longer, or without error."""
    settings = world.engine
    if settings.name == "lammps":
        settings = settings.model_copy(update={"cutoff": _CUTOFF})
        larger = {"particles": 2 * settings.particles, "production_steps": 16_000}
        return single_threaded(make_engine(settings.model_copy(update=larger if exact else {})))
    return make_engine(settings.model_copy(update={"sampling_error": 0.0} if exact else {}))


def proposed(name: str, number: int) -> Iterator[tuple[Problem, FloatArray, int]]:
    """Return problems, truths on their grid, and the number of the attempt, one after the other."""
    world, rng = WORLDS[name], stream(1, "mixture", name, number)
    for attempt in range(_TRIES):
        truth = truths(rng, number)
        problem = Problem(
            tuple(Liquid(s.point, blank(world, s), AR_KR) for s in world.states),
            starts(truth, rng),
            _QUICK,
            cutoff=_CUTOFF,
            seed=integer_seed(1, name, number),
        )
        each = [truth[pair].energy(problem.r) for pair in problem.field.pairs]
        yield problem, problem.field.joined(np.array(each)), attempt


def twin(name: str, number: int) -> Twin:
    """Return a twin of a world; it depends on its number alone."""
    world = WORLDS[name]
    if world.part_of:
        number, place = divmod(number, len(world.states))
        made = twin(world.part_of, number)
        alone = made.problem.liquids[place : place + 1]
        return replace(made, problem=replace(made.problem, liquids=alone))
    for problem, v, attempt in proposed(name, number):
        try:
            made = make_twin(
                problem,
                v,
                engine_of(world, exact=True),
                NOISE,
                seed=integer_seed(1, name, number, attempt),
                family="exp6" if number % 2 else "mie",
                replicas=world.replicas,
            )
        except (SimulationFailed, RuleFailed):
            continue
        return replace(made, problem=stabilised(made.problem))
    raise SystemExit(f"mixtures: no liquid among {_TRIES} truths of twin {number}")
