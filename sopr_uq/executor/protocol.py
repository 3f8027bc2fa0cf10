"""What every executor takes and gives.

A task is a function and one argument. The function is named by its module, so
that another process can import it; its result may depend on the argument alone
(random numbers from a seed inside it), so that it is the same wherever the
task is done, and when it has to be done again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    """Something that does independent tasks."""

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task, and return their results in the order of the items.

        A task whose process is killed is done again; its result counts once.

        Parameters
        ----------
        function : callable
            A function of a module, or a partial of one.
        items : sequence
            One argument a task.
        done : callable, optional
            Called in this thread with the number of a task and its result, as
            each ends.

        Raises
        ------
        SoprUqError
            The first that a task raises; the others are given up.
        """
        ...


def cores() -> int:
    """Return how many processes this one may have running at a time."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
