"""Liquids of the comparisons: two twins of known potential, and two real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from sopr_uq import load_config
from sopr_uq.engine.factory import make_engine
from sopr_uq.engine.protocol import Engine
from sopr_uq.experiment.observation import Observation
from sopr_uq.potentials import Exp6, Mie, Potential
from sopr_uq.refine.problem import Problem, Sample
from sopr_uq.refine.rule import Rule
from sopr_uq.refine.settings import RefineSettings
from sopr_uq.workflow.build import RULES, build_rule
from sopr_uq.workflow.config import Config
from sopr_uq.workflow.twins import Measurement, Twin, make_twin

NOISE = 0.01
"""Standard deviation of the noise on the twins' g(r)."""


@dataclass(frozen=True)
class Case:
    """A liquid.

    Parameters
    ----------
    system : str
        The shipped system whose state point and start are used.
    truth : Potential or None
        What a twin obeys; None for the real liquid with its measured g(r).
    particles : int
        N of all runs but those of the truth, which have 1372.
    r : tuple of float or None
        First, last and spacing of the abscissae of a twin's g(r), in Å.
    start : Potential or None
        Where every rule begins; None for the shipped system's start.
    """

    system: str
    truth: Potential | None
    particles: int
    r: tuple[float, float, float] | None = None
    start: Potential | None = None


def _exp6(sigma: float, epsilon: float, a: float) -> Exp6:
    return Exp6(sigma / Exp6(1.0, 1.0, a).sigma, epsilon, a)


CASES: Mapping[str, Case] = MappingProxyType(
    {
        "argon-dense": Case(
            "argon-85K", Mie(3.40, 0.238, 13.0), 500, (3.0, 13.0, 0.05), Mie(3.35, 0.215)
        ),
        "xenon-near-critical": Case(
            "xenon-274K", _exp6(3.90, 0.42, 13.5), 864, (3.4, 17.0, 0.08), Mie(3.83, 0.37)
        ),
        "argon, measured": Case("argon-85K", None, 500),
        "xenon, measured": Case("xenon-274K", None, 500),
    }
)


@dataclass(frozen=True)
class Length:
    """Steps of the runs: before sampling, of sampling, of sampling the truth, from a lattice."""

    equilibration: int
    production: int
    truth: int
    lattice: int = 3_000


def config_of(case: Case, length: Length) -> Config:
    """Return the configuration of a case with the given run length."""
    return load_config(
        case.system,
        {
            "engine.name": "lammps",
            "engine.threads": 1,
            "engine.particles": case.particles,
            "engine.thermalisation_steps": length.lattice // 3,
            "engine.ramp_steps": length.lattice - length.lattice // 3,
            "engine.equilibration_steps": length.equilibration,
            "engine.production_steps": length.production,
            "engine.sample_every": 40 if length.production >= 1_600 else 10,
        },
        observe="g,pressure",
    )


def start_of(case: Case, length: Length) -> Problem:
    """Return the problem with its start, g(r) first; a twin's data are still to be measured."""
    problem = build_rule(config_of(case, length)).problem
    if case.r is None or case.start is None:
        return problem
    first, last, step = case.r
    r = np.arange(first, last, step)
    sample = problem.samples[0]
    blank = Observation("g", r, np.ones(r.size))
    others = (o for o in sample.observations if o.kind != "g")
    samples = (Sample(sample.state, (blank, *others)),)
    return Problem(samples, case.start, problem.settings, problem.cutoff, problem.seed)


def measured(case: Case, length: Length, seed: int) -> Twin:
    """Return the problem with its data, and the truth on its grid (NaN for a real liquid)."""
    problem = replace(start_of(case, length), seed=seed)
    if case.truth is None:
        return Twin(np.full(problem.r.size, np.nan), problem)
    settings = config_of(case, length).engine.model_copy(
        update={
            "cutoff": problem.r_cut,
            "particles": max(1372, case.particles) if length.truth > 4_000 else case.particles,
            "production_steps": length.truth,
        }
    )
    truth = case.truth.energy(problem.r)
    how = Measurement(noise=NOISE, reading=0.0, scale=0.0, level=0.0)
    return make_twin(problem, truth, make_engine(settings), how, seed=seed, family="")


def engine_of(case: Case, length: Length, problem: Problem) -> Engine:
    """Return the engine of the refinements."""
    return make_engine(config_of(case, length).engine.model_copy(update={"cutoff": problem.r_cut}))


def rule_of(
    problem: Problem, overrides: Mapping[str, object], iterations: int, *, pressure: bool = False
) -> Rule:
    """Return a rule for the problem's g(r), if wanted its pressure, with settings of its own."""
    settings = problem.settings.model_dump() | dict(overrides) | {"max_iterations": iterations}
    sample = problem.samples[0]
    used = sample.observations if pressure else sample.observations[:1]
    return RULES[str(settings["rule"])](
        replace(
            problem,
            samples=(Sample(sample.state, used),),
            settings=RefineSettings.model_validate(settings),
        )
    )
