"""Tasks side by side, in processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from sopr_uq.executor.interpreter import Interpreter
from sopr_uq.executor.protocol import Lost, cores


@dataclass(frozen=True)
class Processes:
    """Processes of one thread each.

    Parameters
    ----------
    workers : int, optional
        How many at a time; by default one a core.
    """

    workers: int | None = None

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task; see :meth:`Executor.run`."""
        count = min(self.workers or cores(), len(items))
        idle: SimpleQueue[Interpreter] = SimpleQueue()
        results: dict[int, Any] = {}
        if not items:
            return []
        with ThreadPoolExecutor(count) as pool, ExitStack() as stack:
            # The stack is unwound first: on an error nobody waits for the other tasks.
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            for _ in range(count):
                idle.put(stack.enter_context(Interpreter()))
            futures = {pool.submit(_do, idle, function, x): i for i, x in enumerate(items)}
            for future in as_completed(futures):
                number = futures[future]
                results[number] = future.result()
                if done is not None:
                    done(number, results[number])
        return [results[number] for number in range(len(items))]


def _do(idle: SimpleQueue[Interpreter], function: Any, item: Any) -> Any:
    interpreter = idle.get()
    try:
        return interpreter.call(function, item)
    finally:
        idle.put(interpreter)
