"""How a refinement of a twin goes: every simulation counted, every round judged by the truth."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bench_cases import NOISE

from sopr_uq.engine.protocol import Engine, Progress, Setup, Simulation
from sopr_uq.engine.traits import Traits
from sopr_uq.errors import SoprUqError
from sopr_uq.executor import InTurn
from sopr_uq.potentials import Tabulated
from sopr_uq.potentials.descriptors import descriptors
from sopr_uq.refine.field import Field
from sopr_uq.refine.journal import InMemory, Iteration, Silent
from sopr_uq.refine.loop import refine
from sopr_uq.refine.residual import residual
from sopr_uq.refine.rule import Rule
from sopr_uq.typing import FloatArray
from sopr_uq.workflow.twins import Twin

ENDED = "ended"
"""The outcome of a refinement that its watcher ended."""


class Enough(Exception):
    """Nothing more is wanted of this refinement."""


@dataclass
class Counting:
    """An engine that counts its simulations, those that fail included.

    Parameters
    ----------
    engine : Engine
        Of one thread.
    simulations : int
        Made so far.
    steps : int
        Of those that did not fail.
    """

    engine: Engine
    simulations: int = 0
    steps: int = 0

    @property
    def name(self) -> str:
        """The engine's name."""
        return self.engine.name

    @property
    def traits(self) -> Traits:
        """How it works."""
        return self.engine.traits

    def run(self, setup: Setup, *, progress: Progress | None = None) -> Simulation:
        """Simulate, and count."""
        self.simulations += 1
        found = self.engine.run(setup, progress=progress)
        self.steps += found.steps
        return found


@dataclass
class Course(Silent):
    """Takes down every round, and ends a refinement where it is told to.

    Parameters
    ----------
    twin : Twin
    engine : Counting
    budget : int
        Steps after which no further round begins.
    past_noise : bool
        Whether to go on when one round has followed the first at the noise.
    """

    twin: Twin
    engine: Counting
    budget: int
    past_noise: bool
    rounds: list[dict[str, float]] = field(default_factory=list)
    r: FloatArray = field(default_factory=lambda: np.empty(0))
    started: float = field(default_factory=time.perf_counter)

    def begin(self, field: Field) -> None:
        """Hear of the grid, which a rule may begin further out."""
        self.r = field.r

    def done(self, iteration: Iteration) -> None:
        """Take down."""
        v = iteration.state.potential
        paid = {
            "simulations": self.engine.simulations,
            "steps": self.engine.steps,
            "seconds": time.perf_counter() - self.started,
        }
        self.rounds.append(paid | misfit(self.twin, self.r, iteration) | self.judged(v))
        enough = not self.past_noise and any(at_noise(x) for x in self.rounds[:-1])
        if enough or self.engine.steps >= self.budget:
            raise Enough

    def judged(self, v: FloatArray) -> dict[str, float]:
        """Return the errors of a potential on the grid: v over the well, σ, ε."""
        p = self.twin.problem
        beta = p.liquids[0].state.beta
        now, true = descriptors(self.r, v, beta), descriptors(p.r, self.twin.truth, beta)
        return {
            "error": well_error(self.twin, self.r, v),
            "sigma_error": float(now.sigma - true.sigma),
            "epsilon_error": float(now.epsilon / true.epsilon - 1.0),
        }


def misfit(twin: Twin, r: FloatArray, iteration: Iteration) -> dict[str, float]:
    """Return χ² per point of the g(r) that a round simulated, by the noise that is known."""
    p, simulation = twin.problem, iteration.simulations[0]
    liquid = p.liquids[0]
    potential = Tabulated(r, iteration.potential)
    observation = liquid.observations[0]
    c = residual(simulation, potential, liquid.state, observation, level_from=2.0 * p.sigma)
    chi2 = float(np.mean(c.difference**2 / (NOISE**2 + c.variance)))
    return {"chi2": chi2, "points": c.r.size}


def at_noise(found: Mapping[str, float]) -> bool:
    """Whether a simulated g(r) differs from the data by no more than the noise of both."""
    return found["chi2"] < 1.0 + 3.0 * float(np.sqrt(2.0 / found["points"]))


def well_error(twin: Twin, r: FloatArray, v: FloatArray) -> float:
    """Return the error of v from σ to 2σ of the start, in kcal/mol.

    Root mean square, both potentials zero at the cut-off: who has no tail
    corrections cannot know the value of v there.
    """
    p = twin.problem
    at = np.linspace(p.sigma, 2.0 * p.sigma, 101)
    found = np.interp(at, r, v) - np.interp(p.r_cut, r, v)
    true = np.interp(at, p.r, twin.truth) - twin.truth[-1]
    return float(np.sqrt(np.mean((found - true) ** 2)))


def refined(rule: Rule, course: Course) -> dict[str, Any]:
    """Refine on one core, one simulation after the other, and return how it went.

    A rule with a posterior makes and checks it within its seconds, and is judged by its mean;
    another is judged by the last potential that it proposes.
    """
    past = InMemory([])
    try:
        words = refine(rule, course.engine, past, course, InTurn()).outcome
    except Enough:
        words = ENDED
    except SoprUqError as error:
        words = f"failed: {error}"
    found: dict[str, Any] = {"rounds": course.rounds, "outcome": words}
    if past.iterations:
        found |= course.judged(_answer(rule, past))
    seconds = time.perf_counter() - course.started
    engine = course.engine
    return found | {
        "simulations": engine.simulations,
        "steps": engine.steps,
        "seconds": seconds,
    }


def _answer(rule: Rule, past: InMemory) -> FloatArray:
    states = [iteration.state for iteration in past.iterations]
    if rule.band != "posterior":
        return states[-1].potential
    posterior = rule.posterior(states)
    rule.conclude(states, posterior)
    return np.asarray(posterior["potential"].mean(("chain", "draw")))
