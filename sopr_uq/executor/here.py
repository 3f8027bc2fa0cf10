"""One task after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sopr_uq.executor.protocol import Executor, Lost
from sopr_uq.interrupts import obey


@dataclass(frozen=True)
class InTurn(Executor):
    """For tasks that are instant, or that share one graphics processor."""

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task; see :meth:`Executor.run`."""
        results: list[R | Lost] = []
        for number, item in enumerate(items):
            obey()
            results.append(function(item))
            if done is not None:
                done(number, results[-1])
        return results
