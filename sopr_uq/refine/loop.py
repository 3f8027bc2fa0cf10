"""The loop of every refinement: simulate a round, step, store; stop; step back; go on."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sopr_uq.engine.parallel import SimulationOutcome, executor_for, run_tasks
from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.errors import InputError, NoPotential, RuleFailed, SimulationFailed
from sopr_uq.executor import Executor
from sopr_uq.refine.journal import InMemory, Iteration, Journal, Silent, Watcher
from sopr_uq.refine.round import Run, good
from sopr_uq.refine.rule import Rule, RuleState
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray

type Outcome = Literal["converged", "doubtful", "max_iterations", "simulation_failed"]

ADVICE: dict[str, str] = {
    "converged": "The stopping criterion was met.",
    "max_iterations": (
        "Stopped at refine.max_iterations before the criterion was met; the result is kept. "
        "Allow more rounds, or look at the misfit against the round: where it wanders, longer "
        "runs (engine.production_steps) or more of them (refine.round_size) help; where it is "
        "flat, the data may not allow less."
    ),
    "simulation_failed": (
        "The engine failed at every potential tried between the last good one and the proposed "
        "one; the last good result is kept. See the message stored with it."
    ),
}

_STEPS_BACK = 3


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

    @property
    def past(self) -> tuple[RuleState, ...]:
        """All states but the first, which no simulation has made."""
        return tuple(iteration.state for iteration in self.iterations)


def refine(
    rule: Rule,
    engine: Engine,
    journal: Journal | None = None,
    watcher: Watcher | None = None,
    executor: Executor | None = None,
) -> Refinement:
    """Refine until the rule is content or its patience ends.

    Every random choice depends on the seed of the problem and the number of
    the round alone, so a refinement that goes on from its journal ends like
    one that was never interrupted, and the executor decides only how fast.

    Parameters
    ----------
    rule : Rule
        The update rule, with its problem.
    engine : Engine
        What simulates.
    journal : Journal, optional
        Where rounds are kept; what it holds already is not done again.
    watcher : Watcher, optional
        Told of progress.
    executor : Executor, optional
        What makes the simulations; by default processes on this machine.
    """
    journal = InMemory([]) if journal is None else journal
    watcher = Silent() if watcher is None else watcher
    watcher.begin(rule.problem.field)
    done = list(journal.load())
    with ExitStack() as stack:
        chosen = stack.enter_context(executor or executor_for(engine))
        means = _Means(rule, engine, journal, watcher, chosen)
        while not done or not _finished(rule, done):
            try:
                iteration = _iterate(means, done)
            except NoPotential:
                raise
            except (SimulationFailed, RuleFailed) as failure:
                if not done:
                    raise
                return Refinement(tuple(done), "simulation_failed", f"{failure}")
            journal.append(iteration)
            done.append(iteration)
            watcher.done(iteration)
    return _concluded(done)


def _finished(rule: Rule, done: Sequence[Iteration]) -> bool:
    return done[-1].info.converged or len(done) >= rule.problem.settings.max_iterations


def _concluded(done: Sequence[Iteration]) -> Refinement:
    info = done[-1].info
    if info.converged:
        return Refinement(tuple(done), "converged", ADVICE["converged"])
    if info.doubt:
        return Refinement(tuple(done), "doubtful", info.doubt)
    return Refinement(tuple(done), "max_iterations", ADVICE["max_iterations"])


@dataclass(frozen=True)
class _Means:
    """What a round is made with."""

    rule: Rule
    engine: Engine
    journal: Journal
    watcher: Watcher
    executor: Executor


def _iterate(means: _Means, done: Sequence[Iteration]) -> Iteration:
    """Simulate and step, going back towards the best potential so far where that fails.

    A trial potential can be too deep for its state point and separate the box
    into phases; its g(r) is then no fluid's and must not be learnt from.
    """
    started, rule = time.perf_counter(), means.rule
    past = [rule.init(), *(iteration.state for iteration in done)]
    abandoned = 0
    for attempt in range(_STEPS_BACK + 1):
        try:
            runs = _simulated(means, past[-1], done, attempt)
            state, info = rule.step(past, runs)
        except NoPotential:
            raise
        except (SimulationFailed, RuleFailed):
            if not done or attempt == _STEPS_BACK:
                raise
            abandoned += len(past[-1].proposals) * len(rule.problem.liquids)
            best = min(done, key=_missed)
            half = 0.5 * (past[-1].proposals + best.potential)
            past[-1] = replace(past[-1], proposals=half)
        else:
            return Iteration(runs, state, info, time.perf_counter() - started, abandoned)
    raise AssertionError("unreachable")


def _missed(iteration: Iteration) -> float:
    """Return the misfit of a round's best guess."""
    return float(np.nan_to_num(iteration.info.misfit, nan=np.inf))


def _simulated(
    means: _Means, state: RuleState, done: Sequence[Iteration], attempt: int
) -> tuple[Run, ...]:
    """Simulate every proposal at every state point.

    Raises
    ------
    SimulationFailed
        If no proposal could be simulated at all state points.
    """
    proposals = _distinct(means.engine, state.proposals)
    count, size = len(means.rule.problem.liquids), len(proposals)
    found: dict[int, SimulationOutcome] = {}
    tasks: dict[int, Setup] = {}
    for number in range(size * count):
        place = divmod(number, count)
        known = (
            None if attempt else means.journal.kept(state.iteration, number, proposals[place[0]])
        )
        made = known or _task(means, state.iteration, place, attempt, proposals[place[0]], done)
        if isinstance(made, Setup):
            tasks[number] = made
        else:
            found[number] = made
    numbers = list(tasks)

    def ended(index: int, outcome: SimulationOutcome) -> None:
        number = numbers[index]
        found[number] = outcome
        if isinstance(outcome, Simulation) and not attempt:
            means.journal.keep(state.iteration, number, proposals[number // count], outcome)
        means.watcher.simulating(state.iteration, len(found) / (size * count))

    run_tasks(means.engine, list(tasks.values()), executor=means.executor, done=ended)
    runs = tuple(
        _run(v, [found[m * count + s] for s in range(count)]) for m, v in enumerate(proposals)
    )
    if not good(runs):
        raise SimulationFailed(runs[0].message)
    return runs


def _distinct(engine: Engine, proposals: FloatArray) -> FloatArray:
    """Leave out replicas where an engine gives the same again."""
    if not engine.traits.exact:
        return proposals
    return np.array(list({proposal.tobytes(): proposal for proposal in proposals}.values()))


def _run(potential: FloatArray, outcomes: Sequence[SimulationOutcome]) -> Run:
    failed = [str(o) for o in outcomes if not isinstance(o, Simulation)]
    simulations = () if failed else tuple(o for o in outcomes if isinstance(o, Simulation))
    return Run(potential, simulations, "; ".join(failed))


def _task(
    means: _Means,
    iteration: int,
    place: tuple[int, int],
    attempt: int,
    potential: FloatArray,
    done: Sequence[Iteration],
) -> Setup | SimulationFailed:
    """Return the simulation of a proposal at a state point: ``place`` is the numbers of both."""
    problem, again = means.rule.problem, (attempt,) if attempt else ()
    before = good(done[-1].runs) if done and problem.settings.warm_start else ()
    start = before[place[0] % len(before)].simulations[place[1]].configuration if before else None
    seed = integer_seed(problem.seed, "engine", iteration, *place, *again)
    try:
        return problem.setup(potential, place[1], seed, start)
    except InputError as error:
        return SimulationFailed(f"the proposal is no potential: {error}")
