"""What every executor takes and gives.

A task is a function and one argument. Its result may depend on the argument
alone (random numbers from a seed inside it), so that it is the same wherever
the task is done, and when it has to be done again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

ATTEMPTS = 3
"""How often a task is begun before it is given up as one that kills its process."""


@dataclass(frozen=True)
class Lost:
    """In place of the result of a task whose process ended again and again.

    Parameters
    ----------
    reason : str
        How it ended the last time.
    """

    reason: str

    @property
    def message(self) -> str:
        """What happened and what to try, for a person."""
        return (
            f"the task was begun {ATTEMPTS} times and its process always ended before it: "
            f"{self.reason}. Try: fewer workers, or a machine with more memory."
        )


class Executor(Protocol):
    """Something that does independent tasks.

    As a context it keeps what it has started from one :meth:`run` to the next,
    so that a worker imports and compiles once: ``with Processes(2) as executor:``.
    Contexts of one executor may be nested; what was started ends with the
    outermost.
    """

    def __enter__(self) -> Self:
        """Keep what is started; nothing is, unless an executor says so."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what was started."""
        return

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task, and return their results in the order of the items.

        A task whose process ends before it is done again, and its result counts
        once; one that raises is not.

        Parameters
        ----------
        function : callable
            Of a module, a script or a notebook.
        items : sequence
            One argument a task.
        done : callable, optional
            Called in this thread with the number of a task and its result, as
            each ends.

        Raises
        ------
        Exception
            The first that a task raises, of its own type; if it had a process
            of its own, the traceback there is a note on it. The other tasks are
            given up.
        """
        ...


def cores() -> int:
    """Return how many processes this one may have running at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
