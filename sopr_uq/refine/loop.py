"""The loop of every refinement: simulate, step, store; stop; step back; go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from threadpoolctl import threadpool_limits

from sopr_uq.engine.protocol import Configuration, Engine, Simulation
from sopr_uq.errors import NoPotential, RuleFailed, SimulationFailed
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.rule import Rule, RuleState, StepInfo
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray

type Outcome = Literal["converged", "max_iterations", "simulation_failed"]

ADVICE: dict[str, str] = {
    "converged": "The stopping criterion was met.",
    "max_iterations": (
        "Stopped at refine.max_iterations before the criterion was met; the result is kept. "
        "Allow more iterations, or look at the misfit against iteration: where it wanders, "
        "a smaller refine.gamma or longer runs help; where it is flat, the data may not allow less."
    ),
    "simulation_failed": (
        "The engine failed at every potential tried between the last good one and the proposed "
        "one; the last good result is kept. See the message stored with it."
    ),
}

_STEPS_BACK = 3


@dataclass(frozen=True)
class Iteration:
    """One completed iteration.

    Parameters
    ----------
    potential : array, shape (n,)
        The potential that was simulated, in kcal/mol.
    simulations : tuple of Simulation
        One of each sample.
    state : RuleState
        What the rule made of them.
    info : StepInfo
        What it reports.
    seconds : float
        Wall time, simulations included.
    """

    potential: FloatArray
    simulations: tuple[Simulation, ...]
    state: RuleState
    info: StepInfo
    seconds: float


@dataclass(frozen=True)
class Refinement:
    """A finished refinement."""

    iterations: tuple[Iteration, ...]
    outcome: Outcome
    message: str

    @property
    def state(self) -> RuleState:
        """The last state."""
        return self.iterations[-1].state


class Journal(Protocol):
    """Where iterations are kept, so that none is ever done twice."""

    def load(self) -> Sequence[Iteration]:
        """Return the iterations already done, in order."""
        ...

    def append(self, iteration: Iteration) -> None:
        """Keep one more, durably, before returning."""
        ...


class Watcher(Protocol):
    """Somebody who wants to see how it goes."""

    def begin(self, r: FloatArray) -> None:
        """Hear of the grid of the potential, shape (n,), in Å, before anything else."""
        ...

    def simulating(self, iteration: int, fraction: float) -> None:
        """Hear that a fraction of an iteration's simulations is done."""
        ...

    def done(self, iteration: Iteration) -> None:
        """See a completed iteration."""
        ...

    def checking(self, fraction: float) -> None:
        """Hear that a fraction of the simulations at posterior draws is done."""
        ...


class Silent:
    """A watcher that does nothing."""

    def begin(self, r: FloatArray) -> None:
        """Ignore."""

    def simulating(self, iteration: int, fraction: float) -> None:
        """Ignore."""

    def done(self, iteration: Iteration) -> None:
        """Ignore."""

    def checking(self, fraction: float) -> None:
        """Ignore."""


@dataclass
class InMemory:
    """A journal that is forgotten with the process."""

    iterations: list[Iteration]

    def load(self) -> Sequence[Iteration]:
        """Return what was appended."""
        return tuple(self.iterations)

    def append(self, iteration: Iteration) -> None:
        """Append."""
        self.iterations.append(iteration)


def refine(
    rule: Rule,
    engine: Engine,
    journal: Journal | None = None,
    watcher: Watcher | None = None,
) -> Refinement:
    """Refine until the rule is content or its patience ends.

    Every random choice depends on the seed of the problem and the number of
    the iteration alone, so a refinement that goes on from its journal ends
    like one that was never interrupted.

    Parameters
    ----------
    rule : Rule
        The update rule, with its problem.
    engine : Engine
        What simulates.
    journal : Journal, optional
        Where iterations are kept; what it holds already is not done again.
    watcher : Watcher, optional
        Told of progress.
    """
    journal = InMemory([]) if journal is None else journal
    watcher = Silent() if watcher is None else watcher
    watcher.begin(rule.problem.r)
    done = list(journal.load())
    while not done or not _finished(rule, done):
        try:
            iteration = _iterate(rule, engine, done, watcher)
        except NoPotential:
            raise
        except (SimulationFailed, RuleFailed) as failure:
            if not done:
                raise
            return Refinement(tuple(done), "simulation_failed", f"{failure}")
        journal.append(iteration)
        done.append(iteration)
        watcher.done(iteration)
    outcome: Outcome = "converged" if done[-1].info.converged else "max_iterations"
    return Refinement(tuple(done), outcome, ADVICE[outcome])


def _finished(rule: Rule, done: Sequence[Iteration]) -> bool:
    return done[-1].info.converged or len(done) >= rule.problem.settings.max_iterations


def _iterate(rule: Rule, engine: Engine, done: Sequence[Iteration], watcher: Watcher) -> Iteration:
    """Simulate and step, going back towards the last good potential where that fails.

    A trial potential can be too deep for its state point and separate the box
    into phases; its g(r) is then no fluid's and must not be learnt from.
    """
    started = time.perf_counter()
    state = done[-1].state if done else rule.init()
    for attempt in range(_STEPS_BACK + 1):
        try:
            simulations = tuple(
                _run(rule, engine, state, done, (index, attempt), watcher)
                for index in range(len(rule.problem.samples))
            )
            # the matrices are small: threads would wait for each other, on a busy machine for long
            with threadpool_limits(1):
                new_state, info = rule.step(state, simulations)
        except NoPotential:
            raise
        except (SimulationFailed, RuleFailed):
            if not done or attempt == _STEPS_BACK:
                raise
            state = replace(state, potential=0.5 * (state.potential + done[-1].potential))
        else:
            seconds = time.perf_counter() - started
            return Iteration(state.potential, simulations, new_state, info, seconds)
    raise AssertionError("unreachable")


def _run(
    rule: Rule,
    engine: Engine,
    state: RuleState,
    done: Sequence[Iteration],
    place: tuple[int, int],
    watcher: Watcher,
) -> Simulation:
    """Simulate one sample; ``place`` is its index, and how often the iteration was tried."""
    problem, number = rule.problem, state.iteration
    index, attempt = place
    again = (attempt,) if attempt else ()
    share = 1.0 / len(problem.samples)
    warm = bool(done) and problem.settings.warm_start
    start: Configuration | None = done[-1].simulations[index].configuration if warm else None
    progress: Callable[[float], None] = lambda fraction: watcher.simulating(  # noqa: E731
        number, (index + fraction) * share
    )
    return engine.run(
        Tabulated(problem.r, state.potential),
        problem.samples[index].state,
        seed=integer_seed(problem.seed, "engine", number, index, *again),
        start=start,
        progress=progress,
    )
