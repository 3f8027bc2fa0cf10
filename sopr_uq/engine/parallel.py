"""Several simulations at once, wherever an executor does them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sopr_uq.engine.protocol import Engine, Setup, Simulation
from sopr_uq.errors import SimulationFailed
from sopr_uq.executor import Executor, InTurn, Lost, Processes, cores

type SimulationOutcome = Simulation | SimulationFailed


def run_tasks(
    engine: Engine,
    tasks: Sequence[Setup],
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    done: Callable[[int, SimulationOutcome], None] | None = None,
) -> list[SimulationOutcome]:
    """Make simulations, as many at a time as the executor has places.

    Each uses one thread, so that its result depends on its task alone and not
    on how many run beside it, or where.

    Parameters
    ----------
    engine : Engine
    tasks : sequence of Setup
    workers : int, optional
        Simulations at a time; by default one a core, and one for an engine
        that is instant or has a graphics processor to itself.
    executor : Executor, optional
        What does them; by default processes on this machine.
    done : callable, optional
        Called with the number of a task and its outcome as each ends.

    Returns
    -------
    list of Simulation or SimulationFailed
        In the order of the tasks; a failed simulation is an outcome here, one
        whose process ended again and again is too, and the others go on.

    Raises
    ------
    Exception
        Whatever else the engine raises: a bug in it is no failed simulation.
    """
    engine = single_threaded(engine)
    places = min(workers or default_workers(engine), len(tasks))
    chosen = executor or executor_for(engine, places)

    def report(number: int, found: SimulationOutcome | Lost) -> None:
        if done is not None:
            done(number, _outcome(found))

    return [_outcome(found) for found in chosen.run(partial(run_task, engine), tasks, report)]


def executor_for(engine: Engine, workers: int | None = None) -> Executor:
    """Return what makes an engine's simulations on this machine.

    As a context it keeps its processes from one round of simulations to the next.

    Parameters
    ----------
    engine : Engine
    workers : int, optional
        Simulations at a time; by default :func:`default_workers`.
    """
    count = workers or default_workers(engine)
    return Processes(count) if count > 1 else InTurn()


def _outcome(found: SimulationOutcome | Lost) -> SimulationOutcome:
    return SimulationFailed(found.message) if isinstance(found, Lost) else found


def default_workers(engine: Engine) -> int:
    """How many simulations of an engine to run at a time on this machine."""
    return cores() if engine.traits.concurrent else 1


def single_threaded(engine: Engine) -> Engine:
    """Return the engine with one thread a simulation."""
    settings = getattr(engine, "settings", None)
    if settings is None or not engine.traits.concurrent:
        return engine
    rebuilt: Engine = type(engine)(settings.model_copy(update={"threads": 1}))  # type: ignore[call-arg]
    return rebuilt


def run_task(engine: Engine, task: Setup) -> SimulationOutcome:
    """Make one simulation; a failure is returned, not raised."""
    try:
        return engine.run(task)
    except SimulationFailed as failure:
        return failure
