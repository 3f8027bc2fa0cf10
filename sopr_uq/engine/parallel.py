"""Several simulations at once, one on a core each.

Each runs in an interpreter of its own, which is told its task through a pipe.
Unlike the workers of :mod:`multiprocessing` it neither inherits the threads of
its parent, as a forked process does, nor runs the script of the user again, as
a spawned one does, so that a script needs no guard around its own commands.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sopr_uq.engine.protocol import Configuration, Engine, Simulation
from sopr_uq.errors import SimulationFailed, SoprUqError
from sopr_uq.experiment.state import StatePoint
from sopr_uq.potentials import Potential

type Outcome = Simulation | SimulationFailed

_IN_TURN = ("integral_equation", "dilute", "hoomd")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """One simulation to make; the arguments of :meth:`Engine.run`."""

    potential: Potential
    state: StatePoint
    seed: int
    start: Configuration | None = None


def run_tasks(
    engine: Engine,
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    done: Callable[[int, Outcome], None] | None = None,
) -> list[Outcome]:
    """Make simulations, as many at a time as there are cores.

    Each uses one thread, so that its result depends on its task alone and not
    on how many run beside it.

    Parameters
    ----------
    engine : Engine
    tasks : sequence of Task
    workers : int, optional
        Simulations at a time; by default one a core, and one for an engine
        that is instant or has a graphics processor to itself.
    done : callable, optional
        Called with the number of a task and its outcome as each ends.

    Returns
    -------
    list of Simulation or SimulationFailed
        In the order of the tasks; a failed simulation is an outcome here, and
        the others go on.

    Raises
    ------
    EngineUnavailable, InputError
        As the engine does.
    """
    engine, done = single_threaded(engine), done or (lambda *_: None)
    count = min(workers or default_workers(engine), len(tasks))
    if count > 1:
        return _at_once(engine, tasks, count, done)
    outcomes = []
    for number, task in enumerate(tasks):
        outcomes.append(outcome(engine, task))
        done(number, outcomes[-1])
    return outcomes


def default_workers(engine: Engine) -> int:
    """How many simulations of an engine to run at a time."""
    if engine.name in _IN_TURN:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def single_threaded(engine: Engine) -> Engine:
    """Return the engine with one thread a simulation."""
    settings = getattr(engine, "settings", None)
    if engine.name in _IN_TURN or settings is None:
        return engine
    rebuilt: Engine = type(engine)(settings.model_copy(update={"threads": 1}))  # type: ignore[call-arg]
    return rebuilt


def outcome(engine: Engine, task: Task) -> Outcome:
    """Make one simulation; a failure is returned, not raised."""
    try:
        return engine.run(task.potential, task.state, seed=task.seed, start=task.start)
    except SimulationFailed as failure:
        return failure


def _at_once(
    engine: Engine, tasks: Sequence[Task], workers: int, done: Callable[[int, Outcome], None]
) -> list[Outcome]:
    outcomes: dict[int, Outcome] = {}
    pool = ThreadPoolExecutor(workers)
    try:
        futures = {pool.submit(_in_process, engine, t): i for i, t in enumerate(tasks)}
        for future in as_completed(futures):
            number = futures[future]
            outcomes[number] = _result(future)
            done(number, outcomes[number])
    finally:
        pool.shutdown(cancel_futures=True)
    return [outcomes[i] for i in range(len(tasks))]


def _result(future: Future[Any]) -> Outcome:
    found: Outcome = future.result()
    return found


def _in_process(engine: Engine, task: Task) -> Outcome:
    finished = subprocess.run(
        [sys.executable, "-P", "-m", "sopr_uq.engine.worker"],
        input=pickle.dumps((engine, task)),
        capture_output=True,
        env=worker_environment(),
        check=False,
    )
    if finished.returncode != 0:
        words = finished.stderr.decode(errors="replace").strip().splitlines()
        return SimulationFailed(
            f"the process of a simulation ended with code {finished.returncode}: "
            f"{words[-1] if words else 'it said nothing'}"
        )
    found: Outcome | SoprUqError = pickle.loads(finished.stdout)
    if isinstance(found, SoprUqError) and not isinstance(found, SimulationFailed):
        raise found
    return found


def worker_environment() -> dict[str, str]:
    """Return the environment of a worker: one thread, and this package on its path."""
    import sopr_uq

    package = str(Path(sopr_uq.__file__).resolve().parents[1])
    path = os.pathsep.join([package, *filter(None, sys.path)])
    return {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, "1"), "PYTHONPATH": path}
