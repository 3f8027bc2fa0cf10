"""Liquids of the comparisons: twins whose potentials are known, of four families."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from sopr_uq import load_config
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Engine
from sopr_uq.experiment.liquid import Liquid
from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Mie
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import Rule
from sopr_uq.refine.rules import RULES
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.rng import stream
from sopr_uq.workflow.build import build_rule
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.truths import Family, draw_truth
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

NOISE = 0.01
"""Standard deviation of the noise on the twins' g(r)."""

SHORT = 1_600
"""Runs with fewer steps of sampling take snapshots more often."""


@dataclass(frozen=True)
class Fluid:
    """A state point, and where its twins lie.

    Parameters
    ----------
    system : str
        The shipped system whose state point is used.
    centre : tuple of float
        σ in Å and ε in kcal/mol about which the truths scatter.
    start : Mie
        Where every rule begins.
    r : tuple of float
        First, last and spacing of the abscissae of g(r), in Å.
    """

    system: str
    centre: tuple[float, float]
    start: Mie
    r: tuple[float, float, float]


LIQUIDS: Mapping[str, Fluid] = MappingProxyType(
    {
        "dense argon": Fluid("argon-85K", (3.40, 0.238), Mie(3.35, 0.215), (3.0, 11.0, 0.05)),
        "near-critical xenon": Fluid(
            "xenon-274K", (3.90, 0.42), Mie(3.83, 0.37), (3.4, 15.0, 0.08)
        ),
    }
)


@dataclass(frozen=True)
class Case:
    """Twins of one liquid and family; every seed draws a truth of its own.

    Parameters
    ----------
    liquid : str
        Its name in :data:`LIQUIDS`.
    family : str
        Of the truths: see :func:`~sopr_uq.workflow.truths.draw_truth`.
    """

    liquid: str
    family: Family

    @property
    def of(self) -> Fluid:
        """The liquid."""
        return LIQUIDS[self.liquid]


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "dense argon, Mie": Case("dense argon", "mie"),
        "dense argon, Morse": Case("dense argon", "morse"),
        "near-critical xenon, exp-6": Case("near-critical xenon", "exp6"),
        "near-critical xenon, shoulder": Case("near-critical xenon", "shoulder"),
    }
)


@dataclass(frozen=True)
class Length:
    """Sizes of the simulations.

    Parameters
    ----------
    equilibration, production : int
        Steps of every run of a refinement.
    truth : int
        Steps of sampling the truth.
    lattice : int
        Further steps of a run that begins from a lattice.
    particles : int
        N of every run of a refinement.
    truth_particles : int
        N of the truth's run.
    """

    equilibration: int
    production: int
    truth: int
    lattice: int
    particles: int
    truth_particles: int

    @property
    def steps(self) -> int:
        """Steps of a run that goes on from another."""
        return self.equilibration + self.production

    def times(self, factor: int) -> Length:
        """Return the same with so many times the sampling."""
        return replace(self, production=factor * self.production)


def config_of(case: Case, length: Length) -> Config:
    """Return the configuration of a case with the given run length."""
    return load_config(
        case.of.system,
        {
            "engine.name": "lammps",
            "engine.threads": 1,
            "engine.particles": length.particles,
            "engine.thermalisation_steps": length.lattice // 3,
            "engine.ramp_steps": length.lattice - length.lattice // 3,
            "engine.equilibration_steps": length.equilibration,
            "engine.production_steps": length.production,
            "engine.sample_every": 40 if length.production >= SHORT else 10,
        },
        observe="g,pressure",
    )


def start_of(case: Case, length: Length) -> Problem:
    """Return the problem with its start, g(r) first; its data are still to be measured."""
    problem = build_rule(config_of(case, length)).problem
    first, last, step = case.of.r
    r = np.arange(first, last, step)
    liquid = problem.liquids[0]
    blank = Observation("g", r, np.ones(r.size))
    others = (o for o in liquid.observations if o.kind != "g")
    liquids = (Liquid(liquid.state, (blank, *others)),)
    return Problem(liquids, case.of.start, problem.settings, problem.cutoff, problem.seed)


def measured(case: Case, length: Length, seed: int) -> Twin:
    """Return the problem with the data of a truth, and the truth on its grid."""
    problem = replace(start_of(case, length), seed=seed)
    settings = config_of(case, length).engine.model_copy(
        update={
            "cutoff": problem.r_cut,
            "particles": length.truth_particles,
            "production_steps": length.truth,
        }
    )
    truth = draw_truth(problem, case.of.centre, case.family, stream(seed, "truth", case.family))
    how = Measurement(noise=NOISE, reading=0.0, scale=0.0, level=0.0)
    return make_twin(problem, truth, make_engine(settings), how, seed=seed, family=case.family)


def engine_of(case: Case, length: Length, problem: Problem) -> Engine:
    """Return the engine of the refinements."""
    return make_engine(config_of(case, length).engine.model_copy(update={"cutoff": problem.r_cut}))


def rule_of(
    problem: Problem, overrides: Mapping[str, object], rounds: int, *, pressure: bool = False
) -> Rule:
    """Return a rule for the problem's g(r), if wanted its pressure, with settings of its own."""
    settings = problem.settings.model_dump() | dict(overrides) | {"max_iterations": rounds}
    liquid = problem.liquids[0]
    used = liquid.observations if pressure else liquid.observations[:1]
    return RULES[str(settings["rule"])](
        replace(
            problem,
            liquids=(Liquid(liquid.state, used),),
            settings=RefineSettings.model_validate(settings),
        )
    )
