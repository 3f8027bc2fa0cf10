"""Simulations at posterior draws, kept on disk so that none is ever done twice."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import xarray as xr

from sopr_uq.disk import write_whole
from sopr_uq.engine.parallel import Outcome, Task, run_tasks
from sopr_uq.engine.protocol import Engine, Simulation
from sopr_uq.errors import CheckpointError, InputError, SimulationFailed
from sopr_uq.executor import Executor
from sopr_uq.potentials import Tabulated
from sopr_uq.refine.checkpoint import decode, encode
from sopr_uq.refine.loop import Iteration, Refinement
from sopr_uq.refine.problem import Problem
from sopr_uq.refine.rule import RuleState, StepInfo
from sopr_uq.rng import integer_seed
from sopr_uq.typing import FloatArray

type Told = Callable[[float], None]


@dataclass(frozen=True)
class CheckRun:
    """A posterior draw that was simulated.

    Parameters
    ----------
    chain, draw : int
        Where in the posterior it stands.
    potential : array, shape (n,)
        In kcal/mol.
    simulations : tuple of Simulation
        One of each sample; empty if one of them failed.
    message : str
        Why it failed.
    """

    chain: int
    draw: int
    potential: FloatArray
    simulations: tuple[Simulation, ...]
    message: str = ""


@dataclass(frozen=True)
class CheckFolder:
    """Simulations on disk, a file ``0000.simulation`` each.

    Parameters
    ----------
    path : Path or None
        The folder; made when needed. None keeps nothing.
    """

    path: Path | None

    def load(self, number: int, potential: FloatArray) -> Simulation | None:
        """Return a stored simulation, if it is there, whole, and of this potential."""
        if self.path is None or not (file := self._file(number)).is_file():
            return None
        try:
            stored = decode(file.read_bytes())
        except CheckpointError as error:
            warnings.warn(f"{file}: {error} It is simulated again.", stacklevel=2)
            return None
        same = np.array_equal(stored.potential, potential)
        return stored.simulations[0] if same else None

    def save(self, number: int, potential: FloatArray, simulation: Simulation) -> None:
        """Write one simulation, without its configuration."""
        if self.path is None:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        bare = replace(simulation, configuration=None)
        nothing = StepInfo(np.nan, np.nan, np.nan, converged=False)
        state = RuleState(number, potential)
        write_whole(
            self._file(number),
            encode(Iteration(potential, (bare,), state, nothing, simulation.seconds)),
        )

    def _file(self, number: int) -> Path:
        assert self.path is not None
        return self.path / f"{number:04d}.simulation"


def check_runs(
    problem: Problem,
    engine: Engine,
    refinement: Refinement,
    potential: xr.DataArray,
    folder: CheckFolder,
    told: Told,
    executor: Executor | None = None,
) -> list[CheckRun]:
    """Simulate ``settings.check_draws`` draws of the posterior, side by side.

    The draws are spread evenly over the chains. Each simulation goes on from
    where the last iteration ended, with a seed of its own.

    Parameters
    ----------
    problem : Problem
    engine : Engine
    refinement : Refinement
    potential : DataArray (chain, draw, r)
        Posterior potentials in kcal/mol.
    folder : CheckFolder
        What it holds already is not done again.
    told : callable
        Called with the fraction done.
    executor : Executor, optional
        What makes them; by default processes on this machine, one a core.
    """
    places = _places(potential, problem.settings.check_draws)
    values = [potential.values[place] for place in places]
    tasks = _known_and_missing(problem, refinement, values, folder)
    outcomes = _outcomes(engine, values, folder, told, executor, *tasks)
    size = len(problem.samples)
    runs = []
    for m, (place, v) in enumerate(zip(places, values, strict=True)):
        mine = outcomes[m * size : (m + 1) * size]
        failed = [str(o) for o in mine if not isinstance(o, Simulation)]
        simulations = () if failed else tuple(o for o in mine if isinstance(o, Simulation))
        runs.append(CheckRun(*place, v, simulations, "; ".join(failed)))
    return runs


def _places(potential: xr.DataArray, count: int) -> list[tuple[int, int]]:
    shape = (potential.sizes["chain"], potential.sizes["draw"])
    total = shape[0] * shape[1]
    count = min(count, total)
    flat = ((np.arange(count) + 0.5) * total / count).astype(int)
    return [(int(c), int(d)) for c, d in zip(*np.unravel_index(flat, shape), strict=True)]


def _known_and_missing(
    problem: Problem, refinement: Refinement, values: list[FloatArray], folder: CheckFolder
) -> tuple[dict[int, Outcome], dict[int, Task]]:
    """Return what is stored, and the tasks for the rest; draws outside, samples inside."""
    size = len(problem.samples)
    found: dict[int, Outcome] = {}
    tasks: dict[int, Task] = {}
    for number in range(len(values) * size):
        v = values[number // size]
        known = folder.load(number, v) or _task(problem, refinement, v, number)
        if isinstance(known, Task):
            tasks[number] = known
        else:
            found[number] = known
    return found, tasks


def _outcomes(
    engine: Engine,
    values: list[FloatArray],
    folder: CheckFolder,
    told: Told,
    executor: Executor | None,
    found: dict[int, Outcome],
    tasks: dict[int, Task],
) -> list[Outcome]:
    """Simulate what is missing, and keep each simulation as soon as it is there."""
    numbers, total = list(tasks), len(tasks) + len(found)
    size = total // len(values)

    def done(i: int, outcome: Outcome) -> None:
        found[numbers[i]] = outcome
        if isinstance(outcome, Simulation):
            folder.save(numbers[i], values[numbers[i] // size], outcome)
        told(len(found) / total)

    run_tasks(engine, list(tasks.values()), executor=executor, done=done)
    return [found[number] for number in range(total)]


def _task(
    problem: Problem, refinement: Refinement, v: FloatArray, number: int
) -> Task | SimulationFailed:
    m, s = divmod(number, len(problem.samples))
    warm = problem.settings.warm_start
    last = refinement.iterations[-1].simulations[s]
    try:
        potential = Tabulated(problem.r, v)
    except InputError as error:
        return SimulationFailed(f"the draw is no potential: {error}")
    return Task(
        potential,
        problem.samples[s].state,
        integer_seed(problem.seed, "check", m, s),
        last.configuration if warm else None,
    )
