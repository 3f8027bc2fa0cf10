"""Tasks side by side, in processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

from sopr_uq.executor.interpreter import Interpreter
from sopr_uq.executor.protocol import Executor, Lost, cores
from sopr_uq.interrupts import obey


class Processes(Executor):
    """Processes of one thread each.

    They end with :meth:`run`, or with the context that it is called in.

    Parameters
    ----------
    workers : int, optional
        How many at a time; by default one a core.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers
        self._depth = 0
        self._kept: list[Interpreter] = []

    def __enter__(self) -> Self:
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._depth -= 1
        if not self._depth:
            while self._kept:
                self._kept.pop().close()

    def run[T, R](
        self,
        function: Callable[[T], R],
        items: Sequence[T],
        done: Callable[[int, R | Lost], None] | None = None,
    ) -> list[R | Lost]:
        """Do every task; see :meth:`Executor.run`."""
        if not items:
            return []
        count = min(self.workers or cores(), len(items))
        with ExitStack() as stack:
            interpreters = [stack.enter_context(self._taken()) for _ in range(count)]
            results = _run(interpreters, function, items, done)
            if self._depth:
                # Only after success: on an error they are at tasks that nobody wants any more.
                stack.pop_all()
                self._kept += interpreters
        return results

    def _taken(self) -> Interpreter:
        try:
            return self._kept.pop()
        except IndexError:
            return Interpreter()


def _run(
    interpreters: Sequence[Interpreter],
    function: Any,
    items: Sequence[Any],
    done: Callable[[int, Any], None] | None,
) -> list[Any]:
    idle: SimpleQueue[Interpreter] = SimpleQueue()
    results: dict[int, Any] = {}
    pool = ThreadPoolExecutor(len(interpreters))
    for interpreter in interpreters:
        idle.put(interpreter)
    try:
        futures = {pool.submit(_do, idle, function, x): i for i, x in enumerate(items)}
        for future in as_completed(futures):
            obey()
            number = futures[future]
            results[number] = future.result()
            if done is not None:
                done(number, results[number])
    finally:
        # On an error nobody waits for the other tasks: their processes are closed next.
        pool.shutdown(wait=False, cancel_futures=True)
    return [results[number] for number in range(len(items))]


def _do(idle: SimpleQueue[Interpreter], function: Any, item: Any) -> Any:
    interpreter = idle.get()
    try:
        return interpreter.call(function, item)
    finally:
        idle.put(interpreter)
